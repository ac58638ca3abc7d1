/** Runs tasks here or in worker threads; outcomes come in the order of the tasks, whoever did them. */
import { setImmediate } from 'node:timers/promises';
import type { RunSpec } from '../sim/run-spec.ts';
import type { ProgressBoard } from './progress-board.ts';
import { type RunOutcome, type RunTask, runTask } from './run-task.ts';

/** Tasks handed to the pool for each worker: some run behind a long one, and few outcomes wait for their turn. */
const AHEAD = 16;
/** A worker's heap for what does not live long: what one run leaves behind is then rarely copied. */
const YOUNG_GENERATION_MB = 96;

export interface ExecutionOptions {
  readonly jobs: number;
  readonly checkDeterminism: boolean;
  readonly simulator: string | undefined;
  /** Called once for each task, in the order of the tasks. Outcomes are not kept: thousands would not fit. */
  onOutcome(index: number, outcome: RunOutcome): void;
  /** Called often while nothing else can be. */
  draw(): void;
}

export async function execute(
  specs: readonly RunSpec[],
  board: ProgressBoard,
  options: ExecutionOptions,
): Promise<void> {
  const { checkDeterminism, simulator, onOutcome } = options;
  const tasks = specs.map((spec, index) => ({ spec, index, board: board.buffer, checkDeterminism, simulator }));
  const jobs = Math.min(options.jobs, tasks.length);
  let taken = 0;
  const take = (outcome: RunOutcome): void => onOutcome(taken++, outcome);
  if (jobs <= 1) {
    const mainThread = { breathe: () => setImmediate(), draw: () => options.draw() };
    for (const task of tasks) take(await runTask(task, mainThread));
    return;
  }
  await inWorkers(tasks, jobs, take);
}

async function inWorkers(tasks: readonly RunTask[], jobs: number, take: (outcome: RunOutcome) => void): Promise<void> {
  const { Piscina } = await import('piscina');
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const filename = new URL(`./run-worker.${extension}`, import.meta.url).href;
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB };
  const pool = new Piscina({ filename, minThreads: jobs, maxThreads: jobs, resourceLimits });
  try {
    const pending: Promise<RunOutcome>[] = [];
    let begun = 0;
    const begin = (): void => {
      const promise = pool.run(tasks[begun++]!) as Promise<RunOutcome>;
      // a rejection is seen in its turn; until then it is no unhandled one
      promise.catch(() => undefined);
      pending.push(promise);
    };
    while (begun < Math.min(tasks.length, jobs * AHEAD)) begin();
    while (pending.length > 0) {
      const outcome = await pending.shift()!;
      if (begun < tasks.length) begin();
      take(outcome);
    }
  } finally {
    await pool.destroy();
  }
}
