/**
 * How one 4 KiB block is kept in memory: its runs as small varints, of its literal bytes only where they
 * are not what was to be expected. A B+tree page of three 1 KiB values takes some 40 bytes.
 *
 *     block      = head shape? words
 *     head       = varint(template · 4 + isSparse · 2 + isSameShape)
 *     shape      = descriptor* end                                  left out if it is the template's
 *     descriptor = varint(gap · 4 + kind) [byte] varint(length)     kind 0: run of zeros, 1: of FILL, 2: of `byte`
 *     end        = varint(gap · 4 + 3)                              zeros from here to the end of the block
 *     words      = residue of all literal bytes, packed (`word-packing.ts`)
 *
 * `gap` counts the literal bytes before a run: a stretch. The residue of a byte is its exclusive or with the
 * byte that stands as many literal bytes before it as its stretch is long. So a stretch is compared with the
 * one before, their ends aligned: records of a page repeat keys' prefixes, lengths and flags. Before the
 * first stretch stands that of the template (`block-templates.ts`). A byte in a stretch of more than 256
 * is compared with the one 16 before, the size of a B+tree's page elements; unless most of these stretches
 * is zeros, then (`isSparse`) with none.
 *
 * A block that would not shrink is stored as it is, after the byte 01: there is no template 0 to share the
 * shape of. After the byte 03 come the shape and all literal bytes as they are (a loose block): takes more room, and
 * a quarter of the time. Runs are kept exactly, see `runs.ts`.
 */
import type { SparseBuffer } from '../bytes/sparse-buffer.ts';
import { FILL } from '../bytes/value.ts';
import { type BlockTemplates, SHAPE_BYTES_MAX, STRETCH_BYTES_MAX } from './block-templates.ts';
import { BLOCK_BYTES } from './disk.ts';
import { pushRun } from './runs.ts';
import { packWords, unpackWords } from './word-packing.ts';

/** Room that `packBlock` may need before it decides to store the block as it is: a run for every byte. */
export const PACK_SCRATCH_BYTES = BLOCK_BYTES * 5;
/** The longest packed form. */
export const PACKED_BYTES_MAX = BLOCK_BYTES + 1;

const KIND_ZERO = 0;
const KIND_FILL = 1;
const KIND_OTHER = 2;
const KIND_END = 3;

const SAME_SHAPE = 1;
const SPARSE = 2;
const TEMPLATE_SCALE = 4;
const AS_IT_IS = SAME_SHAPE;
const LOOSE = SAME_SHAPE + SPARSE;
/** Up to this length a loop copies faster than `set`, which needs a view for its source. */
const LOOP_BYTES_MAX = 128;
/** How far back a byte of a long stretch looks. */
const ELEMENT_BYTES = 16;
const ELEMENT_WORDS = ELEMENT_BYTES / 4;

/** Where the next call of `packBlock` on the same data may start to look for runs. */
export let packedNextRun = 0;
/** Set by `packBlock` when it returns `at`: the one byte that the block consists of. */
export let packedUniformByte = 0;

const shape = new Uint8Array(PACK_SCRATCH_BYTES);
/** Where the stretches of the block at hand end, counted in literal bytes. */
const stretchTo = new Int32Array(BLOCK_BYTES);
let stretchCount = 0;
const residueWords = new Int32Array(BLOCK_BYTES / 4 + 2);
const residue = new Uint8Array(residueWords.buffer);
const residueView = new DataView(residueWords.buffer);

/**
 * Packs data[from, to) and zeros up to the block's end into `out` at `at`, and returns the end; returns
 * `at` if the block is one byte repeated. `firstRun` is the first run of `data` that ends after `from`.
 * `loose`: rather fast than small.
 */
