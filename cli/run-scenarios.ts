/** `raftlab run`: load everything, try the output folders, run, judge, write, say what came of it. */
import { availableParallelism } from 'node:os';
import type { ExplainedRun } from '../reports/index.ts';
import type { ScenarioResult } from '../reports/result-file.ts';
import { CATALOGUE } from '../scenarios/catalogue.ts';
import { evaluate, matchesVariant } from '../scenarios/expectations.ts';
import { loadScenario, runSpecs, type Scenario } from '../scenarios/loader.ts';
import { parseSeedArgument } from '../scenarios/seeds.ts';
import type { ExpectationOutcome, RunResult } from '../sim/result.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import { commandLine, type Invocation } from './command-line.ts';
import type { RunOptions } from './commands/run.ts';
import { execute } from './execution.ts';
import { EXIT_BUG, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { memoryBytesForEach } from './memory.ts';
import { OutputFolder } from './output-folder.ts';
import { PACKAGE } from './package.ts';
import { reportBug } from './program.ts';
import { SILENT, startProgress } from './progress.ts';
import { ProgressBoard } from './progress-board.ts';
import type { RunOutcome } from './run-task.ts';
import { readScenarioFile } from './scenario-files.ts';
import { summaryTable } from './summary.ts';
import { firstSentence } from './wording.ts';

/** Of several scenarios the worst code is the program's: a defect outweighs an interruption, that a failure. */
const SEVERITY: readonly number[] = [EXIT_OK, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_BUG];

interface Job {
  readonly scenario: Scenario;
  readonly specs: readonly RunSpec[];
  readonly invocation: Invocation;
  readonly folder: OutputFolder;
}

/** Lines about single runs that are printed; the rest is in the report. */
const LINES_MAX = 20;

export async function runScenarios(
  scenarioArguments: readonly string[],
  options: RunOptions,
  host: Host,
): Promise<number> {
  const jobs = prepare(scenarioArguments, options, host);
  let worst = 0;
  for (const job of jobs) {
    const code = await runJob(job, options, host);
    worst = Math.max(worst, SEVERITY.indexOf(code));
    if (code === EXIT_INTERRUPTED) break;
  }
  return SEVERITY[worst]!;
}

/** Everything that can be wrong is found here, before anything runs. */
function prepare(scenarioArguments: readonly string[], options: RunOptions, host: Host): Job[] {
  const problems: string[] = [];
  const jobs: Job[] = [];
  for (const argument of scenarioArguments) {
    try {
      jobs.push(prepareOne(argument, scenarioArguments.length, options, host));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(...error.lines);
    }
  }
  const folders = jobs.map((job) => job.folder.label);
  const twice = folders.find((folder, index) => folders.indexOf(folder) !== index);
  if (twice !== undefined)
    problems.push(`two of the scenarios would write to ${twice}; run them one by one with --out`);
  if (problems.length > 0) throw new UsageError(...new Set(problems));
  return jobs;
}

function prepareOne(argument: string, count: number, options: RunOptions, host: Host): Job {
  const file = readScenarioFile(argument, host.directory);
  const loaded = loadScenario(file.label, file.text, {
    catalogue: CATALOGUE,
    readFile: file.readFile,
    sets: options.set,
    memoryBytesMax: memoryBytesFor(options),
    ...(options.seed === undefined ? {} : { seeds: options.seed }),
    ...(options.variant === undefined ? {} : { variant: options.variant }),
  });
  if (!loaded.ok) throw new UsageError(...loaded.problems);
  const { scenario } = loaded;
  const folder =
    options.out === undefined ? `out/${scenario.name}` : count > 1 ? `${options.out}/${scenario.name}` : options.out;
  return {
    scenario,
    specs: runSpecs(scenario),
    invocation: { scenario: file.argument, sets: options.set, variant: options.variant, seeds: options.seed },
    folder: new OutputFolder(host.directory, folder),
  };
}

function jobsOf(options: RunOptions): number {
  return options.jobs ?? availableParallelism();
}

/** Of one run. A single run has the machine to itself, whatever `--jobs` says. */
function memoryBytesFor(options: RunOptions): number {
  const seeds = options.seed === undefined ? undefined : parseSeedArgument(options.seed);
  const alone = seeds?.ok === true && seeds.seeds.length === 1 && options.variant !== undefined;
  return memoryBytesForEach(alone ? 1 : jobsOf(options));
}

async function runJob(job: Job, options: RunOptions, host: Host): Promise<number> {
  const { scenario, specs } = job;
  const board = new ProgressBoard(specs.length);
  const progress = options.quiet === true ? SILENT : await startProgress(host, scenario.name, specs, board);
  let interruptions = 0;
  const forget = host.onInterrupt(() => {
    interruptions++;
    if (interruptions > 1) process.exit(EXIT_INTERRUPTED);
    board.stop();
    host.error('\ninterrupted: writing what is done (once more to leave at once)\n');
  });
  const outcomes: RunOutcome[] = [];
  try {
    await execute(specs, board, {
      jobs: jobsOf(options),
      checkDeterminism: options.checkDeterminism === true,
      simulator: host.simulator,
      onOutcome: (_index, outcome) => {
        outcomes.push(outcome);
        if (outcome.kind !== 'skipped') progress.finished();
      },
      draw: () => progress.draw(),
    });
  } finally {
    progress.stop();
    forget();
  }
  const result = await assemble(job, outcomes);
  const explained = interruptions > 0 ? [] : await explainFailures(job, result, host);
  await write(job, result, explained, options, host);
  return conclude(job, outcomes, result, interruptions > 0, options, host);
}

/** The results in their fixed order, judged, each violation with the line that shows it again. */
function assemble(job: Job, outcomes: readonly RunOutcome[]): ScenarioResult {
  const { scenario, specs, invocation } = job;
  const runs: RunResult[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.kind !== 'done') continue;
    const reproduce = commandOf(invocation, specs[index]!);
    runs.push({
      ...outcome.result,
      violations: outcome.result.violations.map((violation) => ({ ...violation, reproduce })),
      excused: outcome.result.excused.map((excused) => ({ ...excused, reproduce })),
    });
  }
  const { ofRuns, ofComparisons } = evaluate(scenario.expectations, runs);
  return {
    version: PACKAGE.version,
    partial: runs.length < specs.length || runs.some((run) => run.ended === 'interrupted'),
    command: commandLine(invocation),
    scenario,
    expectations: ofComparisons,
    runs: runs.map((run, index) => ({ ...run, expectations: ofRuns[index]! })),
  };
}

