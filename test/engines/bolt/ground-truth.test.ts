/** Byte for byte what bbolt 1.3.6 wrote, on the runs that are quick enough for a test. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bbolt } from '../../../bench/ground-truth/bbolt-rows.ts';
import { parseCsv, type Row } from '../../../bench/ground-truth/csv.ts';
import { type RunToReplay, runsToReplay } from '../../../bench/ground-truth/runs.ts';
import { benchSpecOf } from '../../../cli/bench-arguments.ts';
import { EngineBenchRun } from '../../../sim/engine-bench/bench.ts';

const FOLDER = new URL('../../../../shared/ground-truth/', import.meta.url);
const isThere = existsSync(new URL('bbolt.csv', FOLDER));
if (!isThere) console.log('skipped: no measured runs of bbolt in ../shared/ground-truth');

/** What the engine must reproduce exactly where bbolt's own figures are exact. */
const EXACT_COLUMNS = [
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
] as const;

function text(file: string): string {
  return readFileSync(new URL(file, FOLDER), 'utf8');
}

function measuredRun(name: string): RunToReplay {
  return runsToReplay(bbolt, text('bbolt.csv'), 'nvme').find((run) => run.name === name)!;
}

function toItsEnd(run: EngineBenchRun): EngineBenchRun {
  while (run.advance(1000));
  expect(run.failure).toBeUndefined();
  return run;
}

describe.skipIf(!isThere)('bbolt 1.3.6', () => {
  it('is matched commit by commit on bb14', () => {
    const trace = parseCsv(text('bbolt_trace_bb14.csv'));
    const run = new EngineBenchRun(benchSpecOf(measuredRun('bb14').arguments));
    const { engine } = run.store;
    let last = engine.stats().figures;
    let commit = 0;
    run.onBatch = () => {
      const { figures, fileBytes } = engine.stats();
      const grown = (name: string): number => figures[name]! - last[name]!;
      const measured: Row = trace[commit++]!;
      const found = {
        data_pages: grown('dataPagesWritten'),
        freelist_pages: grown('freelistPagesWritten'),
        nodes: grown('nodesMaterialised'),
        splits: grown('splits'),
        rebalances: grown('rebalances'),
        free_pages: figures.freePages!,
        pending_pages: figures.pendingPages!,
        high_water_pages: figures.highWaterPages!,
        file_bytes: fileBytes,
      };
      for (const [name, value] of Object.entries(found)) {
        expect(value, `${name} of ${measured.phase} ${measured.commit}`).toBe(Number(measured[name]));
      }
      last = figures;
    };
    toItsEnd(run);
    expect(commit).toBe(trace.length);
    expect(run.check()).toEqual([]);
  });

  // deletes too, where few enough are in a transaction that their order does not matter
  it.each(['bb10', 'bb11', 'bb14', 'bb15'])('is matched in every column of %s', (name) => {
    const measured = measuredRun(name);
    const { results } = toItsEnd(new EngineBenchRun(benchSpecOf(measured.arguments)));
    measured.rows.forEach((row, i) => {
      const { columns } = results[i]!;
      const of = (source: Row | typeof columns) =>
        Object.fromEntries(EXACT_COLUMNS.map((column) => [column, Number(source[column])]));
      expect(of(columns), `${name} ${row.phase}`).toEqual(of(row));
    });
  });
});