export function packBlock(
  data: SparseBuffer,
  from: number,
  to: number,
  firstRun: number,
  templates: BlockTemplates,
  out: Uint8Array,
  at: number,
  loose = false,
): number {
  const { runAt, runStart, runLength, runByte, runCount } = data;
  let k = firstRun;
  let literalFrom: number;
  if (k < runCount && runStart[k] <= from) literalFrom = runAt[k];
  else literalFrom = k === 0 ? from : from - (runStart[k - 1] + runLength[k - 1] - runAt[k - 1]);

  let shapeEnd = 0;
  let position = from;
  let length = 0;
  let tail = -1;
  stretchCount = 0;
  while (k < runCount) {
    const start = runStart[k];
    if (start >= to) break;
    const runEnd = start + runLength[k];
    const cutFrom = Math.max(start, position);
    const cutTo = Math.min(runEnd, to);
    const byte = runByte[k];
    const gap = cutFrom - position;
    if (gap > 0) {
      length += gap;
      stretchTo[stretchCount++] = length;
    }
    if (runEnd <= to) k++;
    if (cutTo === to && byte === 0) {
      tail = gap;
      position = to;
      break;
    }
    if (cutTo - cutFrom === BLOCK_BYTES) {
      packedUniformByte = byte;
      packedNextRun = k;
      return at;
    }
    const kind = byte === 0 ? KIND_ZERO : byte === FILL ? KIND_FILL : KIND_OTHER;
    shapeEnd = writeSmallVarint(shape, shapeEnd, gap * 4 + kind);
    if (kind === KIND_OTHER) shape[shapeEnd++] = byte;
    shapeEnd = writeSmallVarint(shape, shapeEnd, cutTo - cutFrom);
    position = cutTo;
    if (runEnd > to) break;
  }
  packedNextRun = k;
  if (tail < 0) {
    tail = to - position;
    if (tail > 0) {
      length += tail;
      stretchTo[stretchCount++] = length;
    }
  }
  if (length === 0 && shapeEnd === 0) {
    packedUniformByte = 0;
    return at;
  }
  shapeEnd = writeSmallVarint(shape, shapeEnd, tail * 4 + KIND_END);

  const { literal } = data;
  if (loose && 1 + shapeEnd + length < PACKED_BYTES_MAX) {
    out[at] = LOOSE;
    let end = at + 1;
    for (let i = 0; i < shapeEnd; i++) out[end++] = shape[i];
    copyBytes(literal, literalFrom, length, out, end);
    return end + length;
  }
  let template = 0;
  let head = 0;
  const firstLength = stretchCount === 0 ? 0 : stretchTo[0];
  if (shapeEnd <= SHAPE_BYTES_MAX && firstLength <= STRETCH_BYTES_MAX) {
    template = templates.find(shape, shapeEnd);
    if (template > 0) head = SAME_SHAPE;
    else {
      template = templates.findByLength(firstLength);
      templates.add(shape, shapeEnd, literal, literalFrom, literalFrom + firstLength);
    }
  }
  if (makeResidue(data, literalFrom, templates, template)) head += SPARSE;
  let end = writeSmallVarint(out, at, template * TEMPLATE_SCALE + head);
  if ((head & SAME_SHAPE) === 0) for (let i = 0; i < shapeEnd; i++) out[end++] = shape[i];
  end = packWords(residueWords, length, out, end);
  if (end - at >= PACKED_BYTES_MAX) {
    out[at] = AS_IT_IS;
    out.fill(0, at + 1, at + PACKED_BYTES_MAX);
    data.copyTo(out, at + 1, from, to);
    return at + PACKED_BYTES_MAX;
  }
  return end;
}

/** Fills `residue`, padded to a whole word. True: long stretches are compared with nothing. */
function makeResidue(data: SparseBuffer, from: number, templates: BlockTemplates, template: number): boolean {
  const { literal } = data;
  const { bytes, view: templateView } = templates;
  const { view } = data;
  const templateLength = template === 0 ? 0 : templates.stretchLength[template];
  const templateEnd = template === 0 ? 0 : templates.stretchFrom[template] + templateLength;
  let isSparse = -1;
  let start = 0;
  for (let k = 0; k < stretchCount; k++) {
    const end = stretchTo[k];
    const distance = end - start;
    if (distance > STRETCH_BYTES_MAX) {
      residue.set(literal.subarray(from + start, from + end), start);
      if (isSparse < 0) isSparse = isMostlyZeros(start, end) ? 1 : 0;
      if (isSparse === 0) compareElements(start, end);
      start = end;
      continue;
    }
    let i = start;
    // before the block's own first byte stands the template, and before that one nothing
    for (const to = Math.min(end, distance - templateLength); i < to; i++) residue[i] = literal[from + i];
    const shift = templateEnd - distance;
    const seam = Math.min(end, distance);
    for (const to = seam - 4; i <= to; i += 4) {
      residueView.setInt32(i, view.getInt32(from + i, true) ^ templateView.getInt32(shift + i, true), true);
    }
    for (; i < seam; i++) residue[i] = literal[from + i] ^ bytes[shift + i];
    const back = from - distance;
    for (const to = end - 4; i <= to; i += 4) {
      residueView.setInt32(i, view.getInt32(from + i, true) ^ view.getInt32(back + i, true), true);
    }
    for (; i < end; i++) residue[i] = literal[from + i] ^ literal[back + i];
    start = end;
  }
  for (let i = start; (i & 7) !== 0; i++) residue[i] = 0;
  return isSparse === 1;
}

/** By samples. */
function isMostlyZeros(start: number, end: number): boolean {
  let zeros = 0;
  let repeated = 0;
  for (let i = start + ELEMENT_BYTES; i < end; i += 11) {
    if (residue[i] === 0) zeros++;
    if (residue[i] === residue[i - ELEMENT_BYTES]) repeated++;
  }
  return zeros >= repeated;
}

/** From the end, so that what a byte is compared with still stands. */
function compareElements(start: number, end: number): void {
  const first = start + ELEMENT_BYTES;
  let i = end;
  while (i > first && (i & 3) !== 0) {
    i--;
    residue[i] ^= residue[i - ELEMENT_BYTES];
  }
  let word = i >>> 2;
  for (const firstWord = (first + 3) >>> 2; word > firstWord; ) {
    word--;
    residueWords[word] ^= residueWords[word - ELEMENT_WORDS];
  }
  i = Math.min(i, word * 4);
  while (i > first) {
    i--;
    residue[i] ^= residue[i - ELEMENT_BYTES];
  }
}

