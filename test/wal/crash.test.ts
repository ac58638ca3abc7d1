/**
 * Crashes at any moment of any history: what was synced is there, nothing is made up, and appending goes on.
 * Sectors are written whole or not at all, which is what etcd's rule for torn tails relies on.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CrashModel } from '../../sim/disk/crash-model.ts';
import { TORN_SECTORS } from '../../sim/disk/crash-model.ts';
import type { DeviceRequest } from '../../sim/disk/disk.ts';
import { createWriteAheadLog } from '../../sim/nodes/wal/new-log.ts';
import { openWriteAheadLog } from '../../sim/nodes/wal/recovery.ts';
import type { WalEntry } from '../../sim/nodes/wal/wal-entry.ts';
import { WriteAheadLog } from '../../sim/nodes/wal/write-ahead-log.ts';
import { entry, METADATA, makeEntry, newDisk, optionsOn, say } from './bed.ts';

const WHOLE_SECTORS: CrashModel = { ...TORN_SECTORS, sectorKept: 0.5, sectorLost: 0.5 };

type Step =
  | { readonly kind: 'append'; readonly count: number; readonly fill: number }
  | { readonly kind: 'overwrite'; readonly back: number }
  | { readonly kind: 'commit' }
  /** The disk finishes `requests` of what the log waits for. */
  | { readonly kind: 'time'; readonly requests: number }
  | { readonly kind: 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      count: fc.integer({ min: 1, max: 5 }),
      fill: fc.nat(3000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('overwrite' as const), back: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'commit' as const }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('time' as const), requests: fc.nat(8) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'crash' as const }) },
);

function survive(
  seed: number,
  model: CrashModel,
  tornRule: 'etcd' | 'first-damage',
  steps: readonly Step[],
): { crashes: number; torn: number } {
  const disk = newDisk(seed, model);
  const options = optionsOn(disk, { segmentBytes: 16_384, tornRule });
  const request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  const tally = { crashes: 0, torn: 0 };
  // the dumb twin: the log as an array, and the states it had at each save since the last one that is surely durable
  let term = 1;
  let entries: WalEntry[] = [];
  let durable: WalEntry[] = [];
  let pending: { requests: number; entries: WalEntry[] }[] = [];
  let taken = 0;
  let issued = 0;
  let log: WriteAheadLog | undefined;

  /** Requests that the log's thread has issued are counted by taking them at once and completing them later. */
  const take = (): void => {
    while (disk.takeRequest(0, request)) issued++;
  };
  const finish = (count: number): void => {
    for (let i = 0; i < count && taken < issued; i++) {
      disk.complete(0);
      taken++;
    }
    while (pending.length > 0 && pending[0]!.requests <= taken) durable = pending.shift()!.entries;
  };
  const open = (): void => {
    const opening = openWriteAheadLog(options, [], makeEntry);
    if (opening.outcome === 'missing') {
      expect(durable).toEqual([]);
      const created = createWriteAheadLog(options, METADATA);
      if (!(created instanceof WriteAheadLog)) throw new Error(`create: ${created}`);
      log = created;
      entries = [];
    } else {
      if (opening.outcome !== 'ok') throw new Error(JSON.stringify(opening));
      // one of the states since the last durable one, or a part of the way from one to the next
      const states = [durable, ...pending.map((each) => each.entries)];
      const got = say(opening.entries);
      const steps: string[] = [];
      for (let i = 0; i < states.length; i++) {
        const to = states[i]!;
        const from = states[Math.max(i - 1, 0)]!;
        const shared = i === 0 ? to.length : from.findIndex((each, k) => each !== to[k]);
        const start = shared < 0 ? from.length : shared;
        steps.push(say(from));
        for (let n = start; n <= to.length; n++) steps.push(say(to.slice(0, n)));
      }
      expect(steps).toContain(got);
      if (opening.torn !== undefined) tally.torn++;
      log = opening.log;
      entries = [...opening.entries];
    }
    durable = entries;
    pending = [];
    term++;
    take();
    finish(issued);
    disk.settle();
  };

  const save = (commit: number, fresh: WalEntry[], next: WalEntry[]): void => {
    expect(log!.save({ term, vote: 1, commit }, fresh)).toBe('ok');
    entries = next;
    if (!log!.lastSaveSynced) return;
    take();
    pending.push({ requests: issued, entries });
  };

  open();
  for (const each of steps) {
    switch (each.kind) {
      case 'append': {
        const fresh = Array.from({ length: each.count }, (_, i) => entry(term, entries.length + 1 + i, each.fill));
        save(0, fresh, [...entries, ...fresh]);
        break;
      }
      case 'overwrite': {
        term++;
        const kept = entries.slice(0, Math.max(0, entries.length - each.back));
        const fresh = [entry(term, kept.length + 1)];
        save(0, fresh, [...kept, ...fresh]);
        break;
      }
      case 'commit':
        save(entries.length, [], entries);
        break;
      case 'time':
        finish(each.requests);
        break;
      case 'crash':
        disk.crash();
        tally.crashes++;
        issued = taken = 0;
        open();
        break;
    }
  }
  return tally;
}

test('sectors whole: etcd’s rule recovers every crash', () => {
  const sum = { crashes: 0, torn: 0 };
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), (seed, steps) => {
      const tally = survive(seed, WHOLE_SECTORS, 'etcd', steps);
      sum.crashes += tally.crashes;
      sum.torn += tally.torn;
    }),
    { numRuns: 80, seed: 1 },
  );
  // the test is worth something only if crashes tear records
  expect(sum.crashes).toBeGreaterThan(150);
  expect(sum.torn).toBeGreaterThan(10);
});

test('sectors torn with garbage: any-damage rule recovers every crash', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 31), fc.array(step, { minLength: 5, maxLength: 60, size: 'max' }), (seed, steps) => {
      survive(seed, TORN_SECTORS, 'first-damage', steps);
    }),
    { numRuns: 80, seed: 2 },
  );
});
