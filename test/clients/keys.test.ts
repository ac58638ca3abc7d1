import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes } from '../../sim/bytes/compare.ts';
import { Value } from '../../sim/bytes/value.ts';
import { exp, ln, power, relativeExp } from '../../sim/clients/elementary.ts';
import { keyOrder } from '../../sim/clients/key-orders.ts';
import { encodeKey, keyIndex } from '../../sim/clients/keys.ts';
import { Scatter } from '../../sim/clients/scatter.ts';
import { readStamp, type Stamp, ValueSource } from '../../sim/clients/values.ts';
import { Zipfian } from '../../sim/clients/zipfian.ts';
import { Rng } from '../../sim/rng.ts';
import { GET, PUT } from '../../sim/rpc.ts';

describe('elementary functions', () => {
  const relative = (a: number, b: number): number => Math.abs(a - b) / Math.max(1e-300, Math.abs(b));

  test('agree with the machine’s to 14 digits', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-9, max: 1e12, noNaN: true }),
        fc.double({ min: -8, max: 8, noNaN: true }),
        (x, y) => {
          expect(Math.abs(ln(x) - Math.log(x))).toBeLessThan(1e-14 * Math.max(1, Math.abs(Math.log(x))));
          expect(relative(exp(y * 10), Math.exp(y * 10))).toBeLessThan(1e-14);
          expect(relative(power(x, y), x ** y)).toBeLessThan(1e-12);
        },
      ),
    );
    expect([ln(1), exp(0), power(7, 0), relativeExp(0)]).toEqual([0, 1, 1, 1]);
    for (const x of [-1, -0.01, 1e-9, 0.3, 1]) expect(relative(relativeExp(x), Math.expm1(x) / x)).toBeLessThan(1e-14);
  });
});

describe('keys', () => {
  const text8 = (index: number): string => new TextDecoder().decode(encodeKey(index, 8));

  test('are the index in decimal, and come back', () => {
    const text = (index: number, length: number): string => new TextDecoder().decode(encodeKey(index, length));
    expect(text(0, 8)).toBe('k0000000');
    expect(text(42, 8)).toBe('k0000042');
    expect(text(9_999_999, 8)).toBe('k9999999');
    expect(text(2 ** 40, 20)).toBe('k0000001099511627776');
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 40 }), fc.integer({ min: 14, max: 40 }), (index, length) => {
        expect(text(index, length)).toBe(`k${String(index).padStart(length - 1, '0')}`);
        expect(keyIndex(encodeKey(index, length))).toBe(index);
      }),
    );
  });

  test('the end of a range at the last key is behind it', () => {
    expect(text8(10_000_000)).toBe('l0000000');
    expect(compareBytes(encodeKey(9_999_999, 8), encodeKey(10_000_009, 8))).toBeLessThan(0);
  });

  test('have the order of their indexes', () => {
    const index = fc.integer({ min: 0, max: 9_999_999 });
    fc.assert(
      fc.property(index, index, (a, b) => {
        expect(Math.sign(compareBytes(encodeKey(a, 8), encodeKey(b, 8)))).toBe(Math.sign(a - b));
      }),
    );
  });

  test('what is no key of ours is −1', () => {
    for (const text of ['', 'k', 'x0000001', 'k00000a1', 'k0000:01']) {
      expect(keyIndex(new TextEncoder().encode(text))).toBe(-1);
    }
    expect(keyIndex(new TextEncoder().encode('xxk17yy'), 2, 5)).toBe(17);
  });
});

