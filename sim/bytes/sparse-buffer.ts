import { assert } from '../assert.ts';
import { crc32c, crc32cRun } from './crc32c.ts';
import { readU16LE, readU32LE, readU64LE, writeU16LE, writeU32LE, writeU64LE } from './fixed.ts';
import { FILL, type Value } from './value.ts';
import { writeVarint } from './varint.ts';

/** A run shorter than this is stored as literal bytes: its descriptor would cost as much. */
export const RUN_LENGTH_MIN = 8;

/** Up to this length a loop copies faster than `set`, which needs a view for its source. */
const LOOP_BYTES_MAX = 128;

/**
 * A growable byte buffer that stores runs of one repeated byte as a count: what is written
 * to and read from simulated files. A 4 KiB page of three 1 KiB values holds some 150
 * literal bytes and four runs.
 *
 * Layout: literal bytes in `literal`; run k stands before literal byte `runAt[k]`, starts at
 * logical offset `runStart[k]`, and repeats `runByte[k]` `runLength[k]` times. Runs are in
 * ascending order, never empty, never adjacent with the same byte.
 *
 * Reused, not reallocated: `reset()` and write again. All offsets in the interface are logical
 * (those of the real bytes) unless the name says literal. Limit: 2^31 − 1 logical bytes.
 */
export class SparseBuffer {
  literal: Uint8Array;
  literalLength = 0;
  length = 0;
  runCount = 0;
  runAt = new Int32Array(16);
  runStart = new Int32Array(16);
  runLength = new Int32Array(16);
  runByte = new Uint8Array(16);

  #view: DataView | undefined;
  #viewOf: Uint8Array | undefined;

  constructor(capacity = 256) {
    this.literal = new Uint8Array(capacity);
  }

  /** `literal` by words at any place; stale once `literal` is another array. */
  get view(): DataView {
    if (this.#viewOf !== this.literal) {
      const { buffer, byteOffset, byteLength } = this.literal;
      this.#view = new DataView(buffer, byteOffset, byteLength);
      this.#viewOf = this.literal;
    }
    return this.#view!;
  }

  reset(): this {
    this.literalLength = 0;
    this.length = 0;
    this.runCount = 0;
    return this;
  }

  // ——— writing at the end ———

  /** Room for `count` more literal bytes; call before writing into `literal` directly. */
  reserve(count: number): void {
    const needed = this.literalLength + count;
    if (needed <= this.literal.length) return;
    const grown = new Uint8Array(Math.max(needed, this.literal.length * 2));
    grown.set(this.literal.subarray(0, this.literalLength));
    this.literal = grown;
  }

  /** Room for `count` more runs; call before writing into the run arrays directly. */
  reserveRuns(count: number): void {
    while (this.runCount + count > this.runAt.length) this.#growRuns();
  }

  u8(value: number): void {
    this.reserve(1);
    this.literal[this.literalLength] = value;
    this.literalLength += 1;
    this.length += 1;
  }
  u16(value: number): void {
    this.reserve(2);
    writeU16LE(this.literal, this.literalLength, value);
    this.literalLength += 2;
    this.length += 2;
  }
  u32(value: number): void {
    this.reserve(4);
    writeU32LE(this.literal, this.literalLength, value);
    this.literalLength += 4;
    this.length += 4;
  }
  u64(value: number): void {
    this.reserve(8);
    writeU64LE(this.literal, this.literalLength, value);
    this.literalLength += 8;
    this.length += 8;
  }
  varint(value: number): void {
    this.reserve(10);
    const end = writeVarint(this.literal, this.literalLength, value);
    this.length += end - this.literalLength;
    this.literalLength = end;
  }

  bytes(source: Uint8Array, from = 0, to = source.length): void {
    const count = to - from;
    this.reserve(count);
    if (count <= LOOP_BYTES_MAX) {
      const { literal, literalLength } = this;
      for (let i = 0; i < count; i++) literal[literalLength + i] = source[from + i]!;
    } else {
      this.literal.set(source.subarray(from, to), this.literalLength);
    }
    this.literalLength += count;
    this.length += count;
  }

