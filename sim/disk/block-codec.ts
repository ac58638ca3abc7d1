/**
 * How one 4 KiB block is kept in memory: its runs as small varints, its literal bytes without
 * their zero bytes. A B+tree page of three 1 KiB values takes some 90 bytes.
 *
 *     block      = descriptor* end words
 *     descriptor = varint(gap · 4 + kind) [byte] varint(length)     kind 0: run of zeros, 1: of FILL, 2: of `byte`
 *     end        = varint(gap · 4 + 3)                              zeros from here to the end of the block
 *     words      = (tag nonzero-byte* | 0x00 count | 0xff byte×8 count byte×(8·count))*
 *
 * `gap` counts the literal bytes before a run. The literal bytes of the whole block follow in words of
 * eight, the last one padded with zeros: bit i of `tag` says whether byte i is not zero; after tag 0x00
 * `count` more zero words follow, after tag 0xff `count` more words stand as they are (the packing of
 * Cap'n Proto). A block that would not shrink is stored as it is, after the bytes 02 00 00, which no
 * descriptor starts with, because no run is empty.
 *
 * Runs are kept exactly, also those of one byte that a block's boundary has cut off: read back together
 * with its neighbour, a value's fill is one run again.
 */
import { assert } from '../assert.ts';
import type { SparseBuffer } from '../bytes/sparse-buffer.ts';
import { FILL } from '../bytes/value.ts';
import { BLOCK_BYTES } from './disk.ts';

/** Room that `packBlock` may need before it decides to store the block as it is: a run for every byte. */
export const PACK_SCRATCH_BYTES = BLOCK_BYTES * 5;
/** The longest packed form. */
export const PACKED_BYTES_MAX = BLOCK_BYTES + 3;

const KIND_ZERO = 0;
const KIND_FILL = 1;
const KIND_OTHER = 2;
const KIND_END = 3;

/** Where the next call of `packBlock` on the same data may start to look for runs. */
export let packedNextRun = 0;
/** Set by `packBlock` when it returns `at`: the one byte that the block consists of. */
export let packedUniformByte = 0;

/**
 * Packs data[from, to) and zeros up to the block's end into `out` at `at`, and returns the end; returns
 * `at` if the block is one byte repeated. `firstRun` is the first run of `data` that ends after `from`.
 */
export function packBlock(
  data: SparseBuffer,
  from: number,
  to: number,
  firstRun: number,
  out: Uint8Array,
  at: number,
): number {
  const { runAt, runStart, runLength, runByte, runCount } = data;
  let k = firstRun;
  let literalFrom: number;
  if (k < runCount && runStart[k] <= from) literalFrom = runAt[k];
  else literalFrom = k === 0 ? from : from - (runStart[k - 1] + runLength[k - 1] - runAt[k - 1]);

  let end = at;
  let position = from;
  let literalTo = literalFrom;
  let tail = -1;
  while (k < runCount) {
    const start = runStart[k];
    if (start >= to) break;
    const runEnd = start + runLength[k];
    const cutFrom = Math.max(start, position);
    const cutTo = Math.min(runEnd, to);
    const byte = runByte[k];
    const gap = cutFrom - position;
    const length = cutTo - cutFrom;
    literalTo += gap;
    if (runEnd <= to) k++;
    if (cutTo === to && byte === 0) {
      tail = gap;
      position = to;
      break;
    }
    if (length === BLOCK_BYTES) {
      packedUniformByte = byte;
      packedNextRun = k;
      return at;
    }
    const kind = byte === 0 ? KIND_ZERO : byte === FILL ? KIND_FILL : KIND_OTHER;
    end = writeSmallVarint(out, end, gap * 4 + kind);
    if (kind === KIND_OTHER) out[end++] = byte;
    end = writeSmallVarint(out, end, length);
    position = cutTo;
    if (runEnd > to) break;
  }
  packedNextRun = k;
  if (tail < 0) {
    tail = to - position;
    literalTo += tail;
  }
  if (literalTo === literalFrom && end === at) {
    packedUniformByte = 0;
    return at;
  }
  end = writeSmallVarint(out, end, tail * 4 + KIND_END);
  end = packWords(data.literal, literalFrom, literalTo, out, end);
  if (end - at >= PACKED_BYTES_MAX) {
    out[at] = KIND_OTHER;
    out[at + 1] = 0;
    out[at + 2] = 0;
    out.fill(0, at + 3, at + PACKED_BYTES_MAX);
    data.copyTo(out, at + 3, from, to);
    return at + PACKED_BYTES_MAX;
  }
  return end;
}

