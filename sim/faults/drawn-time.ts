import type { Duration } from '../clock.ts';
import type { Rng } from '../rng.ts';

/** Exponential, whole, and at least 1 ns, so that time goes on. */
export function drawnTime(rng: Rng, meanNs: Duration): Duration {
  return Math.max(1, Math.round(rng.exponential(meanNs)));
}
