/**
 * Reads the entries of a value-log file in their order, and where its sound part ends.
 *
 * An entry that is cut off, has a wrong checksum, or does not belong to the transaction before it ends the
 * walk; `validEnd` is behind the last whole transaction. That is what a crash leaves, or damage: whoever reads decides.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import { BYTES_HASHED, ENTRIES_DECODED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { TRANSACTION_BIT, TRANSACTION_END_BIT, VALUE_LOG_HEADER_BYTES } from './format.ts';
import { HEADER_BYTES_MAX, LogEntry } from './log-entry.ts';

const WINDOW_BYTES = 1 << 20;

export class LogReader {
  readonly entry = new LogEntry();
  readonly #disk: Disk;
  readonly #file: File;
  readonly #work: Work;
  readonly #window = new SparseBuffer(4096);
  #windowFrom = 0;
  #next: number;
  /** Version of the transaction whose end has not come yet; 0: there is none. */
  #open = 0;
  /** Where the current entry starts in the file. */
  offset = 0;
  validEnd: number;
  /** Why the walk ended; undefined at the end of the file. */
  failure: string | undefined;

  constructor(disk: Disk, file: File, offset: number, work: Work) {
    this.#disk = disk;
    this.#file = file;
    this.#work = work;
    this.#next = Math.max(offset, VALUE_LOG_HEADER_BYTES);
    this.validEnd = this.#next;
  }

  /** False at the end of the sound part. */
  next(): boolean {
    const { entry } = this;
    if (this.failure !== undefined) return false;
    const at = this.#next;
    if (at >= this.#file.length) {
      if (this.#open !== 0) this.failure = 'a transaction without its end';
      return false;
    }
    if (!this.#load(at, HEADER_BYTES_MAX)) return false;
    const window = this.#window;
    if (!entry.readHeader(window, at - this.#windowFrom, window.length)) return this.#fail('an entry that is none');
    if (at + entry.length > this.#file.length) return this.#fail('an entry that is cut off');
    if (at - this.#windowFrom + entry.length > window.length) {
      if (!this.#load(at, entry.length)) return false;
      entry.readHeader(window, at - this.#windowFrom, window.length);
    }
    this.#work.counts[BYTES_HASHED] += entry.length;
    this.#work.counts[ENTRIES_DECODED]++;
    if (!entry.isSound(window, at - this.#windowFrom)) return this.#fail('checksum mismatch');
    entry.takeKey(window);
    this.offset = at;
    this.#next = at + entry.length;
    return this.#follow();
  }

  /** The current entry's value, borrowed until `next`. */
  value(into: Value): void {
    this.#window.valueAt(this.entry.valueFrom, this.entry.valueTo, into);
  }

  /** Whether the entry may stand here, transactions considered. */
  #follow(): boolean {
    const { entry } = this;
    if ((entry.meta & TRANSACTION_BIT) !== 0) {
      if (this.#open === 0) this.#open = entry.version;
      if (this.#open !== entry.version) return this.#fail('a transaction inside another');
      return true;
    }
    if ((entry.meta & TRANSACTION_END_BIT) !== 0) {
      if (this.#open === 0 || this.#endedVersion() !== this.#open) return this.#fail('the end of another transaction');
      this.#open = 0;
    } else if (this.#open !== 0) return this.#fail('a single entry inside a transaction');
    this.validEnd = this.#next;
    return true;
  }

  #endedVersion(): number {
    const { valueFrom, valueTo } = this.entry;
    let version = 0;
    if (valueTo - valueFrom > 16) return -1;
    for (let at = valueFrom; at < valueTo; at++) {
      const digit = this.#window.byteAt(at) - 0x30;
      if (digit < 0 || digit > 9) return -1;
      version = version * 10 + digit;
    }
    return version;
  }

  /** Puts file[at, at + needed), as far as there is so much, into the window. */
  #load(at: number, needed: number): boolean {
    const window = this.#window;
    const available = Math.min(needed, this.#file.length - at);
    if (at >= this.#windowFrom && at + available <= this.#windowFrom + window.length) return true;
    this.#work.counts[SYSTEM_CALLS]++;
    const length = Math.max(available, WINDOW_BYTES);
    if (this.#disk.read(this.#file, at, length, window) !== 'ok') return this.#fail('read failed');
    this.#windowFrom = at;
    return true;
  }

  #fail(failure: string): boolean {
    this.failure = failure;
    return false;
  }
}
