/** The operating system's periodic write-back, every 5 s as Linux does it. */
import { SECOND } from '../clock.ts';
import { WRITE_BACK_THREAD } from '../disk/simulated-disk.ts';
import type { Handler } from '../loop.ts';
import type { Machine } from '../nodes/machine.ts';

const DUE = 1;
const PLAY = 2;
const PERIOD_NS = 5 * SECOND;

export class WriteBack implements Handler {
  readonly traceId: number;
  readonly #machine: Machine;
  #isPlaying = false;

  constructor(machine: Machine, traceId: number) {
    this.#machine = machine;
    this.traceId = traceId;
    machine.loop.schedule(PERIOD_NS, this, DUE);
  }

  handle(opcode: number): void {
    const { loop, disk } = this.#machine;
    if (opcode === PLAY) {
      this.#machine.finish(WRITE_BACK_THREAD);
      this.#isPlaying = this.#machine.hasRequests(WRITE_BACK_THREAD);
      if (this.#isPlaying) loop.schedule(this.#machine.playSome(WRITE_BACK_THREAD, loop.now), this, PLAY);
      return;
    }
    disk.writeBack();
    loop.schedule(loop.now + PERIOD_NS, this, DUE);
    if (this.#isPlaying || !this.#machine.hasRequests(WRITE_BACK_THREAD)) return;
    this.#isPlaying = true;
    loop.schedule(this.#machine.playSome(WRITE_BACK_THREAD, loop.now), this, PLAY);
  }

  describe(opcode: number): string {
    return opcode === DUE ? 'write-back is due' : 'write-back: disk';
  }
}
