/** Badger's encodings against values that the real libraries computed. */
import { describe, expect, it } from 'vitest';
import { fingerprint, fingerprintHigh, fingerprintLow } from '../../../engines/badger/fingerprint.ts';

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

describe('the fingerprint', () => {
  it.each(FINGERPRINTS)('of %i bytes is %s', (length, expected) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + length * 13 + ((i * i) % 251)) & 0xff);
    fingerprint(bytes, 0, length);
    const hex = [fingerprintHigh, fingerprintLow].map((half) => half.toString(16).padStart(8, '0')).join('');
    expect(hex).toBe(expected);
  });
});
