/** Sums over equal stretches of time, of several lanes: as the run grows longer the stretches do, so that there are never many. */
import { type Duration, MILLISECOND, type Time } from '../clock.ts';

const BINS_MAX = 600;

export class Bins {
  widthNs: Duration = MILLISECOND;
  /** Bins that have been written to. */
  count = 0;
  readonly lanes: readonly Float64Array[];

  constructor(lanes: number) {
    this.lanes = Array.from({ length: lanes }, () => new Float64Array(BINS_MAX));
  }

  add(time: Time, lane: number, amount: number): void {
    let bin = Math.floor(time / this.widthNs);
    while (bin >= BINS_MAX) {
      this.#widen();
      bin = Math.floor(time / this.widthNs);
    }
    this.lanes[lane]![bin]! += amount;
    if (bin >= this.count) this.count = bin + 1;
  }

  #widen(): void {
    this.widthNs *= 2;
    this.count = Math.ceil(this.count / 2);
    for (const sums of this.lanes) {
      for (let bin = 0; bin < BINS_MAX / 2; bin++) sums[bin] = sums[2 * bin]! + sums[2 * bin + 1]!;
      sums.fill(0, BINS_MAX / 2);
    }
  }
}
