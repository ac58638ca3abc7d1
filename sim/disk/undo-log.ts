/**
 * What would have to be undone if the power failed now: one record for each change of content or
 * length that is not durable, chained by file from oldest to newest. Typed arrays; records are reused.
 *
 *     APPENDED     length from a to b, and written the bytes [a, b), which were zeros
 *     GREW         length from a to b, nothing written
 *     CUT          length from a to b, b < a (the cut-off blocks have WIPED records)
 *     FILLED_HOLE  written bytes [a, b), which were zeros and lie below the length
 *     OVERWRITTEN  written block a, bytes [b / 8192, b % 8192); the record owns a reference to the block as it was
 *     WIPED        the same, but by cutting: zeros now
 *
 * What a record wrote can be found too: its range, in the old content of the next OVERWRITTEN or WIPED
 * record for the same block or, failing that, in the block as it is now, less what records in between
 * wrote where zeros had been.
 *
 * A record may be LOST: what it wrote never reaches the medium, whatever syncs say (`faults/`), unless its page is
 * written again. It and all that follow it in its file are kept until then.
 *
 * Limit: 2^26 records; without lost ones the host's write-back keeps them to what was written in a few seconds.
 */
import { assert } from '../assert.ts';
import { type BlockRef, type BlockStore, ZERO_BLOCK } from './block-store.ts';
import { BLOCK_BYTES } from './disk.ts';
import type { SimulatedFile } from './simulated-file.ts';

export const APPENDED = 0;
export const GREW = 1;
export const CUT = 2;
export const FILLED_HOLE = 3;
/** From here on: records with a block's old content. */
export const OVERWRITTEN = 4;
export const WIPED = 5;

/** Value of `isDurable` beside 0 and 1. */
export const LOST = 2;

/** Scale of `from` in an OVERWRITTEN record's second number. */
export const RANGE_SCALE = 8192;

const RECORDS_MAX = 1 << 26;

/** The sequence number after which a thread's calls have not happened yet in virtual time. */
export interface Barriers {
  barrier(thread: number): number;
}

export class UndoLog {
  kind = new Uint8Array(256);
  thread = new Uint8Array(256);
  isDurable = new Uint8Array(256);
  next = new Int32Array(256);
  ref = new Int32Array(256);
  sequence = new Float64Array(256);
  a = new Float64Array(256);
  b = new Float64Array(256);
  /** Records in use. */
  count = 0;
  /** What `add` makes of a record: 0, or LOST while a write is made that will not arrive. */
  addedAs = 0;
  #used = 0;
  #free = -1;

  add(file: SimulatedFile, kind: number, thread: number, sequence: number, a: number, b: number, ref: BlockRef): void {
    const record = this.#make(kind, thread, sequence, a, b, ref);
    if (file.lastRecord < 0) file.firstRecord = record;
    else this.next[file.lastRecord] = record;
    file.lastRecord = record;
  }

  #make(kind: number, thread: number, sequence: number, a: number, b: number, ref: BlockRef): number {
    let record = this.#free;
    if (record >= 0) this.#free = this.next[record];
    else {
      if (this.#used === this.kind.length) this.#grow();
      record = this.#used++;
    }
    this.count++;
    this.kind[record] = kind;
    this.thread[record] = thread;
    this.isDurable[record] = this.addedAs;
    this.next[record] = -1;
    this.ref[record] = ref;
    this.sequence[record] = sequence;
    this.a[record] = a;
    this.b[record] = b;
    return record;
  }

  /** What was done to the file up to `sequence`, and has happened, is durable now. */
  settle(file: SimulatedFile, sequence: number, barriers: Barriers, store: BlockStore): void {
    let record = file.firstRecord;
    let isPrefix = true;
    while (record >= 0 && this.sequence[record] <= sequence) {
      const next = this.next[record];
      const isLost = this.isDurable[record] === LOST;
      if (!isLost && this.sequence[record] <= barriers.barrier(this.thread[record])) this.isDurable[record] = 1;
      // a durable record behind one that may yet be undone still tells what it wrote
      if (this.isDurable[record] !== 1) isPrefix = false;
      if (isPrefix) {
        this.#drop(record, store);
        file.firstRecord = next;
      }
      record = next;
    }
    if (file.firstRecord < 0) file.lastRecord = -1;
  }

