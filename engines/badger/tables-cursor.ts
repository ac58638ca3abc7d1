/**
 * Walks disjoint ascending tables one after the other, or a single one. Blocks are read through a
 * window, so that a compaction's reads are sequential and few; a scan's window is one block.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk } from '../../sim/disk/disk.ts';
import type { Work } from '../../sim/work.ts';
import { BlockCursor } from './block-cursor.ts';
import { findTable, type Table } from './table.ts';

export class TablesCursor extends BlockCursor {
  readonly #disk: Disk;
  readonly #windowBytes: number;
  readonly #verify: boolean;
  #tables: readonly Table[] = [];
  #table = 0;
  #block = 0;
  readonly #window = new SparseBuffer(4096);
  #windowTable = -1;
  #windowFrom = 0;

  constructor(disk: Disk, windowBytes: number, verify: boolean, work: Work) {
    super(work);
    this.#disk = disk;
    this.#windowBytes = windowBytes;
    this.#verify = verify;
  }

  setTables(tables: readonly Table[]): this {
    this.#tables = tables;
    this.#windowTable = -1;
    this.valid = false;
    this.failure = undefined;
    return this;
  }

  /** Where the current entry stands: for messages. */
  get place(): string {
    const table = this.#tables[this.#table];
    return table === undefined ? 'no table' : `table ${table.number}, block ${this.#block}`;
  }
  get block(): number {
    return this.#block;
  }

  override first(): void {
    this.#table = 0;
    this.#block = -1;
    this.#nextBlock();
  }

  override next(): void {
    super.next();
    if (!this.valid && this.failure === undefined) this.#nextBlock();
  }

  override seek(key: Uint8Array, from: number, to: number, version: number): void {
    this.#table = findTable(this.#tables, key, from, to);
    this.valid = false;
    if (this.#table >= this.#tables.length) return;
    const { index } = this.#tables[this.#table];
    this.#block = Math.max(0, index.firstAfter(key, from, to, version) - 1);
    if (!this.#load()) return;
    super.seek(key, from, to, version);
    if (!this.valid && this.failure === undefined) this.#nextBlock();
  }

  #nextBlock(): void {
    this.valid = false;
    for (;;) {
      const table = this.#tables[this.#table];
      if (table === undefined) return;
      if (++this.#block < table.index.count) break;
      this.#table++;
      this.#block = -1;
    }
    if (this.#load()) super.first();
  }

  #load(): boolean {
    const { file, index, number } = this.#tables[this.#table];
    const offset = index.offset(this.#block);
    const length = index.length(this.#block);
    const window = this.#window;
    const inWindow =
      this.#windowTable === number && offset >= this.#windowFrom && offset + length <= this.#windowFrom + window.length;
    if (!inWindow) {
      const wanted = Math.max(length, Math.min(this.#windowBytes, index.end - offset));
      if (this.#disk.read(file, offset, wanted, window) !== 'ok') return this.#fail('read failed');
      if (window.length < length) return this.#fail('a block past the end of the file');
      this.#windowTable = number;
      this.#windowFrom = offset;
    }
    this.setBlock(window, offset - this.#windowFrom, offset - this.#windowFrom + length, this.#verify);
    return this.failure === undefined || this.#fail(this.failure);
  }

  #fail(failure: string): boolean {
    this.failure = `${this.place}: ${failure}`;
    this.valid = false;
    this.#windowTable = -1;
    return false;
  }
}