function restoreElements(start: number, end: number): void {
  let i = start + ELEMENT_BYTES;
  for (; i < end && (i & 3) !== 0; i++) residue[i] ^= residue[i - ELEMENT_BYTES];
  let word = i >>> 2;
  for (const lastWord = end >>> 2; word < lastWord; word++) residueWords[word] ^= residueWords[word - ELEMENT_WORDS];
  for (i = Math.max(i, word * 4); i < end; i++) residue[i] ^= residue[i - ELEMENT_BYTES];
}

/**
 * Appends the block packed at `at` to `into`: all of it, or without the zeros after its last other byte
 * if `trimmed` (then `into` grows by that much less).
 */
export function unpackBlock(
  packed: Uint8Array,
  at: number,
  templates: BlockTemplates,
  into: SparseBuffer,
  trimmed: boolean,
): void {
  const base = into.length;
  const literalBase = into.literalLength;
  let head = packed[at];
  let next = at + 1;
  if (head >= 128) {
    const middle = packed[next++];
    head = (head & 127) | ((middle & 127) << 7);
    if (middle >= 128) head |= packed[next++] << 14;
  }
  if (head === AS_IT_IS) {
    into.reserve(BLOCK_BYTES);
    into.literal.set(packed.subarray(next, next + BLOCK_BYTES), literalBase);
    into.literalLength = literalBase + BLOCK_BYTES;
    into.length = base + BLOCK_BYTES;
    return;
  }
  const isLoose = head === LOOSE;
  const template = Math.floor(head / TEMPLATE_SCALE);
  const isSameShape = !isLoose && (head & SAME_SHAPE) !== 0;
  const source = isSameShape ? templates.bytes : packed;
  let from = isSameShape ? templates.shapeFrom[template] : next;
  let length = 0;
  let position = base;
  stretchCount = 0;
  for (;;) {
    let packedGap = source[from++];
    if (packedGap >= 128) {
      const middle = source[from++];
      packedGap = (packedGap & 127) | ((middle & 127) << 7);
      if (middle >= 128) packedGap |= source[from++] << 14;
    }
    const gap = packedGap >>> 2;
    if (gap > 0) {
      length += gap;
      position += gap;
      stretchTo[stretchCount++] = length;
    }
    const kind = packedGap & 3;
    if (kind === KIND_END) break;
    const byte = kind === KIND_ZERO ? 0 : kind === KIND_FILL ? FILL : source[from++];
    let runLength = source[from++];
    if (runLength >= 128) runLength = (runLength & 127) | (source[from++] << 7);
    pushRun(into, literalBase + length, position, runLength, byte);
    position += runLength;
  }
  if (!isSameShape) next = from;
  into.reserve(length);
  if (isLoose) copyBytes(packed, next, length, into.literal, literalBase);
  else {
    unpackWords(packed, next, residueWords, length);
    restore(into, literalBase, templates, template, (head & SPARSE) !== 0);
  }
  into.literalLength = literalBase + length;
  const rest = base + BLOCK_BYTES - position;
  if (!trimmed && rest > 0) {
    pushRun(into, literalBase + length, position, rest, 0);
    position += rest;
  }
  into.length = position;
}

/** Makes literal bytes of `residue`. */
function restore(into: SparseBuffer, at: number, templates: BlockTemplates, template: number, isSparse: boolean): void {
  const { literal } = into;
  const { bytes, view: templateView } = templates;
  const { view } = into;
  const templateLength = template === 0 ? 0 : templates.stretchLength[template];
  const templateEnd = template === 0 ? 0 : templates.stretchFrom[template] + templateLength;
  let start = 0;
  for (let k = 0; k < stretchCount; k++) {
    const end = stretchTo[k];
    const distance = end - start;
    if (distance > STRETCH_BYTES_MAX) {
      if (!isSparse) restoreElements(start, end);
      literal.set(residue.subarray(start, end), at + start);
      start = end;
      continue;
    }
    let i = start;
    for (const to = Math.min(end, distance - templateLength); i < to; i++) literal[at + i] = residue[i];
    const shift = templateEnd - distance;
    const seam = Math.min(end, distance);
    for (const to = seam - 4; i <= to; i += 4) {
      view.setInt32(at + i, residueView.getInt32(i, true) ^ templateView.getInt32(shift + i, true), true);
    }
    for (; i < seam; i++) literal[at + i] = residue[i] ^ bytes[shift + i];
    const back = at - distance;
    if (distance >= 4) {
      // what a word is compared with must be there already
      for (const to = end - 4; i <= to; i += 4) {
        view.setInt32(at + i, residueView.getInt32(i, true) ^ view.getInt32(back + i, true), true);
      }
    }
    for (; i < end; i++) literal[at + i] = residue[i] ^ literal[back + i];
    start = end;
  }
}

function copyBytes(source: Uint8Array, from: number, count: number, into: Uint8Array, at: number): void {
  if (count > LOOP_BYTES_MAX) into.set(source.subarray(from, from + count), at);
  else for (let i = 0; i < count; i++) into[at + i] = source[from + i];
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
