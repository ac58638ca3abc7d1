/**
 * Records of a few 32-bit words, numbered, in pages of 1024 so that growing copies nothing. Released numbers are given
 * out again, the last released first. A copy shares the pages until it writes to them.
 */
import { assert } from '../../assert.ts';

const PAGE_BITS = 10;
const PAGE_RECORDS = 1 << PAGE_BITS;

export class WordPool {
  /** Record n stands in pages[n >>> shift] from word (n & mask) · words on. To read; to write there is `writable`. */
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
  /** By page; undefined where nothing has been released yet. */
  readonly #isReleased: (Uint8Array | undefined)[] = [];
  /** By page: whether it is another pool's too. Empty: none is. */
  #isShared = new Uint8Array(0);

  constructor(words: number, recordsMax: number) {
    this.#words = words;
    this.#recordsMax = recordsMax;
  }

  /** What this one must not change from now on, the copy may. */
  copy(): WordPool {
    const copy = new WordPool(this.#words, this.#recordsMax);
    for (const page of this.pages) copy.pages.push(page);
    for (const flags of this.#isReleased) copy.#isReleased.push(flags?.slice());
    copy.#released = this.#released.slice();
    copy.end = this.end;
    copy.#isShared = new Uint8Array(this.pages.length).fill(1);
    return copy;
  }

  /** Without what is shared. */
  get memoryBytes(): number {
    let pages = this.pages.length;
    for (const isShared of this.#isShared) pages -= isShared;
    let bytes = pages * PAGE_RECORDS * this.#words * 4 + this.#isShared.length;
    for (const flags of this.#isReleased) bytes += flags?.length ?? 0;
    return bytes;
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
      this.#isReleased.push(undefined);
    }
    return record;
  }

  release(record: number): void {
    assert(!this.isFree(record), 'word pool: released twice');
    const page = record >>> PAGE_BITS;
    const flags = this.#isReleased[page] ?? new Uint8Array(PAGE_RECORDS);
    this.#isReleased[page] = flags;
    flags[record & this.mask] = 1;
    this.#released.push(record);
  }

  isFree(record: number): boolean {
    return this.#isReleased[record >>> PAGE_BITS]?.[record & this.mask] === 1;
  }

  /** The page of a record, this pool's own. */
  writable(record: number): Uint32Array {
    const at = record >>> PAGE_BITS;
    if (at < this.#isShared.length && this.#isShared[at] === 1) {
      this.pages[at] = this.pages[at]!.slice();
      this.#isShared[at] = 0;
    }
    return this.pages[at]!;
  }

  get(record: number, word: number): number {
    return this.pages[record >>> PAGE_BITS]![(record & this.mask) * this.#words + word]!;
  }
  set(record: number, word: number, value: number): void {
    this.writable(record)[(record & this.mask) * this.#words + word] = value;
  }
}
