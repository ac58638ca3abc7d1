/**
 * The thread that a bench's writer runs on: what it did takes its processor time, then the device's, one request
 * after the other, and only then does it go on.
 */
import { assert } from '../assert.ts';
import type { Duration } from '../clock.ts';
import type { Handler } from '../loop.ts';
import type { Machine } from '../nodes/machine.ts';
import type { Work } from '../work.ts';

export const FOREGROUND_THREAD = 0;
const PLAY = 1;
const DONE = 2;

export class Foreground implements Handler {
  readonly traceId: number;
  readonly #machine: Machine;
  readonly #work: Work;
  #then: (() => void) | undefined;
  #delayNs: Duration = 0;

  constructor(machine: Machine, work: Work, traceId: number) {
    this.#machine = machine;
    this.#work = work;
    this.traceId = traceId;
  }

  /** To be called before the engine is. */
  enter(): void {
    this.#machine.disk.thread = FOREGROUND_THREAD;
  }

  /** `then` when everything since `enter` has had its time, and `delayNs` more. */
  leave(then: () => void, delayNs: Duration = 0): void {
    assert(this.#then === undefined, 'bench: the writer does two things at a time');
    this.#then = then;
    this.#delayNs = delayNs;
    const { loop } = this.#machine;
    const computed = this.#machine.compute(loop.now, this.#work);
    if (this.#machine.hasRequests(FOREGROUND_THREAD)) loop.schedule(computed, this, PLAY);
    else loop.schedule(computed + delayNs, this, DONE);
  }

  handle(opcode: number): void {
    const machine = this.#machine;
    const { loop } = machine;
    machine.finish(FOREGROUND_THREAD);
    if (opcode === PLAY) {
      const done = machine.playSome(FOREGROUND_THREAD, loop.now);
      if (machine.hasRequests(FOREGROUND_THREAD)) loop.schedule(done, this, PLAY);
      else loop.schedule(done + this.#delayNs, this, DONE);
      return;
    }
    const then = this.#then!;
    this.#then = undefined;
    then();
  }

  describe(opcode: number): string {
    return opcode === PLAY ? 'writer: disk' : 'writer: done';
  }
}
