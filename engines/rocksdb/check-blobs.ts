/**
 * The part of the whole-store check that walks blob files: sizes, header, footer and both checksums of every
 * record; each reference in a table leads to a record of that key and length; the oldest file that a table
 * refers to is the one recorded; and what is referred to and what the manifest counts as garbage are
 * together all that a file holds.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import type { File } from '../../sim/disk/disk.ts';
import type { BlobFile, BlobFiles } from './blob-files.ts';
import {
  BLOB_FOOTER_BYTES,
  BLOB_HEADER_BYTES,
  BLOB_RECORD_HEADER_BYTES,
  BlobIndex,
  blobRecordBytes,
  blobRecordFailure,
  readBlobRecordHeader,
} from './blob-format.ts';
import { openBlobFile } from './blob-reader.ts';
import { blobName, type Store } from './store.ts';

type Add = (where: string, what: string) => void;

/** What references were found to a file. */
interface Referred {
  blobs: number;
  bytes: number;
}

export class BlobCheck {
  readonly #store: Store;
  readonly #listed: BlobFiles;
  readonly #add: Add;
  readonly #open = new Map<number, File>();
  readonly #referred = new Map<number, Referred>();
  readonly #index = new BlobIndex();
  readonly #buffer = new SparseBuffer(256);

  /** Opens and walks every file that the manifest lists. */
  constructor(store: Store, listed: BlobFiles, add: Add) {
    this.#store = store;
    this.#listed = listed;
    this.#add = add;
    for (const blobFile of listed.files) {
      const name = blobName(store.directory, blobFile.number);
      const file = openBlobFile(store.disk, name, blobFile);
      if (typeof file === 'string') add(name, file);
      else {
        this.#open.set(blobFile.number, file);
        this.#walk(name, file, blobFile);
      }
    }
  }

  /** A reference that stands in a table; the file it leads to, 0 if it does not. */
  reference(table: string, key: Uint8Array, keyLength: number, value: Value): number {
    const index = this.#index;
    if (!index.decode(value)) {
      this.#add(table, 'a reference to a blob that does not decode');
      return 0;
    }
    const file = this.#open.get(index.file);
    if (this.#listed.get(index.file) === undefined) {
      this.#add(table, `a reference to blob file ${index.file}, which is not there`);
    } else if (file !== undefined && !this.#isRecordOf(file, key, keyLength)) {
      this.#add(table, `a reference to blob file ${index.file} at ${index.offset}, where no blob of that key is`);
    }
    const bytes = index.recordBytes(keyLength);
    const referred = this.#referred.get(index.file);
    if (referred === undefined) this.#referred.set(index.file, { blobs: 1, bytes });
    else {
      referred.blobs++;
      referred.bytes += bytes;
    }
    return index.file;
  }

  /** After all tables: compares what is referred to with what the manifest counts, and closes the files. */
  finish(): void {
    for (const { number, blobs, bytes, garbageBlobs, garbageBytes } of this.#listed.files) {
      const live = this.#referred.get(number) ?? { blobs: 0, bytes: 0 };
      if (live.blobs + garbageBlobs !== blobs || live.bytes + garbageBytes !== bytes) {
        const counted = `${live.blobs} blobs referred to and ${garbageBlobs} counted as garbage, of ${blobs}`;
        this.#add(blobName(this.#store.directory, number), counted);
      }
    }
    for (const file of this.#open.values()) this.#store.disk.close(file);
  }

  #walk(name: string, file: File, { blobs }: BlobFile): void {
    const { disk } = this.#store;
    const buffer = this.#buffer;
    const end = file.length - BLOB_FOOTER_BYTES;
    let at = BLOB_HEADER_BYTES;
    let found = 0;
    for (; at < end; found++) {
      if (disk.read(file, at, Math.min(BLOB_RECORD_HEADER_BYTES, end - at), buffer) !== 'ok') {
        this.#add(`${name} at ${at}`, 'read failed');
        return;
      }
      const header = readBlobRecordHeader(buffer, 0);
      const bytes = typeof header === 'string' ? 0 : blobRecordBytes(header.keyLength, header.valueLength);
      if (typeof header === 'string' || at + bytes > end) {
        this.#add(`${name} at ${at}`, typeof header === 'string' ? header : 'a record past the end of the file');
        return;
      }
      const readable = disk.read(file, at, bytes, buffer) === 'ok';
      const failure = readable ? blobRecordFailure(buffer, 0, bytes) : 'read failed';
      if (failure !== undefined) this.#add(`${name} at ${at}`, failure);
      at += bytes;
    }
    if (found !== blobs) this.#add(name, `${found} records, the manifest says ${blobs}`);
  }

  #isRecordOf(file: File, key: Uint8Array, keyLength: number): boolean {
    const { offset, valueLength } = this.#index;
    const from = offset - BLOB_RECORD_HEADER_BYTES - keyLength;
    const buffer = this.#buffer;
    if (from < BLOB_HEADER_BYTES || offset + valueLength + BLOB_FOOTER_BYTES > file.length) return false;
    if (this.#store.disk.read(file, from, BLOB_RECORD_HEADER_BYTES + keyLength, buffer) !== 'ok') return false;
    const header = readBlobRecordHeader(buffer, 0);
    if (typeof header === 'string' || header.keyLength !== keyLength || header.valueLength !== valueLength)
      return false;
    for (let i = 0; i < keyLength; i++) if (buffer.byteAt(BLOB_RECORD_HEADER_BYTES + i) !== key[i]) return false;
    return true;
  }
}
