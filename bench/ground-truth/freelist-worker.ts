/** Entry of a worker thread: all rows, or as many as were done when somebody pressed Ctrl-C. */
import { ProgressBoard } from '../../cli/progress-board.ts';
import type { Row } from './csv.ts';
import { type FreelistRow, replayFreelist } from './freelist.ts';

export interface FreelistTask {
  readonly rows: readonly Row[];
  readonly index: number;
  readonly board: SharedArrayBuffer;
}

export default function work(task: FreelistTask): FreelistRow[] {
  const board = new ProgressBoard(task.board);
  const done: FreelistRow[] = [];
  if (board.stopped) return done;
  for (const row of replayFreelist(task.rows)) {
    done.push(row);
    board.set(task.index, 0, 0, done.length / task.rows.length);
    if (board.stopped) break;
  }
  return done;
}
