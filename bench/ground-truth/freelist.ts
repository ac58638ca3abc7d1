/**
 * What a transaction costs on a badly fragmented file: processor time with the array freelist over that with the hash
 * map, beside the measured ratios of bbolt 1.3.6. A ratio agrees unless it points the other way than the measured one
 * (both more than a tenth from even) or is not of its order of magnitude (a factor of 4).
 *
 * Not compared: the ratio of opening, which in the real one is that of filling Go maps and of page faults. A row
 * that was measured on a disk contains its waits, which pull the real ratio towards 1; ours is of processor time alone.
 */
import { writeTransaction } from '../../engines/bolt/commit.ts';
import { Database } from '../../engines/bolt/database.ts';
import { boltOptions } from '../../engines/bolt/options.ts';
import { rebalanceAll } from '../../engines/bolt/rebalance.ts';
import { spillAll } from '../../engines/bolt/spill.ts';
import { Value } from '../../sim/bytes/value.ts';
import { findCostProfile } from '../../sim/cost-profiles.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import type { DiskImage } from '../../sim/disk/disk-image.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { KEY_BYTES, writeKey } from '../../sim/engine-bench/generator.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { Rng } from '../../sim/rng.ts';
import { type CostProfile, Work } from '../../sim/work.ts';
import type { Row } from './csv.ts';

export const FREELIST_FILE = 'bbolt_freelist_fragmentation.csv';

const COSTS: CostProfile = findCostProfile('etcd-2021')!;
const LEAF_KEYS = 2;
const LOADED_VALUE_BYTES = 1500;
const LOAD_KEYS = 10_000;
const WARM_UPS = 5;
const TRANSACTIONS = 7;
const EVEN = 0.1;
const SAME_ORDER = 4;
const LOADED = new TextEncoder().encode('loaded');
const WRITTEN = new TextEncoder().encode('written');

/** ns by part of a transaction. */
interface Times {
  readonly transaction: number;
  readonly commit: number;
  readonly spill: number;
}

const store = new BlockStore();

function newDisk(): SimulatedDisk {
  return new SimulatedDisk({ store, rng: new Rng(1), pageCacheBytes: 2 ** 26, capacityBytes: 2 ** 40 });
}

/** A file of about so many free pages: `pattern` says which leaves of each group are deleted. */
function fragmentedFile(freePages: number, pattern: string): DiskImage {
  const disk = newDisk();
  const database = openDatabase(disk, { freelist: 'hashmap', noFreelistSync: true }, new Work());
  const deleted = [...pattern].filter((digit) => digit === '1').length;
  const leaves = deleted === 0 ? 0 : Math.ceil((freePages / deleted) * pattern.length);
  const keys = leaves * LEAF_KEYS;
  const key = new Uint8Array(KEY_BYTES);
  const value = filled(LOADED_VALUE_BYTES);
  const isDeleted = (index: number): boolean => pattern[Math.floor(index / LEAF_KEYS) % pattern.length] === '1';
  for (const phase of ['load', 'delete']) {
    for (let from = 0; from < keys; from += LOAD_KEYS) {
      const bucket = bucketOf(database, LOADED);
      for (let index = from; index < Math.min(keys, from + LOAD_KEYS); index++) {
        if (phase === 'delete' && !isDeleted(index)) continue;
        writeKey(index, key);
        if (phase === 'load') bucket.put(key, value);
        else bucket.delete(key);
      }
      if (database.commit() !== 'ok') throw new Error('a commit failed');
      disk.settle();
    }
  }
  const image = disk.capture(['db']);
  database.close();
  return image;
}

function openDatabase(disk: SimulatedDisk, options: ParameterValues, work: Work): Database {
  const database = new Database(disk, 'db', work, boltOptions(options));
  const outcome = database.open();
  if (outcome !== 'fresh' && outcome !== 'recovered') throw new Error(`the file is ${outcome}`);
  disk.settle();
  return database;
}

/** The bucket of that name, in a transaction that begins now. */
function bucketOf(database: Database, name: Uint8Array) {
  const bucket = database.begin().root.createBucketIfNotExists(name);
  if (typeof bucket === 'string') throw new Error(bucket);
  return bucket;
}

/** Medians over transactions that overwrite the same keys. */
function measure(image: DiskImage, row: Row, freelist: string): Times {
  const disk = newDisk();
  disk.preload(image, '', '', 'page');
  const work = new Work();
  const database = openDatabase(disk, { freelist, noFreelistSync: row.no_freelist_sync === '1' }, work);
  const value = filled(Number(row.value_bytes));
  const key = new Uint8Array(KEY_BYTES);
  const times: Times[] = [];
  for (let round = 0; round < WARM_UPS + TRANSACTIONS; round++) {
    work.counts.fill(0);
    const bucket = bucketOf(database, WRITTEN);
    for (let index = 0; index < Number(row.puts_per_tx); index++) {
      writeKey(index, key);
      bucket.put(key, value);
    }
    const { transaction } = database;
    const before = work.take(COSTS);
    rebalanceAll(transaction);
    const rebalanced = work.take(COSTS);
    if (spillAll(transaction) !== 'ok') throw new Error('the spill failed');
    const spill = work.take(COSTS);
    if (writeTransaction(transaction) !== 'ok') throw new Error('the commit failed');
    transaction.reset();
    const commit = rebalanced + spill + work.take(COSTS);
    disk.settle();
    if (round >= WARM_UPS) times.push({ transaction: before + commit, commit, spill });
  }
  database.close();
  const median = (part: (time: Times) => number): number => {
    return times.map(part).sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
  };
  return {
    transaction: median((time) => time.transaction),
    commit: median((time) => time.commit),
    spill: median((time) => time.spill),
  };
}

function filled(bytes: number): Value {
  return Value.filled(new Uint8Array(0), bytes);
}

function agree(ours: number, real: number): boolean {
  const isEven = (ratio: number): boolean => ratio > 1 - EVEN && ratio < 1 / (1 - EVEN);
  const sameWay = isEven(ours) || isEven(real) || ours > 1 === real > 1;
  return sameWay && ours / real < SAME_ORDER && real / ours < SAME_ORDER;
}

export interface FreelistRatio {
  readonly part: 'transaction' | 'commit' | 'spill';
  readonly measured: number;
  readonly simulated: number;
  readonly ok: boolean;
}

export interface FreelistRow {
  readonly run: string;
  /** For people. */
  readonly setup: string;
  readonly ratios: readonly FreelistRatio[];
}

/** Row by row; a file is built once for all rows that have the same. */
export function* replayFreelist(rows: readonly Row[]): Generator<FreelistRow, void> {
  const images = new Map<string, DiskImage>();
  for (const row of rows) {
    const name = `${row.free_target}/${row.pattern}`;
    const image = images.get(name) ?? fragmentedFile(Number(row.free_target), row.pattern!);
    images.set(name, image);
    const array = measure(image, row, 'array');
    const hashmap = measure(image, row, 'hashmap');
    const ratios = (['transaction', 'commit', 'spill'] as const).map((part): FreelistRatio => {
      const simulated = array[part] / hashmap[part];
      const measured = Number(row[`${part === 'transaction' ? 'tx' : part}_time_ratio_array_over_hashmap`]);
      return { part, measured, simulated, ok: agree(simulated, measured) };
    });
    const stored = row.no_freelist_sync === '1' ? 'not stored' : 'stored';
    const setup = `${row.free_target} free, pattern ${row.pattern}, ${stored}, ${row.puts_per_tx} × ${row.value_bytes} B`;
    yield { run: row.run!, setup, ratios };
  }
}
