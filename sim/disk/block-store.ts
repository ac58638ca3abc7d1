/**
 * The content of every disk of a cluster: 4 KiB blocks, packed (`block-codec.ts`), shared copy-on-write.
 *
 * A reference is one integer. 0: a block of zeros. −1 − byte: a block of one byte repeated; neither
 * takes any space. Above 0: a slot, in units of eight bytes. A slot holds the number of its owners
 * (u16) and the packed block; its size is one of some sixty classes.
 *
 *     chunk (1 MiB) = span (64 KiB) × 16        span = slots of one class
 *
 * A block is never changed: a write packs a new one. Slots that became free serve their own class
 * only; what a store once took it keeps, as a slab allocator does. Over `bytesMax` it throws
 * `BlockStoreFullError`: that is this machine's memory, not the simulated world's.
 *
 * A store can stand on another one (`base`), which several may do: references into the base's chunks
 * mean the same block here. They have no owners to count, so that nothing of the base is ever written.
 */
import { assert } from '../assert.ts';
import { SparseBuffer } from '../bytes/sparse-buffer.ts';
import {
  PACK_SCRATCH_BYTES,
  PACKED_BYTES_MAX,
  packBlock,
  packedNextRun,
  packedUniformByte,
  unpackBlock,
} from './block-codec.ts';
import { BlockTemplates } from './block-templates.ts';
import { BLOCK_BYTES } from './disk.ts';
import { appendRange, appendRun, firstRunEndingAfter } from './runs.ts';

/** What a file's block table holds; see above. */
export type BlockRef = number;
export const ZERO_BLOCK: BlockRef = 0;

const UNIT_BYTES = 8;
const CHUNK_BYTES = 1 << 20;
const SPAN_BYTES = 1 << 16;
const UNITS_PER_CHUNK_LOG2 = 17;
const UNITS_PER_SPAN_LOG2 = 13;
const SPANS_PER_CHUNK = CHUNK_BYTES / SPAN_BYTES;
const OWNERS_BYTES = 2;
const OWNERS_MAX = 0xffff;
/** While it holds less than this, a store packs loosely: it costs a short run less time, and a long one no more room. */
const LOOSE_BYTES_MAX = 8 * CHUNK_BYTES;
/** 2^31 units. */
const ADDRESSABLE_BYTES = 2 ** 31 * UNIT_BYTES;

/** Slot sizes: every multiple of 8 up to 256, then steps of about an eighth. */
const CLASS_BYTES: readonly number[] = (() => {
  const sizes: number[] = [];
  const largest = Math.ceil((OWNERS_BYTES + PACKED_BYTES_MAX) / UNIT_BYTES) * UNIT_BYTES;
  for (let size = UNIT_BYTES; size < largest; ) {
    sizes.push(size);
    size += size < 256 ? UNIT_BYTES : Math.floor(size / 64) * UNIT_BYTES;
  }
  sizes.push(largest);
  return sizes;
})();

/** Class by size in units, rounded up. */
const CLASS_OF_UNITS: Uint8Array = (() => {
  const table = new Uint8Array(CLASS_BYTES[CLASS_BYTES.length - 1] / UNIT_BYTES + 1);
  for (let units = 0, size = 0; units < table.length; units++) {
    if (units * UNIT_BYTES > CLASS_BYTES[size]) size++;
    table[units] = size;
  }
  return table;
})();

/** The machine's share for block content is used up. */
export class BlockStoreFullError extends Error {
  override name = 'BlockStoreFullError';
}

export class BlockStore {
  /** Slots in use, their sizes rounded up to classes. */
  usedBytes = 0;
  /** Blocks that take a slot. */
  blockCount = 0;
  /** The first run to look at in the next `put` of the same data; −1: search. */
  #nextRun = -1;

  readonly #bytesMax: number;
  readonly #looseBytesMax: number;
  readonly #bytes: Uint8Array[] = [];
  readonly #words: Int32Array[] = [];
  #spanClass = new Uint8Array(64);
  #spanCount = 0;
  readonly #freeHead = new Int32Array(CLASS_BYTES.length);
  readonly #bumpNext = new Int32Array(CLASS_BYTES.length);
  readonly #bumpLeft = new Int32Array(CLASS_BYTES.length);
  readonly #scratch = new Uint8Array(PACK_SCRATCH_BYTES + UNIT_BYTES);
  readonly #scratchWords = new Int32Array(this.#scratch.buffer);
  readonly #templates: BlockTemplates;
  readonly #unpacked = new SparseBuffer(BLOCK_BYTES + UNIT_BYTES);
  /** The block that `#unpacked` holds: what reads one piece of a block often reads the next. 0: none. */
  #unpackedRef: BlockRef = 0;
  /** References below are the base's. */
  readonly #ownFrom: BlockRef = 0;

