/**
 * Reads the entries of one block that lies at [from, to) of a sparse buffer, its checksum included.
 *
 * Keys and headers are literal bytes and a value holds one run at most: what the builder writes, and what
 * the way to the next entry assumes. Any other shape of the same bytes is read through the buffer's
 * general access. An entry that does not decode ends the walk with `failure` set.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import { readVarint, varintEnd } from '../../sim/bytes/varint.ts';
import { BLOCKS_DECODED, BYTES_HASHED, ENTRIES_DECODED, KEYS_COMPARED, type Work } from '../../sim/work.ts';
import { Cursor } from './cursor.ts';
import { readVersion, VERSION_BYTES } from './format.ts';
import { readChecksum } from './protobuf.ts';

const HEADER_BYTES = 4;
/** Of a checksum message: two fields of ten bytes each are far more than any has. */
const CHECKSUM_BYTES_MAX = 32;
const VARINT_BYTES_MAX = 10;

export class BlockCursor extends Cursor {
  protected readonly work: Work;
  #buffer = EMPTY;
  #from = 0;
  #entries = 0;
  #entriesTo = 0;
  #offsets = new Int32Array(64);
  #at = -1;
  /** The first key of the block, as far as the current key may need it. */
  #base: Uint8Array = new Uint8Array(64);
  #baseLength = 0;
  /** How much of `key` is the base's. */
  #shared = 0;
  #valueFrom = 0;
  #valueTo = 0;
  readonly #scratch = new Uint8Array(256);

  constructor(work: Work) {
    super();
    this.work = work;
  }

  /** Goes before the first entry of the block; `verify` its checksum first. */
  setBlock(buffer: SparseBuffer, from: number, to: number, verify: boolean): void {
    this.#buffer = buffer;
    this.#from = from;
    this.#at = -1;
    this.#entries = 0;
    this.#baseLength = 0;
    this.#shared = 0;
    this.valid = false;
    this.failure = this.#readTrailer(to, verify);
    if (this.failure !== undefined) this.#entries = 0;
    this.work.counts[BLOCKS_DECODED]++;
  }

  get entries(): number {
    return this.#entries;
  }

  override first(): void {
    this.#moveTo(0);
  }
  last(): void {
    this.#moveTo(this.#entries - 1);
  }
  override next(): void {
    this.#moveTo(this.#at + 1);
  }