  /** What was written to the file and is not durable never will be. Its length is the file system's, and may still become so. */
  lose(file: SimulatedFile): void {
    file.hasLost = true;
    for (let record = file.firstRecord; record >= 0; record = this.next[record]) {
      if (this.isDurable[record] !== 0) continue;
      const kind = this.kind[record];
      if (kind === OVERWRITTEN || kind === FILLED_HOLE) this.isDurable[record] = LOST;
      else if (kind === APPENDED) this.#loseAppended(file, record);
    }
  }

  /** Becomes two: the length, and what was written. */
  #loseAppended(file: SimulatedFile, record: number): void {
    this.kind[record] = GREW;
    const { thread, sequence, a, b } = this;
    const content = this.#make(FILLED_HOLE, thread[record]!, sequence[record]!, a[record]!, b[record]!, ZERO_BLOCK);
    this.isDurable[content] = LOST;
    this.next[content] = this.next[record]!;
    this.next[record] = content;
    if (file.lastRecord === record) file.lastRecord = content;
  }

  /** Pages [from, to) are written anew as a whole: what was lost of them is on its way again. */
  mend(file: SimulatedFile, from: number, to: number): void {
    file.hasLost = false;
    for (let record = file.firstRecord; record >= 0; record = this.next[record]) {
      if (this.isDurable[record] !== LOST) continue;
      const isBlock = this.kind[record] >= OVERWRITTEN;
      const first = isBlock ? this.a[record] : Math.floor(this.a[record] / BLOCK_BYTES);
      const last = isBlock ? first : Math.ceil(this.b[record] / BLOCK_BYTES) - 1;
      if (first >= from && last < to) this.isDurable[record] = 0;
      else file.hasLost = true;
    }
  }

  /** Whether anything up to `sequence` is not durable; `lostOnly`: or will never be. */
  hasOpen(file: SimulatedFile, sequence: number, lostOnly: boolean): boolean {
    for (let record = file.firstRecord; record >= 0 && this.sequence[record] <= sequence; record = this.next[record]) {
      if (this.isDurable[record] === LOST || (!lostOnly && this.isDurable[record] === 0)) return true;
    }
    return false;
  }

  /** Takes all records from the file, oldest first: `drop` must follow. */
  detach(file: SimulatedFile): number[] {
    const records: number[] = [];
    for (let record = file.firstRecord; record >= 0; record = this.next[record]) records.push(record);
    file.firstRecord = -1;
    file.lastRecord = -1;
    return records;
  }

  drop(detached: readonly number[], store: BlockStore): void {
    for (const record of detached) this.#drop(record, store);
  }

  /** Forgets all records of the file. */
  discard(file: SimulatedFile, store: BlockStore): void {
    while (file.firstRecord >= 0) {
      const record = file.firstRecord;
      file.firstRecord = this.next[record];
      this.#drop(record, store);
    }
    file.lastRecord = -1;
  }

  get memoryBytes(): number {
    return this.kind.length * 35;
  }

  #drop(record: number, store: BlockStore): void {
    store.release(this.ref[record]);
    this.next[record] = this.#free;
    this.#free = record;
    this.count--;
  }

  #grow(): void {
    const size = this.kind.length * 2;
    assert(size <= RECORDS_MAX, 'disk: more than 2^26 changes that are not durable');
    this.kind = grownBytes(this.kind, size);
    this.thread = grownBytes(this.thread, size);
    this.isDurable = grownBytes(this.isDurable, size);
    this.next = grownIntegers(this.next, size);
    this.ref = grownIntegers(this.ref, size);
    this.sequence = grownDoubles(this.sequence, size);
    this.a = grownDoubles(this.a, size);
    this.b = grownDoubles(this.b, size);
  }
}

function grownBytes(old: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const bigger = new Uint8Array(size);
  bigger.set(old);
  return bigger;
}
function grownIntegers(old: Int32Array, size: number): Int32Array<ArrayBuffer> {
  const bigger = new Int32Array(size);
  bigger.set(old);
  return bigger;
}
function grownDoubles(old: Float64Array, size: number): Float64Array<ArrayBuffer> {
  const bigger = new Float64Array(size);
  bigger.set(old);
  return bigger;
}