  /** Of `base`, what was stored before the call can be read here; `bytesMax` counts its chunks too. */
  constructor(bytesMax = ADDRESSABLE_BYTES, base?: BlockStore, looseBytesMax = LOOSE_BYTES_MAX) {
    this.#looseBytesMax = looseBytesMax;
    this.#bytesMax = Math.min(bytesMax, ADDRESSABLE_BYTES);
    this.#templates = base === undefined ? new BlockTemplates() : base.#templates.copy();
    if (base === undefined) return;
    const chunks = base.#bytes.length;
    this.#bytes.push(...base.#bytes);
    this.#words.push(...base.#words);
    this.#ownFrom = (chunks * CHUNK_BYTES) / UNIT_BYTES;
    this.#spanCount = chunks * SPANS_PER_CHUNK;
    this.#spanClass = new Uint8Array(this.#spanCount + 64);
  }

  /** Memory taken from the machine for slots. */
  get reservedBytes(): number {
    return this.#bytes.length * CHUNK_BYTES;
  }

  /** Stores data[from, to), followed by zeros up to a whole block, with one owner. */
  put(data: SparseBuffer, from: number, to: number): BlockRef {
    return this.#put(data, from, to, firstRunEndingAfter(data, from));
  }

  /** The same for consecutive blocks of the same data: call `startSeries` once, then ascending ranges without gaps. */
  startSeries(): void {
    this.#nextRun = -1;
  }
  putNext(data: SparseBuffer, from: number, to: number): BlockRef {
    const ref = this.#put(data, from, to, this.#nextRun < 0 ? firstRunEndingAfter(data, from) : this.#nextRun);
    this.#nextRun = packedNextRun;
    return ref;
  }

