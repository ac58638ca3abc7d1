/**
 * The hash index: buckets of a cache line, each seven entries and the number of an overflow bucket.
 *
 *     entry = bits 0–47 address ‖ bits 48–61 tag ‖ bit 62 pending ‖ bit 63 tentative
 *
 * Kept as the bytes that a checkpoint writes, in chunks of 64 buckets that are made when first written to: an empty
 * index of 64 MiB takes no memory here, and counts as 64 MiB where memory is reported.
 */
import { INDEX_STEPS, type Work } from '../../sim/work.ts';

export const BUCKET_BYTES = 64;
const ENTRY_WORDS = 2;
const BUCKET_WORDS = 16;
const OVERFLOW_WORD = 14;
const CHUNK_BUCKETS = 64;
export const CHUNK_BYTES = CHUNK_BUCKETS * BUCKET_BYTES;
const CHUNK_WORDS = CHUNK_BYTES / 4;
/** The allocator of overflow buckets never hands out its first ones: 0 must stand for none. */
const FIRST_OVERFLOW = 16;
/** An address that no record has, for an entry that has no record yet. */
const NO_RECORD = 1;
const WORD = 4294967296;
const TAG_SHIFT = 18;
const TENTATIVE = 0x8000_0000;

export class HashIndex {
  readonly buckets: number;
  readonly #mask: number;
  readonly #work: Work;
  readonly #table: (Uint32Array | undefined)[];
  readonly #overflow: (Uint32Array | undefined)[] = [];
  /** Overflow buckets handed out, the unused first ones included. */
  overflowCount = FIRST_OVERFLOW;
  /** Set by the searches: the entry, as words of its chunk. */
  #chunk: Uint32Array = new Uint32Array(0);
  #at = 0;

  constructor(buckets: number, work: Work) {
    this.buckets = buckets;
    this.#mask = buckets - 1;
    this.#work = work;
    this.#table = new Array(Math.ceil(buckets / CHUNK_BUCKETS)).fill(undefined);
  }

  get tableBytes(): number {
    return this.buckets * BUCKET_BYTES;
  }

  /** Finds the entry of the hash's tag. */
  find(hashLow: number, hashHigh: number): boolean {
    const tag = hashHigh >>> TAG_SHIFT;
    let number = (hashLow & this.#mask) >>> 0;
    let chunk = this.#table[Math.floor(number / CHUNK_BUCKETS)];
    const { counts } = this.#work;
    // a damaged image may lead in a circle
    for (let steps = 0; chunk !== undefined && steps <= this.overflowCount; steps++) {
      counts[INDEX_STEPS]!++;
      const bucket = (number % CHUNK_BUCKETS) * BUCKET_WORDS;
      for (let at = bucket; at < bucket + OVERFLOW_WORD; at += ENTRY_WORDS) {
        const high = chunk[at + 1]!;
        if (((high >>> 16) & 0x3fff) === tag && (high !== 0 || chunk[at] !== 0) && high < TENTATIVE) {
          this.#chunk = chunk;
          this.#at = at;
          return true;
        }
      }
      number = chunk[bucket + OVERFLOW_WORD]!;
      if (number === 0 || number >= this.overflowCount) return false;
      chunk = this.#overflow[Math.floor(number / CHUNK_BUCKETS)];
    }
    return false;
  }

  /** As `find`, and makes the entry if there is none: in a free place, or one whose record was cut off. */
  findOrCreate(hashLow: number, hashHigh: number, beginAddress: number): void {
    if (this.find(hashLow, hashHigh)) return;
    const tag = hashHigh >>> TAG_SHIFT;
    const first = (hashLow & this.#mask) >>> 0;
    let chunk = chunkOf(this.#table, first);
    let number = first;
    for (let steps = 0; ; steps++) {
      const bucket = (number % CHUNK_BUCKETS) * BUCKET_WORDS;
      for (let at = bucket; at < bucket + OVERFLOW_WORD; at += ENTRY_WORDS) {
        const address = chunk[at]! + (chunk[at + 1]! & 0xffff) * WORD;
        if (address === 0 || (address < beginAddress && address !== NO_RECORD)) {
          this.#chunk = chunk;
          this.#at = at;
          chunk[at] = NO_RECORD;
          chunk[at + 1] = tag << 16;
          return;
        }
      }
      number = chunk[bucket + OVERFLOW_WORD]!;
      if (number === 0 || number >= this.overflowCount || steps > this.overflowCount) {
        number = this.overflowCount++;
        chunk[bucket + OVERFLOW_WORD] = number;
        chunk[bucket + OVERFLOW_WORD + 1] = 0;
      }
      chunk = chunkOf(this.#overflow, number);
    }
  }

  /** Of the entry found: the newest record of its tag. */
  get address(): number {
    return this.#chunk[this.#at]! + (this.#chunk[this.#at + 1]! & 0xffff) * WORD;
  }

  /** Lets the entry found lead to another record. */
  set address(address: number) {
    const high = Math.floor(address / WORD);
    this.#chunk[this.#at] = address - high * WORD;
    this.#chunk[this.#at + 1] = (this.#chunk[this.#at + 1]! & 0xffff_0000) | high;
  }

  /** Frees the entry found. */
  clear(): void {
    this.#chunk[this.#at] = 0;
    this.#chunk[this.#at + 1] = 0;
  }

  // ——— as a file ———

  get chunkCount(): number {
    return this.#table.length;
  }

  get overflowBytes(): number {
    return this.overflowCount * BUCKET_BYTES;
  }

  /** The words of the i-th 4 KiB of the table, undefined where all are zero. */
  tableChunk(i: number): Uint32Array | undefined {
    return this.#table[i];
  }

  overflowChunk(i: number): Uint32Array | undefined {
    return this.#overflow[i];
  }

  /** Takes over a chunk that was read from a checkpoint, without what was tentative or latched. */
  loadTableChunk(i: number, words: Uint32Array): void {
    this.#table[i] = clean(words);
  }

  loadOverflowChunk(i: number, words: Uint32Array): void {
    this.#overflow[i] = clean(words);
  }

  /** Every entry in use, in no order that matters. */
  forEach(visit: (address: number, tag: number) => void): void {
    for (const chunks of [this.#table, this.#overflow]) {
      for (const chunk of chunks) {
        if (chunk === undefined) continue;
        for (let at = 0; at < CHUNK_WORDS; at += ENTRY_WORDS) {
          if (at % BUCKET_WORDS === OVERFLOW_WORD) continue;
          const high = chunk[at + 1]!;
          if (high === 0 && chunk[at] === 0) continue;
          visit(chunk[at]! + (high & 0xffff) * WORD, (high >>> 16) & 0x3fff);
        }
      }
    }
  }
}

function chunkOf(chunks: (Uint32Array | undefined)[], bucket: number): Uint32Array {
  const i = Math.floor(bucket / CHUNK_BUCKETS);
  while (chunks.length <= i) chunks.push(undefined);
  let chunk = chunks[i];
  if (chunk === undefined) {
    chunk = new Uint32Array(CHUNK_WORDS);
    chunks[i] = chunk;
  }
  return chunk;
}

function clean(words: Uint32Array): Uint32Array {
  for (let at = 0; at < words.length; at += ENTRY_WORDS) {
    if (at % BUCKET_WORDS === OVERFLOW_WORD) words[at + 1] = words[at + 1]! & 0xffff;
    else if (words[at + 1]! >= TENTATIVE) words[at] = words[at + 1] = 0;
  }
  return words;
}
