/** The hash on words against the same arithmetic on 64-bit integers. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashHigh, hashKey, hashLow } from '../../../engines/faster/key-hash.ts';

const MASK = (1n << 64n) - 1n;

function twin(bytes: Uint8Array): bigint {
  let state = BigInt(bytes.length);
  for (let i = 0; i + 1 < bytes.length; i += 2) {
    state = (state * 40343n + BigInt(bytes[i]! | (bytes[i + 1]! << 8))) & MASK;
  }
  if (bytes.length % 2 === 1) state = (state * 40343n + BigInt(bytes.at(-1)!)) & MASK;
  state = (state * 40343n) & MASK;
  return ((state >> 4n) | (state << 60n)) & MASK;
}

it('is the same as on 64-bit integers', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(5), (bytes, before) => {
      const padded = new Uint8Array(bytes.length + before);
      padded.set(bytes, before);
      hashKey(padded, before, padded.length);
      expect((BigInt(hashHigh) << 32n) | BigInt(hashLow)).toBe(twin(bytes));
    }),
    { numRuns: 500 },
  );
});
