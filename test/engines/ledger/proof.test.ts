/** Proofs: what they say of any history, and that no change of them is believed. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ledger } from '../../../engines/ledger/index.ts';
import type { Ledger } from '../../../engines/ledger/ledger.ts';
import { type Proof, verify } from '../../../engines/ledger/proof.ts';
import { compareBytes } from '../../../sim/bytes/compare.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { INDEX_STEPS } from '../../../sim/work.ts';
import { bytesOf, del, EngineBed, put, text } from '../bed.ts';
import type { Operation } from '../sorted-array.ts';

const key = fc.oneof(
  fc.nat(12).map((n) => bytesOf(`k${n}`)),
  fc.uint8Array({ minLength: 1, maxLength: 2 }),
  fc.nat(5).map((n) => bytesOf(`${'long '.repeat(30)}${n}`)),
);
const operation: fc.Arbitrary<Operation> = fc.record({
  table: fc.nat(1),
  key,
  value: fc.option(
    fc.tuple(fc.nat(99), fc.nat(2500)).map(([n, fill]) => Value.filled(bytesOf(`${n}`), fill)),
    { nil: undefined, freq: 4 },
  ),
});
const batches = fc.array(fc.array(operation, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 12 });

function sealed(history: readonly (readonly Operation[])[], blockEntries = 5): EngineBed {
  const bed = EngineBed.opened(ledger, { block_size_entries: blockEntries });
  for (const batch of history) bed.write(batch);
  seal(bed);
  return bed;
}
function seal(bed: EngineBed): void {
  const job = ledgerOf(bed).maintain('seal');
  if (job !== undefined) while (job.next().done !== true);
  bed.disk.settle();
}
const ledgerOf = (bed: EngineBed): Ledger => bed.engine as Ledger;

/** Every byte string of a proof, to be changed in place. */
function partsOf(proof: Proof): Uint8Array[] {
  const { entry } = proof;
  const own = entry === undefined ? [] : [entry.fields, entry.previousHash, entry.value.bytes, ...entry.path];
  return [proof.key, proof.commit, ...proof.records, ...own];
}

