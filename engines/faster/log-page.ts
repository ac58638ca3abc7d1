/**
 * One page of the log in memory, sparse: of each record a row of numbers and the literal bytes of key and
 * value; fill is a count. `encode` gives the bytes that the page consists of.
 *
 * A value can be replaced in place by one that is not longer. Its literal bytes go where the old ones stood, or to the
 * end of the page's bytes if they are more; room only ever grows, at least twofold, so that what is left unused
 * stays below what is used.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import { align8, LENGTH_BYTES, recordBytes } from './record-format.ts';

// a row
const OFFSET = 0;
const INFO_LOW = 1;
const INFO_HIGH = 2;
const KEY_AT = 3;
const KEY_LENGTH = 4;
const VALUE_AT = 5;
const VALUE_LENGTH = 6;
const LITERAL_LENGTH = 7;
const FILL_AT = 8;
const ROOM = 9;
const ROW = 10;

export class LogPage {
  readonly number: number;
  /** Records. */
  count = 0;
  /** Offset behind the last record. */
  end: number;
  bytes = new Uint8Array(1024);
  #bytesEnd = 0;
  #rows = new Int32Array(ROW * 16);

  constructor(number: number, end = 0) {
    this.number = number;
    this.end = end;
  }

  /** Adds a record at `offset`, behind the others, and returns its slot. */
  append(
    offset: number,
    infoLow: number,
    infoHigh: number,
    key: Uint8Array,
    keyFrom: number,
    keyTo: number,
    value: Value,
  ): number {
    const slot = this.count++;
    const row = slot * ROW;
    if (row + ROW > this.#rows.length) this.#growRows();
    const rows = this.#rows;
    const keyLength = keyTo - keyFrom;
    this.#reserve(keyLength + value.literalLength);
    const { bytes } = this;
    let at = this.#bytesEnd;
    rows[row + OFFSET] = offset;
    rows[row + INFO_LOW] = infoLow;
    rows[row + INFO_HIGH] = infoHigh;
    rows[row + KEY_AT] = at;
    rows[row + KEY_LENGTH] = keyLength;
    for (let i = keyFrom; i < keyTo; i++) bytes[at++] = key[i]!;
    rows[row + VALUE_AT] = at;
    rows[row + ROOM] = value.literalLength;
    this.#bytesEnd = at + value.literalLength;
    this.#setValue(row, at, value);
    this.end = offset + recordBytes(keyLength, value.length);
    return slot;
  }

  /** Replaces the value of a record by one that is not longer. */
  replaceValue(slot: number, value: Value): void {
    const row = slot * ROW;
    const rows = this.#rows;
    let at = rows[row + VALUE_AT]!;
    if (value.literalLength > rows[row + ROOM]!) {
      const room = Math.max(value.literalLength, rows[row + ROOM]! * 2);
      this.#reserve(room);
      at = this.#bytesEnd;
      this.#bytesEnd += room;
      rows[row + VALUE_AT] = at;
      rows[row + ROOM] = room;
    }
    this.#setValue(row, at, value);
  }

  #setValue(row: number, at: number, value: Value): void {
    const rows = this.#rows;
    rows[row + VALUE_LENGTH] = value.length;
    rows[row + LITERAL_LENGTH] = value.literalLength;
    rows[row + FILL_AT] = value.fillAt;
    const { bytes } = this;
    const source = value.bytes;
    const { start, literalLength } = value;
    if (literalLength > 64) bytes.set(source.subarray(start, start + literalLength), at);
    else for (let i = 0; i < literalLength; i++) bytes[at + i] = source[start + i]!;
  }

  /** The slot of the record that starts at `offset`; −1 if none does. */
  find(offset: number): number {
    const rows = this.#rows;
    let low = 0;
    let high = this.count - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const there = rows[middle * ROW]!;
      if (there === offset) return middle;
      if (there < offset) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  offset(slot: number): number {
    return this.#rows[slot * ROW + OFFSET]!;
  }
  infoLow(slot: number): number {
    return this.#rows[slot * ROW + INFO_LOW]! >>> 0;
  }
  infoHigh(slot: number): number {
    return this.#rows[slot * ROW + INFO_HIGH]! >>> 0;
  }
  setInfoHigh(slot: number, infoHigh: number): void {
    this.#rows[slot * ROW + INFO_HIGH] = infoHigh;
  }
  keyFrom(slot: number): number {
    return this.#rows[slot * ROW + KEY_AT]!;
  }
  keyLength(slot: number): number {
    return this.#rows[slot * ROW + KEY_LENGTH]!;
  }
  valueLength(slot: number): number {
    return this.#rows[slot * ROW + VALUE_LENGTH]!;
  }

  hasKey(slot: number, key: Uint8Array, from: number, to: number): boolean {
    const at = this.keyFrom(slot);
    const length = this.keyLength(slot);
    return length === to - from && compareRanges(this.bytes, at, at + length, key, from, to) === 0;
  }

  /** Borrowed until the page changes. */
  value(slot: number, into: Value): void {
    const row = slot * ROW;
    const rows = this.#rows;
    const literalLength = rows[row + LITERAL_LENGTH]!;
    const fillLength = rows[row + VALUE_LENGTH]! - literalLength;
    into.set(this.bytes, rows[row + VALUE_AT]!, literalLength, rows[row + FILL_AT]!, fillLength);
  }

  /**
   * Appends the page's bytes from the start of the record that holds `from` (or from `from`, if none does) to `to`,
   * with zeros where nothing stands. Returns the offset that the appended bytes start at.
   */
  encode(from: number, to: number, buffer: SparseBuffer, scratch: Value): number {
    let slot = this.#firstEndingAfter(from);
    let at = slot < this.count ? Math.min(from, this.offset(slot)) : from;
    const start = at;
    const base = buffer.length;
    for (; slot < this.count && this.offset(slot) < to; slot++) {
      const offset = this.offset(slot);
      buffer.run(0, offset - at);
      const keyLength = this.keyLength(slot);
      buffer.u32(this.infoLow(slot));
      buffer.u32(this.infoHigh(slot));
      buffer.u32(keyLength);
      const keyFrom = this.keyFrom(slot);
      buffer.bytes(this.bytes, keyFrom, keyFrom + keyLength);
      buffer.run(0, align8(LENGTH_BYTES + keyLength) - LENGTH_BYTES - keyLength);
      this.value(slot, scratch);
      buffer.u32(scratch.length);
      buffer.value(scratch);
      at = offset + recordBytes(keyLength, scratch.length);
      buffer.run(0, at - start - (buffer.length - base));
    }
    if (at < to) buffer.run(0, to - at);
    return start;
  }

  /** The first record that ends behind `offset`; `count` if there is none. */
  #firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const end = this.offset(middle) + recordBytes(this.keyLength(middle), this.valueLength(middle));
      if (end > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #reserve(count: number): void {
    if (this.#bytesEnd + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#bytesEnd + count, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.#bytesEnd));
    this.bytes = grown;
  }

  #growRows(): void {
    const grown = new Int32Array(this.#rows.length * 2);
    grown.set(this.#rows);
    this.#rows = grown;
  }
}
