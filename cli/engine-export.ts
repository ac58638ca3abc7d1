/** `raftlab engine export`: an engine's files, after a bench or from a node of a finished run, as real ones in a folder. */
import { setImmediate } from 'node:timers/promises';
import { createRun } from '../sim/cluster.ts';
import { STORE_DIRECTORY } from '../sim/engine-bench/store.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import { benchSpecOf } from './bench-arguments.ts';
import { type BenchOptions, runBench } from './engine-bench.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, UsageError } from './exit-codes.ts';
import { ExportFolder } from './export-folder.ts';
import type { Host } from './host.ts';
import { startProgress } from './progress.ts';
import { ProgressBoard } from './progress-board.ts';
import { nodeOf, singleRun } from './single-run.ts';

export interface ExportOptions extends Omit<BenchOptions, 'engine'> {
  readonly engine?: string;
  readonly scenario?: string;
  readonly variant?: string;
  readonly node?: string;
  readonly set: readonly string[];
  readonly out: string;
  readonly force?: boolean;
}

const EVENTS_A_SLICE = 10_000;

export async function exportEngine(options: ExportOptions, host: Host): Promise<number> {
  const { engine, scenario } = options;
  if ((engine === undefined) === (scenario === undefined)) {
    throw new UsageError('missing: either --engine with its phases or --scenario with --variant, --seed and --node');
  }
  if (engine !== undefined) return exportBench({ ...options, engine }, host);
  return exportNode(options, scenario!, host);
}

async function exportBench(options: ExportOptions & { engine: string }, host: Host): Promise<number> {
  const spec = benchSpecOf(options);
  const folder = new ExportFolder(host.directory, options.out, options.force === true);
  const { run, interrupted } = await runBench(spec, options, host);
  if (interrupted) {
    host.error('interrupted: nothing was exported\n');
    return EXIT_INTERRUPTED;
  }
  if (run.failure === undefined) run.closeStore();
  if (run.failure !== undefined) {
    host.error(`${spec.engine}: ${run.failure}; nothing was exported\n`);
    return EXIT_FAILED;
  }
  host.out(`${spec.engine}: wrote ${folder.write(run.disk, STORE_DIRECTORY)} to ${folder.label}\n`);
  return EXIT_OK;
}

async function exportNode(options: ExportOptions, scenario: string, host: Host): Promise<number> {
  const { variant, seed, set: sets } = options;
  const { spec, seeds } = singleRun({ scenario, variant, seed, sets }, host);
  if (seeds.length > 1) throw new UsageError(`missing: --seed; allowed: one, e.g. --seed ${seeds[0]}`);
  const node = nodeOf(options.node, spec);
  const folder = new ExportFolder(host.directory, options.out, options.force === true);
  const run = createRun(spec);
  if (await driveToItsEnd(run, spec, options, host)) {
    host.error('interrupted: nothing was exported\n');
    return EXIT_INTERRUPTED;
  }
  const { violations } = run.finish();
  for (const { check, what } of violations) host.error(`violation: ${check}: ${what}\n`);
  const store = run.closeStore(node);
  if (store === undefined) {
    host.error(`n${node + 1} has no store\n`);
    return EXIT_FAILED;
  }
  const state = store.closed ? '' : ', as its crash left it';
  host.out(
    `${spec.cluster.engine.name} of n${node + 1}${state}: wrote ${folder.write(store.disk, store.directory)} to ${folder.label}\n`,
  );
  return violations.length > 0 ? EXIT_FAILED : EXIT_OK;
}

/** True if it was interrupted. */
async function driveToItsEnd(
  run: ReturnType<typeof createRun>,
  spec: RunSpec,
  options: ExportOptions,
  host: Host,
): Promise<boolean> {
  let interrupted = false;
  const forget = host.onInterrupt(() => {
    if (interrupted) process.exit(EXIT_INTERRUPTED);
    interrupted = true;
  });
  const board = new ProgressBoard(1);
  const progress = options.quiet === true ? undefined : await startProgress(host, spec.scenario, [spec], board);
  try {
    while (!interrupted && run.advance(EVENTS_A_SLICE)) {
      board.set(0, run.events, run.now, run.fractionDone);
      await setImmediate();
    }
    board.set(0, run.events, run.now, 1);
    if (!interrupted) progress?.finished();
  } finally {
    progress?.stop();
    forget();
  }
  return interrupted;
}