/**
 * Appends the block packed at `at` to `into`: all of it, or without the zeros after its last other byte
 * if `trimmed` (then `into` grows by that much less).
 */
export function unpackBlock(packed: Uint8Array, at: number, into: SparseBuffer, trimmed: boolean): void {
  const base = into.length;
  const literalBase = into.literalLength;
  let literal = literalBase;
  let position = base;
  let next = at;
  for (;;) {
    let head = packed[next++];
    if (head >= 128) {
      const middle = packed[next++];
      head = (head & 127) | ((middle & 127) << 7);
      if (middle >= 128) head |= packed[next++] << 14;
    }
    const gap = head >>> 2;
    literal += gap;
    position += gap;
    const kind = head & 3;
    if (kind === KIND_END) break;
    const byte = kind === KIND_ZERO ? 0 : kind === KIND_FILL ? FILL : packed[next++];
    let length = packed[next++];
    if (length >= 128) length = (length & 127) | (packed[next++] << 7);
    if (length === 0) {
      into.reserve(BLOCK_BYTES);
      into.literal.set(packed.subarray(next, next + BLOCK_BYTES), literalBase);
      into.literalLength = literalBase + BLOCK_BYTES;
      into.length = base + BLOCK_BYTES;
      return;
    }
    pushRun(into, literal, position, length, byte);
    position += length;
  }
  into.reserve(literal - literalBase + 8);
  unpackWords(packed, next, into.literal, literalBase, literal);
  into.literalLength = literal;
  const rest = base + BLOCK_BYTES - position;
  if (!trimmed && rest > 0) {
    pushRun(into, literal, position, rest, 0);
    position += rest;
  }
  into.length = position;
}

/** Appends source[from, to) to `into` and keeps every run a run, however short. */
export function appendRange(into: SparseBuffer, source: SparseBuffer, from: number, to: number): void {
  assert(from <= to && to <= source.length, 'disk: range outside of the data');
  const { runAt, runStart, runLength, runByte, runCount } = source;
  let position = from;
  for (let k = firstRunEndingAfter(source, from); position < to; k++) {
    const start = k < runCount ? runStart[k] : source.length;
    if (position < start) {
      const literalTo = Math.min(start, to);
      const base = k === 0 ? 0 : runStart[k - 1] + runLength[k - 1] - runAt[k - 1];
      into.bytes(source.literal, position - base, literalTo - base);
      position = literalTo;
    }
    if (position < to) {
      const runEnd = start + runLength[k];
      const runTo = Math.min(runEnd, to);
      appendRun(into, runByte[k], runTo - position);
      position = runTo;
    }
  }
}

/** Appends a run and keeps it one, however short. */
export function appendRun(into: SparseBuffer, byte: number, length: number): void {
  if (length <= 0) return;
  pushRun(into, into.literalLength, into.length, length, byte);
  into.length += length;
}

export function firstRunEndingAfter(data: SparseBuffer, at: number): number {
  const { runStart, runLength, runCount } = data;
  if (runCount === 0 || at < runStart[0]) return 0;
  let low = 0;
  let high = runCount;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (runStart[middle] + runLength[middle] > at) high = middle;
    else low = middle + 1;
  }
  return low;
}

function pushRun(into: SparseBuffer, runAt: number, runStart: number, length: number, byte: number): void {
  const last = into.runCount - 1;
  if (
    last >= 0 &&
    into.runAt[last] === runAt &&
    into.runByte[last] === byte &&
    into.runStart[last] + into.runLength[last] === runStart
  ) {
    into.runLength[last] += length;
    return;
  }
  if (into.runCount === into.runAt.length) into.reserveRuns(1);
  const k = into.runCount++;
  into.runAt[k] = runAt;
  into.runStart[k] = runStart;
  into.runLength[k] = length;
  into.runByte[k] = byte;
}

/** Below 2^21. */
function writeSmallVarint(out: Uint8Array, at: number, value: number): number {
  if (value >= 128) {
    out[at++] = (value & 127) | 128;
    value >>>= 7;
    if (value >= 128) {
      out[at++] = (value & 127) | 128;
      value >>>= 7;
    }
  }
  out[at] = value;
  return at + 1;
}

