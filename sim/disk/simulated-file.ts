/**
 * One file: its block table, its length, and the state of its pages. Plain data; `simulated-disk.ts` acts on it.
 *
 * For each block one reference into the block store and two bytes of state: residency, CLOCK's
 * reference bit, dirtiness, and the category for which it was last written. The tables grow
 * geometrically and cover written blocks only: beyond them, everything is zeros.
 *
 * Invariant: every byte at or beyond `length` is zero.
 *
 * The block that the last partial write went to may be kept unpacked (`hot`): its bytes [0, hot.length),
 * followed by zeros. Then `blocks[hotBlock]` is stale until the disk seals it.
 */
import { assert } from '../assert.ts';
import type { SparseBuffer } from '../bytes/sparse-buffer.ts';
import type { BlockRef } from './block-store.ts';
import { CATEGORIES, type Category, type File } from './disk.ts';

/** The page is in the page cache. */
export const RESIDENT = 1;
/** It was used since the clock's hand last passed. */
export const REFERENCED = 2;
/** It was written and has not been handed to the device since. */
export const DIRTY = 4;
/** Only within one pass over the dirty list. */
export const MARKED = 8;
export const CATEGORY_SHIFT = 4;

const BLOCKS_MAX = 2 ** 31 - 1;

export class SimulatedFile implements File {
  readonly id: number;
  /** The name it was last bound to; still that after removal. */
  name: string;
  readonly category: Category;
  readonly categoryIndex: number;
  length = 0;

  blocks: Int32Array = EMPTY_BLOCKS;
  pages: Uint16Array = EMPTY_PAGES;
  /** Entries of the tables that may differ from 0. */
  blockCount = 0;

  /** Blocks that became dirty, in that order; may hold blocks that are clean again, and twice the same. */
  dirty: Int32Array = EMPTY_BLOCKS;
  dirtyCount = 0;
  /** How many of them were dirty before the last `writeBack`, and the disk's sequence number then. */
  agedCount = 0;
  agedSequence = 0;

  hot: SparseBuffer | undefined;
  hotBlock = -1;
  /** Its place among the disk's hot files. */
  hotSlot = -1;
  hotIsDirty = false;

  /** Undo records, oldest to newest; −1: none. */
  firstRecord = -1;
  lastRecord = -1;

  /** Everything up to this sequence number is durable, as syncs have said: they may have lied. */
  promisedTo = 0;
  /** Some undo record may be LOST. */
  hasLost = false;

  /** Handles given out and not closed. */
  handles = 0;
  isNamed = false;
  /** Entries of the name journal that mention this file: its content may be needed again. */
  journalReferences = 0;
  /** The process that opened it is gone. */
  isDead = false;

  constructor(id: number, name: string, category: Category) {
    this.id = id;
    this.name = name;
    this.category = category;
    this.categoryIndex = CATEGORIES.indexOf(category);
    assert(this.categoryIndex >= 0, 'disk: unknown category');
  }

  block(index: number): BlockRef {
    return index < this.blockCount ? this.blocks[index] : 0;
  }
  page(index: number): number {
    return index < this.blockCount ? this.pages[index] : 0;
  }

  /** Makes the tables reach block `count` − 1. */
  cover(count: number): void {
    if (count <= this.blockCount) return;
    assert(count <= BLOCKS_MAX, 'disk: a file of more than 2^31 blocks');
    if (count > this.blocks.length) {
      const old = this.blocks.length;
      const size = Math.max(count, 8, old < 1 << 16 ? old * 2 : old + (old >>> 2));
      const blocks = new Int32Array(size);
      blocks.set(this.blocks);
      this.blocks = blocks;
      const pages = new Uint16Array(size);
      pages.set(this.pages);
      this.pages = pages;
    }
    this.blockCount = count;
  }

  addDirty(block: number): void {
    if (this.dirtyCount === this.dirty.length) {
      const grown = new Int32Array(Math.max(8, this.dirty.length * 2));
      grown.set(this.dirty);
      this.dirty = grown;
    }
    this.dirty[this.dirtyCount++] = block;
  }

  /** Memory of the tables. */
  get tableBytes(): number {
    return this.blocks.byteLength + this.pages.byteLength + this.dirty.byteLength;
  }
}

const EMPTY_BLOCKS = new Int32Array(0);
const EMPTY_PAGES = new Uint16Array(0);
