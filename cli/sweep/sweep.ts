/**
 * `raftlab sweep`: many seeds of one scenario, each run written down as it ends, failures grouped by cause.
 *
 * What a run finds depends on version, scenario, variant and seed alone, so that neither the number of jobs, nor shards,
 * nor interruptions change a sweep's verdicts.
 */
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { loadScenario, runSpecs, type Scenario } from '../../scenarios/loader.ts';
import type { RunSpec } from '../../sim/run-spec.ts';
import { commandLine } from '../command-line.ts';
import type { SweepOptions } from '../commands/sweep.ts';
import { budgetMsOf } from '../durations.ts';
import { execute } from '../execution.ts';
import { EXIT_BUG, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, UsageError } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { memoryBytesForEach } from '../memory.ts';
import { OutputFolder } from '../output-folder.ts';
import { PACKAGE } from '../package.ts';
import { SILENT, startProgress } from '../progress.ts';
import { ProgressBoard } from '../progress-board.ts';
import type { RunOutcome } from '../run-task.ts';
import { readScenarioFile } from '../scenario-files.ts';
import { headOf, JOURNAL_NAME, Journal, runKey, type SweptRun } from './journal.ts';
import { type SweepSummary, summarise, summaryText } from './summary.ts';

export const SUMMARY_NAME = 'sweep.json';
const SHARDS_MAX = 10_000;

export async function sweepScenario(argument: string, options: SweepOptions, host: Host): Promise<number> {
  const jobs = options.jobs ?? availableParallelism();
  const shard = shardOf(options.shard);
  const budgetMs = options.budget === undefined ? Number.POSITIVE_INFINITY : budgetMsOf('--budget', options.budget);
  const file = readScenarioFile(argument, host.directory);
  const loaded = loadScenario(file.label, file.text, {
    catalogue: CATALOGUE,
    readFile: file.readFile,
    sets: options.set,
    memoryBytesMax: memoryBytesForEach(jobs),
    ...(options.seeds === undefined ? {} : { seeds: options.seeds, seedsOption: '--seeds' }),
    ...(options.variant === undefined ? {} : { variant: options.variant }),
  });
  if (!loaded.ok) throw new UsageError(...loaded.problems);
  const { scenario } = loaded;
  const all = runSpecs(scenario);
  const specs = all.filter((_, i) => i % shard[1] === shard[0] - 1);
  if (specs.length === 0) throw new UsageError(`--shard ${shard.join('/')}: there are only ${all.length} runs`);
  const folder = new OutputFolder(host.directory, options.out ?? `out/sweep/${scenario.name}`);
  const head = headOf({
    version: PACKAGE.version,
    scenario: scenario.name,
    fingerprint: fingerprintOf(scenario),
    command: commandLine({ scenario: file.argument, sets: options.set, variant: undefined, seeds: undefined }),
    runs: all.length,
    shard,
  });
  const path = join(resolve(host.directory, folder.label), JOURNAL_NAME);
  const journal = Journal.open(path, join(folder.label, JOURNAL_NAME), head, options.fresh === true);
  const missing = specs.filter(({ variant, seed }) => !journal.runs.has(runKey(variant, seed)));
  if (missing.length < specs.length && options.quiet !== true) {
    host.error(`${scenario.name}: ${specs.length - missing.length} of ${specs.length} runs are done already\n`);
  }
  const why = await runAll(missing, journal, { jobs, budgetMs, quiet: options.quiet === true }, scenario.name, host);
  const done = specs.flatMap(({ variant, seed }) => journal.runs.get(runKey(variant, seed)) ?? []);
  const summary = summarise(journal, done, specs.length);
  show(summary, folder, options, host);
  if (why === 'budget' && options.quiet !== true) {
    host.error(`the time is over; the same command goes on with the other ${specs.length - summary.done} runs\n`);
  }
  if (summary.causes.some(({ check }) => check === 'defect in raftlab')) return EXIT_BUG;
  if (why === 'interrupted') return EXIT_INTERRUPTED;
  return summary.failing > 0 ? EXIT_FAILED : EXIT_OK;
}

