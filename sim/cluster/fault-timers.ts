/**
 * Timers of faults that do something while they are in force: nodes that go down again and again, links that
 * come and go. Few and rare, so that each may have its closure. At most 65536 run at a time, asserted.
 */
import { assert } from '../assert.ts';
import type { Duration } from '../clock.ts';
import type { EventId, EventLoop, Handler } from '../loop.ts';

const FIRE = 1;
const TIMERS_MAX = 1 << 16;

interface Timer {
  readonly action: () => void;
  readonly event: EventId;
}

export class FaultTimers implements Handler {
  readonly traceId = 4;
  readonly #loop: EventLoop;
  readonly #timers: (Timer | undefined)[] = [];
  readonly #free: number[] = [];

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  /** Returns how to stop it; stopping one that has fired does nothing. */
  start(delayNs: Duration, action: () => void): () => void {
    const slot = this.#free.pop() ?? this.#timers.length;
    assert(slot < TIMERS_MAX, 'faults: more than 65536 timers');
    const timer: Timer = { action, event: this.#loop.schedule(this.#loop.now + delayNs, this, FIRE, slot) };
    this.#timers[slot] = timer;
    return () => {
      if (this.#timers[slot] !== timer) return;
      this.#loop.cancel(timer.event);
      this.#release(slot);
    };
  }

  handle(_opcode: number, slot: number): void {
    const { action } = this.#timers[slot]!;
    this.#release(slot);
    action();
  }

  describe(): string {
    return 'a fault goes on';
  }

  #release(slot: number): void {
    this.#timers[slot] = undefined;
    this.#free.push(slot);
  }
}
