/**
 * Which blocks are in memory: CLOCK over a ring of (file, block).
 *
 * Residency itself is a bit in the file's page table; the ring only says where the hand finds the
 * pages. An entry whose page was dropped in the meantime (truncated, removed) is taken over when the
 * hand comes by, or dropped before the ring is made larger. Content is never lost by eviction: the cache
 * decides time, not bytes.
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
  #ringFile = new Int32Array(64);
  #ringBlock = new Int32Array(64);
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
    file.pages[block] |= RESIDENT;
    if (this.#count < this.#capacity) {
      if (this.#count === this.#ringFile.length) this.#grow();
      const slot = this.#count++;
      this.#ringFile[slot] = file.id;
      this.#ringBlock[slot] = block;
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
  }

  /** Room for at least one more entry: without the entries that outlived their pages, or in a larger ring. */
  #grow(): void {
    this.#dropStale();
    const size = this.#ringFile.length;
    if (this.#count <= size - (size >>> 3)) return;
    const grown = Math.min(this.#capacity, size < 1 << 16 ? size * 2 : size + (size >>> 2));
    const files = new Int32Array(grown);
    files.set(this.#ringFile);
    this.#ringFile = files;
    const blocks = new Int32Array(grown);
    blocks.set(this.#ringBlock);
    this.#ringBlock = blocks;
  }

  /** The hand still stands at the ring's start: it sets out when the ring has its final size. */
  #dropStale(): void {
    const ringFile = this.#ringFile;
    const ringBlock = this.#ringBlock;
    let kept = 0;
    for (let slot = 0; slot < this.#count; slot++) {
      const owner = this.#files.get(ringFile[slot]);
      if (owner === undefined || (owner.page(ringBlock[slot]) & RESIDENT) === 0) continue;
      ringFile[kept] = ringFile[slot];
      ringBlock[kept++] = ringBlock[slot];
    }
    this.#count = kept;
  }
}
