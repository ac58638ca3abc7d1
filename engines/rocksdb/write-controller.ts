/**
 * Write stalls: the three triggers (unflushed memtables, level-0 files, compaction debt) and the rate
 * that delayed writers get, which falls while the debt grows and rises again as it is paid.
 */
import type { Pressure } from '../../sim/storage-engine.ts';
import type { Options } from './options.ts';

const RATE_MIN = 16384;
const DEBT_GROWS = 0.8;
const DEBT_SHRINKS = 1 / 0.8;
const NEAR_STOP = 0.6;
const RECOVERED = 1.4;
/** Level-0 files short of the stop trigger at which it counts as near. */
const LEVEL0_NEAR_STOP = 2;

export class WriteController {
  readonly #options: Options;
  #rate: number;
  #debtBefore = 0;
  pressure: Pressure = 'none';
  /** Compactions may use all their job slots: writers are held up or soon would be. */
  speedup = false;
  /** How often each trigger was found pulled; of those by level-0 files apart, how often while they were being compacted. */
  readonly stalls = { memtables: 0, level0Files: 0, level0FilesWithCompaction: 0, pendingBytes: 0 };
  readonly slowdowns = { memtables: 0, level0Files: 0, level0FilesWithCompaction: 0, pendingBytes: 0 };

  constructor(options: Options) {
    this.#options = options;
    this.#rate = options.delayedBytesPerS;
  }

  get delayedBytesPerS(): number {
    return this.#rate;
  }

  /** After every change of what the triggers look at. */
  update(memtables: number, level0Files: number, debt: number, level0IsBusy = false): void {
    const options = this.#options;
    const before = this.pressure;
    const wasStopped = before === 'stop';
    const soft = options.softPendingBytes;
    const hard = options.hardPendingBytes;
    if (memtables >= options.writeBuffersMax) {
      this.pressure = 'stop';
      this.stalls.memtables++;
    } else if (level0Files >= options.level0StopTrigger) {
      this.pressure = 'stop';
      this.stalls.level0Files++;
      if (level0IsBusy) this.stalls.level0FilesWithCompaction++;
    } else if (hard > 0 && debt >= hard) {
      this.pressure = 'stop';
      this.stalls.pendingBytes++;
    } else if (
      options.writeBuffersMax > 3 &&
      memtables >= options.writeBuffersMax - 1 &&
      memtables - 1 >= options.writeBuffersToMerge
    ) {
      this.slowdowns.memtables++;
      this.#delay(before, debt, wasStopped);
    } else if (level0Files >= options.level0SlowdownTrigger) {
      this.slowdowns.level0Files++;
      if (level0IsBusy) this.slowdowns.level0FilesWithCompaction++;
      this.#delay(before, debt, wasStopped || level0Files >= options.level0StopTrigger - LEVEL0_NEAR_STOP);
    } else if (soft > 0 && debt >= soft) {
      this.slowdowns.pendingBytes++;
      const near = hard > 0 && debt - soft > (3 * (hard - soft)) / 4;
      this.#delay(before, debt, wasStopped || near);
    } else {
      this.pressure = 'none';
      if (before === 'slow') this.#rate = Math.min(options.delayedBytesPerS, Math.floor(this.#rate * RECOVERED));
    }
    this.speedup = this.pressure !== 'none' || level0Files >= this.#level0SpeedupTrigger() || debt >= soft / 4;
    this.#debtBefore = debt;
  }

  #delay(before: Pressure, debt: number, penalise: boolean): void {
    const { delayedBytesPerS } = this.#options;
    this.pressure = 'slow';
    if (before !== 'slow' || delayedBytesPerS <= RATE_MIN) return;
    if (penalise) this.#rate = Math.max(RATE_MIN, Math.floor(this.#rate * NEAR_STOP));
    else if (this.#debtBefore > 0 && this.#debtBefore <= debt) {
      this.#rate = Math.max(RATE_MIN, Math.floor(this.#rate * DEBT_GROWS));
    } else if (this.#debtBefore > debt) {
      this.#rate = Math.min(delayedBytesPerS, Math.floor(this.#rate * DEBT_SHRINKS));
    }
  }

  /** A quarter of the way from the compaction trigger to the slowdown, or twice the trigger if that is less. */
  #level0SpeedupTrigger(): number {
    const { level0CompactionTrigger, level0SlowdownTrigger } = this.#options;
    const quarter = level0CompactionTrigger + Math.floor((level0SlowdownTrigger - level0CompactionTrigger) / 4);
    return Math.min(2 * level0CompactionTrigger, quarter);
  }
}
