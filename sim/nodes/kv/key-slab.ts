/**
 * Key bytes of the in-memory index, packed: each key once, its length in two bytes before it, addressed by a number.
 *
 * In slabs of 256 KiB, made as needed; a key never crosses one. A copy shares the slabs until it writes to them. Limits, asserted: keys up to 65,535 B, 4 GiB in all.
 */
import { assert } from '../../assert.ts';
import { compareRanges } from '../../bytes/compare.ts';

const SLAB_BITS = 18;
const SLAB_BYTES = 1 << SLAB_BITS;
const SLAB_MASK = SLAB_BYTES - 1;
const SLABS_MAX = 16_384;
const KEY_BYTES_MAX = 0xffff;

export class KeySlab {
  readonly #slabs: Uint8Array[] = [];
  #end = SLAB_BYTES;
  /** By slab: whether it is another one's too. Empty: none is. */
  #isShared = new Uint8Array(0);

  /** What this one must not change from now on, the copy may. */
  copy(): KeySlab {
    const copy = new KeySlab();
    for (const slab of this.#slabs) copy.#slabs.push(slab);
    copy.#isShared = new Uint8Array(this.#slabs.length).fill(1);
    return copy;
  }

  /** Without what is shared. */
  get memoryBytes(): number {
    let slabs = this.#slabs.length;
    for (const isShared of this.#isShared) slabs -= isShared;
    return slabs * SLAB_BYTES + this.#isShared.length;
  }

  /** The slab in which the key at an address stands. */
  slab(address: number): Uint8Array {
    return this.#slabs[address >>> SLAB_BITS]!;
  }
  from(address: number): number {
    return (address & SLAB_MASK) + 2;
  }
  length(address: number): number {
    const slab = this.#slabs[address >>> SLAB_BITS]!;
    const at = address & SLAB_MASK;
    return slab[at]! | (slab[at + 1]! << 8);
  }

  add(bytes: Uint8Array, from: number, to: number): number {
    const length = to - from;
    assert(length <= KEY_BYTES_MAX, 'key slab: a key above 65,535 bytes');
    if (this.#end + 2 + length > SLAB_BYTES) {
      assert(this.#slabs.length < SLABS_MAX, 'key slab: more than 4 GiB of keys');
      this.#slabs.push(new Uint8Array(SLAB_BYTES));
      this.#end = 0;
    }
    const address = (((this.#slabs.length - 1) << SLAB_BITS) | this.#end) >>> 0;
    this.#end += 2 + length;
    this.#write(address, bytes, from, to);
    return address;
  }

  /** Puts another key where a forgotten one of the same length stood. */
  replace(address: number, bytes: Uint8Array, from: number, to: number): void {
    this.#write(address, bytes, from, to);
  }

  equals(address: number, bytes: Uint8Array, from: number, to: number): boolean {
    const slab = this.#slabs[address >>> SLAB_BITS]!;
    let at = address & SLAB_MASK;
    const length = to - from;
    if ((slab[at]! | (slab[at + 1]! << 8)) !== length) return false;
    at += 2;
    for (let i = 0; i < length; i++) if (slab[at + i] !== bytes[from + i]) return false;
    return true;
  }

  /** Negative, 0 or positive as the key at the address is below, at or above bytes[from, to). */
  compare(address: number, bytes: Uint8Array, from: number, to: number): number {
    const at = (address & SLAB_MASK) + 2;
    return compareRanges(this.slab(address), at, at + this.length(address), bytes, from, to);
  }

  #write(address: number, bytes: Uint8Array, from: number, to: number): void {
    const slab = this.#writable(address >>> SLAB_BITS);
    const at = address & SLAB_MASK;
    const length = to - from;
    slab[at] = length;
    slab[at + 1] = length >>> 8;
    for (let i = 0; i < length; i++) slab[at + 2 + i] = bytes[from + i]!;
  }

  #writable(index: number): Uint8Array {
    if (index < this.#isShared.length && this.#isShared[index] === 1) {
      this.#slabs[index] = this.#slabs[index]!.slice();
      this.#isShared[index] = 0;
    }
    return this.#slabs[index]!;
  }
}

export function hashKey(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5 ^ (to - from);
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca77);
  return (hash ^ (hash >>> 13)) >>> 0;
}
