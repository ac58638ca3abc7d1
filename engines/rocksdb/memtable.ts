/**
 * The memtable: RocksDB's skip list (branching 4, at most 12 levels, with its hint for ascending
 * keys) in one growing array of words.
 *
 *     node n = next pointers, level l at n − 1 − l │ key length │ value's literal length, −1 for a
 *              deletion │ fill at │ fill length │ sequence − base │ key words │ value's literal bytes
 *
 * Key words are big-endian with the top bit flipped and zeros behind the key, so that signed
 * comparison of words, then of lengths, is the order of the bytes. Pointer 0 is nil. Of equal
 * keys the newest comes first: there is no snapshot to read the others, but they stay until the
 * flush, as they do in RocksDB.
 *
 * Bounded by the arena's charge: the engine stops filling a memtable that is full.
 */
import { assert } from '../../sim/assert.ts';
import type { Value } from '../../sim/bytes/value.ts';
import { varintLength } from '../../sim/bytes/varint.ts';
import { KEYS_COMPARED, MEMTABLE_STEPS, type Work } from '../../sim/work.ts';
import { Arena } from './arena.ts';
import { Cursor, TYPE_DELETION, TYPE_VALUE } from './cursor.ts';

const HEIGHT_MAX = 12;
const HEADER = 5;
const SIGN = 0x80000000 | 0;
/** The head's pointers fill the words before this one; word 0 is nil. */
const HEAD = HEIGHT_MAX + 1;
/** Park and Miller's generator, as RocksDB's: node heights depend on nothing but the count of inserts. */
const MODULUS = 2147483647;
const MULTIPLIER = 16807;
/** Branching 4: a draw below this makes a node one level higher. */
const TALLER_BELOW = Math.floor((MODULUS + 1) / 4);

export class Memtable {
  readonly arena: Arena;
  readonly #work: Work;
  #words = new Int32Array(1 << 14);
  #bytes = new Uint8Array(this.#words.buffer);
  #end = 0;
  #height = 1;
  #seed = 301;
  #previous = new Int32Array(HEIGHT_MAX);
  #target = new Int32Array(16);
  #targetLength = 0;
  /** The number of the WAL that holds this memtable's batches, and the sequence before its first. */
  logNumber = 0;
  baseSequence = 0;
  entries = 0;
  deletions = 0;
  isBeingFlushed = false;

  constructor(writeBufferBytes: number, work: Work) {
    this.arena = new Arena(writeBufferBytes);
    this.#work = work;
    this.reset(0, 0);
  }

  reset(logNumber: number, baseSequence: number): void {
    this.arena.reset();
    this.logNumber = logNumber;
    this.baseSequence = baseSequence;
    this.entries = 0;
    this.deletions = 0;
    this.isBeingFlushed = false;
    this.#words.fill(0, 0, HEAD + 1);
    this.#end = HEAD + 1;
    this.#height = 1;
    this.#previous.fill(HEAD);
  }

  get full(): boolean {
    return this.arena.full;
  }

  /** Bytes really held. */
  get memoryBytes(): number {
    return this.#words.byteLength;
  }