function packWords(source: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  let next = from;
  let end = at;
  for (const last = to - 8; next <= last; ) {
    const tagAt = end++;
    // (byte + 255) >>> 8 is 1 for every byte but 0: no branch for the processor to guess
    let byte = source[next];
    let bit = (byte + 255) >>> 8;
    out[end] = byte;
    end += bit;
    let tag = bit;
    byte = source[next + 1];
    bit = (byte + 255) >>> 8;
    out[end] = byte;
    end += bit;
    tag |= bit << 1;
    byte = source[next + 2];
    bit = (byte + 255) >>> 8;
    out[end] = byte;
    end += bit;
    tag |= bit << 2;
    byte = source[next + 3];
    bit = (byte + 255) >>> 8;
    out[end] = byte;
    end += bit;
    tag |= bit << 3;
    byte = source[next + 4];
    bit = (byte + 255) >>> 8;
    out[end] = byte;
    end += bit;
    tag |= bit << 4;
    byte = source[next + 5];
    bit = (byte + 255) >>> 8;
    out[end] = byte;
    end += bit;
    tag |= bit << 5;
    byte = source[next + 6];
    bit = (byte + 255) >>> 8;
    out[end] = byte;
    end += bit;
    tag |= bit << 6;
    byte = source[next + 7];
    bit = (byte + 255) >>> 8;
    out[end] = byte;
    end += bit;
    tag |= bit << 7;
    out[tagAt] = tag;
    next += 8;
    if (tag === 0) {
      let count = 0;
      while (count < 255 && next <= last && isZeroWord(source, next)) {
        count++;
        next += 8;
      }
      out[end++] = count;
    } else if (tag === 255) {
      const countAt = end++;
      let count = 0;
      while (count < 255 && next <= last && zeroBytesIn(source, next) < 2) {
        for (let i = 0; i < 8; i++) out[end + i] = source[next + i];
        end += 8;
        count++;
        next += 8;
      }
      out[countAt] = count;
    }
  }
  if (next < to) {
    const tagAt = end++;
    let tag = 0;
    for (let i = 0; next < to; i++) {
      const byte = source[next++];
      if (byte === 0) continue;
      tag |= 1 << i;
      out[end++] = byte;
    }
    out[tagAt] = tag;
    if (tag === 0) out[end++] = 0;
  }
  return end;
}

/** Writes up to seven zeros more than [at, to). */
function unpackWords(packed: Uint8Array, from: number, out: Uint8Array, at: number, to: number): void {
  let next = from;
  let end = at;
  while (end < to) {
    const tag = packed[next++];
    out[end] = packed[next] & -(tag & 1);
    next += tag & 1;
    out[end + 1] = packed[next] & -((tag >>> 1) & 1);
    next += (tag >>> 1) & 1;
    out[end + 2] = packed[next] & -((tag >>> 2) & 1);
    next += (tag >>> 2) & 1;
    out[end + 3] = packed[next] & -((tag >>> 3) & 1);
    next += (tag >>> 3) & 1;
    out[end + 4] = packed[next] & -((tag >>> 4) & 1);
    next += (tag >>> 4) & 1;
    out[end + 5] = packed[next] & -((tag >>> 5) & 1);
    next += (tag >>> 5) & 1;
    out[end + 6] = packed[next] & -((tag >>> 6) & 1);
    next += (tag >>> 6) & 1;
    out[end + 7] = packed[next] & -(tag >>> 7);
    next += tag >>> 7;
    end += 8;
    if (tag === 0) {
      const bytes = packed[next++] * 8;
      if (bytes > 0) out.fill(0, end, end + bytes);
      end += bytes;
    } else if (tag === 255) {
      const bytes = packed[next++] * 8;
      for (let i = 0; i < bytes; i++) out[end + i] = packed[next + i];
      next += bytes;
      end += bytes;
    }
  }
}

function isZeroWord(source: Uint8Array, at: number): boolean {
  return (
    (source[at] |
      source[at + 1] |
      source[at + 2] |
      source[at + 3] |
      source[at + 4] |
      source[at + 5] |
      source[at + 6] |
      source[at + 7]) ===
    0
  );
}

function zeroBytesIn(source: Uint8Array, at: number): number {
  let count = 0;
  for (let i = 0; i < 8; i++) if (source[at + i] === 0) count++;
  return count;
}
