/**
 * Builds a table in memory. Layout (FORMAT.md has the whole of it):
 *
 *     blocks │ index │ index length │ checksum │ checksum length
 *     entry  = overlap with the block's first key u16 │ rest u16 │ rest of the internal key │ value
 *
 * As in Badger the table is one buffer that is written at once when it is finished; its limit is the
 * table size, which `reachedCapacity` watches.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import { varintLength } from '../../sim/bytes/varint.ts';
import { BYTES_COPIED, BYTES_HASHED, FILTER_KEYS_ADDED, ITEMS_MOVED, type Work } from '../../sim/work.ts';
import { BlockIndex } from './block-index.ts';
import { BloomFilter } from './bloom-filter.ts';
import { fingerprint, fingerprintHigh, fingerprintLow } from './fingerprint.ts';
import { VERSION_BYTES } from './format.ts';
import { delimitedBytes, numberBytes, putChecksum, putDelimiter, putNumber, putU32BE } from './protobuf.ts';

const ENTRY_HEADER_BYTES = 4;
/** What Badger reckons an entry's header to take when it decides whether a block is full. */
const RECKONED_HEADER_BYTES = 6;
/** Number of offsets, a 64-bit checksum and its length: likewise. */
const RECKONED_TRAILER_BYTES = 4 + 8 + 4;
const RECKONED_INDEX_ENTRY_BYTES = 5;

export class TableBuilder {
  readonly buffer = new SparseBuffer(1 << 16);
  readonly #blockBytes: number;
  readonly #work: Work;
  #index = new BlockIndex();
  #filter: BloomFilter | undefined;
  #hashes: Int32Array = new Int32Array(2048);
  entries = 0;
  deletions = 0;
  #estimatedBytes = 0;
  // the open block
  #baseOffset = 0;
  #offsets: Int32Array = new Int32Array(64);
  #blockEntries = 0;
  #base: Uint8Array = new Uint8Array(64);
  #baseLength = 0;
  // the last key
  #last: Uint8Array = new Uint8Array(64);
  #lastLength = 0;

  constructor(blockBytes: number, work: Work) {
    this.#blockBytes = blockBytes;
    this.#work = work;
  }

  start(): void {
    this.buffer.reset();
    this.#index = new BlockIndex();
    this.#filter = undefined;
    this.entries = 0;
    this.deletions = 0;
    this.#estimatedBytes = 0;
    this.#baseOffset = 0;
    this.#blockEntries = 0;
  }

  /** The index and filter of the finished table. */
  get index(): BlockIndex {
    return this.#index;
  }
  get filter(): BloomFilter | undefined {
    return this.#filter;
  }
  /** First and last internal key. */
  get smallest(): Uint8Array {
    return this.#index.key(0);
  }
  get largest(): Uint8Array {
    return this.#last.slice(0, this.#lastLength);
  }

