/**
 * When a compactor looks for work: every 100 ms after a delay of up to a second that is drawn at the start. A tick
 * that comes while it compacts is kept, one of them, and answered at once.
 */
import { type Clock, type Duration, MILLISECOND, type Time } from '../../sim/clock.ts';

const PERIOD: Duration = 100 * MILLISECOND;

export class Ticker {
  readonly #clock: Clock;
  readonly #start: Time;
  /** Ticks up to this one have been answered. */
  #answered = -1;

  constructor(clock: Clock, delay: Duration) {
    this.#clock = clock;
    this.#start = clock.now + delay;
  }

  /** Nobody was busy until now: ticks that have passed were answered when they came. */
  catchUp(): void {
    this.#answered = Math.max(this.#answered, this.#ticks());
  }

  /** How long until the next tick; 0: one is waiting. */
  get remaining(): Duration {
    return Math.max(0, this.#start + (this.#answered + 1) * PERIOD - this.#clock.now);
  }

  /** Answers the tick that is due. */
  answer(): void {
    this.#answered = Math.max(this.#answered + 1, this.#ticks());
  }

  /** The last tick that has come; −1: none. */
  #ticks(): number {
    return Math.max(-1, Math.floor((this.#clock.now - this.#start) / PERIOD));
  }
}
