/** The disk's counters at one moment, and what they grew by since another. */
import { CATEGORIES, type Category, type DiskCounters } from '../disk/disk.ts';

type ByCategory = Readonly<Record<Category, number>>;

export interface Growth {
  readonly writtenBytes: ByCategory;
  readonly writeCalls: ByCategory;
  readonly readBytes: ByCategory;
  readonly syncs: ByCategory;
  readonly directorySyncs: number;
  readonly deviceWrittenBytes: number;
  readonly deviceReadBytes: number;
}

export class Meter {
  readonly #counters: DiskCounters;
  #writtenBytes!: Float64Array;
  #writeCalls!: Float64Array;
  #readBytes!: Float64Array;
  #syncs!: Float64Array;
  #directorySyncs = 0;
  #deviceWrittenBytes = 0;
  #deviceReadBytes = 0;

  constructor(counters: DiskCounters) {
    this.#counters = counters;
    this.reset();
  }

  /** Growth counts from here on. */
  reset(): void {
    const counters = this.#counters;
    this.#writtenBytes = counters.writtenBytes.slice();
    this.#writeCalls = counters.writeCalls.slice();
    this.#readBytes = counters.readBytes.slice();
    this.#syncs = counters.syncs.slice();
    this.#directorySyncs = counters.directorySyncs;
    this.#deviceWrittenBytes = sum(counters.deviceWrittenBytes);
    this.#deviceReadBytes = sum(counters.deviceReadBytes);
  }

  growth(): Growth {
    const counters = this.#counters;
    return {
      writtenBytes: grown(counters.writtenBytes, this.#writtenBytes),
      writeCalls: grown(counters.writeCalls, this.#writeCalls),
      readBytes: grown(counters.readBytes, this.#readBytes),
      syncs: grown(counters.syncs, this.#syncs),
      directorySyncs: counters.directorySyncs - this.#directorySyncs,
      deviceWrittenBytes: sum(counters.deviceWrittenBytes) - this.#deviceWrittenBytes,
      deviceReadBytes: sum(counters.deviceReadBytes) - this.#deviceReadBytes,
    };
  }

  /** Of all categories. */
  writtenBytes(): number {
    return sum(this.#counters.writtenBytes) - sum(this.#writtenBytes);
  }

  writtenBytesOf(category: number): number {
    return this.#counters.writtenBytes[category]! - this.#writtenBytes[category]!;
  }
}

function grown(now: Float64Array, before: Float64Array): ByCategory {
  const growth = {} as Record<Category, number>;
  CATEGORIES.forEach((category, i) => {
    growth[category] = now[i]! - before[i]!;
  });
  return growth;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
