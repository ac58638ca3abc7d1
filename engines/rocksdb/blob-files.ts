/**
 * The blob files of a version: how many blobs each holds, how much of that is garbage, and which tables
 * have it as the oldest file they refer to. Those links keep a file and every newer one alive: a table
 * may refer to any file from its oldest on.
 *
 * A file is dropped once it is older than every linked one, or once it has no link and all of it is garbage.
 */
import type { File } from '../../sim/disk/disk.ts';

export interface BlobFile {
  readonly number: number;
  readonly blobs: number;
  /** Of records, without the file's header and footer. */
  readonly bytes: number;
  garbageBlobs: number;
  garbageBytes: number;
  /** Numbers of the tables whose oldest blob file this is. */
  readonly linkedTables: Set<number>;
  /** Undefined where only the manifest's account is wanted. */
  readonly file: File | undefined;
}

/** Blobs of one file, as manifest records count them. */
export interface BlobAmount {
  readonly number: number;
  readonly blobs: number;
  readonly bytes: number;
}

export class BlobFiles {
  /** Ascending by number. */
  readonly files: BlobFile[] = [];

  get(number: number): BlobFile | undefined {
    const at = this.#lowerBound(number);
    return this.files[at]?.number === number ? this.files[at] : undefined;
  }

  /** False: there is one of that number. */
  add({ number, blobs, bytes }: BlobAmount, file: File | undefined): boolean {
    const at = this.#lowerBound(number);
    if (this.files[at]?.number === number) return false;
    this.files.splice(at, 0, { number, blobs, bytes, garbageBlobs: 0, garbageBytes: 0, linkedTables: new Set(), file });
    return true;
  }

  /** False: there is no such file, or it does not hold so much. */
  addGarbage({ number, blobs, bytes }: BlobAmount): boolean {
    const found = this.get(number);
    if (found === undefined) return false;
    found.garbageBlobs += blobs;
    found.garbageBytes += bytes;
    return found.garbageBlobs <= found.blobs && found.garbageBytes <= found.bytes;
  }

  /** `oldest`: the oldest blob file that the table refers to; 0: to none. False: that file is not there. */
  link(table: number, oldest: number): boolean {
    if (oldest === 0) return true;
    return this.get(oldest)?.linkedTables.add(table) !== undefined;
  }
  unlink(table: number, oldest: number): boolean {
    if (oldest === 0) return true;
    return this.get(oldest)?.linkedTables.delete(table) === true;
  }

  /** Takes out the files that nothing needs, and returns them: after every change of tables. */
  prune(): BlobFile[] {
    const { files } = this;
    const firstLinked = files.findIndex(({ linkedTables }) => linkedTables.size > 0);
    const dropped: BlobFile[] = [];
    let kept = 0;
    for (let i = 0; i < files.length; i++) {
      const file = files[i];
      const isOlder = firstLinked >= 0 && i < firstLinked;
      if (isOlder || (file.linkedTables.size === 0 && file.garbageBlobs >= file.blobs)) dropped.push(file);
      else files[kept++] = file;
    }
    files.length = kept;
    return dropped;
  }

  /** Files below this number are emptied by garbage collection: the oldest `share` of all. */
  cutoff(share: number): number {
    const index = Math.floor(share * this.files.length);
    return index < this.files.length ? this.files[index].number : Number.POSITIVE_INFINITY;
  }

  #lowerBound(number: number): number {
    let low = 0;
    let high = this.files.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.files[middle].number < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
