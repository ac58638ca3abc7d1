/**
 * The memtable: Badger's skip list (a level more with probability 1/3, at most 20 levels) in one
 * growing array of words.
 *
 *     node n = next pointers, level l at n − 1 − l │ key length │ version low │ version high │ value word │
 *              meta, user meta │ value's literal length │ fill at │ fill length │ expires at low │ high │ key words
 *     value  = literal bytes, at its own word: a value set anew for the same key and version moves
 *
 * Key words are big-endian with the top bit flipped and zeros behind the key, so that signed comparison
 * of words, then of lengths, is the order of the bytes; of equal keys the newest version comes first. Pointer 0 is nil.
 *
 * Heights come from a generator of this memtable's own: Go's draws cannot be replayed, and only
 * their distribution has a say in how many entries fit.
 *
 * Bounded by the arena's charge: the engine stops filling a memtable that is full.
 */
import type { Value } from '../../sim/bytes/value.ts';
import { varintLength } from '../../sim/bytes/varint.ts';
import { KEYS_COMPARED, MEMTABLE_STEPS, type Work } from '../../sim/work.ts';
import { Arena, HEIGHT_MAX } from './arena.ts';
import { VERSION_BYTES } from './format.ts';

const HEADER = 10;
const SIGN = 0x80000000 | 0;
/** The head's pointers fill the words before this one; word 0 is nil. */
const HEAD = HEIGHT_MAX + 1;
const TWO_32 = 4294967296;
/** A draw up to this makes a node one level higher. */
const TALLER_UP_TO = Math.floor((TWO_32 - 1) / 3);

export class Memtable {
  readonly arena = new Arena();
  readonly #work: Work;
  #words = new Int32Array(1 << 14);
  #bytes = new Uint8Array(this.#words.buffer);
  #end = HEAD + 1;
  #height = 1;
  /** Marsaglia's xorshift; never zero. */
  #random: number;
  readonly #previous = new Int32Array(HEIGHT_MAX);
  #target = new Int32Array(16);
  #targetLength = 0;
  #targetVersion = 0;
  entries = 0;

  constructor(work: Work, seed: number) {
    this.#work = work;
    this.#random = Math.imul(seed, 0x9e3779b1) | 1;
  }

  /** Empties it; the draws of heights go on. */
  reset(): void {
    this.arena.reset();
    this.#words.fill(0, 0, HEAD + 1);
    this.#end = HEAD + 1;
    this.#height = 1;
    this.entries = 0;
  }

  /** Bytes really held. */
  get memoryBytes(): number {
    return this.#words.byteLength;
  }

  /** Sets bytes[from, to) at this version. `meta` is that of the entry, with the bit for a value pointer if it is one. */
  put(
    bytes: Uint8Array,
    from: number,
    to: number,
    version: number,
    meta: number,
    userMeta: number,
    expiresAt: number,
    value: Value | undefined,
  ): void {
    const keyWords = this.#packTarget(bytes, from, to, version);
    let n = this.#findPrevious();
    if (n === 0) {
      const height = this.#randomHeight();
      n = this.#insert(height, keyWords);
      this.arena.addNode(height, to - from + VERSION_BYTES);
      this.entries++;
    }
    const literalLength = value === undefined ? 0 : value.literalLength;
    const fillLength = value === undefined ? 0 : value.fillLength;
    const at = literalLength === 0 ? 0 : this.#reserve((literalLength + 3) >> 2);
    const words = this.#words;
    words[n + 3] = at;
    words[n + 4] = meta | (userMeta << 8);
    words[n + 5] = literalLength;
    words[n + 6] = value === undefined ? 0 : value.fillAt;
    words[n + 7] = fillLength;
    const expiresHigh = Math.floor(expiresAt / TWO_32);
    words[n + 8] = expiresAt - expiresHigh * TWO_32;
    words[n + 9] = expiresHigh;
    if (value !== undefined && literalLength > 0) this.#copyLiteral(at * 4, value);
    this.arena.addValue(literalLength + fillLength, varintLength(expiresAt));
  }

  /** The first node ≥ key[from, to) at `version`; 0 at the end. */
  seek(key: Uint8Array, from: number, to: number, version: number): number {
    this.#packTarget(key, from, to, version);
    let x = HEAD;
    let bigger = 0;
    let steps = 0;
    let compared = 0;
    const words = this.#words;
    for (let level = this.#height - 1; level >= 0; level--) {
      for (;;) {
        const next = words[x - 1 - level];
        steps++;
        if (next === 0 || next === bigger) break;
        compared++;
        if (this.#compareTarget(next) >= 0) {
          bigger = next;
          break;
        }
        x = next;
      }
    }
    this.#work.counts[MEMTABLE_STEPS] += steps;
    this.#work.counts[KEYS_COMPARED] += compared;
    return words[x - 1];
  }

  /** The newest node of exactly this key that is not newer than `version`; 0: there is none. */
  find(key: Uint8Array, from: number, to: number, version: number): number {
    const node = this.seek(key, from, to, version);
    return node !== 0 && this.#hasTargetKey(node) ? node : 0;
  }