/** Writes the summary and prints it. */
export function show(
  summary: SweepSummary,
  folder: OutputFolder,
  options: { readonly quiet?: boolean; readonly json?: boolean },
  host: Host,
): void {
  const json = `${JSON.stringify(summary, undefined, 2)}\n`;
  const written = folder.write(SUMMARY_NAME, json);
  if (options.json === true) host.out(json);
  else if (options.quiet !== true) host.out(`${summaryText(summary)}\nwrote ${written}\n`);
}

interface Limits {
  readonly jobs: number;
  readonly budgetMs: number;
  readonly quiet: boolean;
}

async function runAll(
  specs: readonly RunSpec[],
  journal: Journal,
  { jobs, budgetMs, quiet }: Limits,
  name: string,
  host: Host,
): Promise<'done' | 'budget' | 'interrupted'> {
  const board = new ProgressBoard(specs.length);
  const progress = quiet ? SILENT : await startProgress(host, name, specs, board);
  let why: 'done' | 'budget' | 'interrupted' = 'done';
  const stop = (reason: 'budget' | 'interrupted'): void => {
    if (why === 'done') why = reason;
    board.stop();
  };
  const timer = Number.isFinite(budgetMs) ? setTimeout(() => stop('budget'), budgetMs) : undefined;
  let interruptions = 0;
  const forget = host.onInterrupt(() => {
    if (++interruptions > 1) process.exit(EXIT_INTERRUPTED);
    stop('interrupted');
    host.error('\ninterrupted: what is done is kept, and the same command goes on (once more to leave at once)\n');
  });
  try {
    await execute(specs, board, {
      jobs,
      checkDeterminism: false,
      simulator: host.simulator,
      onOutcome: (index, outcome) => {
        const run = sweptRun(specs[index]!, outcome);
        if (run === undefined) return;
        journal.add(run);
        progress.finished();
      },
      draw: () => progress.draw(),
    });
  } finally {
    clearTimeout(timer);
    progress.stop();
    forget();
  }
  return why;
}

/** undefined: not run, or not to its end. */
function sweptRun({ variant, seed }: RunSpec, outcome: RunOutcome): SweptRun | undefined {
  if (outcome.kind === 'skipped') return undefined;
  if (outcome.kind === 'failed') return { variant, seed, violations: [], faults: [], defect: outcome.failure.stack };
  const { traceHash, ended, events, virtualTimeNs, unproven, violations, excused, faultWindows } = outcome.result;
  if (ended === 'interrupted') return undefined;
  const faults = [...new Set(faultWindows.map(({ fault }) => fault))].sort((a, b) => (a < b ? -1 : 1));
  const swept = violations.map(({ check, what, timeNs, event, roles }) => ({ check, what, timeNs, event, roles }));
  const reasons = excused.map(({ reason }) => reason);
  const told = { traceHash, ended, events, virtualTimeNs, unproven, excused: reasons, violations: swept, faults };
  return { variant, seed, ...told };
}

/** Over all that decides the runs, their seeds apart: other seeds are more of the same sweep. */
function fingerprintOf(scenario: Scenario): string {
  const settings = scenario.variants.map((spec) => ({ ...spec, seed: 0 }));
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, 16);
}

function shardOf(text: string | undefined): readonly [number, number] {
  if (text === undefined) return [1, 1];
  const match = /^(\d+)\/(\d+)$/.exec(text);
  const index = Number(match?.[1]);
  const of = Number(match?.[2]);
  if (match !== null && index >= 1 && index <= of && of <= SHARDS_MAX) return [index, of];
  throw new UsageError(`--shard: '${text}' is no shard; write it like 3/16, from 1/n to n/n, n at most ${SHARDS_MAX}`);
}
