/**
 * Blocks kept for reads, least recently used first out, bounded by their real size. Badger's cache
 * (ristretto) admits and evicts by estimated frequency; this is its size without that policy. Off by
 * default, as in Badger: then every read goes to the memory-mapped table.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk } from '../../sim/disk/disk.ts';
import type { Table } from './table.ts';

/** Table number and offset in one exact number. */
const OFFSETS = 4294967296;

export class BlockCache {
  readonly #disk: Disk;
  readonly #bytesMax: number;
  /** In the order of their last use. */
  readonly #blocks = new Map<number, SparseBuffer>();
  readonly #single = new SparseBuffer(4096);
  usedBytes = 0;
  hits = 0;
  misses = 0;

  constructor(disk: Disk, bytesMax: number) {
    this.#disk = disk;
    this.#bytesMax = bytesMax;
  }

  /** The block, valid until the next call; undefined: it cannot be read. */
  load(table: Table, block: number): SparseBuffer | undefined {
    const offset = table.index.offset(block);
    const length = table.index.length(block);
    if (length > this.#bytesMax) return this.#read(table, offset, length, this.#single);
    const key = table.number * OFFSETS + offset;
    const known = this.#blocks.get(key);
    if (known !== undefined) {
      this.hits++;
      this.#blocks.delete(key);
      this.#blocks.set(key, known);
      return known;
    }
    this.misses++;
    const buffer = this.#read(table, offset, length, this.#makeRoom(length));
    if (buffer === undefined) return undefined;
    this.#blocks.set(key, buffer);
    this.usedBytes += length;
    return buffer;
  }

  #read(table: Table, offset: number, length: number, into: SparseBuffer): SparseBuffer | undefined {
    return this.#disk.read(table.file, offset, length, into) === 'ok' && into.length === length ? into : undefined;
  }

  #makeRoom(bytes: number): SparseBuffer {
    let buffer: SparseBuffer | undefined;
    for (const [key, block] of this.#blocks) {
      if (this.usedBytes + bytes <= this.#bytesMax) break;
      this.#blocks.delete(key);
      this.usedBytes -= block.length;
      buffer = block;
    }
    return buffer ?? new SparseBuffer(512);
  }
}
