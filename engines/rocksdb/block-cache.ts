/**
 * Data blocks kept for reads: least recently used first out, bounded by the real size of the blocks.
 * A block that a cursor stands on is pinned; if all are, the cache exceeds its bound by those.
 */
import { assert } from '../../sim/assert.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk } from '../../sim/disk/disk.ts';
import { BLOCKS_DECODED, type Work } from '../../sim/work.ts';
import { readBlock, type TableReader } from './table-reader.ts';

const NONE = -1;
/** File number and offset in one exact number. */
const OFFSETS = 4294967296;

export class BlockCache {
  readonly #disk: Disk;
  readonly #work: Work;
  readonly #capacity: number;
  readonly #slots = new Map<number, number>();
  readonly #buffers: SparseBuffer[] = [];
  readonly #keys: number[] = [];
  readonly #sizes: number[] = [];
  readonly #pins: number[] = [];
  // neighbours in order of use; a free slot's `newer` is the next free one
  readonly #older: number[] = [];
  readonly #newer: number[] = [];
  #oldest = NONE;
  #newest = NONE;
  #free = NONE;
  usedBytes = 0;
  hits = 0;
  misses = 0;
  /** Why the last `load` returned −1. */
  failure: string | undefined;

  constructor(disk: Disk, capacity: number, work: Work) {
    this.#disk = disk;
    this.#capacity = capacity;
    this.#work = work;
  }

  /** The slot of the block, pinned if asked; −1: it cannot be read, see `failure`. */
  load(reader: TableReader, offset: number, size: number, pin: boolean): number {
    const key = reader.number * OFFSETS + offset;
    let slot = this.#slots.get(key);
    if (slot !== undefined) {
      this.hits++;
      if (slot !== this.#newest) {
        this.#unlink(slot);
        this.#linkNewest(slot);
      }
    } else {
      this.misses++;
      this.#evict(size);
      slot = this.#take();
      this.failure = readBlock(this.#disk, reader.file, offset, size, this.#buffers[slot], this.#work, reader.checksum);
      if (this.failure !== undefined) {
        this.#release(slot);
        return NONE;
      }
      this.#work.counts[BLOCKS_DECODED]++;
      this.#slots.set(key, slot);
      this.#keys[slot] = key;
      this.#sizes[slot] = size;
      this.usedBytes += size;
      this.#linkNewest(slot);
    }
    if (pin) this.#pins[slot]++;
    return slot;
  }

  buffer(slot: number): SparseBuffer {
    return this.#buffers[slot];
  }
  unpin(slot: number): void {
    assert(this.#pins[slot] > 0, 'block cache: unpin without pin');
    this.#pins[slot]--;
  }

  /** Makes room for `size` bytes. */
  #evict(size: number): void {
    let slot = this.#oldest;
    while (slot !== NONE && this.usedBytes + size > this.#capacity) {
      const next = this.#newer[slot];
      if (this.#pins[slot] === 0) {
        this.#unlink(slot);
        this.#slots.delete(this.#keys[slot]);
        this.usedBytes -= this.#sizes[slot];
        this.#release(slot);
      }
      slot = next;
    }
  }

  #take(): number {
    const slot = this.#free;
    if (slot !== NONE) {
      this.#free = this.#newer[slot];
      return slot;
    }
    this.#pins.push(0);
    this.#older.push(NONE);
    this.#newer.push(NONE);
    this.#keys.push(0);
    this.#sizes.push(0);
    return this.#buffers.push(new SparseBuffer(512)) - 1;
  }
  #release(slot: number): void {
    this.#newer[slot] = this.#free;
    this.#free = slot;
  }

  #linkNewest(slot: number): void {
    this.#older[slot] = this.#newest;
    this.#newer[slot] = NONE;
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
  }
  #unlink(slot: number): void {
    const older = this.#older[slot];
    const newer = this.#newer[slot];
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
  }
}
