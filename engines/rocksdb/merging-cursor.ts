/** Merges cursors by a binary heap on their current keys: equal user keys come newest first. */
import { ENTRIES_MERGED, KEYS_COMPARED, type Work } from '../../sim/work.ts';
import { type Cursor, compareCursors } from './cursor.ts';

export class MergingCursor {
  readonly #sources: readonly Cursor[];
  readonly #heap: Cursor[] = [];
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
  seek(key: Uint8Array, from: number, to: number): void {
    for (const source of this.#sources) source.seek(key, from, to);
    this.#build();
  }

  /** The source that stands on the smallest key; undefined at the end, or when a source failed. */
  get top(): Cursor | undefined {
    return this.#heap[0];
  }

  /** Moves the top on. */
  next(): void {
    const heap = this.#heap;
    const top = heap[0];
    top.next();
    this.#work.counts[ENTRIES_MERGED]++;
    if (!top.valid) {
      if (top.failure !== undefined) {
        this.failure = top.failure;
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
    for (const source of this.#sources) {
      if (source.valid) heap.push(source);
      if (source.failure !== undefined) this.failure = source.failure;
    }
    if (this.failure !== undefined) heap.length = 0;
    for (let i = (heap.length >> 1) - 1; i >= 0; i--) this.#sink(i);
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
        if (compareCursors(heap[child + 1], heap[child]) < 0) child++;
      }
      compared++;
      if (compareCursors(heap[child], moving) >= 0) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = moving;
    this.#work.counts[KEYS_COMPARED] += compared;
  }
}
