/**
 * The keys in order, above an engine that has none: a B+tree of two levels, leaves of up to 128 keys and the list of
 * leaves. FASTER has nothing like it; a store that must scan keeps such an index beside it, and so its work and
 * memory are counted. It lives in memory only and is made again at recovery.
 *
 *     leaf  = places of keys in the arena, ascending by key
 *     arena = chunks of 256 KiB of: length u16 ‖ key
 *
 * What deletes leave in the arena is given back by writing it anew once it is more than half.
 */
import { assert } from '../../sim/assert.ts';
import { compareRanges } from '../../sim/bytes/compare.ts';
import { BYTES_COPIED, ITEMS_MOVED, KEYS_COMPARED, type Work } from '../../sim/work.ts';

const LEAF_KEYS = 128;
const CHUNK_BITS = 18;
const CHUNK_BYTES = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_BYTES - 1;
export const KEY_BYTES_MAX = 0xffff;
const LENGTH_BYTES = 2;

interface Leaf {
  count: number;
  readonly places: Uint32Array;
}

export class OrderedKeys {
  count = 0;
  readonly #work: Work;
  #leaves: Leaf[] = [newLeaf()];
  /** The first key's place of each leaf, so that a search need not look into the leaves. */
  #firsts = new Uint32Array(64);
  #chunks: Uint8Array[] = [];
  #end = 0;
  #unusedBytes = 0;
  /** Set by `#search`: the leaf and the position in it that a key has or would have. */
  #leaf = 0;
  #position = 0;
  // what `at` shows
  bytes: Uint8Array = new Uint8Array(0);
  from = 0;
  to = 0;

  constructor(work: Work) {
    this.#work = work;
  }

  get memoryBytes(): number {
    return this.#chunks.length * CHUNK_BYTES + this.#leaves.length * (LEAF_KEYS * 4 + 20);
  }