  /** One more owner. Returns what the new owner is to hold: a copy, if the block has 65,535 already. */
  share(ref: BlockRef): BlockRef {
    if (ref < this.#ownFrom || ref <= 0) return ref;
    const bytes = this.#bytes[ref >>> UNITS_PER_CHUNK_LOG2];
    const at = (ref & ((1 << UNITS_PER_CHUNK_LOG2) - 1)) * UNIT_BYTES;
    const owners = bytes[at] | (bytes[at + 1] << 8);
    if (owners === OWNERS_MAX) {
      this.#unpacked.reset();
      this.#unpackedRef = 0;
      unpackBlock(bytes, at + OWNERS_BYTES, this.#templates, this.#unpacked, false);
      return this.put(this.#unpacked, 0, BLOCK_BYTES);
    }
    bytes[at] = owners + 1;
    bytes[at + 1] = (owners + 1) >>> 8;
    return ref;
  }

  /** One owner less; the last one frees the slot. */
  release(ref: BlockRef): void {
    if (ref < this.#ownFrom || ref <= 0) return;
    const chunk = ref >>> UNITS_PER_CHUNK_LOG2;
    const bytes = this.#bytes[chunk];
    const unit = ref & ((1 << UNITS_PER_CHUNK_LOG2) - 1);
    const at = unit * UNIT_BYTES;
    const owners = bytes[at] | (bytes[at + 1] << 8);
    assert(owners > 0, 'block store: released more often than shared');
    if (owners > 1) {
      bytes[at] = owners - 1;
      bytes[at + 1] = (owners - 1) >>> 8;
      return;
    }
    if (ref === this.#unpackedRef) this.#unpackedRef = 0;
    const size = this.#spanClass[ref >>> UNITS_PER_SPAN_LOG2];
    const words = this.#words[chunk];
    words[unit * 2] = 0;
    words[unit * 2 + 1] = this.#freeHead[size];
    this.#freeHead[size] = ref;
    this.usedBytes -= CLASS_BYTES[size];
    this.blockCount--;
  }

  /** Appends bytes [from, to) of the block to `into`. */
  read(ref: BlockRef, into: SparseBuffer, from: number, to: number): void {
    if (ref <= 0) {
      appendRun(into, ref === 0 ? 0 : -1 - ref, to - from);
      return;
    }
    const bytes = this.#bytes[ref >>> UNITS_PER_CHUNK_LOG2];
    const at = (ref & ((1 << UNITS_PER_CHUNK_LOG2) - 1)) * UNIT_BYTES + OWNERS_BYTES;
    if (from === 0 && to === BLOCK_BYTES) {
      unpackBlock(bytes, at, this.#templates, into, false);
      return;
    }
    const unpacked = this.#unpacked;
    if (ref !== this.#unpackedRef) {
      unpackBlock(bytes, at, this.#templates, unpacked.reset(), false);
      this.#unpackedRef = ref;
    }
    appendRange(into, unpacked, from, to);
  }

  /** Appends the block without the zeros at its end. */
  readTrimmed(ref: BlockRef, into: SparseBuffer): void {
    if (ref === 0) return;
    if (ref < 0) {
      appendRun(into, -1 - ref, BLOCK_BYTES);
      return;
    }
    const at = (ref & ((1 << UNITS_PER_CHUNK_LOG2) - 1)) * UNIT_BYTES + OWNERS_BYTES;
    unpackBlock(this.#bytes[ref >>> UNITS_PER_CHUNK_LOG2], at, this.#templates, into, true);
  }

  #put(data: SparseBuffer, from: number, to: number, firstRun: number): BlockRef {
    const scratch = this.#scratch;
    const loose = this.usedBytes < this.#looseBytesMax;
    const end = packBlock(data, from, to, firstRun, this.#templates, scratch, OWNERS_BYTES, loose);
    if (end === OWNERS_BYTES) return packedUniformByte === 0 ? ZERO_BLOCK : -1 - packedUniformByte;
    const size = CLASS_OF_UNITS[(end + UNIT_BYTES - 1) >>> 3];
    const ref = this.#allocate(size);
    scratch[0] = 1;
    scratch[1] = 0;
    const words = this.#words[ref >>> UNITS_PER_CHUNK_LOG2];
    const at = (ref & ((1 << UNITS_PER_CHUNK_LOG2) - 1)) * 2;
    const count = (end + 3) >>> 2;
    if (count > 64) {
      words.set(this.#scratchWords.subarray(0, count), at);
    } else {
      const source = this.#scratchWords;
      for (let i = 0; i < count; i++) words[at + i] = source[i];
    }
    this.usedBytes += CLASS_BYTES[size];
    this.blockCount++;
    return ref;
  }

  #allocate(size: number): BlockRef {
    const free = this.#freeHead[size];
    if (free !== 0) {
      const words = this.#words[free >>> UNITS_PER_CHUNK_LOG2];
      this.#freeHead[size] = words[(free & ((1 << UNITS_PER_CHUNK_LOG2) - 1)) * 2 + 1];
      return free;
    }
    if (this.#bumpLeft[size] === 0) this.#addSpan(size);
    this.#bumpLeft[size]--;
    const ref = this.#bumpNext[size];
    this.#bumpNext[size] = ref + CLASS_BYTES[size] / UNIT_BYTES;
    return ref;
  }

  #addSpan(size: number): void {
    const span = this.#spanCount++;
    if (span % SPANS_PER_CHUNK === 0) this.#addChunk();
    if (span === this.#spanClass.length) {
      const grown = new Uint8Array(span * 2);
      grown.set(this.#spanClass);
      this.#spanClass = grown;
    }
    this.#spanClass[span] = size;
    const first = span << UNITS_PER_SPAN_LOG2;
    const slots = Math.floor(SPAN_BYTES / CLASS_BYTES[size]);
    // unit 0 is the reference to a block of zeros
    const skipped = span === 0 ? 1 : 0;
    this.#bumpNext[size] = first + (skipped * CLASS_BYTES[size]) / UNIT_BYTES;
    this.#bumpLeft[size] = slots - skipped;
  }

  #addChunk(): void {
    if (this.reservedBytes + CHUNK_BYTES > this.#bytesMax) {
      throw new BlockStoreFullError(`disk content takes more than ${this.#bytesMax} bytes of memory`);
    }
    // one unit more, so that unpacking may look a byte past a slot
    const buffer = new ArrayBuffer(CHUNK_BYTES + UNIT_BYTES);
    this.#bytes.push(new Uint8Array(buffer));
    this.#words.push(new Int32Array(buffer));
  }
}
