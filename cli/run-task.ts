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

/** A few to some hundred ms: often enough for a screen and for Ctrl-C, rare enough to cost nothing. */
const EVENTS_A_SLICE = 10_000;

/** What a run in the main thread owes to it; a worker has nothing else to do. */
export interface MainThread {
  /** Lets the thread's own events (signals, timers) in between slices. */
  breathe(): Promise<void>;
  /** Shows the progress, if it is time, while no events can be let in. */
  draw(): void;
}

export async function runTask(task: RunTask, mainThread?: MainThread): Promise<RunOutcome> {
  const board = new ProgressBoard(task.board);
  if (board.stopped) return { kind: 'skipped' };
  try {
    const simulator = await loadSimulator(task.simulator);
    const share = task.checkDeterminism ? 0.5 : 1;
    const onPreload = (keysDone: number, keys: number): void => {
      board.setPreload(task.index, keysDone, keys);
      mainThread?.draw();
    };
    const run = simulator.createRun(task.spec, onPreload);
    const result = await drive(run, { task, board, mainThread, share, before: 0 });
    if (!task.checkDeterminism || result.ended === 'interrupted') return { kind: 'done', result };
    return await compared(simulator, result, task, board, mainThread);
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
  mainThread: MainThread | undefined,
): Promise<RunOutcome> {
  const pass = { task, board, mainThread, share: 0.5, before: result.events };
  const again = await drive(simulator.createRun(task.spec), pass);
  if (again.ended === 'interrupted' || again.traceHash === result.traceHash) return { kind: 'done', result };
  // a third pair may agree: then all we know is that two did not
  return { kind: 'done', result, divergence: simulator.firstDivergence(task.spec, task.spec) ?? 'elsewhere' };
}

/** One of the passes that a task takes. */
interface Pass {
  readonly task: RunTask;
  readonly board: ProgressBoard;
  readonly mainThread: MainThread | undefined;
  /** Of the task's work. */
  readonly share: number;
  /** Events of the passes before. */
  readonly before: number;
}

async function drive(run: Run, { task, board, mainThread, share, before }: Pass): Promise<RunResult> {
  const done = before > 0 ? 1 - share : 0;
  while (run.advance(EVENTS_A_SLICE)) {
    board.set(task.index, before + run.events, run.now, done + run.fractionDone * share);
    await mainThread?.breathe();
    if (board.stopped) {
      run.interrupt();
      break;
    }
  }
  const result = run.finish();
  board.set(task.index, before + run.events, run.now, done + share);
  return result;
}
