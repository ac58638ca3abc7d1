import { describe, expect, it } from 'vitest';
import {
  KEY_BYTES,
  type KeyOrder,
  keyCheck,
  keyIndices,
  SplitMix64,
  writeKey,
} from '../../../sim/engine-bench/generator.ts';

describe('the workload generator', () => {
  it.each<[KeyOrder, number, number, number, number[], number]>([
    ['perm', 10, 10, 1, [4, 2, 8, 1, 9], 2099527733],
    ['unif', 5, 1000, 2, [110, 226, 951, 236, 649], 109241952],
    ['zipf', 5, 1000, 3, [834, 766, 60, 834, 490], 793120424],
  ])('draws %s as the other implementations do', (order, operations, keyspace, seed, first, check) => {
    const indices = keyIndices(order, operations, keyspace, seed);
    expect([...indices.subarray(0, 5)]).toEqual(first);
    expect(keyCheck(indices)).toBe(check);
  });

  it('agrees with 64-bit arithmetic', () => {
    const M = (1n << 64n) - 1n;
    let state = 123456789n;
    const random = new SplitMix64(123456789);
    for (let i = 0; i < 1000; i++) {
      state = (state + 0x9e3779b97f4a7c15n) & M;
      let z = state;
      z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & M;
      z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & M;
      z ^= z >> 31n;
      const modulus = 1 + ((i * 2654435761) % 4294967295);
      expect(random.nextBelow(modulus)).toBe(Number(z % BigInt(modulus)));
      expect((BigInt(random.high) << 32n) | BigInt(random.low)).toBe(z);
    }
  });

  it('writes keys of 16 bytes', () => {
    const key = new Uint8Array(KEY_BYTES);
    writeKey(53170, key);
    expect(String.fromCharCode(...key)).toBe('k000000000053170');
  });
});
