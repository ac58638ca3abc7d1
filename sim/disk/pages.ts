/**
 * Pages that are read, become dirty, and reach the device: counts, and requests where a thread must wait.
 */
import { BLOCK_BYTES, type DiskCounters } from './disk.ts';
import { PageCache } from './page-cache.ts';
import type { RequestQueues } from './request-queues.ts';
import { CATEGORY_SHIFT, DIRTY, MARKED, REFERENCED, RESIDENT, type SimulatedFile } from './simulated-file.ts';

/** Thread of periodic write-back and of dirty pages that the page cache evicts. */
export const WRITE_BACK_THREAD = 255;

const STATE_BITS = (1 << CATEGORY_SHIFT) - 1;

export class Pages {
  readonly #cache: PageCache;
  readonly #queues: RequestQueues;
  readonly #counters: DiskCounters;

  constructor(bytes: number, files: ReadonlyMap<number, SimulatedFile>, queues: RequestQueues, counters: DiskCounters) {
    this.#cache = new PageCache(bytes, files);
    this.#queues = queues;
    this.#counters = counters;
  }

  get memoryBytes(): number {
    return this.#cache.memoryBytes;
  }

  /** The thread needs the page: if it is not cached, the device is asked. */
  read(file: SimulatedFile, block: number, thread: number, sequence: number): void {
    const page = file.page(block);
    if ((page & RESIDENT) !== 0) {
      file.pages[block] = page | REFERENCED;
      return;
    }
    this.#counters.deviceReadBytes[file.categoryIndex] += BLOCK_BYTES;
    this.#queues.of(thread).read(file.id, block, sequence);
    file.cover(block + 1);
    this.#admit(file, block, sequence);
  }

  /** Pages [from, to) were written for a category. */
  written(file: SimulatedFile, from: number, to: number, category: number, sequence: number): void {
    for (let block = from; block < to; block++) {
      const page = file.pages[block];
      if ((page & DIRTY) === 0) file.addDirty(block);
      file.pages[block] = (page & STATE_BITS) | DIRTY | REFERENCED | (category << CATEGORY_SHIFT);
      if ((page & RESIDENT) === 0) this.#admit(file, block, sequence);
    }
  }

  /**
   * Hands those of the first `count` entries of the dirty list that are dirty to the device, as one write
   * of the thread, contiguous pages in one access.
   */
  clean(file: SimulatedFile, count: number, thread: number, sequence: number): void {
    const { dirty, pages } = file;
    const { deviceWrittenBytes } = this.#counters;
    let blocks = 0;
    let runs = 0;
    for (let i = 0; i < count; i++) {
      const block = dirty[i];
      const page = file.page(block);
      if ((page & DIRTY) === 0) continue;
      pages[block] = (page & ~DIRTY) | MARKED;
      blocks++;
      deviceWrittenBytes[page >>> CATEGORY_SHIFT] += BLOCK_BYTES;
      if (block === 0 || (pages[block - 1] & (DIRTY | MARKED)) === 0) runs++;
    }
    for (let i = 0; i < count; i++) {
      const block = dirty[i];
      if (block < file.blockCount) pages[block] &= ~MARKED;
    }
    for (let i = count; i < file.dirtyCount; i++) dirty[i - count] = dirty[i];
    file.dirtyCount -= count;
    file.agedCount = Math.max(0, file.agedCount - count);
    if (blocks > 0) this.#queues.of(thread).write(blocks * BLOCK_BYTES, runs, sequence);
  }

  /** What is dirty counts as clean and is never written. */
  drop(file: SimulatedFile): void {
    for (let i = 0; i < file.dirtyCount; i++) {
      const block = file.dirty[i];
      if (block < file.blockCount) file.pages[block] &= ~DIRTY;
    }
    file.dirtyCount = 0;
    file.agedCount = 0;
  }

  /** The file is gone: what was dirty never reaches the device. */
  forget(file: SimulatedFile): void {
    file.pages.fill(0);
    file.dirtyCount = 0;
    file.agedCount = 0;
  }

  /** The machine lost its memory. */
  clear(): void {
    this.#cache.clear();
  }

  #admit(file: SimulatedFile, block: number, sequence: number): void {
    if (!this.#cache.insert(file, block)) return;
    const evicted = this.#cache.evictedFile!;
    const category = evicted.pages[this.#cache.evictedBlock] >>> CATEGORY_SHIFT;
    this.#counters.deviceWrittenBytes[category] += BLOCK_BYTES;
    this.#queues.of(WRITE_BACK_THREAD).write(BLOCK_BYTES, 1, sequence);
  }
}
