/** Measured runs of RocksDB 7.8.3, and a paced one of them done again: after each batch everything that is due is done. */
import { existsSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { RocksDb } from '../../../engines/rocksdb/rocksdb.ts';
import type { JobEvent } from '../../../engines/rocksdb/store.ts';
import { Batch } from '../../../sim/batch.ts';
import { CATEGORIES, type Category } from '../../../sim/disk/disk.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import { type KeyOrder, keyCheck, keyIndices, writeKey } from '../../../sim/engine-bench/generator.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { drain, filled, makeDisk, makeEngine } from './bench.ts';

const FOLDER = new URL('../../../../shared/ground-truth/', import.meta.url);
/** False, with a line that says so, where the measurements are not. */
export const isMeasured = existsSync(new URL('rocksdb.csv', FOLDER));
if (!isMeasured) console.log('skipped: no measured runs of RocksDB in ../shared/ground-truth');

export type Row = Readonly<Record<string, string>>;

export function measuredRows(file: string): Row[] {
  const [head, ...lines] = readFileSync(new URL(file, FOLDER), 'utf8').trim().split('\n');
  const names = (head ?? '').split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i] ?? '', cell])));
}

const BYTES: Readonly<Record<string, Category>> = {
  wal_bytes: 'engine-wal',
  flush_bytes: 'flush',
  compaction_bytes: 'compaction',
  manifest_bytes: 'manifest',
};

function written(disk: SimulatedDisk, column: string): number {
  const category = BYTES[column];
  return category === undefined ? Number.NaN : (disk.counters.writtenBytes[CATEGORIES.indexOf(category)] ?? Number.NaN);
}

export interface Phase {
  readonly row: Row;
  /** By column: bytes written in this phase. */
  readonly bytes: Readonly<Record<string, number>>;
  /** The engine's figures at the phase's end. */
  readonly figures: Readonly<Record<string, number>>;
}

function optionsOf(row: Row): ParameterValues {
  return {
    write_buffer_size: Number(row.write_buffer),
    max_write_buffer_number: Number(row.max_write_buffers),
    target_file_size_base: Number(row.target_file),
    max_bytes_for_level_base: Number(row.level_base),
    max_bytes_for_level_multiplier: Number(row.level_mult),
    level0_file_num_compaction_trigger: Number(row.l0_trigger),
    level_compaction_dynamic_level_bytes: row.dynamic_level === '1',
    max_background_jobs: Number(row.bg_jobs),
    compaction_style: row.style ?? '',
    ...(row.blob === '1' && {
      enable_blob_files: true,
      min_blob_size: Number(row.min_blob),
      blob_file_size: Number(row.blob_file),
      enable_blob_garbage_collection: true,
      blob_garbage_collection_age_cutoff: Number(row.blob_gc_cutoff),
    }),
  };
}

export function replayPaced(run: string, onJob?: (event: JobEvent, engine: RocksDb) => void): Phase[] {
  const phases = measuredRows('rocksdb.csv').filter((row) => row.run === run);
  const row = phases[0];
  if (row === undefined) throw new Error(`no run ${run}`);
  expect(row.paced).toBe('1');
  const disk = makeDisk(1, 1 << 30);
  const engine = makeEngine(disk, optionsOf(row));
  engine.open();
  disk.settle();
  engine.store.onJob = (event) => onJob?.(event, engine);
  const key = new Uint8Array(16);
  const batch = new Batch();
  return phases.map((phase) => {
    const before = Object.keys(BYTES).map((column) => written(disk, column));
    const operations = Number(phase.ops);
    const order = phase.order as KeyOrder;
    const indices = keyIndices(order, operations, Number(phase.keyspace), Number(phase.seed));
    expect(keyCheck(indices)).toBe(Number(phase.key_check));
    const value = filled('0123456789abcdef', Number(phase.value_bytes));
    for (let from = 0; from < operations; from += Number(phase.batch)) {
      batch.clear();
      for (let i = from; i < Math.min(operations, from + Number(phase.batch)); i++) {
        writeKey(indices[i] ?? 0, key);
        batch.put(0, key, value);
      }
      expect(engine.write(batch)).toBe('ok');
      drain(engine, disk);
    }
    engine.switchMemtable();
    drain(engine, disk);
    const bytes = Object.fromEntries(
      Object.keys(BYTES).map((column, i) => [column, written(disk, column) - (before[i] ?? 0)]),
    );
    return { row: phase, bytes, figures: engine.stats().figures };
  });
}