  /** Adds bytes[keyFrom, keyTo) → value, or a deletion if `value` is undefined. */
  add(sequence: number, bytes: Uint8Array, keyFrom: number, keyTo: number, value: Value | undefined): void {
    const keyWords = this.#packTarget(bytes, keyFrom, keyTo);
    const keyLength = keyTo - keyFrom;
    this.#findPrevious();
    const height = this.#randomHeight();
    const previous = this.#previous;
    while (this.#height < height) previous[this.#height++] = HEAD;

    const literalLength = value === undefined ? 0 : value.literalLength;
    const n = this.#reserve(height + HEADER + keyWords + ((literalLength + 3) >> 2)) + height;
    const words = this.#words;
    words[n] = keyLength;
    words[n + 1] = value === undefined ? -1 : literalLength;
    words[n + 2] = value === undefined ? 0 : value.fillAt;
    words[n + 3] = value === undefined ? 0 : value.fillLength;
    words[n + 4] = sequence - this.baseSequence;
    const target = this.#target;
    for (let i = 0; i < keyWords; i++) words[n + HEADER + i] = target[i];
    if (value !== undefined && literalLength > 0) this.#copyLiteral((n + HEADER + keyWords) * 4, value);
    for (let level = 0; level < height; level++) {
      const before = previous[level];
      words[n - 1 - level] = words[before - 1 - level];
      words[before - 1 - level] = n;
      previous[level] = n;
    }

    this.entries++;
    let valueLength = 0;
    if (value === undefined) this.deletions++;
    else valueLength = literalLength + value.fillLength;
    const encoded = varintLength(keyLength + 8) + keyLength + 8 + varintLength(valueLength) + valueLength;
    this.arena.allocate(8 * height + encoded);
  }

  /** The newest entry of the first key ≥ key[from, to); 0 at the end. */
  seek(key: Uint8Array, from: number, to: number): number {
    this.#packTarget(key, from, to);
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

  first(): number {
    return this.#words[HEAD - 1];
  }
  next(node: number): number {
    this.#work.counts[MEMTABLE_STEPS]++;
    return this.#words[node - 1];
  }
  isDeletion(node: number): boolean {
    return this.#words[node + 1] < 0;
  }
  sequence(node: number): number {
    return this.#words[node + 4] + this.baseSequence;
  }
  keyLength(node: number): number {
    return this.#words[node];
  }
  value(node: number, into: Value): void {
    const words = this.#words;
    const start = (node + HEADER + ((words[node] + 3) >> 2)) * 4;
    const literalLength = words[node + 1];
    assert(literalLength >= 0, 'memtable: the value of a deletion');
    into.set(this.#bytes, start, literalLength, words[node + 2], words[node + 3]);
  }

  /** The newest entry of exactly this key; 0: there is none. */
  find(key: Uint8Array, from: number, to: number): number {
    const node = this.seek(key, from, to);
    return node !== 0 && this.#compareTarget(node) === 0 ? node : 0;
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

  /** Fills `#previous` with the last node before the target on every level. */
  #findPrevious(): void {
    const previous = this.#previous;
    const words = this.#words;
    const hint = previous[0];
    let steps = 1;
    let compared = 0;
    // The place behind the last insert, if the target belongs there: ascending keys cost two comparisons.
    if (hint === HEAD || this.#compareTarget(hint) < 0) {
      const after = words[hint - 1];
      if (after === 0 || this.#compareTarget(after) >= 0) {
        this.#work.counts[MEMTABLE_STEPS] += steps;
        this.#work.counts[KEYS_COMPARED] += 2;
        return;
      }
    }
    let x = HEAD;
    let bigger = 0;
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
      previous[level] = x;
    }
    this.#work.counts[MEMTABLE_STEPS] += steps;
    this.#work.counts[KEYS_COMPARED] += compared + 2;
  }

  /** The order of the node's key against the target's: negative if the node comes first. */
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
    return length - targetLength;
  }

  #packTarget(bytes: Uint8Array, from: number, to: number): number {
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
    return count;
  }

  #randomHeight(): number {
    let height = 1;
    while (height < HEIGHT_MAX) {
      this.#seed = (this.#seed * MULTIPLIER) % MODULUS;
      if (this.#seed >= TALLER_BELOW) break;
      height++;
    }
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

export class MemtableCursor extends Cursor {
  #memtable: Memtable;
  #node = 0;

  constructor(memtable: Memtable) {
    super();
    this.#memtable = memtable;
  }

  setMemtable(memtable: Memtable): this {
    this.#memtable = memtable;
    this.valid = false;
    return this;
  }

  override first(): void {
    this.#moveTo(this.#memtable.first());
  }
  override seek(key: Uint8Array, from: number, to: number): void {
    this.#moveTo(this.#memtable.seek(key, from, to));
  }
  override next(): void {
    this.#moveTo(this.#memtable.next(this.#node));
  }
  override value(into: Value): void {
    if (this.type === TYPE_DELETION) into.set(this.key, 0, 0, 0, 0);
    else this.#memtable.value(this.#node, into);
  }

  #moveTo(node: number): void {
    this.#node = node;
    this.valid = node !== 0;
    if (node === 0) return;
    const memtable = this.#memtable;
    this.keyLength = memtable.keyLength(node);
    if (this.keyLength > this.key.length) this.key = new Uint8Array(this.keyLength * 2);
    memtable.copyKey(node, this.key);
    this.sequence = memtable.sequence(node);
    this.type = memtable.isDeletion(node) ? TYPE_DELETION : TYPE_VALUE;
  }
}
