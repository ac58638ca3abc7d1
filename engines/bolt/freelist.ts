/**
 * The free pages of the file: those that may be allocated, and those that the transaction at
 * hand has freed (pending), which the next one may allocate.
 *
 * Two structures for the former, as in bbolt: a sorted array (`freelist-array.ts`) and spans by
 * size (`freelist-hashmap.ts`). What the real one would do is counted in `Work`, also where ours
 * gets the same result by a shorter way.
 *
 * Simplified: no read transaction outlives a call, so only one transaction is ever pending and
 * pages need not remember who allocated them.
 */
import { assert } from '../../sim/assert.ts';
import { FREELIST_IDS_MOVED, FREELIST_IDS_SORTED, type Work } from '../../sim/work.ts';
import { COUNT_OVERFLOW, PAGE_HEADER_BYTES } from './format.ts';
import { grownIds, mergeIds, sortDepth, sortIds } from './ids.ts';

/** The pages that may be allocated. Methods count the work that bbolt's counterpart does. */
export interface FreePages {
  /** How many, at no charge. */
  readonly count: number;
  /** Charges what finding out how many costs the real structure. */
  chargeCount(): void;
  /** Takes `pages` contiguous pages and returns the first, or 0 if there are none. */
  allocate(pages: number): number;
  /** Adds ids[0, count): ascending, none of them free already. */
  add(ids: Int32Array, count: number): void;
  /** Writes all ids, ascending, to the start of `into`. */
  copyTo(into: Int32Array): void;
  clear(): void;
  readonly memoryBytes: number;
}

const USED = 0;
const FREE = 1;
const PENDING = 2;

export class Freelist {
  readonly pages: FreePages;
  readonly #work: Work;
  pendingCount = 0;
  #pending: Int32Array = new Int32Array(64);
  #scratch: Int32Array = new Int32Array(64);
  #state = new Uint8Array(64);

  constructor(pages: FreePages, work: Work) {
    this.pages = pages;
    this.#work = work;
  }

  /** Free and pending pages. */
  get count(): number {
    return this.pages.count + this.pendingCount;
  }

  /** Bytes of a freelist page that holds them all, as `commit` asks for them. */
  serializedBytes(): number {
    this.pages.chargeCount();
    const { count } = this;
    return PAGE_HEADER_BYTES + 8 * (count >= COUNT_OVERFLOW ? count + 1 : count);
  }

  isFree(id: number): boolean {
    return id < this.#state.length && this.#state[id] !== USED;
  }

  /** The first of `pages` contiguous free pages, or 0. */
  allocate(pages: number): number {
    const first = this.pages.allocate(pages);
    if (first === 0) return 0;
    for (let id = first; id < first + pages; id++) {
      assert(this.#state[id] === FREE, 'freelist: allocated a page that is not free');
      this.#state[id] = USED;
    }
    return first;
  }

  /** Makes pages pending. False, and nothing changed, if one of them is free already: the file is corrupt. */
  free(first: number, pages: number): boolean {
    const end = first + pages;
    if (end > this.#state.length) this.#growState(end);
    for (let id = first; id < end; id++) if (this.#state[id] !== USED) return false;
    if (this.pendingCount + pages > this.#pending.length) {
      this.#pending = grownIds(this.#pending, this.pendingCount + pages);
    }
    for (let id = first; id < end; id++) {
      this.#state[id] = PENDING;
      this.#pending[this.pendingCount++] = id;
    }
    this.#work.counts[FREELIST_IDS_MOVED]! += pages;
    return true;
  }

  /** What the last transaction freed becomes free: done when the next one begins. */
  release(): void {
    const count = this.pendingCount;
    if (count > 0) {
      this.#sortPending();
      for (let i = 0; i < count; i++) this.#state[this.#pending[i]!] = FREE;
      this.pendingCount = 0;
    }
    this.pages.add(this.#pending, count);
  }

  /** Replaces everything by ids[0, count): ascending and distinct, none pending. */
  load(ids: Int32Array, count: number): void {
    this.#state.fill(USED);
    this.pendingCount = 0;
    this.pages.clear();
    if (count > 0 && ids[count - 1]! >= this.#state.length) this.#growState(ids[count - 1]! + 1);
    for (let i = 0; i < count; i++) this.#state[ids[i]!] = FREE;
    this.pages.add(ids, count);
  }

  /** All free and pending ids, ascending; borrowed until the next call. Charged like bbolt's copy into a page. */
  collect(): Int32Array {
    const free = this.pages.count;
    const pending = this.pendingCount;
    const count = free + pending;
    if (this.#scratch.length < count + free) this.#scratch = new Int32Array((count + free) * 2);
    this.pages.chargeCount();
    this.pages.copyTo(this.#scratch.subarray(count));
    this.#sortPending();
    // the free ids stand behind the place of the result, which can't overtake them
    mergeIds(this.#scratch, count, count + free, this.#pending, pending, this.#scratch);
    this.#work.counts[FREELIST_IDS_MOVED]! += count + pending;
    return this.#scratch;
  }

  /** All free and pending ids, ascending, at no charge: for checks. */
  ids(): number[] {
    const ids: number[] = [];
    for (let id = 2; id < this.#state.length; id++) if (this.#state[id] !== USED) ids.push(id);
    return ids;
  }

  get memoryBytes(): number {
    const own = this.#state.byteLength + this.#pending.byteLength + this.#scratch.byteLength;
    return own + this.pages.memoryBytes;
  }

  #sortPending(): void {
    const count = this.pendingCount;
    if (this.#scratch.length < count) this.#scratch = new Int32Array(count * 2);
    sortIds(this.#pending, this.#pending, count);
    this.#work.counts[FREELIST_IDS_SORTED]! += count * sortDepth(count);
  }

  #growState(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#state.length * 2));
    grown.set(this.#state);
    this.#state = grown;
  }
}
