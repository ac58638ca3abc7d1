/**
 * Records of a few 32-bit words, numbered, in pages of 8192 so that growing copies nothing. Released numbers are given
 * out again, the last released first.
 */
import { assert } from '../../assert.ts';

const PAGE_BITS = 13;
const PAGE_RECORDS = 1 << PAGE_BITS;

export class WordPool {
  /** Record n stands in pages[n >>> shift] from word (n & mask) · words on. For hot paths; others use `get` and `set`. */
  readonly pages: Uint32Array[] = [];
  readonly shift = PAGE_BITS;
  readonly mask = PAGE_RECORDS - 1;
  /** One past the highest number ever given. */
  end = 0;
  /** Whether the last `take` gave a released number; its words are then as they were. */
  wasReused = false;
  readonly #words: number;
  readonly #recordsMax: number;
  #released: number[] = [];
  #isReleased: Uint8Array[] = [];

  constructor(words: number, recordsMax: number) {
    this.#words = words;
    this.#recordsMax = recordsMax;
  }

  get memoryBytes(): number {
    return this.pages.length * PAGE_RECORDS * (this.#words * 4) + this.#isReleased.length * PAGE_RECORDS;
  }

  take(): number {
    const released = this.#released.pop();
    if (released !== undefined) {
      this.#isReleased[released >>> PAGE_BITS]![released & this.mask] = 0;
      this.wasReused = true;
      return released;
    }
    this.wasReused = false;
    const record = this.end++;
    assert(record < this.#recordsMax, 'word pool: full');
    if (record >>> PAGE_BITS === this.pages.length) {
      this.pages.push(new Uint32Array(PAGE_RECORDS * this.#words));
      this.#isReleased.push(new Uint8Array(PAGE_RECORDS));
    }
    return record;
  }

  release(record: number): void {
    assert(!this.isFree(record), 'word pool: released twice');
    this.#isReleased[record >>> PAGE_BITS]![record & this.mask] = 1;
    this.#released.push(record);
  }

  isFree(record: number): boolean {
    return this.#isReleased[record >>> PAGE_BITS]![record & this.mask] === 1;
  }

  get(record: number, word: number): number {
    return this.pages[record >>> PAGE_BITS]![(record & this.mask) * this.#words + word]!;
  }
  set(record: number, word: number, value: number): void {
    this.pages[record >>> PAGE_BITS]![(record & this.mask) * this.#words + word] = value;
  }
}