  /** `length` times the byte `byte`. */
  run(byte: number, length: number): void {
    if (length <= 0) return;
    const last = this.runCount - 1;
    if (last >= 0 && this.runAt[last] === this.literalLength && this.runByte[last] === byte) {
      this.runLength[last] = this.runLength[last]! + length;
      this.length += length;
      return;
    }
    if (length < RUN_LENGTH_MIN) {
      this.reserve(length);
      this.literal.fill(byte, this.literalLength, this.literalLength + length);
      this.literalLength += length;
      this.length += length;
      return;
    }
    if (this.runCount === this.runAt.length) this.#growRuns();
    const k = this.runCount++;
    this.runAt[k] = this.literalLength;
    this.runStart[k] = this.length;
    this.runLength[k] = length;
    this.runByte[k] = byte;
    this.length += length;
  }

  value(value: Value): void {
    const runStart = value.start + value.fillAt;
    this.bytes(value.bytes, value.start, runStart);
    this.run(FILL, value.fillLength);
    this.bytes(value.bytes, runStart, value.start + value.literalLength);
  }

  /** A copy of other[from, to), runs kept as runs. */
  slice(other: SparseBuffer, from: number, to: number): void {
    assert(from <= to && to <= other.length, 'sparse buffer: slice out of range');
    let at = from;
    for (let k = other.#firstRunEndingAfter(from); at < to; k++) {
      const runStart = k < other.runCount ? other.runStart[k]! : other.length;
      const literalTo = Math.min(to, runStart);
      if (at < literalTo) {
        const base = other.#literalBase(k);
        this.bytes(other.literal, at - base, literalTo - base);
        at = literalTo;
      }
      if (at < to) {
        const runTo = Math.min(to, runStart + other.runLength[k]!);
        this.run(other.runByte[k]!, runTo - at);
        at = runTo;
      }
    }
  }

  // ——— reading ———

  /**
   * The index in `literal` of logical offset `at`, if [at, at + count) holds no part of a run;
   * otherwise −1. Headers, elements and keys are literal unless somebody tampered with them.
   */
  literalIndex(at: number, count: number): number {
    if (at < 0 || at + count > this.length) return -1;
    const k = this.#firstRunEndingAfter(at);
    if (k < this.runCount && this.runStart[k]! < at + count) return -1;
    return at - this.#literalBase(k);
  }

