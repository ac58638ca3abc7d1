/**
 * Free pages as spans (runs of contiguous pages), found by length, by first and by last page.
 *
 * bbolt keeps three hash maps and takes whichever suitable span Go's randomised iteration meets
 * first. Ours keeps arrays by page id and, for each length, the starts in a list; `Arbitrary`
 * picks: a span of exactly the wanted length, any of them; otherwise
 * a longer length, any of them, and any span of that length. What bbolt's maps would cost is counted, also the walk
 * over all spans each time that the free pages are counted.
 */
import { assert } from '../../sim/assert.ts';
import { FREELIST_IDS_MOVED, FREELIST_IDS_SORTED, FREELIST_SPANS_WALKED, type Work } from '../../sim/work.ts';
import { Arbitrary } from './arbitrary.ts';
import type { FreePages } from './freelist.ts';
import { chargeMapOperations, mapBytes } from './go-maps.ts';
import { grownIds, sortDepth, sortIds } from './ids.ts';

/**
 * Map operations of bbolt: a span is removed from three maps, the set of its length is looked up twice and
 * goes when it is empty; to insert one takes as many.
 */
const REMOVAL = 5;
const INSERTION = 5;

/** The spans of one length. */
class SpanClass {
  readonly size: number;
  starts: Int32Array = new Int32Array(4);
  count = 0;
  /** Where in the list of lengths in use. */
  rank = 0;

  constructor(size: number) {
    this.size = size;
  }
}

export class HashmapFreePages implements FreePages {
  count = 0;
  readonly #work: Work;
  /** Span length by first page and by last page; 0 by all others. Nobody asks for a page inside of a span. */
  #size: Int32Array = new Int32Array(64);
  /** Position in its class's list, by first page. */
  #position: Int32Array = new Int32Array(64);
  #classes = new Map<number, SpanClass>();
  /** The classes that have spans. */
  #lengths: SpanClass[] = [];
  #spans = 0;
  readonly #arbitrary = new Arbitrary();

  constructor(work: Work) {
    this.#work = work;
  }

  chargeCount(): void {
    this.#work.counts[FREELIST_SPANS_WALKED]! += this.#spans;
  }

  allocate(pages: number): number {
    const exact = this.#classes.get(pages);
    if (exact !== undefined && exact.count > 0) {
      const start = exact.starts[this.#arbitrary.below(exact.count)]!;
      this.#remove(start, pages);
      chargeMapOperations(this.#work, 2 + REMOVAL, this.#spans); // the length's set, any of its spans
      this.count -= pages;
      return start;
    }
    const lengths = this.#lengths;
    if (lengths.length === 0) return 0;
    let at = this.#arbitrary.below(lengths.length);
    for (let tried = 1; tried <= lengths.length; tried++) {
      const candidate = lengths[at]!;
      at = at + 1 === lengths.length ? 0 : at + 1;
      if (candidate.size < pages) continue;
      const { size } = candidate;
      const start = candidate.starts[this.#arbitrary.below(candidate.count)]!;
      this.#remove(start, size);
      this.#insert(start + pages, size - pages);
      chargeMapOperations(this.#work, 2 + tried + REMOVAL + INSERTION, this.#spans);
      this.count -= pages;
      return start;
    }
    chargeMapOperations(this.#work, 1 + lengths.length, this.#spans);
    return 0;
  }

  add(ids: Int32Array, count: number): void {
    if (count === 0) return;
    this.#reserve(ids[count - 1]! + 2);
    let operations = 0;
    for (let i = 0; i < count; i++) {
      const id = ids[i]!;
      let start = id;
      let size = 1;
      const before = this.#size[id - 1]!;
      if (before > 0) {
        start -= before;
        size += before;
        this.#remove(start, before);
        operations += REMOVAL;
      }
      const after = this.#size[id + 1]!;
      if (after > 0) {
        this.#remove(id + 1, after);
        size += after;
        operations += REMOVAL;
      }
      this.#insert(start, size);
      operations += 2 + INSERTION; // is there a span before, one behind
    }
    this.count += count;
    chargeMapOperations(this.#work, operations, this.#spans);
    this.#work.counts[FREELIST_IDS_MOVED]! += count;
  }

  copyTo(into: Int32Array): void {
    const starts = new Int32Array(this.#spans);
    const sizes = new Int32Array(this.#spans);
    let at = 0;
    for (const spanClass of this.#lengths) {
      for (let i = 0; i < spanClass.count; i++) {
        starts[at] = spanClass.starts[i]!;
        sizes[at++] = spanClass.size;
      }
    }
    sortIds(starts, sizes, at);
    let end = 0;
    for (let span = 0; span < at; span++) {
      const start = starts[span]!;
      for (let i = 0; i < sizes[span]!; i++) into[end++] = start + i;
    }
    const { counts } = this.#work;
    counts[FREELIST_SPANS_WALKED]! += 2 * this.#spans; // to count the ids, to collect them
    counts[FREELIST_IDS_MOVED]! += end;
    counts[FREELIST_IDS_SORTED]! += end * sortDepth(end); // bbolt collects ids and sorts those
  }

  clear(): void {
    this.#size.fill(0);
    this.#classes.clear();
    this.#lengths = [];
    this.#spans = 0;
    this.count = 0;
  }

  /** Two maps from a span's page to its length, and a set of first pages for each length. */
  get realBytes(): number {
    let bytes = 2 * mapBytes(this.#spans, 16) + mapBytes(this.#lengths.length, 16);
    for (const { count } of this.#lengths) bytes += mapBytes(count, 8);
    return bytes;
  }

  #insert(start: number, size: number): void {
    assert(size > 0, 'freelist: empty span');
    let spanClass = this.#classes.get(size);
    if (spanClass === undefined) {
      spanClass = new SpanClass(size);
      this.#classes.set(size, spanClass);
    }
    if (spanClass.count === 0) {
      spanClass.rank = this.#lengths.length;
      this.#lengths.push(spanClass);
    }
    if (spanClass.count === spanClass.starts.length) spanClass.starts = grownIds(spanClass.starts, spanClass.count + 1);
    this.#position[start] = spanClass.count;
    spanClass.starts[spanClass.count++] = start;
    this.#size[start] = size;
    this.#size[start + size - 1] = size;
    this.#spans++;
  }

  #remove(start: number, size: number): void {
    const spanClass = this.#classes.get(size)!;
    const position = this.#position[start]!;
    const moved = spanClass.starts[--spanClass.count]!;
    spanClass.starts[position] = moved;
    this.#position[moved] = position;
    if (spanClass.count === 0) {
      const lastClass = this.#lengths.pop()!;
      if (lastClass !== spanClass) {
        this.#lengths[spanClass.rank] = lastClass;
        lastClass.rank = spanClass.rank;
      }
      this.#classes.delete(size);
    }
    this.#size[start] = 0;
    this.#size[start + size - 1] = 0;
    this.#spans--;
  }

  #reserve(pages: number): void {
    if (pages <= this.#position.length) return;
    const { length } = this.#position;
    const needed = Math.max(pages, length < 1 << 16 ? length * 2 : length + (length >>> 2));
    const size = new Int32Array(needed);
    size.set(this.#size);
    this.#size = size;
    const position = new Int32Array(needed);
    position.set(this.#position);
    this.#position = position;
  }
}
