/** The sums that the profile promises, from what the code really counts. */
import { expect, test } from 'vitest';
import { findEngine } from '../../engines/index.ts';
import { Value } from '../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../sim/clock.ts';
import { COST_PROFILES, findCostProfile } from '../../sim/cost-profiles.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { findStateMachine } from '../../sim/nodes/kv/index.ts';
import { encodeRequest } from '../../sim/nodes/kv/request-codec.ts';
import { createWriteAheadLog } from '../../sim/nodes/wal/new-log.ts';
import { WriteAheadLog } from '../../sim/nodes/wal/write-ahead-log.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { Rng } from '../../sim/rng.ts';
import { PUT } from '../../sim/rpc.ts';
import {
  ENTRIES_APPENDED,
  ENTRIES_APPLIED,
  INDEX_STEPS,
  MESSAGES_HANDLED,
  REQUESTS_HANDLED,
  WORK_KIND_NAMES,
  Work,
} from '../../sim/work.ts';

const PROFILE = findCostProfile('etcd-2021')!;
const ETCD_BOLT = { freelist: 'hashmap', noFreelistSync: true, fillPercent: 0.9, initialMmapSize: 10 * 2 ** 30 };
const PUTS = 20_000;

function newDisk(): SimulatedDisk {
  return new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(1, 'disk'),
    pageCacheBytes: 256 << 20,
    capacityBytes: 2 ** 40,
  });
}

function put(index: number, valueBytes: number): Value {
  return encodeRequest({
    kind: 'request',
    session: 1 + (index % 100),
    sequence: index,
    operation: PUT,
    key: new TextEncoder().encode(`k${String((index * 7919) % PUTS).padStart(15, '0')}`),
    keyEnd: undefined,
    limit: 0,
    value: Value.filled(new Uint8Array(16), valueBytes - 16),
    serializable: false,
  });
}

/** µs a put of everything between the log and the disk, without what is said of an entry; `perCommit` puts share a commit. */
function enginePrice(engine: string, options: ParameterValues, valueBytes: number, perCommit: number): number {
  const disk = newDisk();
  const work = new Work();
  const definition = findStateMachine('mvcc')!;
  const context = { disk, directory: 'db/', tables: definition.tables, work, clock: STOPPED_CLOCK };
  const machine = definition.create(findEngine(engine)!.create(context, options), work);
  machine.open();
  for (let index = 1; index <= PUTS; index++) {
    // a full store is what is priced: the first half does not count
    if (index === PUTS / 2) work.counts.fill(0);
    machine.apply(index, 1, put(index, valueBytes), { onApplied: () => {} });
    if (index % 15 === 0) machine.flush();
    if (index % perCommit === 0) machine.commit();
    if (index % perCommit === 0) disk.settle();
  }
  work.counts[ENTRIES_APPLIED] = 0;
  work.counts[INDEX_STEPS] = 0;
  return work.take(PROFILE) / 1000 / (PUTS / 2);
}

/** µs an entry in the log, without what is said of an entry. */
function logPrice(perSave: number): number {
  const work = new Work();
  const disk = newDisk();
  const log = createWriteAheadLog(
    { disk, directory: 'wal/', segmentBytes: 64_000_000, segmentsMax: 5, work },
    new Uint8Array(8),
  );
  if (!(log instanceof WriteAheadLog)) throw new Error(log);
  work.counts.fill(0);
  let index = 0;
  while (index < 3000) {
    const entries = Array.from({ length: perSave }, () => {
      index++;
      return { term: 1, index, type: 0, data: put(index, 1024) };
    });
    log.save({ term: 1, vote: 1, commit: index }, entries);
  }
  work.counts[ENTRIES_APPENDED] = 0;
  return work.take(PROFILE) / 1000 / index;
}

test('every kind of work has a price, in every profile', () => {
  for (const profile of COST_PROFILES) {
    expect(profile.nanoseconds.length).toBe(WORK_KIND_NAMES.length);
    for (const price of profile.nanoseconds) expect(price).toBeGreaterThan(0);
    expect(findCostProfile(profile.name)).toBe(profile);
  }
  expect(findCostProfile('another')).toBeUndefined();
});

test('a put into the engine: bolt 7.1 µs, RocksDB 7.78 µs, each within a fifth', () => {
  // a commit so large that its share vanishes: the thesis times the put alone
  expect(Math.abs(enginePrice('bolt', ETCD_BOLT, 256, PUTS / 2) / 7.1 - 1)).toBeLessThan(0.2);
  expect(Math.abs(enginePrice('rocksdb', {}, 256, PUTS / 2) / 7.78 - 1)).toBeLessThan(0.2);
});

test('a put over three nodes: 192–233 µs with 100 clients, about 1.5 ms with one', () => {
  const price = (kind: number): number => PROFILE.nanoseconds[kind]! / 1000;
  const everywhere = price(ENTRIES_APPENDED) + price(ENTRIES_APPLIED) + 17 * price(INDEX_STEPS);
  const many = 3 * (everywhere + enginePrice('bolt', ETCD_BOLT, 1024, 650) + logPrice(16));
  const hundred = price(REQUESTS_HANDLED) + many + (16 / 16) * price(MESSAGES_HANDLED);
  expect(hundred).toBeGreaterThan(192);
  expect(hundred).toBeLessThan(233);
  const one = 3 * (everywhere + enginePrice('bolt', ETCD_BOLT, 1024, 78) + logPrice(1));
  const single = price(REQUESTS_HANDLED) + one + 16 * price(MESSAGES_HANDLED);
  expect(single).toBeGreaterThan(1350);
  expect(single).toBeLessThan(1650);
});