  first(): number {
    return this.#words[HEAD - 1];
  }
  next(node: number): number {
    this.#work.counts[MEMTABLE_STEPS]++;
    return this.#words[node - 1];
  }
  keyLength(node: number): number {
    return this.#words[node];
  }
  version(node: number): number {
    return (this.#words[node + 1] >>> 0) + this.#words[node + 2] * TWO_32;
  }
  meta(node: number): number {
    return this.#words[node + 4] & 0xff;
  }
  userMeta(node: number): number {
    return this.#words[node + 4] >>> 8;
  }
  expiresAt(node: number): number {
    return (this.#words[node + 8] >>> 0) + this.#words[node + 9] * TWO_32;
  }
  value(node: number, into: Value): void {
    const words = this.#words;
    into.set(this.#bytes, words[node + 3] * 4, words[node + 5], words[node + 6], words[node + 7]);
  }

  /** Writes the key of `node` to the start of `into`. */
  copyKey(node: number, into: Uint8Array): void {
    const words = this.#words;
    const length = words[node];
    let at = 0;
    let word = node + HEADER;
    for (; at + 4 <= length; at += 4) {
      const w = words[word++] ^ SIGN;
      into[at] = w >>> 24;
      into[at + 1] = w >>> 16;
      into[at + 2] = w >>> 8;
      into[at + 3] = w;
    }
    if (at < length) {
      const w = words[word] ^ SIGN;
      for (let shift = 24; at < length; shift -= 8) into[at++] = w >>> shift;
    }
  }

  /** A new node for the target behind `#previous`; its value is still to be set. */
  #insert(height: number, keyWords: number): number {
    const previous = this.#previous;
    while (this.#height < height) previous[this.#height++] = HEAD;
    const n = this.#reserve(height + HEADER + keyWords) + height;
    const words = this.#words;
    const high = Math.floor(this.#targetVersion / TWO_32);
    words[n] = this.#targetLength;
    words[n + 1] = this.#targetVersion - high * TWO_32;
    words[n + 2] = high;
    const target = this.#target;
    for (let i = 0; i < keyWords; i++) words[n + HEADER + i] = target[i];
    for (let level = 0; level < height; level++) {
      const before = previous[level];
      words[n - 1 - level] = words[before - 1 - level];
      words[before - 1 - level] = n;
    }
    return n;
  }

  /** Fills `#previous` with the last node before the target on every level; the node of the target itself, or 0. */
  #findPrevious(): number {
    const previous = this.#previous;
    const words = this.#words;
    let x = HEAD;
    let bigger = 0;
    let steps = 0;
    let compared = 0;
    let found = 0;
    for (let level = this.#height - 1; level >= 0; level--) {
      for (;;) {
        const next = words[x - 1 - level];
        steps++;
        if (next === 0 || next === bigger) break;
        compared++;
        const order = this.#compareTarget(next);
        if (order >= 0) {
          if (order === 0) found = next;
          bigger = next;
          break;
        }
        x = next;
      }
      previous[level] = x;
    }
    this.#work.counts[MEMTABLE_STEPS] += steps;
    this.#work.counts[KEYS_COMPARED] += compared;
    return found;
  }

  /** The order of the node against the target: negative if the node comes first. */
  #compareTarget(node: number): number {
    const words = this.#words;
    const target = this.#target;
    const length = words[node];
    const targetLength = this.#targetLength;
    const common = (Math.min(length, targetLength) + 3) >> 2;
    const from = node + HEADER;
    for (let i = 0; i < common; i++) {
      const a = words[from + i];
      const b = target[i];
      if (a !== b) return a < b ? -1 : 1;
    }
    if (length !== targetLength) return length - targetLength;
    return this.#targetVersion - this.version(node);
  }

  #hasTargetKey(node: number): boolean {
    const words = this.#words;
    const length = words[node];
    if (length !== this.#targetLength) return false;
    for (let i = (length + 3) >> 2; --i >= 0; ) if (words[node + HEADER + i] !== this.#target[i]) return false;
    return true;
  }

  #packTarget(bytes: Uint8Array, from: number, to: number, version: number): number {
    const length = to - from;
    const count = (length + 3) >> 2;
    if (count > this.#target.length) this.#target = new Int32Array(count * 2);
    const target = this.#target;
    let word = 0;
    let at = from;
    for (; at + 4 <= to; at += 4) {
      target[word++] = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) ^ SIGN;
    }
    if (at < to) {
      let w = 0;
      for (let shift = 24; at < to; shift -= 8) w |= bytes[at++] << shift;
      target[word] = w ^ SIGN;
    }
    this.#targetLength = length;
    this.#targetVersion = version;
    return count;
  }

  #randomHeight(): number {
    let height = 1;
    let random = this.#random;
    do {
      random ^= random << 13;
      random ^= random >>> 17;
      random ^= random << 5;
    } while (random >>> 0 <= TALLER_UP_TO && ++height < HEIGHT_MAX);
    this.#random = random;
    return height;
  }

  #reserve(count: number): number {
    const at = this.#end;
    if (at + count > this.#words.length) {
      const grown = new Int32Array(Math.max(at + count, this.#words.length * 2));
      grown.set(this.#words);
      this.#words = grown;
      this.#bytes = new Uint8Array(grown.buffer);
    }
    this.#end = at + count;
    return at;
  }

  #copyLiteral(at: number, value: Value): void {
    const bytes = this.#bytes;
    const source = value.bytes;
    const { start, literalLength } = value;
    if (literalLength > 64) bytes.set(source.subarray(start, start + literalLength), at);
    else for (let i = 0; i < literalLength; i++) bytes[at + i] = source[start + i];
  }
}