  add(key: Uint8Array, from: number, to: number): void {
    assert(to - from <= KEY_BYTES_MAX, 'faster: a key of more than 65,535 bytes');
    if (this.#search(key, from, to)) return;
    const place = this.#store(key, from, to);
    let leaf = this.#leaves[this.#leaf]!;
    if (leaf.count === LEAF_KEYS) {
      const half = newLeaf();
      // ascending loads leave full leaves behind
      const isLast = this.#leaf === this.#leaves.length - 1 && this.#position === LEAF_KEYS;
      const keep = isLast ? LEAF_KEYS : LEAF_KEYS / 2;
      half.places.set(leaf.places.subarray(keep, LEAF_KEYS));
      half.count = LEAF_KEYS - keep;
      leaf.count = keep;
      this.#insertLeaf(this.#leaf + 1, half);
      this.#work.counts[ITEMS_MOVED]! += half.count + 1;
      if (this.#position > keep || isLast) {
        this.#position -= keep;
        this.#leaf++;
        leaf = half;
      }
    }
    leaf.places.copyWithin(this.#position + 1, this.#position, leaf.count);
    this.#work.counts[ITEMS_MOVED]! += leaf.count - this.#position + 1;
    leaf.places[this.#position] = place;
    leaf.count++;
    this.count++;
    this.#firsts[this.#leaf] = leaf.places[0]!;
  }

  #insertLeaf(at: number, leaf: Leaf): void {
    this.#leaves.splice(at, 0, leaf);
    const count = this.#leaves.length;
    if (count > this.#firsts.length) {
      const grown = new Uint32Array(this.#firsts.length * 2);
      grown.set(this.#firsts);
      this.#firsts = grown;
    }
    this.#firsts.copyWithin(at + 1, at, count - 1);
    this.#firsts[at] = leaf.places[0]!;
  }

  remove(key: Uint8Array, from: number, to: number): void {
    if (!this.#search(key, from, to)) return;
    const leaf = this.#leaves[this.#leaf]!;
    leaf.places.copyWithin(this.#position, this.#position + 1, leaf.count);
    this.#work.counts[ITEMS_MOVED]! += leaf.count - this.#position;
    leaf.count--;
    this.count--;
    if (leaf.count === 0 && this.#leaves.length > 1) {
      this.#firsts.copyWithin(this.#leaf, this.#leaf + 1, this.#leaves.length);
      this.#leaves.splice(this.#leaf, 1);
    } else this.#firsts[this.#leaf] = leaf.places[0]!;
    this.#unusedBytes += LENGTH_BYTES + to - from;
    if (this.#unusedBytes > CHUNK_BYTES && this.#unusedBytes * 2 > this.#end) this.#rewrite();
  }

  /** Shows in `bytes`, `from`, `to` each key that is not below the bound, until `visit` says false. */
  walk(key: Uint8Array, from: number, to: number, visit: () => boolean): void {
    this.#search(key, from, to);
    let position = this.#position;
    for (let number = this.#leaf; number < this.#leaves.length; number++) {
      const leaf = this.#leaves[number]!;
      for (; position < leaf.count; position++) {
        this.#show(leaf.places[position]!);
        if (!visit()) return;
      }
      position = 0;
    }
  }

  #search(key: Uint8Array, from: number, to: number): boolean {
    const leaves = this.#leaves;
    const firsts = this.#firsts;
    const { counts } = this.#work;
    let low = 0;
    let high = leaves.length - 1;
    // the last leaf whose first key is not above the key
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      counts[KEYS_COMPARED]!++;
      if (this.#compare(firsts[middle]!, key, from, to) <= 0) low = middle;
      else high = middle - 1;
    }
    this.#leaf = low;
    const leaf = leaves[low]!;
    let first = 0;
    let last = leaf.count;
    while (first < last) {
      const middle = (first + last) >>> 1;
      counts[KEYS_COMPARED]!++;
      const order = this.#compare(leaf.places[middle]!, key, from, to);
      if (order === 0) {
        this.#position = middle;
        return true;
      }
      if (order < 0) first = middle + 1;
      else last = middle;
    }
    this.#position = first;
    return false;
  }

  #compare(place: number, key: Uint8Array, from: number, to: number): number {
    const chunk = this.#chunks[place >>> CHUNK_BITS]!;
    const at = place & CHUNK_MASK;
    const length = chunk[at]! | (chunk[at + 1]! << 8);
    return compareRanges(chunk, at + LENGTH_BYTES, at + LENGTH_BYTES + length, key, from, to);
  }

  #show(place: number): void {
    const chunk = this.#chunks[place >>> CHUNK_BITS]!;
    const at = place & CHUNK_MASK;
    this.bytes = chunk;
    this.from = at + LENGTH_BYTES;
    this.to = this.from + (chunk[at]! | (chunk[at + 1]! << 8));
  }

  #store(key: Uint8Array, from: number, to: number): number {
    const length = to - from;
    const needed = LENGTH_BYTES + length;
    const inChunk = this.#end % CHUNK_BYTES;
    if (inChunk + needed > CHUNK_BYTES) this.#end += CHUNK_BYTES - inChunk;
    const number = Math.floor(this.#end / CHUNK_BYTES);
    if (number === this.#chunks.length) this.#chunks.push(new Uint8Array(CHUNK_BYTES));
    const chunk = this.#chunks[number]!;
    let at = this.#end % CHUNK_BYTES;
    const place = this.#end;
    assert(place < 2 ** 32 - CHUNK_BYTES, 'faster: more than 4 GiB of keys');
    chunk[at++] = length;
    chunk[at++] = length >>> 8;
    for (let i = from; i < to; i++) chunk[at++] = key[i]!;
    this.#work.counts[BYTES_COPIED]! += needed;
    this.#end += needed;
    return place;
  }

  #rewrite(): void {
    const old = this.#chunks;
    this.#chunks = [];
    this.#end = 0;
    this.#unusedBytes = 0;
    this.#leaves.forEach((leaf, number) => {
      for (let i = 0; i < leaf.count; i++) {
        const place = leaf.places[i]!;
        const chunk = old[place >>> CHUNK_BITS]!;
        const at = place & CHUNK_MASK;
        const length = chunk[at]! | (chunk[at + 1]! << 8);
        leaf.places[i] = this.#store(chunk, at + LENGTH_BYTES, at + LENGTH_BYTES + length);
      }
      this.#firsts[number] = leaf.places[0]!;
    });
  }
}

function newLeaf(): Leaf {
  return { count: 0, places: new Uint32Array(LEAF_KEYS) };
}