  byteAt(at: number): number {
    const k = this.#firstRunEndingAfter(at);
    if (k < this.runCount && this.runStart[k]! <= at) return this.runByte[k]!;
    return this.literal[at - this.#literalBase(k)]!;
  }

  readU16(at: number): number {
    const index = this.literalIndex(at, 2);
    if (index >= 0) return readU16LE(this.literal, index);
    return this.byteAt(at) | (this.byteAt(at + 1) << 8);
  }
  readU32(at: number): number {
    const index = this.literalIndex(at, 4);
    if (index >= 0) return readU32LE(this.literal, index);
    return (this.readU16(at) | (this.readU16(at + 2) << 16)) >>> 0;
  }
  readU64(at: number): number {
    const index = this.literalIndex(at, 8);
    if (index >= 0) return readU64LE(this.literal, index);
    return this.readU32(at) + this.readU32(at + 4) * 4294967296;
  }

  /** Copies [from, to) into `target` at `at`, runs expanded. */
  copyTo(target: Uint8Array, at: number, from: number, to: number): void {
    assert(from <= to && to <= this.length, 'sparse buffer: copy out of range');
    let position = from;
    for (let k = this.#firstRunEndingAfter(from); position < to; k++) {
      const runStart = k < this.runCount ? this.runStart[k]! : this.length;
      const literalTo = Math.min(to, runStart);
      if (position < literalTo) {
        const base = this.#literalBase(k);
        target.set(this.literal.subarray(position - base, literalTo - base), at + position - from);
        position = literalTo;
      }
      if (position < to) {
        const runTo = Math.min(to, runStart + this.runLength[k]!);
        target.fill(this.runByte[k]!, at + position - from, at + runTo - from);
        position = runTo;
      }
    }
  }

  /**
   * Makes `into` stand for [from, to). With no run, or one run of fill, in the range it borrows this
   * buffer's literal bytes until the next write here; otherwise (other runs, or several) it owns a copy.
   */
  valueAt(from: number, to: number, into: Value): void {
    assert(from <= to && to <= this.length, 'sparse buffer: value out of range');
    const k = this.#firstRunEndingAfter(from);
    const base = this.#literalBase(k);
    if (k >= this.runCount || this.runStart[k]! >= to) {
      into.set(this.literal, from - base, to - from, to - from, 0);
      return;
    }
    const runStart = this.runStart[k]!;
    const runEnd = runStart + this.runLength[k]!;
    const single = k + 1 >= this.runCount || this.runStart[k + 1]! >= to;
    if (single && this.runByte[k] === FILL) {
      const fillFrom = Math.max(from, runStart);
      const fillLength = Math.min(to, runEnd) - fillFrom;
      const start = from < runStart ? from - base : this.runAt[k]!;
      into.set(this.literal, start, to - from - fillLength, fillFrom - from, fillLength);
      return;
    }
    const bytes = new Uint8Array(to - from);
    this.copyTo(bytes, 0, from, to);
    into.set(bytes, 0, bytes.length, bytes.length, 0);
  }

  /** The CRC-32C of what `crc` covered followed by [from, to). */
  crc32c(crc: number, from: number, to: number): number {
    let c = crc;
    let at = from;
    for (let k = this.#firstRunEndingAfter(from); at < to; k++) {
      const runStart = k < this.runCount ? this.runStart[k]! : this.length;
      const literalTo = Math.min(to, runStart);
      if (at < literalTo) {
        const base = this.#literalBase(k);
        c = crc32c(c, this.literal, at - base, literalTo - base);
        at = literalTo;
      }
      if (at < to) {
        const runTo = Math.min(to, runStart + this.runLength[k]!);
        c = crc32cRun(c, this.runByte[k]!, runTo - at);
        at = runTo;
      }
    }
    return c;
  }

  /** Overwrites four bytes that were written literally: a checksum or a length known only afterwards. */
  patchU32(at: number, value: number): void {
    const index = this.literalIndex(at, 4);
    assert(index >= 0, 'sparse buffer: patch over a run');
    writeU32LE(this.literal, index, value);
  }

  /** The exact bytes, materialised: for tests and exports. */
  toBytes(): Uint8Array {
    const out = new Uint8Array(this.length);
    this.copyTo(out, 0, 0, this.length);
    return out;
  }

  /** What to subtract from a logical offset that lies before run k and after run k − 1 to get its literal index. */
  #literalBase(k: number): number {
    if (k === 0) return 0;
    return this.runStart[k - 1]! + this.runLength[k - 1]! - this.runAt[k - 1]!;
  }

  /** The first run whose end is after `at`; `runCount` if there is none. */
  #firstRunEndingAfter(at: number): number {
    const { runStart, runLength, runCount } = this;
    if (runCount === 0 || at < runStart[0]!) return 0;
    let low = 0;
    let high = runCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (runStart[middle]! + runLength[middle]! > at) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #growRuns(): void {
    const size = this.runAt.length * 2;
    const at = new Int32Array(size);
    at.set(this.runAt);
    const start = new Int32Array(size);
    start.set(this.runStart);
    const length = new Int32Array(size);
    length.set(this.runLength);
    const byte = new Uint8Array(size);
    byte.set(this.runByte);
    this.runAt = at;
    this.runStart = start;
    this.runLength = length;
    this.runByte = byte;
  }
}
