/**
 * What a compaction does with blobs: values that are large enough move out to blob files, live blobs in the
 * oldest files (below the cutoff as of the compaction's start) are copied to new ones, and for each older
 * file it counts what came in and what went out again. The difference is the garbage that the compaction
 * leaves there, and the manifest is told.
 */
import { Value } from '../../sim/bytes/value.ts';
import { BlobFileBuilder } from './blob-file-builder.ts';
import type { BlobAmount } from './blob-files.ts';
import { BlobIndex } from './blob-format.ts';
import { BlobReader } from './blob-reader.ts';
import { type Cursor, TYPE_BLOB_INDEX, TYPE_VALUE } from './cursor.ts';
import type { Store } from './store.ts';

/** Blobs that came in less those that went out. */
interface Flow {
  blobs: number;
  bytes: number;
}

export class BlobCompaction {
  readonly #store: Store;
  readonly #extracts: boolean;
  readonly #cutoff: number;
  readonly builder: BlobFileBuilder;
  readonly #reader: BlobReader;
  readonly #index = new BlobIndex();
  readonly #flows = new Map<number, Flow>();
  readonly #incoming = new Value();
  /** What the last `output` made of its value. */
  type = TYPE_VALUE;
  /** The blob file that the last output refers to; 0: to none. */
  file = 0;
  /** Bytes read from blob files, over all: what bounds a job's slices. */
  readBytes = 0;
  relocatedBlobs = 0;
  relocatedBytes = 0;
  failure: string | undefined;

  constructor(store: Store, outputLevel: number) {
    const { options, blobs, disk, work } = store;
    this.#store = store;
    this.#extracts = options.blobFiles && outputLevel >= options.blobStartingLevel;
    this.#cutoff = options.blobGarbageCollection ? blobs.cutoff(options.blobAgeCutoff) : 0;
    this.builder = new BlobFileBuilder(store, 'compaction');
    this.#reader = new BlobReader(disk, blobs, work);
  }

  /** An entry of the inputs, kept or not. False: it is damaged. */
  input(entry: Cursor): boolean {
    if (entry.type !== TYPE_BLOB_INDEX) return true;
    entry.value(this.#incoming);
    if (!this.#index.decode(this.#incoming)) {
      this.failure = 'a reference to a blob that does not decode';
      return false;
    }
    const flow = this.#flows.get(this.#index.file);
    const bytes = this.#index.recordBytes(entry.keyLength);
    if (flow === undefined) this.#flows.set(this.#index.file, { blobs: 1, bytes });
    else {
      flow.blobs++;
      flow.bytes += bytes;
    }
    return true;
  }

  /** Turns the value of an entry that is kept into what the output table gets; `type` and `file` say what that is. */
  output(key: Uint8Array, keyLength: number, type: number, value: Value): boolean {
    this.type = type;
    this.file = 0;
    if (type === TYPE_VALUE) return this.#extract(key, keyLength, value);
    if (type !== TYPE_BLOB_INDEX) return true;
    if (!this.#index.decode(value)) {
      this.failure = 'a reference to a blob that does not decode';
      return false;
    }
    const { file } = this.#index;
    if (file >= this.#cutoff) {
      this.file = file;
      const flow = this.#flows.get(file);
      if (flow === undefined) return true;
      flow.blobs--;
      flow.bytes -= this.#index.recordBytes(keyLength);
      return true;
    }
    this.failure = this.#reader.follow(key, keyLength, value);
    if (this.failure !== undefined) return false;
    this.readBytes += this.#index.recordBytes(keyLength);
    this.relocatedBlobs++;
    this.relocatedBytes += value.length;
    this.type = TYPE_VALUE;
    return this.#extract(key, keyLength, value);
  }

  /** By file, ascending. */
  garbage(): BlobAmount[] {
    const found: BlobAmount[] = [];
    for (const [number, { blobs, bytes }] of this.#flows) if (blobs > 0) found.push({ number, blobs, bytes });
    return found.sort((a, b) => a.number - b.number);
  }

  #extract(key: Uint8Array, keyLength: number, value: Value): boolean {
    if (!this.#extracts || value.length < this.#store.options.blobBytesMin) return true;
    if (!this.builder.add(key, keyLength, value)) {
      this.failure = 'write of a blob failed';
      return false;
    }
    this.type = TYPE_BLOB_INDEX;
    this.file = this.builder.number;
    return true;
  }
}
