/**
 * A node's processor: `cores` servers that take work in the order in which it is offered, each piece
 * on the core that is free first.
 *
 * Fault model: `slow` makes all work that is offered from then on take so many times as long. Pausing a process is the host's business: work that has begun finishes.
 * Simplified: no preemption, no context switches, no cache or memory contention.
 */
import type { Duration, Time } from '../clock.ts';

export class Cpu {
  readonly #freeAt: Float64Array;
  /** Sum over the cores. */
  busyNs = 0;
  /** Work takes so many times as long: the largest of `#slownesses`; 1 if there is none. */
  #slowness = 1;
  readonly #slownesses: number[] = [];

  constructor(cores: number) {
    this.#freeAt = new Float64Array(cores);
  }

  /** Takes a core for `work` ns; returns when it is done. */
  run(now: Time, work: Duration): Time {
    const freeAt = this.#freeAt;
    let core = 0;
    for (let i = 1; i < freeAt.length; i++) if (freeAt[i]! < freeAt[core]!) core = i;
    const start = freeAt[core]! > now ? freeAt[core]! : now;
    const taken = work * this.#slowness;
    const end = start + taken;
    freeAt[core] = end;
    this.busyNs += taken;
    return end;
  }

  /** `factor` is a whole number; of several in force the largest counts. Returns how to lift it, once. */
  slow(factor: number): () => void {
    this.#slownesses.push(factor);
    this.#slowness = Math.max(1, ...this.#slownesses);
    return () => {
      this.#slownesses.splice(this.#slownesses.indexOf(factor), 1);
      this.#slowness = Math.max(1, ...this.#slownesses);
    };
  }

  /** Process or power gone: nobody waits for a core any more. */
  clear(): void {
    this.#freeAt.fill(0);
  }
}
