/** The payload digest against its definition in FORMAT.md, for payloads that are asked for again and again. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Digester } from '../../../engines/ledger/digester.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { BYTES_DIGESTED, Work } from '../../../sim/work.ts';

const sha256 = (...parts: Uint8Array[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();

function definition(payload: Uint8Array): Buffer {
  if (payload.length <= 1024) return sha256(payload);
  const digests: Buffer[] = [];
  for (let from = 0; from < payload.length; from += 1024) digests.push(sha256(payload.subarray(from, from + 1024)));
  return sha256(Uint8Array.of(3), ...digests);
}

const payload = fc
  .tuple(fc.uint8Array({ maxLength: 40 }), fc.nat(40), fc.oneof(fc.nat(200), fc.integer({ min: 900, max: 5000 })))
  .map(([bytes, at, fill]) => new Value().set(bytes, 0, bytes.length, Math.min(at, bytes.length), fill));

it('is the one of FORMAT.md, and costs the same whether it was asked for before or not', () => {
  fc.assert(
    fc.property(fc.array(payload, { minLength: 1, maxLength: 6 }), fc.nat(), (payloads, again) => {
      const work = new Work();
      const digester = new Digester(work);
      const digest = new Uint8Array(32);
      const costs = new Map<Value, number>();
      for (const value of [...payloads, payloads[again % payloads.length]!, ...payloads]) {
        work.counts[BYTES_DIGESTED] = 0;
        digester.payload(value, digest, 0);
        expect(Buffer.from(digest).equals(definition(value.toBytes()))).toBe(true);
        const cost = work.counts[BYTES_DIGESTED]!;
        expect(cost).toBe(costs.get(value) ?? cost);
        costs.set(value, cost);
      }
    }),
    { numRuns: 300 },
  );
});
