/** A run driven from start to end in the main thread, with Ctrl-C let in between slices. */
import type { Run } from '../sim/cluster.ts';
import type { Host } from './host.ts';

const EVENTS_A_SLICE = 10_000;

/** False: interrupted. */
export async function driveToEnd(run: Pick<Run, 'advance'>, host: Host): Promise<boolean> {
  let interrupted = false;
  const forget = host.onInterrupt(() => {
    interrupted = true;
  });
  try {
    while (run.advance(EVENTS_A_SLICE)) {
      await new Promise((resolve) => setImmediate(resolve));
      if (interrupted) return false;
    }
  } finally {
    forget();
  }
  return true;
}
