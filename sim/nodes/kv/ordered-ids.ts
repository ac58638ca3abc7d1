/**
 * Numbers in the order of the keys they stand for: a sorted list in blocks of 512, each split in two when full; a
 * block that is appended to stays full. Found by one binary search over the blocks and one inside.
 */

const BLOCK_IDS = 512;

/** How the key of `id` compares with bytes[from, to). */
export type CompareId = (id: number, bytes: Uint8Array, from: number, to: number) => number;

export class OrderedIds {
  readonly #compare: CompareId;
  #blocks: Uint32Array[] = [];
  #counts: number[] = [];
  // where `seek` stands
  #block = 0;
  #at = 0;

  constructor(compare: CompareId) {
    this.#compare = compare;
  }

  get memoryBytes(): number {
    return this.#blocks.length * (BLOCK_IDS * 4 + 24);
  }

  /** Replaces everything by ids that are already in order. */
  fill(sorted: Uint32Array): void {
    this.#blocks = [];
    this.#counts = [];
    for (let from = 0; from < sorted.length; from += BLOCK_IDS) {
      const block = new Uint32Array(BLOCK_IDS);
      const count = Math.min(BLOCK_IDS, sorted.length - from);
      block.set(sorted.subarray(from, from + count));
      this.#blocks.push(block);
      this.#counts.push(count);
    }
  }

  /** Stands before the first id whose key is not below bytes[from, to). */
  seek(bytes: Uint8Array, from: number, to: number): void {
    let low = 0;
    let high = this.#blocks.length;
    // the last block that starts at or below the key
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(this.#blocks[middle]![0]!, bytes, from, to) <= 0) low = middle + 1;
      else high = middle;
    }
    this.#block = low === 0 ? 0 : low - 1;
    this.#at = 0;
    if (this.#blocks.length === 0) return;
    const block = this.#blocks[this.#block]!;
    low = 0;
    high = this.#counts[this.#block]!;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#compare(block[middle]!, bytes, from, to) < 0) low = middle + 1;
      else high = middle;
    }
    this.#at = low;
  }

  /** The id at hand, and a step forward; −1 at the end. The list must not change between steps. */
  next(): number {
    while (this.#block < this.#blocks.length) {
      if (this.#at < this.#counts[this.#block]!) return this.#blocks[this.#block]![this.#at++]!;
      this.#block++;
      this.#at = 0;
    }
    return -1;
  }

  insert(id: number, bytes: Uint8Array, from: number, to: number): void {
    this.seek(bytes, from, to);
    if (this.#blocks.length === 0) {
      this.#blocks.push(new Uint32Array(BLOCK_IDS));
      this.#counts.push(0);
    }
    let index = this.#block;
    let at = this.#at;
    const count = this.#counts[index]!;
    if (count === BLOCK_IDS) {
      const isEnd = index === this.#blocks.length - 1 && at === count;
      const keep = isEnd ? count : count >>> 1;
      const right = new Uint32Array(BLOCK_IDS);
      right.set(this.#blocks[index]!.subarray(keep, count));
      this.#blocks.splice(index + 1, 0, right);
      this.#counts.splice(index + 1, 0, count - keep);
      this.#counts[index] = keep;
      if (at > keep || isEnd) {
        index++;
        at -= keep;
      }
    }
    const block = this.#blocks[index]!;
    block.copyWithin(at + 1, at, this.#counts[index]!);
    block[at] = id;
    this.#counts[index] = this.#counts[index]! + 1;
  }

  /** Forgets an id; its key must still compare as it did. */
  remove(bytes: Uint8Array, from: number, to: number): void {
    this.seek(bytes, from, to);
    while (this.#at === this.#counts[this.#block]! && this.#block < this.#blocks.length - 1) {
      this.#block++;
      this.#at = 0;
    }
    const block = this.#blocks[this.#block]!;
    const count = this.#counts[this.#block]!;
    block.copyWithin(this.#at, this.#at + 1, count);
    this.#counts[this.#block] = count - 1;
    if (count === 1) {
      this.#blocks.splice(this.#block, 1);
      this.#counts.splice(this.#block, 1);
    }
  }
}
