import { type Duration, NEVER, SECOND, type Time } from '../clock.ts';
import type { CreditSpec } from './profiles.ts';

/**
 * A bucket of credits that fills up steadily, kept as one integer: the time at which it will be full
 * again if nothing more is taken (the generic cell rate algorithm of ATM networks). No credits are
 * counted, so that none are lost to rounding: only the time that an amount takes to come back is
 * rounded, once, to whole ns.
 */
export class CreditBucket {
  readonly #perS: number;
  readonly #capacityNs: Duration;
  #fullAt: Time = 0;

  constructor(spec: CreditSpec) {
    this.#perS = spec.perS;
    this.#capacityNs = Math.round((spec.capacity / spec.perS) * SECOND);
  }

  /** Takes the amount; returns when it is covered: `now`, or when the bucket, empty by then, will have earned it. */
  take(now: Time, amount: number): Time {
    const cost = Math.round((amount / this.#perS) * SECOND);
    this.#fullAt = Math.min(NEVER, Math.max(this.#fullAt, now) + cost);
    return Math.max(now, this.#fullAt - this.#capacityNs);
  }

  /** Credits in the bucket; 0 if it is in debt. */
  left(now: Time): number {
    const missingNs = Math.max(0, this.#fullAt - now);
    return (Math.max(0, this.#capacityNs - missingNs) / SECOND) * this.#perS;
  }
}
