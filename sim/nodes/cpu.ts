/**
 * A node's processor: `cores` servers that take work in the order in which it is offered, each piece
 * on the core that is free first.
 *
 * Fault model: none. Pausing a process is the host's business: work that has begun finishes.
 * Simplified: no preemption, no context switches, no cache or memory contention.
 */
import type { Duration, Time } from '../clock.ts';

export class Cpu {
  readonly #freeAt: Float64Array;
  /** Sum over the cores. */
  busyNs = 0;

  constructor(cores: number) {
    this.#freeAt = new Float64Array(cores);
  }

  /** Takes a core for `work` ns; returns when it is done. */
  run(now: Time, work: Duration): Time {
    const freeAt = this.#freeAt;
    let core = 0;
    for (let i = 1; i < freeAt.length; i++) if (freeAt[i]! < freeAt[core]!) core = i;
    const start = freeAt[core]! > now ? freeAt[core]! : now;
    const end = start + work;
    freeAt[core] = end;
    this.busyNs += work;
    return end;
  }

  /** The power failed: nobody waits for a core any more. */
  powerCycle(): void {
    this.#freeAt.fill(0);
  }
}
