/**
 * Writes the blob files of one flush or compaction: values of at least `min_blob_size`, one after the
 * other; a file that has reached `blob_file_size` gets its footer, is synced, and the next one begins with
 * the next blob. Records go to the disk in pieces of 1 MiB (RocksDB's writable_file_max_buffer_size).
 *
 * After a failed call the job fails; `abandon` removes what was written.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import type { Category, DiskOutcome, File } from '../../sim/disk/disk.ts';
import { BYTES_COPIED, BYTES_HASHED, SYSTEM_CALLS } from '../../sim/work.ts';
import {
  appendBlobFooter,
  appendBlobHeader,
  appendBlobRecord,
  BLOB_FILE_OVERHEAD_BYTES,
  BLOB_RECORD_HEADER_BYTES,
  BlobIndex,
  blobRecordBytes,
} from './blob-format.ts';
import { blobName, type Store } from './store.ts';

const WRITE_BYTES = 1048576;

/** A finished blob file, not yet part of the version. */
export interface BuiltBlobFile {
  readonly number: number;
  readonly blobs: number;
  readonly bytes: number;
  readonly file: File;
}

export class BlobFileBuilder {
  readonly #store: Store;
  readonly #category: Category;
  readonly #out = new SparseBuffer(256);
  readonly #index = new BlobIndex();
  #file: File | undefined;
  #number = 0;
  /** Bytes handed to the disk, of the open file. */
  #flushed = 0;
  #blobs = 0;
  #bytes = 0;
  outcome: DiskOutcome = 'ok';
  /** Closed and synced, in the order of their numbers. */
  readonly built: BuiltBlobFile[] = [];
  /** Bytes of records so far, over all files: what bounds a job's slices. */
  recordBytes = 0;
  /** The file that the last `add` wrote to. */
  get number(): number {
    return this.#number;
  }

  constructor(store: Store, category: Category) {
    this.#store = store;
    this.#category = category;
  }

  /** Writes the value and makes `value` stand for the reference to it, borrowed until the next call. False: it failed. */
  add(key: Uint8Array, keyLength: number, value: Value): boolean {
    const store = this.#store;
    const out = this.#out;
    if (this.#file === undefined) {
      this.#number = store.newFileNumber();
      this.#file = store.disk.create(blobName(store.directory, this.#number), this.#category);
      this.#flushed = 0;
      this.#blobs = 0;
      this.#bytes = 0;
      out.reset();
      appendBlobHeader(out);
    }
    const { length } = value;
    const recordBytes = blobRecordBytes(keyLength, length);
    const offset = this.#flushed + out.length + BLOB_RECORD_HEADER_BYTES + keyLength;
    appendBlobRecord(out, key, keyLength, value);
    store.work.counts[BYTES_HASHED] += recordBytes;
    this.#blobs++;
    this.#bytes += recordBytes;
    this.recordBytes += recordBytes;
    const { blobFileBytes } = store.options;
    this.#index.encode(this.#number, offset, length, value);
    if (this.#flushed + out.length >= blobFileBytes) this.#closeFile();
    else if (out.length >= WRITE_BYTES) this.#writeOut();
    return this.outcome === 'ok';
  }

  /** Closes the file that is open. False: a write or sync failed. */
  finish(): boolean {
    if (this.#file !== undefined && this.outcome === 'ok') this.#closeFile();
    return this.outcome === 'ok';
  }

  /** Removes every file. */
  abandon(): void {
    const store = this.#store;
    if (this.#file !== undefined) store.removeBlobFile(this.#number, this.#file);
    this.#file = undefined;
    for (const { number, file } of this.built) store.removeBlobFile(number, file);
    this.built.length = 0;
  }

  /** Bytes of all finished files. */
  get fileBytes(): number {
    return this.built.reduce((sum, { bytes }) => sum + bytes + BLOB_FILE_OVERHEAD_BYTES, 0);
  }

  #closeFile(): void {
    const file = this.#file;
    if (file === undefined) return;
    appendBlobFooter(this.#out, this.#blobs);
    this.#writeOut();
    if (this.outcome === 'ok') {
      this.#store.work.counts[SYSTEM_CALLS]++;
      this.outcome = this.#store.disk.sync(file);
    }
    if (this.outcome !== 'ok') return;
    this.built.push({ number: this.#number, blobs: this.#blobs, bytes: this.#bytes, file });
    this.#file = undefined;
  }

  #writeOut(): void {
    const file = this.#file;
    const out = this.#out;
    if (file === undefined) return;
    const { disk, work } = this.#store;
    if (this.outcome === 'ok') this.outcome = disk.write(file, this.#flushed, out);
    work.counts[BYTES_COPIED] += out.length;
    work.counts[SYSTEM_CALLS]++;
    this.#flushed += out.length;
    out.reset();
  }
}
