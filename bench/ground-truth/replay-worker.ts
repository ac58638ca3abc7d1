/** Entry of a worker thread. */
import { type ReplayOutcome, type ReplayTask, replay } from './replay.ts';

export default function work(task: ReplayTask): ReplayOutcome {
  return replay(task);
}
