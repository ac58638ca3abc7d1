import { LinearizabilityCheck } from '../../sim/linearizability/check.ts';
import type { History } from '../../sim/linearizability/history.ts';
import type { Model } from '../../sim/linearizability/models/model.ts';

/** The verdict after at most `slicesMax` slices of 100,000 steps. */
export function checkLinearizability(history: History, model: Model, slicesMax = 1_000): LinearizabilityCheck {
  const check = new LinearizabilityCheck(history, model);
  for (let slice = 0; check.advance() === undefined; slice++) {
    if (slice >= slicesMax) check.giveUp();
  }
  return check;
}
