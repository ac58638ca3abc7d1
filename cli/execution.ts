/** Runs tasks here or in worker threads; outcomes come in the order of the tasks, whoever did them. */
import { setImmediate } from 'node:timers/promises';
import type { RunSpec } from '../sim/run-spec.ts';
import type { ProgressBoard } from './progress-board.ts';
import { type RunOutcome, type RunTask, runTask } from './run-task.ts';

export interface ExecutionOptions {
  readonly jobs: number;
  readonly checkDeterminism: boolean;
  readonly simulator: string | undefined;
  /** Called once for each task, in the order of the tasks. */
  onOutcome(index: number, outcome: RunOutcome): void;
  /** Called often while nothing else can be. */
  draw(): void;
}

export async function execute(
  specs: readonly RunSpec[],
  board: ProgressBoard,
  options: ExecutionOptions,
): Promise<RunOutcome[]> {
  const { checkDeterminism, simulator, onOutcome } = options;
  const tasks = specs.map((spec, index) => ({ spec, index, board: board.buffer, checkDeterminism, simulator }));
  const jobs = Math.min(options.jobs, tasks.length);
  const outcomes: RunOutcome[] = [];
  const take = (outcome: RunOutcome): void => {
    outcomes.push(outcome);
    onOutcome(outcomes.length - 1, outcome);
  };
  if (jobs <= 1) {
    const mainThread = { breathe: () => setImmediate(), draw: () => options.draw() };
    for (const task of tasks) take(await runTask(task, mainThread));
    return outcomes;
  }
  await inWorkers(tasks, jobs, take);
  return outcomes;
}

async function inWorkers(tasks: readonly RunTask[], jobs: number, take: (outcome: RunOutcome) => void): Promise<void> {
  const { Piscina } = await import('piscina');
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const filename = new URL(`./run-worker.${extension}`, import.meta.url).href;
  const pool = new Piscina({ filename, minThreads: jobs, maxThreads: jobs });
  try {
    const pending = tasks.map((task) => pool.run(task) as Promise<RunOutcome>);
    // a rejection is seen in its turn; until then it is no unhandled one
    for (const promise of pending) promise.catch(() => undefined);
    for (const promise of pending) take(await promise);
  } finally {
    await pool.destroy();
  }
}
