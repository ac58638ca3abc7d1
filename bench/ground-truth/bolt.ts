/** Runs the phases of `bbolt.csv` on the `bolt` engine and reports them in its columns. */
import { BoltEngine } from '../../engines/bolt/engine.ts';
import { Batch } from '../../sim/batch.ts';
import { Value } from '../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../sim/clock.ts';
import { CATEGORIES, type Category, type Disk } from '../../sim/disk/disk.ts';
import { Work } from '../../sim/work.ts';
import { KEY_BYTES, type KeyOrder, keyCheck, keyIndices, writeKey } from './generator.ts';

export type Row = Readonly<Record<string, string>>;

export function parseCsv(text: string): Row[] {
  const [head, ...lines] = text.trim().split('\n');
  const names = head!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i]!, cell])));
}

/** Columns that the engine must reproduce exactly where bbolt's own are exact. */
export const EXACT_COLUMNS = [
  'key_check',
  'logical_bytes',
  'total_write_bytes',
  'data_page_bytes',
  'freelist_bytes',
  'meta_bytes',
  'commits',
  'fdatasync',
  'write_calls',
  'tx_page_count',
  'tx_node_count',
  'tx_rebalance',
  'tx_split',
  'tx_spill',
  'freelist_pages_max_per_commit',
  'end_keys',
  'end_depth',
  'end_leaf_pages',
  'end_leaf_overflow_pages',
  'end_branch_pages',
  'end_leaf_inuse_bytes',
  'end_branch_inuse_bytes',
  'end_free_pages',
  'end_pending_pages',
  'end_high_water_pages',
  'end_file_bytes',
  'end_alloc_bytes',
] as const;

export interface CommitRecord {
  readonly data_pages: number;
  readonly freelist_pages: number;
  readonly nodes: number;
  readonly splits: number;
  readonly rebalances: number;
  readonly free_pages: number;
  readonly pending_pages: number;
  readonly high_water_pages: number;
  readonly file_bytes: number;
}

/** One run: a fresh store, and its phases one after the other. */
export class BoltRun {
  readonly engine: BoltEngine;
  readonly #disk: Disk;

  constructor(disk: Disk, rows: readonly Row[]) {
    this.#disk = disk;
    const first = rows[0]!;
    const context = { disk, directory: 'bolt/', tables: ['bucket'], work: new Work(), clock: STOPPED_CLOCK };
    this.engine = new BoltEngine(context, {
      freelist: first.freelist === 'hashmap' ? 'hashmap' : 'array',
      noFreelistSync: first.no_freelist_sync === '1',
      fillPercent: Number(first.fill_percent),
      initialMmapSize: rows.some((row) => row.hold_read_tx === '1') ? 10 * 2 ** 30 : 0,
      pageSize: 4096,
    });
    if (this.engine.open() !== 'fresh') throw new Error('the disk was not empty');
    disk.settle();
  }

  phase(row: Row, onCommit?: (record: CommitRecord) => void): Record<string, number> {
    const { engine } = this;
    const disk = this.#disk;
    const operations = Number(row.ops);
    const keys = keyIndices(row.order as KeyOrder, operations, Number(row.keyspace), Number(row.seed));
    const batchSize = Number(row.batch);
    const isDelete = row.op === 'del';
    const value = Value.filled(new Uint8Array(0), Number(row.value_bytes));
    const key = new Uint8Array(KEY_BYTES);
    const batch = new Batch();
    const holdsRead = row.hold_read_tx === '1';
    if (holdsRead) [...engine.maintain('hold-read', 0)!];
    const before = this.#counters();
    const syncsBefore = sum(disk.counters.syncs);
    let logicalBytes = 0;
    let freelistPagesMax = 0;
    let last = engine.stats().figures;
    for (let from = 0; from < operations; from += batchSize) {
      batch.clear();
      for (let i = from; i < Math.min(operations, from + batchSize); i++) {
        writeKey(keys[i]!, key);
        if (isDelete) batch.delete(0, key);
        else batch.put(0, key, value);
      }
      logicalBytes += batch.logicalBytes;
      if (engine.write(batch) !== 'ok' || engine.sync() !== 'ok') throw new Error('a write failed');
      disk.settle();
      const stats = engine.stats();
      const { figures } = stats;
      const grown = (name: string): number => figures[name]! - last[name]!;
      freelistPagesMax = Math.max(freelistPagesMax, grown('freelistPagesWritten'));
      onCommit?.({
        data_pages: grown('dataPagesWritten'),
        freelist_pages: grown('freelistPagesWritten'),
        nodes: grown('nodesMaterialised'),
        splits: grown('splits'),
        rebalances: grown('rebalances'),
        free_pages: figures.freePages!,
        pending_pages: figures.pendingPages!,
        high_water_pages: figures.highWaterPages!,
        file_bytes: stats.fileBytes,
      });
      last = figures;
    }
    if (holdsRead) [...engine.maintain('release-read', 0)!];
    const after = this.#counters();
    const grown = (name: keyof typeof after): number => after[name] - before[name];
    const census = engine.tableCensus()[0]!;
    const stats = engine.stats();
    return {
      key_check: keyCheck(keys),
      logical_bytes: logicalBytes,
      total_write_bytes: grown('page') + grown('freelist') + grown('meta'),
      data_page_bytes: grown('page'),
      freelist_bytes: grown('freelist'),
      meta_bytes: grown('meta'),
      commits: grown('commits'),
      fdatasync: sum(disk.counters.syncs) - syncsBefore - grown('fileGrowths'),
      write_calls: grown('pageWrites'),
      tx_page_count: grown('pagesAllocated'),
      tx_node_count: grown('nodesMaterialised'),
      tx_rebalance: grown('rebalances'),
      tx_split: grown('splits'),
      tx_spill: grown('spills'),
      freelist_pages_max_per_commit: freelistPagesMax,
      end_keys: census.keys,
      end_depth: census.depth,
      end_leaf_pages: census.leafPages,
      end_leaf_overflow_pages: census.leafOverflowPages,
      end_branch_pages: census.branchPages,
      end_leaf_inuse_bytes: census.leafInUseBytes,
      end_branch_inuse_bytes: census.branchInUseBytes,
      end_free_pages: stats.figures.freePages!,
      end_pending_pages: stats.figures.pendingPages!,
      end_high_water_pages: stats.figures.highWaterPages!,
      end_file_bytes: stats.fileBytes,
      end_alloc_bytes: stats.figures.highWaterPages! * 4096,
    };
  }

  #counters(): Record<string, number> {
    const written = this.#disk.counters.writtenBytes;
    const of = (category: Category): number => written[CATEGORIES.indexOf(category)]!;
    return { ...this.engine.stats().figures, page: of('page'), freelist: of('freelist'), meta: of('meta') };
  }
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
