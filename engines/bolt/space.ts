/**
 * Where new pages come from: the freelist, else the end of the file; and how the file grows.
 *
 * The memory map only exists as a size, since the growth of the file depends on it. The real one can't be replaced
 * while a reader looks at it: bbolt's writer then waits for the reader, and for ever if both are one thread. Ours
 * goes on, and counts how often.
 */
import type { Disk, File } from '../../sim/disk/disk.ts';
import type { WriteOutcome } from '../../sim/storage-engine.ts';
import { SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { mapBytesFor, PAGE_ID_MAX } from './format.ts';
import type { Freelist } from './freelist.ts';
import type { TransactionStats } from './statistics.ts';

/** Above a map of this size the file grows by this much more than needed. */
const GROWTH_STEP_BYTES = 16 * 1024 * 1024;

export class Space {
  readonly #disk: Disk;
  readonly #file: File;
  readonly #work: Work;
  readonly #freelist: Freelist;
  readonly #pageSize: number;
  readonly #stats: TransactionStats;
  /** Ids at or above were never used. */
  highWater = 0;
  mapBytes = 0;
  /** What the last growth made of the file, as bbolt remembers it: 0 after opening an existing file. */
  grownBytes = 0;
  /** Set when the map had to be replaced: bbolt then copies what its nodes still borrow from it. */
  remapped = false;
  hasReaders = false;

  constructor(disk: Disk, file: File, work: Work, freelist: Freelist, pageSize: number, stats: TransactionStats) {
    this.#stats = stats;
    this.#disk = disk;
    this.#file = file;
    this.#work = work;
    this.#freelist = freelist;
    this.#pageSize = pageSize;
  }

  map(bytesMin: number): void {
    this.mapBytes = mapBytesFor(Math.max(this.#file.length, bytesMin));
    this.#work.counts[SYSTEM_CALLS]! += 2;
  }

  /** The first of `pages` contiguous pages; 0 if the file would exceed what the engine can address. */
  allocate(txid: number, pages: number): number {
    const free = this.#freelist.allocate(txid, pages);
    if (free !== 0) return free;
    const first = this.highWater;
    if (first + pages > PAGE_ID_MAX) return 0;
    const bytesMin = (first + pages + 1) * this.#pageSize;
    if (bytesMin >= this.mapBytes) {
      this.map(bytesMin);
      this.remapped = true;
      if (this.hasReaders) this.#stats.remapsUnderReaders++;
    }
    this.highWater = first + pages;
    return first;
  }

  /** Extends the file beyond the high-water page. */
  grow(): WriteOutcome {
    let bytes = (this.highWater + 1) * this.#pageSize;
    if (bytes <= this.grownBytes) return 'ok';
    if (this.mapBytes < GROWTH_STEP_BYTES) bytes = this.mapBytes;
    else bytes += GROWTH_STEP_BYTES;
    this.#work.counts[SYSTEM_CALLS]! += 2;
    const truncated = this.#disk.truncate(this.#file, bytes);
    if (truncated !== 'ok') return truncated;
    const synced = this.#disk.sync(this.#file);
    if (synced !== 'ok') return synced;
    this.#stats.growths++;
    this.grownBytes = bytes;
    return 'ok';
  }
}
