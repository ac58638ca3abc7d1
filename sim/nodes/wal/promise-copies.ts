/**
 * Term and vote, twice: beside the log, so that damage to its state records cannot make a node vote again.
 *
 *     promise-0, promise-1     one sector each; little endian
 *      0  u32  'PROM'      4  u64  term      12  u32  vote      16  u32  CRC-32C of the 16 bytes before
 *
 * Written one after the other, each synced, before the vote is sent; a crash leaves at least one of them whole. The
 * newer of those that can be read counts: terms only grow, and within one a vote is given once.
 */
import { crc32c } from '../../bytes/crc32c.ts';
import { readU32LE, readU64LE, writeU32LE, writeU64LE } from '../../bytes/fixed.ts';
import { SparseBuffer } from '../../bytes/sparse-buffer.ts';
import type { Disk, DiskOutcome } from '../../disk/disk.ts';
import { SYSTEM_CALLS, type Work } from '../../work.ts';

const MAGIC = 0x4d4f5250;
const SUMMED_BYTES = 16;
const COPY_BYTES = 20;
const COPIES = 2;

export interface StoredPromise {
  readonly term: number;
  readonly vote: number;
}

export class PromiseCopies {
  readonly #disk: Disk;
  readonly #work: Work;
  readonly #directory: string;

  /** `directory` ends in '/'. */
  constructor(disk: Disk, work: Work, directory: string) {
    this.#disk = disk;
    this.#work = work;
    this.#directory = directory;
  }

  save(term: number, vote: number): DiskOutcome {
    const bytes = new Uint8Array(COPY_BYTES);
    writeU32LE(bytes, 0, MAGIC);
    writeU64LE(bytes, 4, term);
    writeU32LE(bytes, 12, vote);
    writeU32LE(bytes, SUMMED_BYTES, crc32c(0, bytes, 0, SUMMED_BYTES));
    const out = new SparseBuffer(COPY_BYTES);
    out.bytes(bytes);
    for (let copy = 0; copy < COPIES; copy++) {
      const name = this.#name(copy);
      const file = this.#disk.open(name) ?? this.#disk.create(name, 'wal-identifiers');
      this.#work.counts[SYSTEM_CALLS] = this.#work.counts[SYSTEM_CALLS]! + 2;
      const written = this.#disk.write(file, 0, out);
      const synced = written === 'ok' ? this.#disk.sync(file) : written;
      this.#disk.close(file);
      if (synced !== 'ok') return synced;
    }
    return 'ok';
  }

  /** Undefined: no copy can be read. */
  read(): StoredPromise | undefined {
    let newest: StoredPromise | undefined;
    for (let copy = 0; copy < COPIES; copy++) {
      const found = this.#read(this.#name(copy));
      if (found === undefined) continue;
      if (newest === undefined || found.term > newest.term || (found.term === newest.term && newest.vote === 0))
        newest = found;
    }
    return newest;
  }

  #read(name: string): StoredPromise | undefined {
    const file = this.#disk.open(name);
    if (file === undefined) return undefined;
    const buffer = new SparseBuffer(COPY_BYTES);
    this.#work.counts[SYSTEM_CALLS] = this.#work.counts[SYSTEM_CALLS]! + 1;
    const outcome = this.#disk.read(file, 0, COPY_BYTES, buffer);
    this.#disk.close(file);
    if (outcome !== 'ok' || buffer.length < COPY_BYTES) return undefined;
    const bytes = buffer.toBytes();
    if (readU32LE(bytes, 0) !== MAGIC || crc32c(0, bytes, 0, SUMMED_BYTES) !== readU32LE(bytes, SUMMED_BYTES)) {
      return undefined;
    }
    return { term: readU64LE(bytes, 4), vote: readU32LE(bytes, 12) };
  }

  #name(copy: number): string {
    return `${this.#directory}promise-${copy}`;
  }
}