  override seek(key: Uint8Array, from: number, to: number, version: number): void {
    let low = 0;
    let high = this.#entries;
    while (low < high) {
      const middle = (low + high) >>> 1;
      this.#moveTo(middle);
      if (!this.valid) return;
      this.work.counts[KEYS_COMPARED]++;
      let order = compareRanges(this.key, 0, this.keyLength, key, from, to);
      if (order === 0) order = version - this.version;
      if (order >= 0) high = middle;
      else low = middle + 1;
    }
    if (low !== this.#at) this.#moveTo(low);
  }

  override value(into: Value): void {
    this.#buffer.valueAt(this.#valueFrom, this.#valueTo, into);
  }

  #readTrailer(to: number, verify: boolean): string | undefined {
    const buffer = this.#buffer;
    const from = this.#from;
    if (to - from < 8) return 'a block too short for its trailer';
    const checksumFrom = to - 4 - readU32BEAt(buffer, to - 4);
    if (checksumFrom - 4 < from || to - 4 - checksumFrom > CHECKSUM_BYTES_MAX) return 'a block without a checksum';
    if (verify) {
      buffer.copyTo(this.#scratch, 0, checksumFrom, to - 4);
      this.work.counts[BYTES_HASHED] += checksumFrom - from;
      const expected = readChecksum(this.#scratch, 0, to - 4 - checksumFrom);
      if (buffer.crc32c(0, from, checksumFrom) !== expected) return 'checksum mismatch';
    }
    const count = readU32BEAt(buffer, checksumFrom - 4);
    this.#entriesTo = checksumFrom - 4 - 4 * count;
    if (count === 0 || this.#entriesTo < from) return 'a block without entries';
    if (count > this.#offsets.length) this.#offsets = new Int32Array(count * 2);
    const index = buffer.literalIndex(this.#entriesTo, 4 * count);
    const { view } = buffer;
    for (let i = 0; i < count; i++) {
      const at = this.#entriesTo + 4 * i;
      this.#offsets[i] = index >= 0 ? view.getInt32(index + 4 * i, true) : buffer.readU32(at) | 0;
    }
    this.#entries = count;
    return undefined;
  }

  #moveTo(at: number): void {
    this.#at = at;
    this.valid = false;
    if (at < 0 || at >= this.#entries || this.failure !== undefined) return;
    if (this.#baseLength === 0 && at > 0 && !this.#readBase()) return;
    if (!this.#decode(at)) this.failure ??= 'an entry that does not decode';
  }

  #readBase(): boolean {
    if (!this.#decode(0)) this.failure ??= 'a first entry that does not decode';
    this.valid = false;
    return this.failure === undefined;
  }

  #decode(at: number): boolean {
    const from = this.#from + this.#offsets[at];
    const to = at + 1 < this.#entries ? this.#from + this.#offsets[at + 1] : this.#entriesTo;
    if (from < this.#from || from + HEADER_BYTES > to || to > this.#entriesTo) return false;
    const buffer = this.#buffer;
    let { literal } = buffer;
    let index = buffer.literalIndex(from, HEADER_BYTES);
    if (index < 0) {
      buffer.copyTo(this.#scratch, 0, from, from + HEADER_BYTES);
      literal = this.#scratch;
      index = 0;
    }
    const overlap = literal[index] | (literal[index + 1] << 8);
    const rest = literal[index + 2] | (literal[index + 3] << 8);
    const length = overlap + rest;
    const keyTo = from + HEADER_BYTES + rest;
    if (keyTo + 3 > to || length < VERSION_BYTES || (at === 0 ? overlap > 0 : overlap > this.#baseLength)) return false;
    this.#setKey(from + HEADER_BYTES, overlap, rest);
    if (at === 0) this.#keepBase(length);
    return this.#readValueHeader(keyTo, to, length);
  }

  #setKey(from: number, overlap: number, rest: number): void {
    const length = overlap + rest;
    if (length > this.key.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(this.key);
      this.key = grown;
    }
    const { key } = this;
    const base = this.#base;
    for (let i = this.#shared; i < overlap; i++) key[i] = base[i];
    this.#shared = overlap;
    const buffer = this.#buffer;
    const index = buffer.literalIndex(from, rest);
    if (index >= 0) {
      const { literal } = buffer;
      for (let i = 0; i < rest; i++) key[overlap + i] = literal[index + i];
    } else buffer.copyTo(key, overlap, from, from + rest);
  }

  #keepBase(length: number): void {
    if (length > this.#base.length) this.#base = new Uint8Array(length * 2);
    this.#base.set(this.key.subarray(0, length));
    this.#baseLength = length;
    this.#shared = length;
  }

  #readValueHeader(from: number, to: number, length: number): boolean {
    const buffer = this.#buffer;
    const available = Math.min(to - from, 2 + VARINT_BYTES_MAX);
    let { literal } = buffer;
    let index = buffer.literalIndex(from, 3);
    if (index < 0 || literal[index + 2] >= 0x80) {
      buffer.copyTo(this.#scratch, 0, from, from + available);
      literal = this.#scratch;
      index = 0;
      this.expiresAt = readVarint(literal, 2, available);
      if (varintEnd < 0) return false;
      this.#valueFrom = from + varintEnd;
    } else {
      this.expiresAt = literal[index + 2];
      this.#valueFrom = from + 3;
    }
    this.meta = literal[index];
    this.userMeta = literal[index + 1];
    this.#valueTo = to;
    this.keyLength = length - VERSION_BYTES;
    this.version = readVersion(this.key, this.keyLength);
    this.valid = true;
    this.work.counts[ENTRIES_DECODED]++;
    return true;
  }
}

function readU32BEAt(buffer: SparseBuffer, at: number): number {
  const little = buffer.readU32(at);
  return ((little << 24) | ((little & 0xff00) << 8) | ((little >>> 8) & 0xff00) | (little >>> 24)) >>> 0;
}

const EMPTY = new SparseBuffer(16);
