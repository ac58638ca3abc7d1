/**
 * Gathers records and hands them to the file in few, large writes.
 *
 * As etcd's: up to 128 KiB wait in memory; when a record passes that, everything up to the last full
 * 4 KiB page of the file is written and the rest goes on waiting, so that a page is not written twice
 * for want of its tail. A flush (before every fsync) writes all of it. Where etcd writes the buffer and
 * a record's own full pages in two calls, this is one; the bytes are the same.
 *
 * What waits here is the process's memory: a crash loses it.
 */
import { SparseBuffer } from '../../bytes/sparse-buffer.ts';
import { BLOCK_BYTES, type Disk, type DiskOutcome, type File } from '../../disk/disk.ts';
import { SYSTEM_CALLS, type Work } from '../../work.ts';

const BUFFERED_BYTES_MAX = 128 * 1024;

export class PageWriter {
  /** Write records here, then call `spill`. */
  buffer = new SparseBuffer(4096);
  /** Where in the file the buffer begins: bytes written so far. */
  offset = 0;
  file: File;
  readonly #disk: Disk;
  readonly #work: Work;
  #spare = new SparseBuffer(4096);

  constructor(disk: Disk, work: Work, file: File, offset: number) {
    this.#disk = disk;
    this.#work = work;
    this.file = file;
    this.offset = offset;
  }

  /** Goes on in another file. Nothing may be waiting. */
  turnTo(file: File, offset: number): void {
    this.file = file;
    this.offset = offset;
    this.buffer.reset();
  }

  /** After a record: writes full pages if more waits than may. */
  spill(): DiskOutcome {
    if (this.buffer.length <= BUFFERED_BYTES_MAX) return 'ok';
    const end = this.offset + this.buffer.length;
    const pages = end - (end % BLOCK_BYTES) - this.offset;
    const outcome = this.#write(pages);
    if (outcome !== 'ok') return outcome;
    const rest = this.#spare.reset();
    rest.slice(this.buffer, pages, this.buffer.length);
    this.#spare = this.buffer;
    this.buffer = rest;
    return 'ok';
  }

  flush(): DiskOutcome {
    if (this.buffer.length === 0) return 'ok';
    const outcome = this.#write(this.buffer.length);
    if (outcome === 'ok') this.buffer.reset();
    return outcome;
  }

  #write(length: number): DiskOutcome {
    this.#work.counts[SYSTEM_CALLS] = this.#work.counts[SYSTEM_CALLS]! + 1;
    const outcome = this.#disk.write(this.file, this.offset, this.buffer, 0, length);
    if (outcome === 'ok') this.offset += length;
    return outcome;
  }
}
