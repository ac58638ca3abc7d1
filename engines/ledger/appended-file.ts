/**
 * A file that has a header and then only grows, written in pieces of 64 KiB.
 *
 * Fault model: what was not synced is left to the crash; what the last commit does not count is cut off by `cutTo`.
 * After the first call that failed nothing more is written until the next `cutTo`.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Category, Disk, DiskOutcome, File } from '../../sim/disk/disk.ts';
import { SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { HEADER_BYTES } from './format.ts';

const FLUSH_BYTES = 64 * 1024;

export class AppendedFile {
  readonly file: File;
  /** The first thing that went wrong since `cutTo`. */
  outcome: DiskOutcome = 'ok';
  protected readonly disk: Disk;
  protected readonly work: Work;
  readonly #category: Category;
  readonly #pending = new SparseBuffer(FLUSH_BYTES);
  #flushed = HEADER_BYTES;

  constructor(disk: Disk, file: File, work: Work, category: Category) {
    this.disk = disk;
    this.file = file;
    this.work = work;
    this.#category = category;
  }

  /** Goes back to the first `end` bytes; false if the file is shorter. */
  protected cutTo(end: number): boolean {
    this.#pending.reset();
    this.outcome = 'ok';
    this.#flushed = end;
    if (this.file.length < end) return false;
    if (this.file.length > end) this.outcome = this.disk.truncate(this.file, end);
    return true;
  }

  protected add(bytes: Uint8Array): void {
    this.#pending.bytes(bytes);
    if (this.#pending.length >= FLUSH_BYTES) this.flush();
  }

  /** Copies what has not been handed to the disk yet; false if it has been. */
  protected copyPending(offset: number, length: number, into: Uint8Array): boolean {
    if (offset < this.#flushed) return false;
    this.#pending.copyTo(into, 0, offset - this.#flushed, offset - this.#flushed + length);
    return true;
  }

  flush(): DiskOutcome {
    const pending = this.#pending;
    if (pending.length > 0 && this.outcome === 'ok') {
      this.work.counts[SYSTEM_CALLS]!++;
      this.outcome = this.disk.write(this.file, this.#flushed, pending, 0, pending.length, this.#category);
      this.#flushed += pending.length;
      pending.reset();
    }
    return this.outcome;
  }

  sync(): DiskOutcome {
    if (this.flush() !== 'ok') return this.outcome;
    this.work.counts[SYSTEM_CALLS]!++;
    this.outcome = this.disk.sync(this.file);
    return this.outcome;
  }
}
