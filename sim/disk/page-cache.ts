/**
 * Which blocks are in memory: CLOCK over a ring of (file, block).
 *
 * Residency itself is a bit in the file's page table; the ring only says where the hand finds the
 * pages, so there is none until the cache is full for the first time: it costs 8 bytes a page. Then it
 * is made from the page tables, in the order of files and blocks. An entry whose page was dropped in
 * the meantime (truncated, removed) is taken over when the hand comes by. Content is never lost by
 * eviction: the cache decides time, not bytes.
 */
import { assert } from '../assert.ts';
import { BLOCK_BYTES } from './disk.ts';
import { DIRTY, REFERENCED, RESIDENT, type SimulatedFile } from './simulated-file.ts';

const PAGES_MIN = 16;

export class PageCache {
  /** Of the dirty page that the last `insert` evicted. */
  evictedFile: SimulatedFile | undefined;
  evictedBlock = 0;
  evictions = 0;

  readonly #files: ReadonlyMap<number, SimulatedFile>;
  readonly #capacity: number;
  /** Empty until the cache is full; then of its capacity. */
  #ringFile = NO_RING;
  #ringBlock = NO_RING;
  /** Entries of the ring; without one, at least as many as pages are resident. */
  #count = 0;
  #hand = 0;

  constructor(bytes: number, files: ReadonlyMap<number, SimulatedFile>) {
    this.#capacity = Math.max(PAGES_MIN, Math.floor(bytes / BLOCK_BYTES));
    this.#files = files;
  }

  get memoryBytes(): number {
    return this.#ringFile.byteLength * 2;
  }

  /** Makes a page resident that is not. True if a dirty page had to go for it: the caller writes it to the device. */
  insert(file: SimulatedFile, block: number): boolean {
    if (this.#ringFile === NO_RING && this.#count === this.#capacity) this.#recount();
    file.pages[block] |= RESIDENT;
    if (this.#count < this.#capacity) {
      const slot = this.#count++;
      if (this.#ringFile !== NO_RING) {
        this.#ringFile[slot] = file.id;
        this.#ringBlock[slot] = block;
      }
      return false;
    }
    for (let steps = 2 * this.#count + 1; steps > 0; steps--) {
      const slot = this.#hand;
      this.#hand = slot + 1 === this.#count ? 0 : slot + 1;
      const owner = this.#files.get(this.#ringFile[slot]);
      const ownerBlock = this.#ringBlock[slot];
      const page = owner === undefined ? 0 : owner.page(ownerBlock);
      if (owner !== undefined && (page & RESIDENT) !== 0) {
        if ((page & REFERENCED) !== 0) {
          owner.pages[ownerBlock] = page & ~REFERENCED;
          continue;
        }
        owner.pages[ownerBlock] = page & ~(RESIDENT | DIRTY);
        this.evictions++;
      }
      this.#ringFile[slot] = file.id;
      this.#ringBlock[slot] = block;
      // an entry that outlived its page may name the very page that comes in
      file.pages[block] |= RESIDENT;
      if ((page & RESIDENT) === 0 || (page & DIRTY) === 0) return false;
      this.evictedFile = owner;
      this.evictedBlock = ownerBlock;
      return true;
    }
    assert(false, 'page cache: the hand found no page in two rounds');
  }

  clear(): void {
    this.#count = 0;
    this.#hand = 0;
    this.#ringFile = NO_RING;
    this.#ringBlock = NO_RING;
  }

  /** Counts what is resident; if that is nearly all the cache holds, makes the ring. */
  #recount(): void {
    let resident = 0;
    for (const file of this.#files.values()) {
      for (let block = 0; block < file.blockCount; block++) if ((file.pages[block] & RESIDENT) !== 0) resident++;
    }
    assert(resident <= this.#capacity, 'page cache: more pages than it holds');
    this.#count = resident;
    // room for an eighth: the next count is far enough away
    if (resident < this.#capacity - (this.#capacity >>> 3)) return;
    this.#ringFile = new Int32Array(this.#capacity);
    this.#ringBlock = new Int32Array(this.#capacity);
    let slot = 0;
    for (const file of this.#files.values()) {
      for (let block = 0; block < file.blockCount; block++) {
        if ((file.pages[block] & RESIDENT) === 0) continue;
        this.#ringFile[slot] = file.id;
        this.#ringBlock[slot++] = block;
      }
    }
  }
}

const NO_RING = new Int32Array(0);
