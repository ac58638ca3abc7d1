/** Entry of a worker thread: one task at a time, as posted by the pool. */
import { type RunOutcome, type RunTask, runTask } from './run-task.ts';

export default function work(task: RunTask): Promise<RunOutcome> {
  return runTask(task);
}
