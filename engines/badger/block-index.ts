/** The blocks of a table: first key, offset and length of each, flat. */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { readVersion, VERSION_BYTES } from './format.ts';

export class BlockIndex {
  /** All first keys (internal), one behind the other. */
  keys: Uint8Array = new Uint8Array(512);
  count = 0;
  #ends = new Int32Array(16);
  #offsets = new Float64Array(16);
  #lengths = new Int32Array(16);

  add(key: Uint8Array, keyLength: number, offset: number, length: number): void {
    const k = this.count++;
    if (k === this.#ends.length) this.#grow();
    const from = this.keyFrom(k);
    if (from + keyLength > this.keys.length) {
      const grown = new Uint8Array(Math.max(from + keyLength, this.keys.length * 2));
      grown.set(this.keys);
      this.keys = grown;
    }
    const { keys } = this;
    for (let i = 0; i < keyLength; i++) keys[from + i] = key[i];
    this.#ends[k] = from + keyLength;
    this.#offsets[k] = offset;
    this.#lengths[k] = length;
  }

  /** Where the key of block k starts in `keys`: where that of block k − 1 ends. */
  keyFrom(k: number): number {
    return k === 0 ? 0 : this.#ends[k - 1];
  }
  key(k: number): Uint8Array {
    return this.keys.slice(this.keyFrom(k), this.#ends[k]);
  }
  offset(k: number): number {
    return this.#offsets[k];
  }
  length(k: number): number {
    return this.#lengths[k];
  }
  /** Where the last block ends. */
  get end(): number {
    return this.#offsets[this.count - 1] + this.#lengths[this.count - 1];
  }
  get memoryBytes(): number {
    return this.keys.length + this.#ends.length * 16;
  }

  /** The first block whose first key is > key[from, to) at `version`; `count` if there is none. */
  firstAfter(key: Uint8Array, from: number, to: number, version: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const keyTo = this.#ends[middle] - VERSION_BYTES;
      let order = compareRanges(this.keys, this.keyFrom(middle), keyTo, key, from, to);
      if (order === 0) order = version - readVersion(this.keys, keyTo);
      if (order > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #grow(): void {
    const size = this.#ends.length * 2;
    const ends = new Int32Array(size);
    ends.set(this.#ends);
    this.#ends = ends;
    const offsets = new Float64Array(size);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
    const lengths = new Int32Array(size);
    lengths.set(this.#lengths);
    this.#lengths = lengths;
  }
}
