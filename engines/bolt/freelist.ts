/**
 * The free pages of the file: those that may be allocated, and by transaction those that it freed and that an
 * older version of the trees still uses (pending).
 *
 * Two structures for the former, as in bbolt: a sorted array (`freelist-array.ts`) and spans by
 * size (`freelist-hashmap.ts`). What the real one would do is counted in `Work`, also where ours
 * gets the same result by a shorter way.
 *
 * Pending pages become free when a write transaction begins: those of transactions before the oldest reader, and
 * those that were both allocated and freed between two neighbouring readers. Who allocated a page is recorded only
 * while readers are open; no range between readers reaches back to before the oldest of them.
 */
import { assert } from '../../sim/assert.ts';
import { FREELIST_IDS_MOVED, FREELIST_IDS_SCANNED, FREELIST_IDS_SORTED, type Work } from '../../sim/work.ts';
import { COUNT_OVERFLOW, PAGE_HEADER_BYTES } from './format.ts';
import { chargeMapOperations, mapBytes } from './go-maps.ts';
import { grownIds, mergeIds, sortDepth, sortIds } from './ids.ts';
import { PendingPages } from './pending.ts';

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
  /** What the real structure takes. */
  readonly realBytes: number;
}

const USED = 0;
const FREE = 1;
const PENDING = 2;
/** Later than any transaction. */
export const LAST_TXID = 2_147_483_647;

export class Freelist {
  readonly pages: FreePages;
  readonly #work: Work;
  /** Pages that are pending, of all transactions. */
  pendingCount = 0;
  /** By transaction, oldest first. */
  readonly #pending: PendingPages[] = [];
  readonly #spare: PendingPages[] = [];
  #scratch: Int32Array = new Int32Array(64);
  #state = new Uint8Array(64);
  /** The transaction that allocated a run, by its first page; only while `recordsAllocations`. */
  readonly #allocatedBy = new Map<number, number>();
  #recordsAllocations = false;

  constructor(pages: FreePages, work: Work) {
    this.pages = pages;
    this.#work = work;
  }

  /** Free and pending pages. */
  get count(): number {
    return this.pages.count + this.pendingCount;
  }