describe('a proof', () => {
  it('says of every key what the latest version is', () => {
    fc.assert(
      fc.property(batches, fc.array(fc.tuple(fc.nat(1), key), { maxLength: 6 }), (history, asked) => {
        const bed = sealed(history);
        bed.verify();
        const { digest } = ledgerOf(bed);
        const written = history.flat();
        const keys = [...asked, ...written.map((each): [number, Uint8Array] => [each.table, each.key])];
        for (const [table, which] of keys) {
          const verdict = verify(ledgerOf(bed).prove(table, which)!, digest);
          const expected = bed.twin.get(table, which);
          const wasWritten = written.some((each) => each.table === table && compareBytes(each.key, which) === 0);
          expect(verdict.outcome).toBe(expected !== undefined ? 'present' : wasWritten ? 'deleted' : 'absent');
          if (verdict.outcome === 'present') expect(verdict.value.equals(expected!)).toBe(true);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('is believed only as it is', () => {
    fc.assert(
      fc.property(batches, fc.nat(), fc.nat(), fc.nat(7), (history, which, at, bit) => {
        const bed = sealed(history);
        const { digest } = ledgerOf(bed);
        const written = history.flat();
        const { table, key: own } = written[which % written.length]!;
        for (const asked of [own, bytesOf('never written')]) {
          const proof = ledgerOf(bed).prove(table, asked)!;
          const before = verify(proof, digest);
          expect(before.outcome).not.toBe('invalid');
          for (const part of partsOf(proof)) {
            if (part.length === 0) continue;
            part[at % part.length]! ^= 1 << bit;
            const after = verify(proof, digest);
            // another absent key may be as absent, by the same records
            if (part === proof.key && before.outcome === 'absent')
              expect(['absent', 'invalid']).toContain(after.outcome);
            else expect(after.outcome).toBe('invalid');
            part[at % part.length]! ^= 1 << bit;
          }
          expect(verify(proof, digest).outcome).toBe(before.outcome);
          expect(
            verify(
              proof,
              digest.map((byte, i) => (i === at % 32 ? byte ^ 1 : byte)),
            ).outcome,
          ).toBe('invalid');
          for (const records of [
            proof.records.slice(1),
            proof.records.slice(0, -1),
            [...proof.records, proof.records[0]!],
          ]) {
            expect(verify({ ...proof, records }, digest).outcome).toBe('invalid');
          }
          expect(verify({ ...proof, table: 1 - table }, digest).outcome === 'present').toBe(false);
          if (proof.entry === undefined) continue;
          expect(verify({ ...proof, entry: undefined }, digest).outcome).toBe('invalid');
          const longer = Value.filled(bytesOf('forged'), proof.entry.value.length);
          expect(verify({ ...proof, entry: { ...proof.entry, value: longer } }, digest).outcome).toBe('invalid');
        }
      }),
      { numRuns: 40 },
    );
  });

  it('of an older block says nothing about a newer one', () => {
    const bed = sealed([[put('a', 'one'), put('b', 'two')]]);
    const old = ledgerOf(bed).prove(0, bytesOf('a'))!;
    const oldDigest = ledgerOf(bed).digest;
    bed.write([put('a', 'three')]);
    expect(verify(ledgerOf(bed).prove(0, bytesOf('a'))!, oldDigest)).toMatchObject({ outcome: 'present', version: 1 });
    seal(bed);
    const { digest } = ledgerOf(bed);
    expect(verify(old, oldDigest)).toMatchObject({ outcome: 'present', version: 1 });
    expect(verify(old, digest).outcome).toBe('invalid');
    // the old version is in the journal still, but it cannot be passed off as the latest
    const now = ledgerOf(bed).prove(0, bytesOf('a'))!;
    expect(verify(now, digest)).toMatchObject({ outcome: 'present', version: 2 });
    expect(verify({ ...now, entry: old.entry }, digest).outcome).toBe('invalid');
  });

  it('is not to be had before the first block', () => {
    const bed = EngineBed.opened(ledger);
    bed.write([put('a', 'one')]);
    expect(ledgerOf(bed).prove(0, bytesOf('a'))).toBeUndefined();
  });
});

describe('a key that another begins with', () => {
  it('is found again after its second version, where it ends at a branch', () => {
    const bed = sealed([[put('k1', 'one'), put('k10', 'x')], [put('k1', 'two')]], 2);
    bed.verify();
    const verdict = verify(ledgerOf(bed).prove(0, bytesOf('k1'))!, ledgerOf(bed).digest);
    expect(verdict).toMatchObject({ outcome: 'present', version: 2 });
  });
});

describe('the versions of a key', () => {
  it('are all there, across blocks and restarts, each a few records away', () => {
    const bed = sealed([[put('other', 'x')]], 7);
    const COUNT = 300;
    for (let version = 1; version <= COUNT; version++) {
      bed.write([version % 10 === 0 ? del('k') : put('k', `value ${version}`), put(`other ${version % 3}`, 'y')]);
      if (version === 150) bed.restart();
    }
    seal(bed);
    const engine = ledgerOf(bed);
    const { counts } = engine.store.work;
    for (let version = 1; version <= COUNT; version++) {
      counts[INDEX_STEPS] = 0;
      const found = engine.readVersion(0, bytesOf('k'), version)!;
      expect(found.version).toBe(version);
      expect(found.value === undefined ? undefined : text(found.value.toBytes())).toBe(
        version % 10 === 0 ? undefined : `value ${version}`,
      );
      expect(counts[INDEX_STEPS]).toBeLessThan(24);
    }
    expect(engine.readVersion(0, bytesOf('k'), COUNT + 1)).toBeUndefined();
    expect(engine.readVersion(0, bytesOf('k'), 0)).toBeUndefined();
    expect(engine.readVersion(0, bytesOf('unknown'), 1)).toBeUndefined();
  });
});
