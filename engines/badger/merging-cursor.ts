/**
 * Merges cursors by a binary heap on their current keys. Entries with the same key and version come in
 * the order of their sources, newest first: only the first of them counts.
 */
import { ENTRIES_MERGED, KEYS_COMPARED, type Work } from '../../sim/work.ts';
import { type Cursor, compareCursors } from './cursor.ts';

export class MergingCursor {
  readonly #sources: readonly Cursor[];
  /** Places in `#sources`. */
  readonly #heap: number[] = [];
  readonly #work: Work;
  failure: string | undefined;

  constructor(sources: readonly Cursor[], work: Work) {
    this.#sources = sources;
    this.#work = work;
  }

  first(): void {
    for (const source of this.#sources) source.first();
    this.#build();
  }
  seek(key: Uint8Array, from: number, to: number, version: number): void {
    for (const source of this.#sources) source.seek(key, from, to, version);
    this.#build();
  }

  /** The source that stands on the smallest key; undefined at the end, or when a source failed. */
  get top(): Cursor | undefined {
    return this.#heap.length === 0 ? undefined : this.#sources[this.#heap[0]];
  }

  /** Moves the top on. */
  next(): void {
    const heap = this.#heap;
    const source = this.#sources[heap[0]];
    source.next();
    this.#work.counts[ENTRIES_MERGED]++;
    if (!source.valid) {
      if (source.failure !== undefined) {
        this.failure = source.failure;
        heap.length = 0;
        return;
      }
      const last = heap.pop();
      if (heap.length === 0 || last === undefined) return;
      heap[0] = last;
    }
    if (heap.length > 1) this.#sink(0);
  }

  #build(): void {
    const heap = this.#heap;
    heap.length = 0;
    this.failure = undefined;
    this.#sources.forEach((source, place) => {
      if (source.valid) heap.push(place);
      if (source.failure !== undefined) this.failure = source.failure;
    });
    if (this.failure !== undefined) heap.length = 0;
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  #before(a: number, b: number): boolean {
    const order = compareCursors(this.#sources[a], this.#sources[b]);
    return order < 0 || (order === 0 && a < b);
  }

  #sink(index: number): void {
    const heap = this.#heap;
    const { length } = heap;
    const moving = heap[index];
    let at = index;
    let compared = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length) {
        compared++;
        if (this.#before(heap[child + 1], heap[child])) child++;
      }
      compared++;
      if (!this.#before(heap[child], moving)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = moving;
    this.#work.counts[KEYS_COMPARED] += compared;
  }
}
