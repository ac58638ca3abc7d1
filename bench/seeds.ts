/**
 * Many short runs, as a sweep makes them: 3 nodes, 30 virtual seconds, a fault every 3 of them (those of
 * `scenarios/nemesis.yaml`), all oracles on. It is that scenario with
 *
 *     raftlab sweep nemesis --variant bolt --set end.after=30s --set faults.nemesis.every=3s --set workload.rateLimit=100/s
 *
 * Seeds a minute are of a pool of two workers and need two free cores; CPU seconds a run are what a busy machine can
 * tell. The first runs of a worker, up to ten times as slow until its code is compiled, come before the measured ones.
 */

import { execute } from '../cli/execution.ts';
import { ProgressBoard } from '../cli/progress-board.ts';
import { readScenarioFile } from '../cli/scenario-files.ts';
import { ENGINES } from '../engines/index.ts';
import { CATALOGUE } from '../scenarios/catalogue.ts';
import { loadScenario, runSpecs } from '../scenarios/loader.ts';
import { CHECKERS, type CheckerMaker } from '../sim/checkers/index.ts';
import { createRun } from '../sim/cluster.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import { type Row, timed } from './measure.ts';
import { sharesOfCheckers } from './profile.ts';

const JOBS = 2;
const WARM_UP_RUNS = 20 * JOBS;

function specsOf(engine: string, ratePerS: number, runs: number): RunSpec[] {
  const { label, text } = readScenarioFile('nemesis', '.');
  const loaded = loadScenario(label, text, {
    catalogue: CATALOGUE,
    sets: ['end.after=30s', 'faults.nemesis.every=3s', `workload.rateLimit=${ratePerS}/s`],
    seeds: `1..${runs}`,
    variant: engine,
  });
  if (!loaded.ok) throw new Error(`bench: ${loaded.problems.join('\n')}`);
  return runSpecs(loaded.scenario);
}

interface Swept {
  readonly seedsPerMinute: number;
  /** Of all threads. */
  readonly cpuMsPerRun: number;
  readonly eventsPerRun: number;
  readonly operationsPerRun: number;
}

/** Through the pool of `raftlab sweep`. */
async function sweep(engine: string, ratePerS: number, runs: number): Promise<Swept> {
  const specs = specsOf(engine, ratePerS, WARM_UP_RUNS + runs);
  let start = 0;
  let cpu = process.cpuUsage();
  let eventsBefore = 0;
  let events = 0;
  let operations = 0;
  const board = new ProgressBoard(specs.length);
  // outcomes come in the order of the seeds, and may all come after a slow one: the board knows better
  const watch = setInterval(() => {
    if (start > 0 || board.finished < WARM_UP_RUNS) return;
    start = performance.now();
    cpu = process.cpuUsage();
    eventsBefore = board.events;
  }, 2);
  await execute(specs, board, {
    jobs: JOBS,
    checkDeterminism: false,
    simulator: undefined,
    onOutcome: (index, outcome) => {
      if (outcome.kind !== 'done') throw new Error(`bench: seed ${index + 1} of ${engine} did not run`);
      if (outcome.result.violations.length > 0) throw new Error(`bench: seed ${index + 1} of ${engine} has violations`);
      if (index < WARM_UP_RUNS) return;
      events += outcome.result.events;
      operations += outcome.result.metrics.operations.ok;
    },
    draw: () => {},
  });
  clearInterval(watch);
  const { user, system } = process.cpuUsage(cpu);
  const eventsPerRun = events / runs;
  const runsMeasured = (board.events - eventsBefore) / eventsPerRun;
  return {
    seedsPerMinute: (60_000 * runsMeasured) / (performance.now() - start),
    cpuMsPerRun: (user + system) / 1000 / runsMeasured,
    eventsPerRun,
    operationsPerRun: operations / runs,
  };
}

function runOnce(spec: RunSpec, checkers: readonly CheckerMaker[]): string {
  const run = createRun(spec, undefined, checkers);
  while (run.advance(1 << 20));
  return run.finish().traceHash;
}

/** Each seed with and without, turn about, so that a busy machine slows down both. */
async function oraclesRows(engine: string, ratePerS: number, runs: number): Promise<Row[]> {
  const specs = specsOf(engine, ratePerS, WARM_UP_RUNS / JOBS + runs);
  let withAllS = 0;
  let withoutS = 0;
  for (const [i, spec] of specs.entries()) {
    // who comes second finds caches warm and the heap full
    const first = i % 2 === 0 ? timed(() => runOnce(spec, [])) : undefined;
    const withAll = timed(() => runOnce(spec, CHECKERS));
    const without = first ?? timed(() => runOnce(spec, []));
    if (withAll.made !== without.made) throw new Error('bench: the oracles have changed what happens');
    if (i < WARM_UP_RUNS / JOBS) continue;
    withAllS += withAll.seconds;
    withoutS += without.seconds;
  }
  const what = `3 × ${engine}, 30 s at ${ratePerS} op/s: share of the oracles`;
  const rows: Row[] = [
    {
      what,
      value: 100 * (1 - withoutS / withAllS),
      unit: '%',
      remarks: `${runs} seeds with all oracles and with none, turn about`,
    },
  ];
  const shares = await sharesOfCheckers(() => {
    for (const spec of specs.slice(0, runs)) runOnce(spec, CHECKERS);
  });
  const largest = shares.slice(0, 5).map(([name, part]) => `${name} ${(100 * part).toFixed(1)} %`);
  rows.push({ ...rows[0]!, what: `${what}, by samples`, value: 100 * sum(shares), remarks: largest.join(', ') });
  return rows;
}

function sum(shares: readonly (readonly [string, number])[]): number {
  return shares.reduce((total, [, share]) => total + share, 0);
}

export async function* seedsBench(): AsyncGenerator<Row[], void> {
  const setups: readonly (readonly [engine: string, ratePerS: number, runs: number, target?: number])[] = [
    ['bolt', 100, 60, 2000],
    ['bolt', 1000, 24, 400],
    ...ENGINES.filter(({ name }) => name !== 'bolt').map(({ name }) => [name, 100, 16] as const),
  ];
  for (const [engine, ratePerS, runs, target] of setups) {
    const { seedsPerMinute, cpuMsPerRun, eventsPerRun, operationsPerRun } = await sweep(engine, ratePerS, runs);
    yield [
      {
        what: `3 × ${engine}, 30 s at ${ratePerS} op/s, two workers`,
        value: seedsPerMinute,
        unit: 'seeds/min',
        ...(target === undefined ? {} : { target }),
        remarks: `${((JOBS * 60_000) / cpuMsPerRun).toFixed(0)} by CPU time: ${cpuMsPerRun.toFixed(0)} ms a run of ${eventsPerRun.toFixed(0)} events, ${operationsPerRun.toFixed(0)} operations`,
      },
    ];
  }
  yield await oraclesRows('bolt', 100, 16);
  yield await oraclesRows('bolt', 1000, 6);
}
