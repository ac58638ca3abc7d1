/**
 * What RocksDB's memory arena would have allocated for a memtable: the figure that decides when
 * a flush comes. Only the arithmetic of the allocator; our bytes live elsewhere, without fill.
 *
 * Blocks of an eighth of the write buffer (at most 1 MiB), after 2 KiB inside the arena itself;
 * nodes aligned to 16 bytes; an allocation above a quarter of a block gets its own; the rest of a
 * block that is too small is wasted. A block costs what glibc's malloc makes of it.
 *
 * Simplified: blocks always come from the heap (glibc maps the first ones of 128 KiB and more
 * from the system, which rounds them to pages until one has been freed).
 */
const INLINE_BYTES = 2048;
const ALIGNMENT = 16;
const BLOCK_BYTES_MIN = 4096;
const BLOCK_BYTES_MAX = 1048576;
/** A memtable may exceed its buffer by this share of a block. */
const OVER_ALLOCATION = 0.6;
/** Two empty skip lists (keys and range deletions): a head of 12 pointers and an insertion hint each. */
const EMPTY_MEMTABLE_ALLOCATIONS = [96, 232, 96, 232];

export class Arena {
  readonly #writeBufferBytes: number;
  readonly blockBytes: number;
  /** Bytes of all blocks, as malloc rounds them. */
  allocatedBytes = 0;
  #blockRemaining = 0;
  /** Offset of the next free byte in the current block, whose start is aligned. */
  #blockAt = 0;

  constructor(writeBufferBytes: number) {
    this.#writeBufferBytes = writeBufferBytes;
    const eighth = Math.min(BLOCK_BYTES_MAX, Math.floor(writeBufferBytes / 8));
    const pages = Math.ceil(eighth / BLOCK_BYTES_MIN) * BLOCK_BYTES_MIN;
    this.blockBytes = Math.max(BLOCK_BYTES_MIN, pages);
    this.reset();
  }

  reset(): void {
    this.allocatedBytes = INLINE_BYTES;
    this.#blockRemaining = INLINE_BYTES;
    this.#blockAt = 0;
    for (const bytes of EMPTY_MEMTABLE_ALLOCATIONS) this.allocate(bytes);
  }

  allocate(bytes: number): void {
    const rounded = (bytes + 7) & ~7;
    const slop = -this.#blockAt & (ALIGNMENT - 1);
    if (rounded + slop <= this.#blockRemaining) {
      this.#blockAt += rounded + slop;
      this.#blockRemaining -= rounded + slop;
      return;
    }
    if (rounded > this.blockBytes / 4) {
      this.allocatedBytes += mallocUsableBytes(rounded);
      return;
    }
    this.allocatedBytes += mallocUsableBytes(this.blockBytes);
    this.#blockAt = rounded;
    this.#blockRemaining = this.blockBytes - rounded;
  }

  /** Full: as much allocated as the buffer allows, and the last block is three quarters used. */
  get full(): boolean {
    const limit = this.#writeBufferBytes + this.blockBytes * OVER_ALLOCATION;
    if (this.allocatedBytes + this.blockBytes < limit) return false;
    if (this.allocatedBytes > limit) return true;
    return this.#blockRemaining < this.blockBytes / 4;
  }
}

/** glibc on 64 bits: chunks are multiples of 16 and the header takes 8 of them. */
function mallocUsableBytes(bytes: number): number {
  return Math.ceil((bytes + 8) / 16) * 16 - 8;
}