describe('values', () => {
  const source = new ValueSource({ kind: 'fixed', bytes: 100 }, new Rng(1));

  test.each([0, 1, 15, 16, 17, 100, 50_000])('of %d bytes: stamp, then fill', (length) => {
    const value = source.stamped(7, 0xfffffffe, length);
    const expected = new Uint8Array(Math.max(16, length)).fill(0xfb);
    new DataView(expected.buffer).setUint32(0, 7, true);
    new DataView(expected.buffer).setUint32(4, 0xfffffffe, true);
    new DataView(expected.buffer).setUint32(8, length, true);
    new DataView(expected.buffer).setUint32(12, 0, true);
    expect(value.toBytes()).toEqual(expected.subarray(0, length));
    expect(value.length).toBe(length);
    expect(value.literalLength).toBeLessThanOrEqual(16);
    const stamp: Stamp = { session: 0, sequence: 0, length: 0 };
    expect(readStamp(value, stamp)).toBe(length >= 16);
    if (length >= 16) expect(stamp).toEqual({ session: 7, sequence: 0xfffffffe, length });
  });

  test('a stamp is read from literal bytes as well, and not from anything else', () => {
    const stamp: Stamp = { session: 0, sequence: 0, length: 0 };
    const bytes = source.stamped(3, 4, 40).toBytes();
    expect(readStamp(Value.of(bytes), stamp)).toBe(true);
    expect(stamp).toEqual({ session: 3, sequence: 4, length: 40 });
    for (const at of [8, 12, 16, 39]) {
      const other = bytes.slice();
      other[at]! ^= 1;
      expect(readStamp(Value.of(other), stamp)).toBe(false);
    }
    expect(readStamp(Value.of(bytes.subarray(0, 39)), stamp)).toBe(false);
    expect(readStamp(new Value().set(bytes, 0, 8, 8, 100), stamp)).toBe(false);
  });

  test('no two values share bytes, over many blocks', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => source.stamped(1, i, 20));
    const stamp: Stamp = { session: 0, sequence: 0, length: 0 };
    for (const [i, value] of values.entries()) {
      expect(readStamp(value, stamp)).toBe(true);
      if (stamp.sequence !== i) expect(stamp.sequence).toBe(i);
    }
  });

  test('sizes: fixed, uniform, exponential with a ceiling', () => {
    const lengths = (spec: ConstructorParameters<typeof ValueSource>[0]): number[] => {
      const sizes = new ValueSource(spec, new Rng(5));
      return Array.from({ length: 20_000 }, () => sizes.nextLength());
    };
    const mean = (values: number[]): number => values.reduce((a, b) => a + b) / values.length;
    expect(new Set(lengths({ kind: 'fixed', bytes: 77 }))).toEqual(new Set([77]));
    const uniform = lengths({ kind: 'uniform', bytesMin: 10, bytesMax: 13 });
    expect([...new Set(uniform)].sort((a, b) => a - b)).toEqual([10, 11, 12, 13]);
    expect(Math.abs(mean(uniform) - 11.5)).toBeLessThan(0.05);
    const exponential = lengths({ kind: 'exponential', bytesMean: 1000, bytesMax: 5000 });
    expect(Math.max(...exponential)).toBe(5000);
    // Cut at five means, the mean is less by a factor of 1 − e^−5.
    expect(Math.abs(mean(exponential) - 993.3)).toBeLessThan(30);
  });
});

describe('zipfian ranks', () => {
  /** Σ over r = from … to of r^−s, the slow way. */
  function weight(from: number, to: number, s: number): number {
    let sum = 0;
    for (let rank = to; rank >= from; rank--) sum += rank ** -s;
    return sum;
  }

  test.each([
    [1, 0.99],
    [2, 1],
    [10, 0],
    [100, 0.99],
    [4096, 1],
    [4097, 0.5],
    [50_000, 0.99],
    [1_000_000, 1],
    [200_000, 1.5],
    [200_000, 0.25],
    [300_000, 0],
  ])('of %d with exponent %d: as often as they should, head and tail', (count, s) => {
    const zipfian = new Zipfian(count, s, new Rng(3));
    const edges: number[] = [];
    for (let edge = 1; edge <= count; edge = Math.max(edge + 1, Math.floor(edge * 1.7))) edges.push(edge);
    edges.push(count + 1);
    const draws = 100_000;
    const observed = new Float64Array(edges.length - 1);
    for (let i = 0; i < draws; i++) {
      const rank = zipfian.next() + 1;
      if (!Number.isInteger(rank) || rank < 1 || rank > count) throw new Error(`rank ${rank}`);
      let bin = 0;
      while (edges[bin + 1]! <= rank) bin++;
      observed[bin]!++;
    }
    const weights = Array.from(observed, (_, bin) => weight(edges[bin]!, edges[bin + 1]! - 1, s));
    const total = weights.reduce((a, b) => a + b);
    let chiSquare = 0;
    let degrees = 0;
    for (const [bin, seen] of observed.entries()) {
      const expected = (weights[bin]! / total) * draws;
      if (expected < 5) continue;
      chiSquare += (seen - expected) ** 2 / expected;
      degrees++;
    }
    // Mean = degrees, deviation = sqrt(2 · degrees): four deviations and a bit.
    expect(chiSquare).toBeLessThan(degrees + 4.5 * Math.sqrt(2 * degrees) + 3);
    expect(degrees).toBeGreaterThan(0);
  });

  test('with exponent 0 all ranks are alike, on both sides of the edge of the table', () => {
    const count = 5000;
    const zipfian = new Zipfian(count, 0, new Rng(1));
    const seen = new Float64Array(count);
    for (let i = 0; i < 500_000; i++) seen[zipfian.next()]!++;
    // 100 expected each, deviation 10.
    expect(Math.min(...seen)).toBeGreaterThan(50);
    expect(Math.max(...seen)).toBeLessThan(155);
  });

  test('within a block of the tail, lower ranks come more often by just as much as they should', () => {
    // Blocks as the table cuts them: from 4097 up, each 1/64 of its first rank wide.
    const count = 100_000_000;
    const edges = [4097];
    while (edges.at(-1)! <= count) edges.push(edges.at(-1)! + Math.floor(edges.at(-1)! / 64));
    edges.pop();
    const zipfian = new Zipfian(count, 0.99, new Rng(9));
    let [low, all] = [0, 0];
    for (let i = 0; i < 3_000_000; i++) {
      const rank = zipfian.next() + 1;
      if (rank < 100_000 || rank >= edges.at(-1)!) continue;
      let [from, to] = [0, edges.length - 1];
      while (to - from > 1) {
        const middle = (from + to) >> 1;
        if (edges[middle]! <= rank) from = middle;
        else to = middle;
      }
      all++;
      if (rank < (edges[from]! + edges[to]!) / 2) low++;
    }
    // With weights a^−s … b^−s, b = 65/64 a, the lower half has 1/2 + s/512; the deviation of the count is 0.00047.
    expect(Math.abs(low / all - (0.5 + 0.99 / 512))).toBeLessThan(0.0014);
    expect(low / all).toBeGreaterThan(0.5005);
  });

  test('a hundred million ranks take little memory and no time to set up', () => {
    const zipfian = new Zipfian(100_000_000, 0.99, new Rng(1));
    let beyond = 0;
    for (let i = 0; i < 100_000; i++) if (zipfian.next() >= 50_000_000) beyond++;
    // By the integral: (1e8^0.01 − 5e7^0.01) / (1e8^0.01 − 1 + 0.01 · 0.583).
    const share = (1e8 ** 0.01 - 5e7 ** 0.01) / (1e8 ** 0.01 - 1 + 0.00583);
    expect(Math.abs(beyond / 100_000 - share)).toBeLessThan(0.003);
  });
});

