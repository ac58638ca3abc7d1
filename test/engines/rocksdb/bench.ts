/** What the tests of this folder stand on: a disk, an engine on it, and a host that runs jobs at once. */

import { readOptions } from '../../../engines/rocksdb/options.ts';
import { RocksDb } from '../../../engines/rocksdb/rocksdb.ts';
import { Batch } from '../../../sim/batch.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../../sim/clock.ts';
import { BlockStore } from '../../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Rng } from '../../../sim/rng.ts';
import { Work } from '../../../sim/work.ts';

export const DIRECTORY = 'db/';

export function makeDisk(seed = 1, pageCacheBytes = 64 << 20, capacityBytes = 1e12): SimulatedDisk {
  return new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(seed),
    pageCacheBytes,
    capacityBytes,
  });
}

export function makeEngine(
  disk: SimulatedDisk,
  values: ParameterValues = {},
  tables: readonly string[] = ['keys'],
): RocksDb {
  return new RocksDb(
    { disk, directory: DIRECTORY, tables, work: new Work(), clock: STOPPED_CLOCK },
    readOptions(values),
  );
}

/** Runs every job that is due, one after the other, each sync finishing at once. */
export function drain(engine: RocksDb, disk: SimulatedDisk): void {
  for (let job = engine.background(); job !== undefined; job = engine.background()) {
    while (job.next().done !== true) disk.settle();
    disk.settle();
  }
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** `length` bytes that start with `stamp`, the rest fill. */
export function filled(stamp: string, length: number): Value {
  return Value.filled(bytes(stamp), Math.max(0, length - stamp.length));
}

export function put(engine: RocksDb, key: string, value: Value, table = 0): void {
  const batch = new Batch();
  batch.put(table, bytes(key), value);
  engine.write(batch);
}

/** Everything a scan sees, as text. */
export function contentOf(engine: RocksDb, table = 0): [string, string][] {
  const rows: [string, string][] = [];
  engine.scan(table, new Uint8Array(0), undefined, (key, from, to, value) => {
    rows.push([text(key.subarray(from, to)), text(value.toBytes())]);
    return true;
  });
  return rows;
}

export function text(content: Uint8Array): string {
  return String.fromCharCode(...content);
}
