/** Bytes handed to the file systems over time: looked up between events, never by an event. */
import type { Duration, Time } from '../clock.ts';
import { CATEGORIES } from '../disk/disk.ts';
import type { SimulatedDisk } from '../disk/simulated-disk.ts';

/** A longer run has longer steps: a chart shows no more than so many. */
export const STEPS = 200;

export class ByteSampler {
  readonly stepNs: Duration;
  /** By category, then by step. */
  readonly byCategory: number[][] = CATEGORIES.map(() => []);
  /** By node, then by step. */
  readonly byNode: number[][];
  next: Time;
  readonly #disks: readonly SimulatedDisk[];
  readonly #seen: Float64Array[];
  readonly #sums = new Float64Array(CATEGORIES.length);

  constructor(stepNs: Duration, disks: readonly SimulatedDisk[]) {
    this.stepNs = stepNs;
    this.next = stepNs;
    this.#disks = disks;
    this.byNode = disks.map(() => []);
    this.#seen = disks.map((disk) => disk.counters.writtenBytes.slice());
  }

  /** The step that ends at `next` is over. */
  sample(): void {
    this.next += this.stepNs;
    const sums = this.#sums.fill(0);
    for (let node = 0; node < this.#disks.length; node++) {
      const seen = this.#seen[node]!;
      const now = this.#disks[node]!.counters.writtenBytes;
      let sum = 0;
      for (let category = 0; category < sums.length; category++) {
        const bytes = now[category]! - seen[category]!;
        seen[category] = now[category]!;
        sum += bytes;
        sums[category]! += bytes;
      }
      this.byNode[node]!.push(sum);
    }
    for (let category = 0; category < sums.length; category++) this.byCategory[category]!.push(sums[category]!);
  }
}