describe('scatter', () => {
  test.each([1, 2, 3, 10, 1000, 4096, 4097, 100_003])('is one to one on %d', (count) => {
    const scatter = new Scatter(count);
    const seen = new Uint8Array(count);
    for (let i = 0; i < count; i++) seen[scatter.at(i)]!++;
    expect(seen.every((times) => times === 1)).toBe(true);
  });

  test('neighbours end up far apart', () => {
    const scatter = new Scatter(1_000_000);
    let near = 0;
    for (let i = 0; i < 10_000; i++) if (Math.abs(scatter.at(i) - scatter.at(i + 1)) < 10_000) near++;
    // 2 % by chance.
    expect(near).toBeLessThan(400);
    expect(near).toBeGreaterThan(80);
  });
});

describe('key orders', () => {
  const spec = { count: 1000, bytes: 8, zipfianExponent: 0.99 };

  test('sequential: puts from where the preload ends, around; reads only through what exists', () => {
    const order = keyOrder({ ...spec, count: 5, order: 'sequential' }, 3, new Rng(1));
    expect(Array.from({ length: 7 }, () => order.next(PUT))).toEqual([3, 4, 0, 1, 2, 3, 4]);
    const fresh = keyOrder({ ...spec, count: 5, order: 'sequential' }, 0, new Rng(1));
    expect([
      fresh.next(GET),
      fresh.next(PUT),
      fresh.next(PUT),
      fresh.next(GET),
      fresh.next(GET),
      fresh.next(GET),
    ]).toEqual([0, 0, 1, 1, 0, 1]);
  });

  test('uniform: all alike', () => {
    const order = keyOrder({ ...spec, order: 'uniform' }, 0, new Rng(1));
    const seen = new Float64Array(1000);
    for (let i = 0; i < 200_000; i++) seen[order.next(GET)]!++;
    expect(Math.min(...seen)).toBeGreaterThan(130);
    expect(Math.max(...seen)).toBeLessThan(270);
  });

  test('zipfian: the popular ranks, scattered, each key with the share of its rank', () => {
    const order = keyOrder({ ...spec, order: 'zipfian' }, 0, new Rng(1));
    const seen = new Float64Array(1000);
    for (let i = 0; i < 200_000; i++) seen[order.next(PUT)]!++;
    const scatter = new Scatter(1000);
    let total = 0;
    for (let rank = 1; rank <= 1000; rank++) total += rank ** -0.99;
    for (const rank of [0, 1, 2, 10, 100]) {
      const expected = ((rank + 1) ** -0.99 / total) * 200_000;
      expect(Math.abs(seen[scatter.at(rank)]! - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
  });

  test('latest: puts ascend, reads follow close behind them and never before', () => {
    const order = keyOrder({ ...spec, count: 100_000, order: 'latest' }, 0, new Rng(1));
    expect(order.next(GET)).toBe(0);
    let newest = 0;
    for (let put = 0; put < 2000; put++) {
      expect(order.next(PUT)).toBe(put);
      const read = order.next(GET);
      expect(read).toBeGreaterThanOrEqual(0);
      expect(read).toBeLessThanOrEqual(put);
      if (read === put) newest++;
    }
    // 1 / H(n) for n up to 2000: between 12 % and 100 %, some 15 % on the whole.
    expect(newest).toBeGreaterThan(200);
    expect(newest).toBeLessThan(500);
  });

  test('latest around the end: the newest is behind the cursor', () => {
    const order = keyOrder({ ...spec, count: 4, order: 'latest' }, 4, new Rng(1));
    expect([order.next(PUT), order.next(PUT)]).toEqual([0, 1]);
    const seen = [0, 0, 0, 0];
    for (let i = 0; i < 1000; i++) seen[order.next(GET)]!++;
    // Youngest first: 1, 0, 3, 2.
    expect(seen[1]).toBeGreaterThan(seen[0]!);
    expect(seen[0]).toBeGreaterThan(seen[3]!);
    expect(seen[3]).toBeGreaterThan(seen[2]!);
  });
});