function commandOf(invocation: Invocation, spec: RunSpec): string {
  return commandLine({ ...invocation, variant: spec.variant, seeds: String(spec.seed) });
}

/** Pages about runs that failed. Another simulator's runs could not be had again. */
async function explainFailures(job: Job, result: ScenarioResult, host: Host): Promise<ExplainedRun[]> {
  const failing = result.runs.filter((run) => run.violations.length > 0 && !expectsViolations(result, run));
  if (failing.length === 0 || host.simulator !== undefined) return [];
  const { explainRuns } = await import('./explain/failures.ts');
  const { scenario, specs, invocation, folder } = job;
  return explainRuns(
    failing,
    { why: scenario.why, specs, folder, commandOf: (spec) => commandOf(invocation, spec) },
    host,
  );
}

async function write(
  job: Job,
  result: ScenarioResult,
  explained: readonly ExplainedRun[],
  options: RunOptions,
  host: Host,
): Promise<void> {
  const { renderReports } = await import('../reports/index.ts');
  const files = await renderReports(result, explained);
  const written = Object.entries(files).map(([name, content]) => job.folder.write(name, content));
  if (options.json === true) host.out(files['result.json']);
  else if (options.quiet !== true) {
    const table = result.runs.length === 0 ? 'no run was finished' : summaryTable(result.runs);
    host.out(`${job.scenario.name}: ${firstSentence(result.scenario.why)}\n\n${table}\n\n`);
    for (const path of written) host.out(`wrote ${path}\n`);
    for (const { file } of explained) host.out(`wrote ${job.folder.label}/${file}\n`);
  }
}

