import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Batch } from '../../sim/batch.ts';
import { SessionTable } from '../../sim/nodes/kv/session-table.ts';
import { MemoryEngine } from './memory-engine.ts';

const use = fc.record({
  session: fc.oneof(fc.nat(300), fc.nat(0xffffffff)),
  sequence: fc.nat(0x7fffffff),
  revision: fc.nat(),
});

test('remembers what a map would, also after it was saved in pieces and loaded', () => {
  fc.assert(
    fc.property(fc.array(fc.array(use, { maxLength: 60, size: 'max' }), { maxLength: 6 }), (rounds) => {
      const table = new SessionTable();
      const twin = new Map<number, { sequence: number; revision: number }>();
      const engine = new MemoryEngine();
      const batch = new Batch();
      for (const round of rounds) {
        for (const { session, sequence, revision } of round) {
          table.record(table.slotOf(session), sequence, revision, 1);
          twin.set(session, { sequence, revision });
        }
        batch.clear();
        table.save(batch, 1);
        engine.write(batch);
      }
      const loaded = new SessionTable();
      expect(loaded.load(engine, 1, table.nextSlot)).toBe(true);
      for (const each of [table, loaded]) {
        expect(each.count).toBe(twin.size);
        for (const [session, { sequence, revision }] of twin) {
          const slot = each.slotOf(session);
          expect([each.sequence(slot), each.revision(slot), each.countOf(slot)]).toEqual([sequence, revision, 1]);
        }
      }
      batch.clear();
      table.save(batch, 1);
      expect(batch.count).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test('beyond its limit the session opened first is forgotten, and after a restart the same one', () => {
  const table = new SessionTable(64);
  const engine = new MemoryEngine();
  const batch = new Batch();
  for (let session = 1; session <= 70; session++) table.record(table.slotOf(session), 9, session, 1);
  table.save(batch, 1);
  engine.write(batch);
  const loaded = new SessionTable(64);
  expect(loaded.load(engine, 1, table.nextSlot)).toBe(true);
  for (const each of [table, loaded]) {
    expect(each.sequence(each.slotOf(70))).toBe(9);
    // takes the place of session 7
    expect(each.sequence(each.slotOf(1))).toBe(0);
    expect(each.sequence(each.slotOf(8))).toBe(9);
    expect(each.sequence(each.slotOf(7))).toBe(0);
    expect(each.count).toBe(64);
  }
});

test('100 busy sessions cost about 1 KB a commit', () => {
  const table = new SessionTable();
  for (let session = 1; session <= 100; session++) table.record(table.slotOf(session), 12_345, 1_234_567, 1);
  const batch = new Batch();
  table.save(batch, 1);
  expect(batch.count).toBe(2);
  expect(batch.logicalBytes).toBeLessThan(1000);
});
