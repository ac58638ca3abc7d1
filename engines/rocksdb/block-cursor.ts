/**
 * Reads the entries of one data block that lies at [from, to) of a sparse buffer.
 *
 * The fast path walks literal bytes and runs side by side and expects runs in values only, one a value,
 * of fill: all that the builder writes. Any other shape of the same bytes (a planted fault, a file
 * rewritten literally) is expanded once and walked as plain bytes. The caller has checked the checksum;
 * an entry that still does not decode ends the walk with `failure` set.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { FILL, type Value } from '../../sim/bytes/value.ts';
import { readVarint, varintEnd } from '../../sim/bytes/varint.ts';
import { ENTRIES_DECODED, KEYS_COMPARED, type Work } from '../../sim/work.ts';
import { Cursor } from './cursor.ts';

const TRAILER_BYTES = 8;

export class BlockCursor extends Cursor {
  protected readonly work: Work;
  #buffer = EMPTY;
  #from = 0;
  #to = 0;
  /** Where entries end and restart points begin. */
  #entriesTo = 0;
  #restarts = 0;
  // the next entry: logical offset, index of its first literal byte, first run not before it
  #at = 0;
  #literalAt = 0;
  #run = 0;
  // the current value: index of its literal bytes
  #valueAt = 0;
  #valueLiteral = 0;
  #fillAt = 0;
  #fillLength = 0;
  #plain: SparseBuffer | undefined;

  constructor(work: Work) {
    super();
    this.work = work;
  }

  /** Goes before the first entry of the block at buffer[from, to), trailer excluded. */
  setBlock(buffer: SparseBuffer, from: number, to: number): void {
    this.#buffer = buffer;
    this.#from = from;
    this.#to = to;
    this.valid = false;
    this.#restarts = to - from >= 8 ? buffer.readU32(to - 4) : 0;
    this.#entriesTo = to - 4 - 4 * this.#restarts;
    if (this.#restarts === 0 || this.#entriesTo < from) {
      this.failure = 'a block without restart points';
      this.#entriesTo = from;
    }
    this.#locate(from);
  }

  override first(): void {
    this.#locate(this.#from);
    this.next();
  }

  override next(): void {
    if (this.#at >= this.#entriesTo) {
      this.valid = false;
      return;
    }
    this.#decode();
  }

  override seek(key: Uint8Array, from: number, to: number): void {
    // The last restart point whose key is below the target; entries before it are all below.
    let low = 0;
    let high = this.#restarts - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      this.#locate(this.#from + this.#buffer.readU32(this.#entriesTo + 4 * middle));
      this.next();
      if (!this.valid) return;
      this.work.counts[KEYS_COMPARED]++;
      if (compareRanges(this.key, 0, this.keyLength, key, from, to) < 0) low = middle;
      else high = middle - 1;
    }
    this.#locate(this.#from + (low > 0 ? this.#buffer.readU32(this.#entriesTo + 4 * low) : 0));
    do {
      this.next();
      if (!this.valid) return;
      this.work.counts[KEYS_COMPARED]++;
    } while (compareRanges(this.key, 0, this.keyLength, key, from, to) < 0);
  }

  override value(into: Value): void {
    into.set(this.#buffer.literal, this.#valueAt, this.#valueLiteral, this.#fillAt, this.#fillLength);
  }

  #decode(): void {
    const buffer = this.#buffer;
    const { literal } = buffer;
    const literalFrom = this.#literalAt;
    let at = literalFrom;
    let shared = literal[at];
    let rest = literal[at + 1];
    let valueLength = literal[at + 2];
    if ((shared | rest | valueLength) < 128) {
      at += 3;
    } else {
      const end = buffer.literalLength;
      shared = readVarint(literal, at, end);
      if (varintEnd < 0) {
        this.#unexpected();
        return;
      }
      rest = readVarint(literal, varintEnd, end);
      if (varintEnd < 0) {
        this.#unexpected();
        return;
      }
      valueLength = readVarint(literal, varintEnd, end);
      if (varintEnd < 0) {
        this.#unexpected();
        return;
      }
      at = varintEnd;
    }
    const length = shared + rest;
    const valueFrom = this.#at + (at - literalFrom) + rest;
    const valueTo = valueFrom + valueLength;
    const run = this.#run;
    const runStart = run < buffer.runCount ? buffer.runStart[run] : 0x7fffffff;
    if (valueTo > this.#entriesTo || length < TRAILER_BYTES || runStart < valueFrom) {
      this.#unexpected();
      return;
    }
    if (shared > 0 && shared > this.keyLength + TRAILER_BYTES) {
      this.#unexpected();
      return;
    }

    if (length > this.key.length) this.#growKey(length, shared);
    const { key } = this;
    for (let i = shared; i < length; i++) key[i] = literal[at++];

    let valueLiteral = valueLength;
    this.#fillAt = valueLength;
    this.#fillLength = 0;
    if (runStart < valueTo) {
      const runLength = buffer.runLength[run];
      const nextStart = run + 1 < buffer.runCount ? buffer.runStart[run + 1] : 0x7fffffff;
      if (buffer.runByte[run] !== FILL || runStart + runLength > valueTo || nextStart < valueTo) {
        this.#unexpected();
        return;
      }
      valueLiteral -= runLength;
      this.#fillAt = runStart - valueFrom;
      this.#fillLength = runLength;
      this.#run = run + 1;
    }
    this.#valueAt = at;
    this.#valueLiteral = valueLiteral;
    this.#literalAt = at + valueLiteral;
    this.#at = valueTo;

    const keyLength = length - TRAILER_BYTES;
    this.keyLength = keyLength;
    this.type = key[keyLength];
    this.sequence =
      key[keyLength + 1] +
      (key[keyLength + 2] << 8) +
      (key[keyLength + 3] << 16) +
      key[keyLength + 4] * 16777216 +
      key[keyLength + 5] * 4294967296 +
      key[keyLength + 6] * 1099511627776;
    this.valid = true;
    this.work.counts[ENTRIES_DECODED]++;
  }

  /** A shape the fast path does not take: expand the block and try again; malformed if it is expanded already. */
  #unexpected(): void {
    if (this.#buffer === this.#plain) {
      this.failure = 'an entry that does not decode';
      this.valid = false;
      this.#at = this.#entriesTo;
      return;
    }
    const at = this.#at - this.#from;
    const size = this.#to - this.#from;
    const bytes = new Uint8Array(size);
    this.#buffer.copyTo(bytes, 0, this.#from, this.#to);
    const plain = new SparseBuffer(size);
    plain.bytes(bytes);
    this.#entriesTo -= this.#from;
    this.#plain = plain;
    this.#buffer = plain;
    this.#from = 0;
    this.#to = size;
    this.#locate(at);
    this.#decode();
  }

  /** Sets the next entry to the one at logical offset `at`. */
  #locate(at: number): void {
    const buffer = this.#buffer;
    let low = 0;
    let high = buffer.runCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (buffer.runStart[middle] < at) low = middle + 1;
      else high = middle;
    }
    this.#at = Math.min(at, this.#entriesTo);
    this.#run = low;
    const before = low - 1;
    const hidden = low === 0 ? 0 : buffer.runStart[before] + buffer.runLength[before] - buffer.runAt[before];
    this.#literalAt = at - hidden;
  }

  #growKey(length: number, shared: number): void {
    const grown = new Uint8Array(length * 2);
    grown.set(this.key.subarray(0, shared));
    this.key = grown;
  }
}

const EMPTY = new SparseBuffer(16);
