/**
 * Follows references to blobs. Each read takes the whole record and verifies both checksums, the lengths
 * and the key, as RocksDB does with `verify_checksums`: damage ends the read, it never gives a wrong value.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import { BYTES_HASHED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import type { BlobAmount, BlobFiles } from './blob-files.ts';
import {
  BLOB_FOOTER_BYTES,
  BLOB_HEADER_BYTES,
  BLOB_RECORD_HEADER_BYTES,
  BlobIndex,
  blobRecordBytes,
  blobRecordFailure,
  headerFailure,
  readBlobFooter,
  readBlobRecordHeader,
} from './blob-format.ts';

export class BlobReader {
  readonly #disk: Disk;
  readonly #blobs: BlobFiles;
  readonly #work: Work;
  readonly #record = new SparseBuffer(256);
  #key: Uint8Array = new Uint8Array(256);
  /** The reference that was followed last. */
  readonly index = new BlobIndex();

  constructor(disk: Disk, blobs: BlobFiles, work: Work) {
    this.#disk = disk;
    this.#blobs = blobs;
    this.#work = work;
  }

  /** Replaces the reference in `value` by the blob, borrowed until the next call; or says what is wrong. */
  follow(key: Uint8Array, keyLength: number, value: Value): string | undefined {
    const { index } = this;
    if (!index.decode(value)) return 'a reference to a blob that does not decode';
    const file = this.#blobs.get(index.file)?.file;
    if (file === undefined) return `a reference to blob file ${index.file}, which is not there`;
    return this.#read(file, key, keyLength, value) ?? undefined;
  }

  #read(file: File, key: Uint8Array, keyLength: number, into: Value): string | undefined {
    const { offset, valueLength } = this.index;
    const recordBytes = blobRecordBytes(keyLength, valueLength);
    const from = offset - BLOB_RECORD_HEADER_BYTES - keyLength;
    if (from < BLOB_HEADER_BYTES || from + recordBytes + BLOB_FOOTER_BYTES > file.length) {
      return 'a reference past the blob file';
    }
    const record = this.#record;
    this.#work.counts[SYSTEM_CALLS]++;
    if (this.#disk.read(file, from, recordBytes, record) !== 'ok') return 'read of a blob failed';
    this.#work.counts[BYTES_HASHED] += recordBytes;
    const header = readBlobRecordHeader(record, 0);
    if (typeof header === 'string') return header;
    if (header.keyLength !== keyLength || header.valueLength !== valueLength) return 'a blob of another length';
    if (keyLength > this.#key.length) this.#key = new Uint8Array(keyLength * 2);
    record.copyTo(this.#key, 0, BLOB_RECORD_HEADER_BYTES, BLOB_RECORD_HEADER_BYTES + keyLength);
    if (compareRanges(this.#key, 0, keyLength, key, 0, keyLength) !== 0) return 'a blob of another key';
    const failure = blobRecordFailure(record, 0, recordBytes);
    if (failure === undefined) record.valueAt(BLOB_RECORD_HEADER_BYTES + keyLength, recordBytes, into);
    return failure;
  }
}

/** A blob file that a manifest lists, its size, header and footer checked; a string says why it cannot be used. */
export function openBlobFile(disk: Disk, name: string, listed: BlobAmount): File | string {
  const file = disk.open(name);
  if (file === undefined) return 'the file is missing';
  const failure = ends(disk, file, listed);
  if (failure === undefined) return file;
  disk.close(file);
  return failure;
}

function ends(disk: Disk, file: File, { blobs, bytes }: BlobAmount): string | undefined {
  const expected = BLOB_HEADER_BYTES + bytes + BLOB_FOOTER_BYTES;
  if (file.length !== expected) return `${file.length} bytes, not ${expected}`;
  const buffer = new SparseBuffer(BLOB_FOOTER_BYTES);
  if (disk.read(file, 0, BLOB_HEADER_BYTES, buffer) !== 'ok') return 'read failed';
  const failure = headerFailure(buffer);
  if (failure !== undefined) return failure;
  if (disk.read(file, file.length - BLOB_FOOTER_BYTES, BLOB_FOOTER_BYTES, buffer) !== 'ok') return 'read failed';
  const count = readBlobFooter(buffer);
  if (typeof count === 'string') return count;
  return count === blobs ? undefined : `${count} blobs, not ${blobs}`;
}