  /**
   * Adds an entry behind all others: the internal key key[0, keyLength + 8). `loggedBytes` goes into the
   * table's estimated size.
   */
  add(
    key: Uint8Array,
    keyLength: number,
    meta: number,
    userMeta: number,
    expiresAt: number,
    value: Value,
    loggedBytes: number,
  ): void {
    const length = keyLength + VERSION_BYTES;
    const valueBytes = 2 + varintLength(expiresAt) + value.length;
    if (this.#blockEntries > 0 && this.#isFull(length, valueBytes)) this.#finishBlock();
    const { buffer } = this;

    const overlap = this.#blockEntries === 0 ? this.#startBlock(key, length) : this.#overlap(key, length);
    if (this.#blockEntries === this.#offsets.length) this.#offsets = wider(this.#offsets);
    this.#offsets[this.#blockEntries++] = buffer.length - this.#baseOffset;
    buffer.u16(overlap);
    buffer.u16(length - overlap);
    buffer.bytes(key, overlap, length);
    buffer.u8(meta);
    buffer.u8(userMeta);
    buffer.varint(expiresAt);
    buffer.value(value);
    this.#estimatedBytes += ENTRY_HEADER_BYTES + length - overlap + valueBytes + loggedBytes;

    fingerprint(key, 0, keyLength);
    if (this.entries * 2 === this.#hashes.length) this.#hashes = wider(this.#hashes);
    this.#hashes[this.entries * 2] = fingerprintHigh;
    this.#hashes[this.entries * 2 + 1] = fingerprintLow;
    this.entries++;
    if ((meta & 1) !== 0) this.deletions++;

    if (length > this.#last.length) this.#last = new Uint8Array(length * 2);
    const last = this.#last;
    for (let i = 0; i < length; i++) last[i] = key[i];
    this.#lastLength = length;
    const { counts } = this.#work;
    counts[ITEMS_MOVED]++;
    counts[BYTES_COPIED] += length + valueBytes;
    counts[BYTES_HASHED] += keyLength;
  }

  /** Badger's estimate of the table's size without its filter exceeds `bytes`. */
  reachedCapacity(bytes: number): boolean {
    const blocks = this.buffer.length + this.#blockEntries * 4 + RECKONED_TRAILER_BYTES;
    return blocks + 4 + RECKONED_INDEX_ENTRY_BYTES * this.#index.count > bytes;
  }

  /** Appends index and trailer: `buffer` is the table. */
  finish(): void {
    const filter = BloomFilter.forKeys(this.entries);
    for (let i = 0; i < this.entries; i++) filter.add(this.#hashes[2 * i], this.#hashes[2 * i + 1]);
    this.#filter = filter;
    this.#work.counts[FILTER_KEYS_ADDED] += this.entries;
    this.#finishBlock();

    const { buffer } = this;
    const from = buffer.length;
    const index = this.#index;
    for (let k = 0; k < index.count; k++) {
      const keyFrom = index.keyFrom(k);
      const keyTo = index.keyFrom(k + 1);
      const offset = index.offset(k);
      const length = index.length(k);
      putDelimiter(buffer, 1, delimitedBytes(keyTo - keyFrom) + numberBytes(offset) + numberBytes(length));
      putDelimiter(buffer, 1, keyTo - keyFrom);
      buffer.bytes(index.keys, keyFrom, keyTo);
      putNumber(buffer, 2, offset);
      putNumber(buffer, 3, length);
    }
    const json = filter.toJson();
    putDelimiter(buffer, 2, json.length);
    buffer.bytes(json);
    putNumber(buffer, 3, this.#estimatedBytes);
    const to = buffer.length;
    putU32BE(buffer, to - from);
    putChecksum(buffer, buffer.crc32c(0, from, to));
    this.#work.counts[BYTES_HASHED] += to - from;
  }

  #isFull(keyBytes: number, valueBytes: number): boolean {
    const used = this.buffer.length - this.#baseOffset + RECKONED_HEADER_BYTES + keyBytes + valueBytes;
    return used + (this.#blockEntries + 1) * 4 + RECKONED_TRAILER_BYTES > this.#blockBytes;
  }

  #startBlock(key: Uint8Array, length: number): number {
    this.#baseOffset = this.buffer.length;
    if (length > this.#base.length) this.#base = new Uint8Array(length * 2);
    const base = this.#base;
    for (let i = 0; i < length; i++) base[i] = key[i];
    this.#baseLength = length;
    return 0;
  }

  #overlap(key: Uint8Array, length: number): number {
    const base = this.#base;
    const limit = Math.min(length, this.#baseLength);
    let at = 0;
    while (at < limit && key[at] === base[at]) at++;
    return at;
  }

  #finishBlock(): void {
    const { buffer } = this;
    const offsets = this.#offsets;
    const count = this.#blockEntries;
    for (let i = 0; i < count; i++) buffer.u32(offsets[i]);
    putU32BE(buffer, count);
    const bytes = buffer.length - this.#baseOffset;
    putChecksum(buffer, buffer.crc32c(0, this.#baseOffset, buffer.length));
    this.#work.counts[BYTES_HASHED] += bytes;
    this.#index.add(this.#base, this.#baseLength, this.#baseOffset, buffer.length - this.#baseOffset);
    this.#blockEntries = 0;
  }
}

function wider(old: Int32Array): Int32Array {
  const grown = new Int32Array(old.length * 2);
  grown.set(old);
  return grown;
}
