/**
 * The file `index`: records, appended and never changed.
 *
 * Fault model: what the last commit doesn't count is cut off by `restart`. A record that is read from the
 * disk must have the hash that its reference gives; one that hasn't is a fault, and the read fails.
 */
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import { BYTES_COPIED, INDEX_STEPS, SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { AppendedFile } from './appended-file.ts';
import type { Digester } from './digester.ts';
import { equalHashes, HEADER_BYTES } from './format.ts';
import { RecordCache } from './record-cache.ts';

/** Records as the trie and its builder see them. */
export interface IndexStore {
  /** Where the next record will stand. */
  readonly end: number;
  append(record: Uint8Array): void;
  /** The record, if it can be read and has the 32 bytes at `hashAt` as its hash. */
  read(offset: number, length: number, hash: Uint8Array, hashAt: number): Uint8Array | undefined;
}

export class IndexFile extends AppendedFile implements IndexStore {
  end = HEADER_BYTES;
  readonly cache: RecordCache;
  /** The first record that was not what it should be. */
  fault: Fault | undefined;
  readonly #digester: Digester;
  readonly #buffer = new SparseBuffer(1024);
  readonly #hash = new Uint8Array(DIGEST_BYTES);

  constructor(disk: Disk, file: File, work: Work, digester: Digester, cacheBytes: number) {
    super(disk, file, work, 'ledger-index');
    this.#digester = digester;
    this.cache = new RecordCache(cacheBytes);
  }

  /** Goes back to the first `end` bytes; false if the file is shorter. */
  restart(end: number): boolean {
    this.cache.dropFrom(end);
    this.end = end;
    return this.cutTo(end);
  }

  append(record: Uint8Array): void {
    this.work.counts[BYTES_COPIED]! += record.length;
    this.cache.add(this.end, record);
    this.end += record.length;
    this.add(record);
  }

  read(offset: number, length: number, hash: Uint8Array, hashAt: number): Uint8Array | undefined {
    this.work.counts[INDEX_STEPS]!++;
    const cached = this.cache.get(offset);
    if (cached !== undefined) return cached;
    if (offset < HEADER_BYTES || offset + length > this.end) return this.#failed(offset, 'a record past the end');
    const record = new Uint8Array(length);
    this.work.counts[BYTES_COPIED]! += length;
    if (!this.copyPending(offset, length, record)) {
      this.work.counts[SYSTEM_CALLS]!++;
      if (this.disk.read(this.file, offset, length, this.#buffer) !== 'ok') {
        return this.#failed(offset, 'cannot be read');
      }
      if (this.#buffer.length < length) return this.#failed(offset, 'the file ends within a record');
      this.#buffer.copyTo(record, 0, 0, length);
      this.#digester.record(record, 0, length, this.#hash, 0);
      if (!equalHashes(this.#hash, 0, hash, hashAt)) return this.#failed(offset, 'a record of another hash');
    }
    this.cache.add(offset, record);
    return record;
  }

  /** Bytes that no reference proves: the caller checks them. */
  readBytes(offset: number, length: number): Uint8Array | undefined {
    this.work.counts[SYSTEM_CALLS]!++;
    if (this.flush() !== 'ok' || offset + length > this.end) return undefined;
    if (this.disk.read(this.file, offset, length, this.#buffer) !== 'ok') return undefined;
    return this.#buffer.toBytes();
  }

  #failed(offset: number, what: string): undefined {
    this.fault ??= { where: `${this.file.name} offset ${offset}`, what };
    return undefined;
  }
}
