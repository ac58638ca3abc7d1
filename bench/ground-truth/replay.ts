/** One measured run through the runner of `raftlab engine bench`, in this thread or in a worker's. */
import { type BenchArguments, benchSpecOf } from '../../cli/bench-arguments.ts';
import { UsageError } from '../../cli/exit-codes.ts';
import { ProgressBoard } from '../../cli/progress-board.ts';
import { EngineBenchRun } from '../../sim/engine-bench/bench.ts';
import type { Columns } from '../../sim/engine-bench/result.ts';

/** Crosses threads. */
export interface ReplayTask {
  readonly arguments: BenchArguments;
  /** Number of the run on the board. */
  readonly index: number;
  readonly board: SharedArrayBuffer;
}

export interface ReplayOutcome {
  /** Of the phases that are through. */
  readonly columns: readonly Columns[];
  /** Why not all of them are. */
  readonly failure?: string;
  readonly interrupted: boolean;
  /** Processor time of the host machine. */
  readonly seconds: number;
}

const EVENTS_A_SLICE = 500;

export function replay(task: ReplayTask): ReplayOutcome {
  const board = new ProgressBoard(task.board);
  const startedAt = performance.now();
  const seconds = (): number => (performance.now() - startedAt) / 1000;
  if (board.stopped) return { columns: [], interrupted: true, seconds: 0 };
  let run: EngineBenchRun;
  try {
    run = new EngineBenchRun(benchSpecOf(task.arguments));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    board.set(task.index, 0, 0, 1);
    return { columns: [], failure: error.lines.join('; '), interrupted: false, seconds: 0 };
  }
  let interrupted = false;
  while (!interrupted && run.advance(EVENTS_A_SLICE)) {
    board.set(task.index, run.events, run.now, run.fractionDone);
    interrupted = board.stopped;
  }
  board.set(task.index, run.events, run.now, 1);
  const columns = run.results.map((result) => result.columns);
  return { columns, interrupted, seconds: seconds(), ...(run.failure === undefined ? {} : { failure: run.failure }) };
}
