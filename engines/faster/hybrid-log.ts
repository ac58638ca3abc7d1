/**
 * The hybrid log: addresses from `begin` to `tail`, in pages.
 *
 *     begin ………… head ………… readOnly ………… tail
 *        on disk      in memory,    in memory,
 *                     unchangeable  changed in place
 *
 * A new page moves `readOnly` on, to a share of the memory behind the tail, and `head` to keep within the memory; a
 * page that is read-only is due for its flush, and leaves memory only after it. With no page free before it is
 * flushed the writer flushes it itself: FASTER's writer waits.
 *
 * Fault model: a failed write or sync is returned; a page that was not written stays in memory. What was written by a
 * thread whose sync may not have finished is synced again by a checkpoint before it relies on it.
 */
import { assert } from '../../sim/assert.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { Disk, DiskOutcome } from '../../sim/disk/disk.ts';
import { BYTES_COPIED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { LogPage } from './log-page.ts';
import { LogSegments } from './log-segments.ts';
import type { Options } from './options.ts';
import { decodePage } from './page-decoder.ts';
import { alignSector, FIRST_ADDRESS, SECTOR_BYTES } from './record-format.ts';

export class HybridLog {
  begin = FIRST_ADDRESS;
  head = FIRST_ADDRESS;
  readOnly = FIRST_ADDRESS;
  /** What a finished write has brought to the file. */
  flushed = FIRST_ADDRESS;
  /** What was handed to the file. */
  written = FIRST_ADDRESS;
  tail = FIRST_ADDRESS;
  readonly segments: LogSegments;
  readonly pageBytes: number;
  /** Pages that fit in memory. */
  readonly pagesMax: number;
  /** Why the last `readPage` failed. */
  reason = '';
  /** How often a writer had to flush for itself. */
  stalls = 0;
  pagesFlushed = 0;
  readonly #readOnlyLag: number;
  readonly #headLag: number;
  /** Page n at n modulo `pagesMax`. */
  readonly #pages: (LogPage | undefined)[];
  /** Pages ever in use, at most `pagesMax`: FASTER keeps their memory. */
  #pagesAllocated = 1;
  readonly #work: Work;
  readonly #buffer = new SparseBuffer(4096);
  readonly #scratch = new Value();

  constructor(disk: Disk, directory: string, options: Options, work: Work) {
    this.pageBytes = options.pageBytes;
    this.pagesMax = options.memoryBytes / options.pageBytes;
    this.segments = new LogSegments(disk, `${directory}hlog.log.`, options.segmentBytes, 'flush', work);
    this.#readOnlyLag = Math.floor(options.mutableFraction * (this.pagesMax - 1)) * this.pageBytes;
    this.#headLag = (this.pagesMax - 1) * this.pageBytes;
    this.#pages = new Array(this.pagesMax).fill(undefined);
    this.#pages[0] = new LogPage(0, FIRST_ADDRESS);
    this.#work = work;
  }

  get memoryBytes(): number {
    return Math.min(this.pagesMax, this.#pagesAllocated + 1) * this.pageBytes;
  }

  pageNumber(address: number): number {
    return Math.floor(address / this.pageBytes);
  }

  /** The page in memory that holds the address; undefined if it is on disk only. */
  memoryPage(address: number): LogPage | undefined {
    if (address < this.head || address >= this.tail) return undefined;
    const number = this.pageNumber(address);
    const page = this.#pages[number % this.pagesMax];
    return page?.number === number ? page : undefined;
  }

  /** The page that the next record of so many bytes goes to, at `tail`; undefined if memory could not be made free. */
  reserve(bytes: number): LogPage | DiskOutcome {
    assert(bytes <= this.pageBytes, 'faster: a record does not fit on a page (PageSizeBits)');
    let number = this.pageNumber(this.tail);
    if (this.tail - number * this.pageBytes + bytes > this.pageBytes) number++;
    const page = this.#pages[number % this.pagesMax];
    if (page?.number === number) return page;
    const outcome = this.#turnTo(number);
    if (outcome !== 'ok') return outcome;
    const fresh = new LogPage(number);
    this.#pages[number % this.pagesMax] = fresh;
    this.#pagesAllocated = Math.max(this.#pagesAllocated, number + 1);
    this.tail = number * this.pageBytes;
    return fresh;
  }

  #turnTo(number: number): DiskOutcome {
    const start = number * this.pageBytes;
    this.readOnly = Math.max(this.readOnly, start - this.#readOnlyLag);
    while (number >= this.pagesMax + this.pageNumber(this.flushed)) {
      this.stalls++;
      const outcome = this.#flushNow();
      if (outcome !== 'ok') return outcome;
    }
    this.shiftHead(start - this.#headLag);
    return 'ok';
  }

  shiftHead(desired: number): void {
    const head = Math.min(desired, this.flushed);
    if (head <= this.head) return;
    this.head = head;
    const first = this.pageNumber(head);
    for (let i = 0; i < this.pagesMax; i++) {
      const page = this.#pages[i];
      if (page !== undefined && page.number < first) this.#pages[i] = undefined;
    }
  }

  /** Writers would have to wait for the flush of a page. */
  get isFull(): boolean {
    return (
      this.flushed < this.readOnly && this.pageNumber(this.tail) + 1 >= this.pagesMax + this.pageNumber(this.flushed)
    );
  }

  /** The writer's own flush, of the next page or of what a job has begun: it waits for the sync. */
  #flushNow(): DiskOutcome {
    if (this.written === this.flushed) {
      const outcome = this.writePage();
      if (outcome !== 'ok') return outcome;
    }
    const { written } = this;
    const synced = this.segments.sync(false);
    if (synced === 'ok') this.flushed = written;
    return synced;
  }

  get isFlushDue(): boolean {
    return this.written < this.readOnly;
  }

  /**
   * Writes what is read-only and not in the file yet, to the end of its page. `flushed` follows when a sync has ended.
   */
  writePage(): DiskOutcome {
    assert(this.written < this.readOnly, 'faster: nothing is due for a flush');
    const number = this.pageNumber(this.written);
    const until = Math.min((number + 1) * this.pageBytes, this.readOnly);
    const outcome = this.#write(number, this.written, until);
    if (outcome !== 'ok') return outcome;
    this.written = until;
    this.pagesFlushed++;
    return 'ok';
  }

  /** Makes everything read-only and writes it. */
  writeAll(): DiskOutcome {
    this.readOnly = this.tail;
    while (this.written < this.readOnly) {
      const outcome = this.writePage();
      if (outcome !== 'ok') return outcome;
    }
    return 'ok';
  }

  #write(number: number, from: number, until: number): DiskOutcome {
    const page = this.#pages[number % this.pagesMax];
    assert(page?.number === number, 'faster: a page left memory before its flush');
    const start = number * this.pageBytes;
    const alignedFrom = Math.floor((from - start) / SECTOR_BYTES) * SECTOR_BYTES;
    const alignedTo = alignSector(until - start);
    const buffer = this.#buffer.reset();
    const base = page.encode(alignedFrom, alignedTo, buffer, this.#scratch);
    return this.segments.write(start + alignedFrom, buffer, alignedFrom - base, alignedTo - base);
  }

  /** Appends the bytes of page `number` up to address `until` to a buffer. */
  encodePage(number: number, until: number, buffer: SparseBuffer): void {
    const page = this.#pages[number % this.pagesMax];
    assert(page?.number === number, 'faster: a page left memory before its snapshot');
    page.encode(0, alignSector(Math.min(until - number * this.pageBytes, this.pageBytes)), buffer, this.#scratch);
  }

  /** Page `number` with its records in [from, until), from memory or read; undefined, and `reason`, if it can't be. */
  readPage(number: number, from: number, until: number): LogPage | undefined {
    const start = number * this.pageBytes;
    const known = this.memoryPage(Math.max(from, start));
    if (known !== undefined && this.head <= Math.max(from, start)) return known;
    const offset = Math.max(0, from - start);
    const to = Math.min(this.pageBytes, until - start);
    return this.decode(this.segments, start, number, offset, to);
  }

  /** Decodes a page whose bytes stand at `at` of some device. */
  decode(segments: LogSegments, at: number, number: number, offset: number, to: number): LogPage | undefined {
    const buffer = this.#buffer.reset();
    const base = Math.floor(offset / SECTOR_BYTES) * SECTOR_BYTES;
    this.reason = '';
    if (!segments.read(at + base, to - base, buffer)) {
      this.reason = segments.reason;
      return undefined;
    }
    const { counts } = this.#work;
    counts[SYSTEM_CALLS]!++;
    counts[BYTES_COPIED]! += to - base;
    const page = new LogPage(number, offset);
    const wrong = decodePage(buffer, base, offset, to, page);
    if (wrong === undefined) return page;
    this.reason = `page ${number}, ${wrong}`;
    return undefined;
  }

  // ——— recovery ———

  /** Sets the addresses; no page is in memory but those that `adoptIfRecent` then brings. */
  restore(begin: number, head: number, flushed: number, tail: number): void {
    this.begin = begin;
    this.head = head;
    this.readOnly = flushed;
    this.flushed = flushed;
    this.written = flushed;
    this.tail = tail;
    this.#pages.fill(undefined);
    this.#pagesAllocated = Math.min(this.pagesMax, this.pageNumber(tail) + 1);
  }

  adoptIfRecent(page: LogPage): void {
    if (page.number >= this.pageNumber(this.head)) this.#pages[page.number % this.pagesMax] = page;
  }
}