  /** Readers are open, or none any more. */
  setReaders(areOpen: boolean): void {
    this.#recordsAllocations = areOpen;
    if (!areOpen) this.#allocatedBy.clear();
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
  allocate(txid: number, pages: number): number {
    const first = this.pages.allocate(pages);
    if (first === 0) return 0;
    for (let id = first; id < first + pages; id++) {
      assert(this.#state[id] === FREE, 'freelist: allocated a page that is not free');
      this.#state[id] = USED;
    }
    // bbolt notes who allocated the run, and takes each page out of a map of all that are free
    chargeMapOperations(this.#work, 1 + pages, this.count);
    // what comes from the end of the file has no allocator on record, in bbolt too
    if (this.#recordsAllocations) this.#allocatedBy.set(first, txid);
    return first;
  }

  /**
   * Makes pages pending. False, and nothing changed, if one of them is free already: the file is corrupt.
   * `allocatedBy` if the caller knows and nobody has recorded it.
   */
  free(txid: number, first: number, pages: number, allocatedBy = 0): boolean {
    const end = first + pages;
    if (end > this.#state.length) this.#growState(end);
    for (let id = first; id < end; id++) if (this.#state[id] !== USED) return false;
    let allocator = allocatedBy;
    if (this.#recordsAllocations) {
      const recorded = this.#allocatedBy.get(first);
      if (recorded !== undefined) {
        allocator = recorded;
        this.#allocatedBy.delete(first);
      }
    }
    this.#pendingOf(txid).add(first, pages, allocator);
    for (let id = first; id < end; id++) this.#state[id] = PENDING;
    this.pendingCount += pages;
    this.#work.counts[FREELIST_IDS_MOVED]! += pages;
    // the transaction's list, the allocator and its removal, and twice each page: is it free already, now it is
    chargeMapOperations(this.#work, 3 + 2 * pages, this.count);
    return true;
  }

  /** What transactions up to `txid` freed becomes free. */
  release(txid: number): void {
    let transactions = 0;
    let count = 0;
    while (transactions < this.#pending.length && this.#pending[transactions]!.txid <= txid) {
      count += this.#pending[transactions++]!.count;
    }
    if (transactions === 0) return;
    this.#reserveScratch(count);
    let at = 0;
    for (let i = 0; i < transactions; i++) {
      const { ids, count: own } = this.#pending[i]!;
      for (let j = 0; j < own; j++) this.#scratch[at++] = ids[j]!;
    }
    this.#spare.push(...this.#pending.splice(0, transactions));
    this.#makeFree(count);
  }

  /** What was allocated and freed by transactions within [begin, end] becomes free. */
  releaseRange(begin: number, end: number): void {
    if (begin > end) return;
    let count = 0;
    for (let i = 0; i < this.#pending.length; i++) {
      const pending = this.#pending[i]!;
      if (pending.txid < begin || pending.txid > end || pending.lastReleaseBegin === begin) continue;
      this.#work.counts[FREELIST_IDS_SCANNED]! += pending.count;
      this.#reserveScratch(count + pending.count);
      count += pending.takeAllocatedWithin(begin, end, this.#scratch, count);
      if (pending.count === 0) this.#spare.push(...this.#pending.splice(i--, 1));
    }
    this.#makeFree(count);
  }

  /** Forgets what a transaction freed. Allocations are taken back by `reload` only. */
  rollback(txid: number): void {
    const at = this.#pending.findIndex((pending) => pending.txid === txid);
    if (at < 0) return;
    const [pending] = this.#pending.splice(at, 1);
    for (let i = 0; i < pending!.count; i++) this.#state[pending!.ids[i]!] = USED;
    this.pendingCount -= pending!.count;
    this.#spare.push(pending!);
  }

  /** Replaces the free pages by ids[0, count), ascending and distinct, but for those that are pending. */
  load(ids: Int32Array, count: number): void {
    this.pages.clear();
    if (count > 0 && ids[count - 1]! >= this.#state.length) this.#growState(ids[count - 1]! + 1);
    const state = this.#state;
    for (let id = 0; id < state.length; id++) if (state[id] === FREE) state[id] = USED;
    this.#reserveScratch(count);
    let free = 0;
    for (let i = 0; i < count; i++) {
      const id = ids[i]!;
      if (state[id] === PENDING) continue;
      state[id] = FREE;
      this.#scratch[free++] = id;
    }
    this.pages.add(this.#scratch, free);
  }

  /** All free and pending ids, ascending; borrowed until the next call. Charged like bbolt's copy into a page. */
  collect(): Int32Array {
    const free = this.pages.count;
    const pending = this.pendingCount;
    const count = free + pending;
    // result, then the free ids, then the pending ones
    this.#reserveScratch(2 * count);
    const scratch = this.#scratch;
    let at = count + free;
    for (const { ids, count: own } of this.#pending) for (let i = 0; i < own; i++) scratch[at++] = ids[i]!;
    const sorted = scratch.subarray(count + free, at);
    sortIds(sorted, sorted, pending);
    this.#work.counts[FREELIST_IDS_SORTED]! += pending * sortDepth(pending);
    this.pages.chargeCount(); // for the page's header
    this.pages.copyTo(scratch.subarray(count, count + free));
    mergeIds(scratch, count, count + free, sorted, pending, scratch);
    this.#work.counts[FREELIST_IDS_MOVED]! += count + pending;
    return scratch;
  }

  /** All free and pending ids, ascending, at no charge: for checks. */
  ids(): number[] {
    const ids: number[] = [];
    for (let id = 2; id < this.#state.length; id++) if (this.#state[id] !== USED) ids.push(id);
    return ids;
  }

  /** What bbolt's freelist takes: of a pending page id and allocator, and the map of all that are free or pending. */
  get realBytes(): number {
    const allocations = mapBytes(this.#allocatedBy.size, 16);
    return this.pages.realBytes + 16 * this.pendingCount + allocations + mapBytes(this.count, 9);
  }

  /** Hands scratch[0, count), which were pending, to the free pages. */
  #makeFree(count: number): void {
    if (count === 0) return;
    const scratch = this.#scratch;
    sortIds(scratch, scratch, count);
    for (let i = 0; i < count; i++) this.#state[scratch[i]!] = FREE;
    this.pendingCount -= count;
    this.pages.add(scratch, count);
  }

  #pendingOf(txid: number): PendingPages {
    const { length } = this.#pending;
    const newest = this.#pending[length - 1];
    if (newest !== undefined && newest.txid === txid) return newest;
    assert(newest === undefined || newest.txid < txid, 'freelist: transactions free pages in turn');
    const pending = (this.#spare.pop() ?? new PendingPages()).restart(txid);
    this.#pending.push(pending);
    return pending;
  }

  #reserveScratch(count: number): void {
    if (this.#scratch.length < count) this.#scratch = grownIds(this.#scratch, count * 2);
  }

  #growState(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#state.length * 2));
    grown.set(this.#state);
    this.#state = grown;
  }
}
