/**
 * A node's own clock, by which its Raft timers run and its leases end: virtual time, until a fault makes it
 * drift or jump. Integer arithmetic, exact; whoever keeps deadlines by it is to be told when it changes.
 *
 * In etcd these are ticks of a Go timer, which counts CLOCK_MONOTONIC: no NTP step reaches that, though its rate
 * may be off; it jumps where a virtual machine is resumed or migrated. What else a node waits for (retries, batch
 * intervals, background jobs, the operating system's write-back) stays on virtual time.
 */
import type { Duration, Time } from '../clock.ts';

const MILLION = 1_000_000;
/** Drifts add up, at least to −90 %: a clock does not stand still. */
const DRIFT_PPM_MIN = -900_000;

export class NodeClock {
  /** Sum of the drifts in force: parts per million by which it is fast (> 0) or slow. */
  #driftPpm = 0;
  /** At virtual time `#since` it showed `#base`. */
  #base: Time = 0;
  #since: Time = 0;
  #isTrue = true;

  /** What it shows at virtual time `now`; before zero after a jump back. */
  read(now: Time): Time {
    return this.#isTrue ? now : this.#base + scaled(now - this.#since, this.#rate, MILLION, Math.floor);
  }

  /** The first virtual time, not before `now`, at which it shows `reading` or more. */
  when(reading: Time, now: Time): Time {
    if (this.#isTrue) return reading > now ? reading : now;
    const left = reading - this.#base;
    return left <= 0 ? now : Math.max(now, this.#since + scaled(left, MILLION, this.#rate, Math.ceil));
  }

  /** Changes its rate by `driftPpm`, and what it shows by `jumpNs`. */
  change(now: Time, driftPpm: number, jumpNs: Duration): void {
    this.#base = this.read(now) + jumpNs;
    this.#since = now;
    this.#driftPpm += driftPpm;
    this.#isTrue = this.#driftPpm === 0 && this.#base === now;
  }

  /** Its nanoseconds in a million of virtual ones. */
  get #rate(): number {
    return MILLION + Math.max(DRIFT_PPM_MIN, this.#driftPpm);
  }
}

/** time × numerator ÷ denominator, both at most some millions: exact, where the plain product would leave the integers. */
function scaled(time: Duration, numerator: number, denominator: number, round: (value: number) => number): Duration {
  const whole = Math.floor(time / denominator);
  const rest = time - whole * denominator;
  return whole * numerator + round((rest * numerator) / denominator);
}