/** Says what went wrong and decides the exit code; a defect outweighs an interruption, that a failure. */
function conclude(
  job: Job,
  outcomes: readonly RunOutcome[],
  result: ScenarioResult,
  interrupted: boolean,
  options: RunOptions,
  host: Host,
): number {
  const defects = reportDefects(job, outcomes, host);
  const failures = [...violationLines(result), ...expectationLines(result)];
  for (const line of failures.slice(0, LINES_MAX)) host.error(`${line}\n`);
  if (failures.length > LINES_MAX) host.error(`… and ${failures.length - LINES_MAX} more, in ${job.folder.label}\n`);
  const excused = options.quiet === true ? [] : excusedLines(result);
  for (const line of excused.slice(0, LINES_MAX)) host.error(`${line}\n`);
  if (excused.length > LINES_MAX)
    host.error(`… and ${excused.length - LINES_MAX} more excused, in ${job.folder.label}\n`);
  if (defects > 0) return EXIT_BUG;
  if (interrupted) return EXIT_INTERRUPTED;
  if (failures.length > 0) return EXIT_FAILED;
  if (options.checkDeterminism === true && options.quiet !== true) {
    host.error(`deterministic: ${outcomes.length} of ${outcomes.length} runs gave the same trace hash twice\n`);
  }
  return EXIT_OK;
}

function reportDefects(job: Job, outcomes: readonly RunOutcome[], host: Host): number {
  let defects = 0;
  for (const [index, outcome] of outcomes.entries()) {
    const what = defectOf(outcome);
    if (what === undefined) continue;
    defects++;
    const command = commandOf(job.invocation, job.specs[index]!).replace(/^raftlab /, '');
    if (defects <= LINES_MAX) reportBug(host, [command], what);
  }
  return defects;
}

function defectOf(outcome: RunOutcome): string | undefined {
  if (outcome.kind === 'failed') return outcome.failure.stack;
  if (outcome.kind !== 'done' || outcome.divergence === undefined) return undefined;
  if (outcome.divergence === 'elsewhere')
    return 'not deterministic: two runs gave different trace hashes, two more did not';
  const { event, time, lineA, lineB } = outcome.divergence;
  return `not deterministic: event ${event} at ${time} ns differs\n  first:  ${lineA}\n  second: ${lineB}`;
}

function violationLines(result: ScenarioResult): string[] {
  const lines: string[] = [];
  for (const run of result.runs) {
    if (expectsViolations(result, run)) continue;
    for (const { check, what, timeNs, event, reproduce } of run.violations) {
      lines.push(
        `violation: ${check}: ${what} (${run.variant}, seed ${run.seed}, ${timeNs / 1e9} s, event ${event})\n  ${reproduce}`,
      );
    }
  }
  return lines;
}

function excusedLines(result: ScenarioResult): string[] {
  return result.runs.flatMap((run) =>
    run.excused.map(
      ({ check, what, reason, because, reproduce }) =>
        `excused: ${reason}: ${because}; ${check}: ${what} (${run.variant}, seed ${run.seed})\n  ${reproduce}`,
    ),
  );
}

/** A scenario that sets a bound on violations has them judged by that bound; what exceeds it is shown in full. */
function expectsViolations(result: ScenarioResult, run: ScenarioResult['runs'][number]): boolean {
  const expectations = result.scenario.expectations as Scenario['expectations'];
  const bounded = expectations.some(
    (line) => line.metric === 'violations' && line.ratio === undefined && matchesVariant(line.variant, run.variant),
  );
  return bounded && run.expectations.every((outcome) => outcome.ok || !outcome.text.startsWith('violations '));
}

function expectationLines(result: ScenarioResult): string[] {
  const line = (outcome: ExpectationOutcome, where: string): string => {
    const actual =
      outcome.actual === null ? 'there is no such figure' : `it is ${Number(outcome.actual.toPrecision(6))}`;
    return `expectation failed: ${outcome.text}: ${actual} (${where})`;
  };
  const ofRuns = result.runs.flatMap((run) =>
    run.expectations
      .filter((outcome) => !outcome.ok)
      .map((outcome) => line(outcome, `${run.variant}, seed ${run.seed}`)),
  );
  const compared = result.expectations
    .filter((outcome) => !outcome.ok)
    .map((outcome) => line(outcome, 'mean over seeds'));
  return [...ofRuns, ...compared];
}
