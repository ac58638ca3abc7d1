/**
 * What Badger 2.2007.2 wrote, and what ours writes on the same keys. Nothing here is fitted. These two runs are short, and chance
 * has little to do in them: the heights of skip-list nodes decide by a few entries how full a memtable is, and what is compacted
 * at the end is all there is. `npm run bench:ground-truth` takes all runs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MEASURED_ENGINES } from '../../../bench/ground-truth/index.ts';
import { runsToReplay } from '../../../bench/ground-truth/runs.ts';
import { benchSpecOf } from '../../../cli/bench-arguments.ts';
import { EngineBenchRun } from '../../../sim/engine-bench/bench.ts';

const FILE = new URL('../../../../shared/ground-truth/badger.csv', import.meta.url);
/** False, with a line that says so, where the measurements are not. */
const isMeasured = existsSync(FILE);
if (!isMeasured) console.log('skipped: no measured runs of Badger in ../shared/ground-truth');

const EXACT = ['key_check', 'logical_bytes', 'commits'];
/** The value log is longer by the header of its first file, which was there before the measurement began. */
const WITHIN_1_IN_10000 = ['total_write_bytes', 'vlog_bytes', 'flush_bytes', 'compaction_bytes', 'sst_writes'];

describe.skipIf(!isMeasured)('Badger 2.2007.2', () => {
  it.each(['bg04', 'bg05'])('wrote as many bytes in the load of %s', (name) => {
    const engine = MEASURED_ENGINES.find((measured) => measured.engine === 'badger')!;
    const found = runsToReplay(engine, readFileSync(FILE, 'utf8'), 'nvme').find((run) => run.name === name)!;
    const [row] = found.rows;
    const run = new EngineBenchRun(benchSpecOf({ ...found.arguments, phase: [found.phases[0]!.text] }));
    while (run.advance(100_000));
    expect(run.failure).toBeUndefined();
    const { columns } = run.results[0]!;
    for (const column of EXACT) expect(columns[column], column).toBe(Number(row![column]));
    for (const column of WITHIN_1_IN_10000) {
      const error = Number(columns[column]) / Number(row![column]) - 1;
      console.log(`${name} ${column}: ${columns[column]}, measured ${row![column]}, ${(error * 100).toFixed(5)} %`);
      expect(Math.abs(error), column).toBeLessThan(1e-4);
    }
  });
});
