/** One run from start to end, in this thread or in a worker's: the same code for both. */
import type { Divergence } from '../sim/determinism.ts';
import type { RunResult } from '../sim/result.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import { ProgressBoard } from './progress-board.ts';
import { loadSimulator, type Run, type Simulator } from './simulator.ts';

/** Crosses thread boundaries: plain data. */
export interface RunTask {
  readonly spec: RunSpec;
  /** Number of the run on the board. */
  readonly index: number;
  readonly board: SharedArrayBuffer;
  readonly checkDeterminism: boolean;
  readonly simulator: string | undefined;
}

export interface Failure {
  readonly message: string;
  readonly stack: string;
}

export type RunOutcome =
  | { readonly kind: 'done'; readonly result: RunResult; readonly divergence?: Divergence | 'elsewhere' }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** Stopped before it started. */
  | { readonly kind: 'skipped' };

/** Some tens of ms: often enough for a screen and for Ctrl-C, rare enough to cost nothing. */
const EVENTS_A_SLICE = 50_000;

/** `breathe` lets the thread's own events (signals, timers) in between slices; a worker has none. */
export async function runTask(task: RunTask, breathe?: () => Promise<void>): Promise<RunOutcome> {
  const board = new ProgressBoard(task.board);
  if (board.stopped) return { kind: 'skipped' };
  try {
    const simulator = await loadSimulator(task.simulator);
    const result = await drive(simulator.createRun(task.spec), task, board, breathe);
    if (!task.checkDeterminism || result.ended === 'interrupted') return { kind: 'done', result };
    return await compared(simulator, result, task, board, breathe);
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : new Error(String(error));
    return { kind: 'failed', failure: { message, stack: stack ?? message } };
  }
}

async function compared(
  simulator: Simulator,
  result: RunResult,
  task: RunTask,
  board: ProgressBoard,
  breathe: (() => Promise<void>) | undefined,
): Promise<RunOutcome> {
  const again = await drive(simulator.createRun(task.spec), task, board, breathe);
  if (again.ended === 'interrupted' || again.traceHash === result.traceHash) return { kind: 'done', result };
  // a third pair may agree: then all we know is that two did not
  return { kind: 'done', result, divergence: simulator.firstDivergence(task.spec, task.spec) ?? 'elsewhere' };
}

async function drive(
  run: Run,
  task: RunTask,
  board: ProgressBoard,
  breathe: (() => Promise<void>) | undefined,
): Promise<RunResult> {
  while (run.advance(EVENTS_A_SLICE)) {
    board.set(task.index, run.events, run.now, run.fractionDone);
    if (breathe !== undefined) await breathe();
    if (board.stopped) {
      run.interrupt();
      break;
    }
  }
  const result = run.finish();
  board.set(task.index, run.events, run.now, 1);
  return result;
}
