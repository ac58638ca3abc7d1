/**
 * Free pages as one ascending list of ids. An allocation takes the first run that is long enough;
 * a release merges the whole list with the released ids.
 *
 * bbolt scans from the front every time. Ours remembers how far no run of n pages or more begins: allocations
 * only shorten runs, so that stays true until pages are added. The ids that bbolt would have
 * looked at are counted all the same. When a run is cut out, bbolt moves the ids behind it; ours moves
 * the shorter side.
 */
import { FREELIST_IDS_MOVED, FREELIST_IDS_SCANNED, FREELIST_IDS_SORTED, type Work } from '../../sim/work.ts';
import type { FreePages } from './freelist.ts';
import { mergeIds, sortDepth } from './ids.ts';

/** Run lengths with a memory of their own; longer ones use those of the shorter ones. */
const REMEMBERED_LENGTHS = 64;

export class ArrayFreePages implements FreePages {
  readonly #work: Work;
  #ids: Int32Array = new Int32Array(64);
  #merged: Int32Array = new Int32Array(64);
  #from = 0;
  #to = 0;
  /** No run of `n` pages or more starts at an id below #noRunBefore[n]. */
  readonly #noRunBefore = new Float64Array(REMEMBERED_LENGTHS + 1);

  constructor(work: Work) {
    this.#work = work;
  }

  get count(): number {
    return this.#to - this.#from;
  }

  chargeCount(): void {
    // the length of a slice costs nothing
  }

  allocate(pages: number): number {
    const from = this.#from;
    const to = this.#to;
    if (from === to) return 0;
    const { counts } = this.#work;
    const ids = this.#ids;
    let last = from;
    if (pages > 1) {
      last = this.#endOfFirstRun(pages);
      if (last < 0) {
        counts[FREELIST_IDS_SCANNED]! += to - from;
        return 0;
      }
    }
    const first = ids[last]! - pages + 1;
    counts[FREELIST_IDS_SCANNED]! += last - from + 1;
    const before = last + 1 - pages - from;
    if (before === 0) {
      this.#from = last + 1;
      return first;
    }
    const after = to - last - 1;
    counts[FREELIST_IDS_MOVED]! += after;
    if (before < after) {
      ids.copyWithin(from + pages, from, from + before);
      this.#from = from + pages;
    } else {
      ids.copyWithin(last + 1 - pages, last + 1, to);
      this.#to = to - pages;
    }
    return first;
  }

  add(ids: Int32Array, count: number): void {
    if (count === 0) return;
    this.#noRunBefore.fill(0);
    const total = this.count + count;
    if (this.#merged.length < total) this.#merged = new Int32Array(total + (total >> 1));
    mergeIds(this.#ids, this.#from, this.#to, ids, count, this.#merged);
    const old = this.#ids;
    this.#ids = this.#merged;
    this.#merged = old;
    this.#from = 0;
    this.#to = total;
    this.#work.counts[FREELIST_IDS_MOVED]! += total + count;
    this.#work.counts[FREELIST_IDS_SORTED]! += count * sortDepth(count); // they come as they were freed
  }

  copyTo(into: Int32Array): void {
    const ids = this.#ids;
    let at = 0;
    for (let i = this.#from; i < this.#to; i++) into[at++] = ids[i]!;
  }

  clear(): void {
    this.#from = 0;
    this.#to = 0;
    this.#noRunBefore.fill(0);
  }

  get realBytes(): number {
    return 8 * this.count;
  }

  /** Index of the last id of the first run of `pages`, or −1. */
  #endOfFirstRun(pages: number): number {
    const ids = this.#ids;
    const to = this.#to;
    const slot = Math.min(pages, REMEMBERED_LENGTHS);
    // what holds for runs of fewer pages holds for this length too
    let bound = 0;
    for (let shorter = 1; shorter <= slot; shorter++) bound = Math.max(bound, this.#noRunBefore[shorter]!);
    let at = this.#firstNotBelow(bound);
    let runStart = at;
    for (; at < to; at++) {
      if (at > runStart && ids[at]! !== ids[at - 1]! + 1) runStart = at;
      if (at - runStart + 1 === pages) {
        this.#remember(pages, ids[runStart]!);
        return at;
      }
    }
    this.#remember(pages, Number.MAX_SAFE_INTEGER);
    return -1;
  }

  #remember(pages: number, id: number): void {
    if (pages <= REMEMBERED_LENGTHS) this.#noRunBefore[pages] = Math.max(this.#noRunBefore[pages]!, id);
  }

  #firstNotBelow(id: number): number {
    const ids = this.#ids;
    let low = this.#from;
    let high = this.#to;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (ids[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
