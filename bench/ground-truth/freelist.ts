/**
 * What a commit costs on a badly fragmented file: the array freelist's time over the hash map's, beside the measured
 * ratios of bbolt 1.3.6.
 *
 *     node dist/bench/ground-truth/freelist.js FOLDER
 *
 * FOLDER holds `bbolt_freelist_fragmentation.csv`. Replays the rows of half a million free pages that were measured in
 * memory and without a stored freelist; takes about a minute. Compares processor time by the cost profile only.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findEngine } from '../../engines/index.ts';
import { Batch } from '../../sim/batch.ts';
import { Value } from '../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../sim/clock.ts';
import { findCostProfile } from '../../sim/cost-profiles.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { Rng } from '../../sim/rng.ts';
import type { StorageEngine } from '../../sim/storage-engine.ts';
import { Work } from '../../sim/work.ts';
import { parseCsv, type Row } from './bolt.ts';
import { KEY_BYTES, writeKey } from './generator.ts';

const COSTS = findCostProfile('etcd-2021')!;
const LEAF_KEYS = 2;
const LOADED_VALUE_BYTES = 1500;
const BATCH_KEYS = 1000;
const COMMIT_KEYS = 10_000;
const COMMITS = 12;

class FragmentedFile {
  readonly #disk: SimulatedDisk;
  readonly #work = new Work();
  readonly #engine: StorageEngine;
  readonly #batch = new Batch();
  readonly #key = new Uint8Array(KEY_BYTES);

  /** Every second leaf deleted. */
  constructor(freelist: string, freePages: number) {
    const store = new BlockStore();
    this.#disk = new SimulatedDisk({ store, rng: new Rng(1), pageCacheBytes: 2 ** 26, capacityBytes: 2 ** 40 });
    const context = {
      disk: this.#disk,
      directory: '',
      tables: ['loaded', 'written'],
      work: this.#work,
      clock: STOPPED_CLOCK,
    };
    this.#engine = findEngine('bolt')!.create(context, { freelist, noFreelistSync: true });
    this.#engine.open();
    const keys = 2 * freePages * LEAF_KEYS;
    const value = filled(LOADED_VALUE_BYTES);
    for (let index = 0; index < keys; index++) {
      writeKey(index, this.#key);
      this.#batch.put(0, this.#key, value);
      this.#flush(index);
    }
    this.#commit();
    for (let index = 0; index < keys; index++) {
      if (Math.floor(index / LEAF_KEYS) % 2 === 0) continue;
      writeKey(index, this.#key);
      this.#batch.delete(0, this.#key);
      this.#flush(index);
    }
    this.#commit();
  }

  /** ns of a transaction that overwrites the same keys: the median. */
  transactionNs(row: Row): number {
    const value = filled(Number(row.value_bytes));
    const times: number[] = [];
    for (let i = 0; i < COMMITS; i++) {
      for (let index = 0; index < Number(row.puts_per_tx); index++) {
        writeKey(index, this.#key);
        this.#batch.put(1, this.#key, value);
      }
      this.#work.counts.fill(0);
      this.#commit();
      times.push(this.#work.take(COSTS));
    }
    return times.sort((a, b) => a - b)[COMMITS / 2]!;
  }

  #flush(index: number): void {
    if (this.#batch.count < BATCH_KEYS) return;
    this.#engine.write(this.#batch);
    this.#batch.clear();
    if (index % COMMIT_KEYS < BATCH_KEYS) this.#commit();
  }

  #commit(): void {
    this.#engine.write(this.#batch);
    this.#batch.clear();
    this.#engine.sync();
    this.#disk.settle();
  }
}

function filled(bytes: number): Value {
  return Value.filled(new Uint8Array(16), bytes - 16);
}

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: node dist/bench/ground-truth/freelist.js FOLDER');
  process.exit(2);
}
const rows = parseCsv(readFileSync(join(folder, 'bbolt_freelist_fragmentation.csv'), 'utf8')).filter(
  (row) =>
    row.free_target === '500000' && row.pattern === '10' && row.medium === 'memory' && row.no_freelist_sync === '1',
);
const array = new FragmentedFile('array', 500_000);
const hashmap = new FragmentedFile('hashmap', 500_000);
for (const row of rows) {
  const ratio = array.transactionNs(row) / hashmap.transactionNs(row);
  console.log(
    `${row.run} ${row.puts_per_tx} puts of ${row.value_bytes} B: ${ratio.toPrecision(3)} (bbolt ${row.tx_time_ratio_array_over_hashmap})`,
  );
}
