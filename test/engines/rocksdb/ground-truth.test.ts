/**
 * What RocksDB 7.8.3 did, flush by flush and compaction by compaction. Nothing here is fitted: the one thing
 * that differs by design is the heights of skip list nodes, random in both, by which a memtable now and then
 * holds one batch more or less; from the first such flush on, the two histories are only alike.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type KeyOrder, keyCheck, keyIndices, writeKey } from '../../../bench/ground-truth/generator.ts';
import type { JobEvent } from '../../../engines/rocksdb/store.ts';
import { Batch } from '../../../sim/batch.ts';
import { CATEGORIES, type Category } from '../../../sim/disk/disk.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import { drain, filled, makeDisk, makeEngine } from './bench.ts';

const FOLDER = new URL('../../../../shared/ground-truth/', import.meta.url);
const isThere = existsSync(new URL('rocksdb.csv', FOLDER));
if (!isThere) console.log('skipped: no measured runs of RocksDB in ../shared/ground-truth');

type Row = Readonly<Record<string, string>>;

function rows(file: string): Row[] {
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

interface Phase {
  readonly row: Row;
  /** By column: bytes written in this phase. */
  readonly bytes: Readonly<Record<string, number>>;
}

/** A paced run: after each batch everything that is due is done. */
function replay(run: string, onJob: (event: JobEvent, files: string) => void): Phase[] {
  const phases = rows('rocksdb.csv').filter((row) => row.run === run);
  const row = phases[0];
  if (row === undefined) throw new Error(`no run ${run}`);
  expect([row.paced, row.blob, row.style]).toEqual(['1', '0', 'level']);
  const disk = makeDisk(1, 1 << 30);
  const engine = makeEngine(disk, {
    write_buffer_size: Number(row.write_buffer),
    max_write_buffer_number: Number(row.max_write_buffers),
    target_file_size_base: Number(row.target_file),
    max_bytes_for_level_base: Number(row.level_base),
    max_bytes_for_level_multiplier: Number(row.level_mult),
    level0_file_num_compaction_trigger: Number(row.l0_trigger),
    level_compaction_dynamic_level_bytes: row.dynamic_level === '1',
    max_background_jobs: Number(row.bg_jobs),
  });
  engine.open();
  disk.settle();
  engine.store.onJob = (event) => onJob(event, engine.store.version.levels.map((level) => level.length).join(' '));
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
    return { row: phase, bytes };
  });
}

describe.skipIf(!isThere)('RocksDB 7.8.3, paced', () => {
  it('is followed job by job through rs14, and to a few per cent in bytes', () => {
    const trace = rows('rocksdb_trace_rs14.csv');
    const events: { ours: string; theirs: string; bytes: number; theirBytes: number }[] = [];
    const phases = replay('rs14', (event, files) => {
      const measured = trace[events.length];
      const inputs = [
        `L${event.startLevel}=${event.inputFiles}`,
        ...(event.outputLevelInputFiles > 0 ? [`L${event.outputLevel}=${event.outputLevelInputFiles}`] : []),
      ].join(';');
      const moved = event.kind === 'trivial_move';
      events.push({
        ours: [
          event.kind,
          event.kind === 'compaction' ? inputs : '',
          event.outputLevel,
          event.outputFiles,
          moved ? '' : event.outputEntries,
          moved ? '' : files,
        ].join(),
        theirs: [
          measured?.event,
          measured?.input_files,
          measured?.output_level,
          measured?.output_files,
          measured?.output_records,
          measured?.files_per_level_after,
        ].join(),
        bytes: moved ? event.inputBytes : event.outputBytes,
        theirBytes: Number(moved ? measured?.input_bytes : measured?.output_bytes),
      });
    });

    const parted = events.findIndex(({ ours, theirs }) => ours !== theirs);
    const alike = parted < 0 ? events.length : parted;
    console.log(`rs14: ${alike} of ${trace.length} jobs are the same, records and files by level included`);
    // The load phase has 106 jobs, all with full memtables.
    expect(alike).toBeGreaterThan(106);
    // Each file differs by the length of the host's name in its properties.
    for (const { bytes, theirBytes, ours } of events.slice(0, alike)) {
      expect(Math.abs(bytes - theirBytes), `${ours}: ${bytes} bytes, measured ${theirBytes}`).toBeLessThan(100);
    }
    expect(Math.abs(events.length - trace.length)).toBeLessThan(trace.length * 0.05);

    for (const { row, bytes } of phases) {
      for (const [column, found] of Object.entries(bytes)) {
        const error = found / Number(row[column]) - 1;
        console.log(`rs14 ${row.phase} ${column}: ${found}, measured ${row[column]}, ${(error * 100).toFixed(2)} %`);
        expect(Math.abs(error), `${row.phase} ${column}`).toBeLessThan(0.05);
      }
      // The WAL depends on nothing random.
      expect(bytes.wal_bytes).toBe(Number(row.wal_bytes));
    }
  });
});
