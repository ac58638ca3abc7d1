/**
 * Walks disjoint ascending tables (one of level 0, or a level) as one sequence: for reads through
 * the block cache, for compactions through a window of its own that runs ahead as the kernel's
 * readahead does, so that a compaction reads each input once and leaves the cache alone.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk } from '../../sim/disk/disk.ts';
import { BLOCKS_DECODED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import type { BlockCache } from './block-cache.ts';
import { BlockCursor } from './block-cursor.ts';
import { BLOCK_TRAILER_BYTES } from './table-builder.ts';
import { findTable, type TableFile, tableName } from './table-file.ts';
import { verifyBlock } from './table-reader.ts';

const WINDOW_BYTES = 262144;

export class TablesCursor extends BlockCursor {
  #tables: readonly TableFile[] = [];
  readonly #disk: Disk;
  readonly #cache: BlockCache | undefined;
  #table = 0;
  #block = -1;
  #slot = -1;
  readonly #window: SparseBuffer | undefined;
  #windowTable = -1;
  #windowFrom = 0;

  /** With a cache blocks come from there and are pinned: call `close`. Without, the cursor is for one pass. */
  constructor(disk: Disk, cache: BlockCache | undefined, work: Work) {
    super(work);
    this.#disk = disk;
    this.#cache = cache;
    this.#window = cache === undefined ? new SparseBuffer(4096) : undefined;
  }

  /** What to walk; `first` or `seek` comes next. */
  setTables(tables: readonly TableFile[]): this {
    this.#tables = tables;
    this.#windowTable = -1;
    this.failure = undefined;
    this.valid = false;
    return this;
  }

  override first(): void {
    this.#table = 0;
    this.#block = -1;
    this.valid = false;
    this.#nextBlock();
  }

  override next(): void {
    super.next();
    if (!this.valid) this.#nextBlock();
  }

  override seek(key: Uint8Array, from: number, to: number): void {
    this.valid = false;
    this.#table = findTable(this.#tables, key, from, to);
    if (this.#table === this.#tables.length) return;
    this.#block = this.#tables[this.#table].reader.findBlock(key, from, to, this.work);
    if (this.#block < this.#tables[this.#table].reader.blocks) {
      if (!this.#load()) return;
      super.seek(key, from, to);
    }
    if (!this.valid) this.#nextBlock();
  }

  /** Does the current entry stand in block k of its table? For checks. */
  isInBlock(k: number): boolean {
    return this.#block === k;
  }

  close(): void {
    if (this.#slot >= 0) this.#cache?.unpin(this.#slot);
    this.#slot = -1;
  }

  /** To the first entry of the next block that has one. */
  #nextBlock(): void {
    while (this.failure === undefined && this.#table < this.#tables.length) {
      this.#block++;
      if (this.#block >= this.#tables[this.#table].reader.blocks) {
        this.#table++;
        this.#block = -1;
        continue;
      }
      if (!this.#load()) return;
      super.next();
      if (this.valid) return;
    }
  }

  #load(): boolean {
    const table = this.#tables[this.#table];
    const { reader } = table;
    reader.handle(this.#block);
    const { handleOffset, handleSize } = reader;
    const cache = this.#cache;
    let failure: string | undefined;
    if (cache !== undefined) {
      this.close();
      const slot = cache.load(reader, handleOffset, handleSize, true);
      if (slot >= 0) {
        this.#slot = slot;
        this.setBlock(cache.buffer(slot), 0, handleSize);
        return true;
      }
      failure = cache.failure;
    } else {
      failure = this.#readWindow(handleOffset, handleSize);
    }
    if (failure === undefined) return true;
    this.failure = `${tableName('', table.number)} at ${handleOffset}: ${failure}`;
    this.valid = false;
    return false;
  }

  #readWindow(offset: number, size: number): string | undefined {
    const window = this.#window;
    if (window === undefined) return 'a cursor without a window';
    const end = offset + size + BLOCK_TRAILER_BYTES;
    if (this.#windowTable !== this.#table || offset < this.#windowFrom || end > this.#windowFrom + window.length) {
      const { file } = this.#tables[this.#table].reader;
      this.work.counts[SYSTEM_CALLS]++;
      const length = Math.min(Math.max(WINDOW_BYTES, end - offset), file.length - offset);
      this.#windowTable = -1;
      if (this.#disk.read(file, offset, length, window) !== 'ok') return 'read failed';
      this.#windowTable = this.#table;
      this.#windowFrom = offset;
      if (end > offset + window.length) return 'a block past the end of the file';
    }
    const from = offset - this.#windowFrom;
    const failure = verifyBlock(window, from, from + size, this.work, this.#tables[this.#table].reader.checksum);
    if (failure !== undefined) return failure;
    this.work.counts[BLOCKS_DECODED]++;
    this.setBlock(window, from, from + size);
    return undefined;
  }
}
