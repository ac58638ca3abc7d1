/** Badger's encodings against values that the real libraries computed. */
import { describe, expect, it } from 'vitest';
import { fingerprint, fingerprintHigh, fingerprintLow } from '../../../engines/badger/fingerprint.ts';
import { pdqSort } from '../../../engines/badger/pdq-sort.ts';

/** Length of the input byte[i] = (7 i + 13 length + i² mod 251) mod 256, and what go-farm's Fingerprint64 says. */
const FINGERPRINTS: readonly (readonly [number, string])[] = [
  [0, '9ae16a3b2f90404f'],
  [1, '8aa334f91c5bc106'],
  [3, 'f86fc185ffe52c89'],
  [4, 'f5adf4a778ebc281'],
  [7, 'af4f6dd6d56ee2f3'],
  [8, 'db116a8ff7100d89'],
  [13, 'b616be2de6997b12'],
  [16, '6fbf77548522e950'],
  [17, 'c15e1e5431e50c92'],
  [24, '386b2f164b421114'],
  [32, '4c3eb49361decf2a'],
  [33, 'c27c8531b37469ee'],
  [48, 'd3b9dc7dd10ae466'],
  [64, '463cb9522abc5a3e'],
  [65, 'b1afb3a9b56abca7'],
  [100, 'cfd62fdd76d69367'],
  [128, '561427fcc430fbb5'],
  [129, '2ab272939c06f528'],
  [199, 'a4d66679dead6168'],
];

/**
 * Elements, modulus; then what Go 1.19's sort.Slice leaves of 0 … n − 1 by counts (5 i + i² ÷ 3) mod modulus: when the counts
 * stay where they are, as where Badger sorts tables, and when they move along. Sums are h = 31 h + x mod 2^32.
 */
const SORTED: readonly (readonly [number, number, number, number])[] = [
  [5, 1, 31810, 31810],
  [5, 2, 32740, 90400],
  [5, 3, 32740, 93250],
  [5, 7, 60640, 62590],
  [5, 11, 60670, 63460],
  [5, 100, 31810, 31810],
  [12, 1, 3974904838, 3974904838],
  [12, 2, 2149781860, 2274979658],
  [12, 3, 2146213984, 3090993900],
  [12, 7, 3233370374, 3618252822],
  [12, 11, 1336716712, 1598513000],
  [12, 100, 3974904838, 3974904838],
  [13, 1, 2962965702, 2962965702],
  [13, 2, 2886350098, 280759946],
  [13, 3, 3612618570, 3447166072],
  [13, 7, 3096263332, 2207729450],
  [13, 11, 969839690, 2323165834],
  [13, 100, 172492900, 1517391792],
  [20, 1, 1804121098, 1804121098],
  [20, 2, 3680832518, 950535520],
  [20, 3, 1946166844, 2967379184],
  [20, 7, 2474601860, 3483361796],
  [20, 11, 1650200144, 682578544],
  [20, 100, 4223496046, 4067246250],
  [49, 1, 476951320, 476951320],
  [49, 2, 2521912868, 18620744],
  [49, 3, 1276565576, 258985806],
  [49, 7, 4121526200, 3252826076],
  [49, 11, 3692458174, 3109108866],
  [49, 100, 2257363348, 4166225562],
  [50, 1, 1900589081, 1900589081],
  [50, 2, 4059120871, 196172239],
  [50, 3, 3977098165, 934930411],
  [50, 7, 3681150199, 3299121121],
  [50, 11, 1374198453, 2106094405],
  [50, 100, 3276798975, 903485159],
  [51, 1, 3083686713, 3083686713],
  [51, 2, 691956081, 1786372163],
  [51, 3, 3054088455, 1759803009],
  [51, 7, 2275997881, 1670724347],
  [51, 11, 1357818629, 600504913],
  [51, 100, 1134309473, 2024349215],
  [100, 1, 58926130, 58926130],
  [100, 2, 3839902368, 1811496140],
  [100, 3, 3329965506, 140522144],
  [100, 7, 1816613446, 314845738],
  [100, 11, 2338835018, 2421616890],
  [100, 100, 2643210548, 2935133082],
  [333, 1, 1256036710, 1256036710],
  [333, 2, 1385114966, 967594062],
  [333, 3, 667904892, 286490210],
  [333, 7, 3430774648, 3180591786],
  [333, 11, 3324416054, 2752265104],
  [333, 100, 3315652106, 819468228],
  [1000, 1, 562641396, 562641396],
  [1000, 2, 2193076650, 2674548864],
  [1000, 3, 586975804, 1905772606],
  [1000, 7, 1036339804, 2153898882],
  [1000, 11, 2147961712, 2069775790],
  [1000, 100, 1190066902, 3758118976],
];

describe('the sort', () => {
  it.each(SORTED)('of %i elements by counts below %i is that of Go', (length, modulus, byPlace, byElement) => {
    const count = (i: number): number => (5 * i + Math.floor((i * i) / 3)) % modulus;
    for (const [moves, expected] of [
      [false, byPlace],
      [true, byElement],
    ] as const) {
      const order = Array.from({ length }, (_, i) => i);
      const counts = order.map(count);
      pdqSort(length, {
        less: (i, j) => counts[i]! < counts[j]!,
        swap: (i, j) => {
          for (const list of moves ? [order, counts] : [order]) [list[i], list[j]] = [list[j]!, list[i]!];
        },
      });
      expect(order.reduce((h, x) => (Math.imul(h, 31) + x) >>> 0, 0)).toBe(expected);
    }
  });
});

describe('the fingerprint', () => {
  it.each(FINGERPRINTS)('of %i bytes is %s', (length, expected) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length * 13 + ((i * i) % 251)) & 0xff);
    fingerprint(bytes, 0, length);
    const hex = [fingerprintHigh, fingerprintLow].map((half) => half.toString(16).padStart(8, '0')).join('');
    expect(hex).toBe(expected);
  });
});
