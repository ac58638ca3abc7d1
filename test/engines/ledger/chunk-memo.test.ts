/** Digests that were looked up are those that hashing the real bytes gives, whatever else took the places. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ChunkMemo } from '../../../engines/ledger/chunk-memo.ts';
import { Value } from '../../../sim/bytes/value.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

const value = fc
  .tuple(fc.uint8Array({ maxLength: 70 }), fc.nat(70), fc.nat(3))
  .map(([bytes, fillAt, fill]) =>
    new Value().set(bytes, 0, bytes.length, Math.min(fillAt, bytes.length), fill === 0 ? 0 : fill * 500),
  );

it('finds what was added, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(7), { maxLength: 40 }),
      (values, order) => {
        const memo = new ChunkMemo();
        for (const index of order) {
          const chunk = values[index % values.length]!;
          const to = Math.min(chunk.length, 700);
          const from = index % 2 === 0 ? 0 : Math.floor(to / 2);
          const expected = sha256(chunk.toBytes().subarray(from, to));
          const found = new Uint8Array(40);
          if (!memo.find(chunk, from, to, found, 8)) {
            memo.add(expected, 0);
            if (chunk.literalLength <= 64) expect(memo.find(chunk, from, to, found, 8)).toBe(true);
            else continue;
          }
          expect(Buffer.compare(found.subarray(8), expected)).toBe(0);
        }
      },
    ),
    { numRuns: 100 },
  );
});
