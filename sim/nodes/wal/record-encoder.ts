/**
 * Writes etcd's WAL records. One record on disk:
 *
 *     frame    8 B little endian: low 56 bits = length of the record; top byte 0x80 | padding, or 0 without padding
 *     record   protobuf: 08 type, 10 crc, 1a length data   (a crc record has no data)
 *     padding  zeros up to a multiple of 8
 *
 *     type     1 metadata, 2 entry, 3 hard state, 4 crc, 5 snapshot
 *     crc      CRC-32C of the data of every record so far, this one included, across segments: each segment opens
 *              with a crc record that carries the sum over from the one before
 *     entry    protobuf: 08 type, 10 term, 18 index (always written), 22 length data (left out if empty)
 *
 * Fill in an entry's payload stays a run: its checksum is combined, its bytes are never materialised.
 */
import { crc32c } from '../../bytes/crc32c.ts';
import { writeU32LE } from '../../bytes/fixed.ts';
import type { SparseBuffer } from '../../bytes/sparse-buffer.ts';
import { varintLength, writeVarint } from '../../bytes/varint.ts';
import { BYTES_COPIED, BYTES_HASHED, type Work } from '../../work.ts';
import { HARD_STATE_BYTES_MAX, writeHardState } from './protobuf.ts';
import type { HardState, WalEntry } from './wal-entry.ts';

export const RECORD_METADATA = 1;
export const RECORD_ENTRY = 2;
export const RECORD_STATE = 3;
export const RECORD_CRC = 4;
export const RECORD_SNAPSHOT = 5;

export const FRAME_BYTES = 8;
/** Frame, type, crc, tag and length of the data. */
const HEADER_BYTES_MAX = FRAME_BYTES + 2 + 6 + 1 + 5;
/** Type, term, index, tag and length of the payload. */
const ENTRY_PREFIX_BYTES_MAX = 2 + 9 + 9 + 1 + 5;

export class RecordEncoder {
  /** Over the data of all records so far. */
  crc: number;
  readonly #work: Work;
  readonly #scratch = new Uint8Array(Math.max(ENTRY_PREFIX_BYTES_MAX, HARD_STATE_BYTES_MAX));

  constructor(crc: number, work: Work) {
    this.crc = crc;
    this.#work = work;
  }

  entry(out: SparseBuffer, entry: WalEntry): void {
    const scratch = this.#scratch;
    const { data } = entry;
    const size = data.length;
    scratch[0] = 0x08;
    scratch[1] = entry.type;
    scratch[2] = 0x10;
    let at = writeVarint(scratch, 3, entry.term);
    scratch[at++] = 0x18;
    at = writeVarint(scratch, at, entry.index);
    if (size > 0) {
      scratch[at++] = 0x22;
      at = writeVarint(scratch, at, size);
    }
    let crc = crc32c(this.crc, scratch, 0, at);
    if (size > 0) crc = data.crc32c(crc);
    this.crc = crc;
    const padding = this.#header(out, RECORD_ENTRY, at + size, at);
    if (size > 0) out.value(data);
    pad(out, padding);
  }

  state(out: SparseBuffer, state: HardState): void {
    const length = writeHardState(this.#scratch, 0, state);
    this.crc = crc32c(this.crc, this.#scratch, 0, length);
    pad(out, this.#header(out, RECORD_STATE, length, length));
  }

  /** Metadata or a snapshot. */
  blob(out: SparseBuffer, type: number, data: Uint8Array): void {
    this.crc = crc32c(this.crc, data, 0, data.length);
    const padding = this.#header(out, type, data.length, 0);
    out.bytes(data);
    pad(out, padding);
  }

  /** The sum so far, as the first record of a segment. */
  checksum(out: SparseBuffer): void {
    const length = 3 + varintLength(this.crc);
    const padding = (8 - (length & 7)) & 7;
    writeFrame(out, length, padding);
    out.u8(0x08);
    out.u8(RECORD_CRC);
    out.u8(0x10);
    out.varint(this.crc);
    pad(out, padding);
  }

  /** Frame and record up to the data, then the first `scratchBytes` of the data from the scratch. Returns the padding. */
  #header(out: SparseBuffer, type: number, dataBytes: number, scratchBytes: number): number {
    const { counts } = this.#work;
    counts[BYTES_HASHED] = counts[BYTES_HASHED]! + dataBytes;
    counts[BYTES_COPIED] = counts[BYTES_COPIED]! + dataBytes;
    const { crc } = this;
    const length = 3 + varintLength(crc) + 1 + varintLength(dataBytes) + dataBytes;
    const padding = (8 - (length & 7)) & 7;
    out.reserve(HEADER_BYTES_MAX + scratchBytes);
    const { literal } = out;
    const start = out.literalLength;
    writeU32LE(literal, start, length);
    writeU32LE(literal, start + 4, padding === 0 ? 0 : (0x80 | padding) << 24);
    literal[start + 8] = 0x08;
    literal[start + 9] = type;
    literal[start + 10] = 0x10;
    let at = writeVarint(literal, start + 11, crc);
    literal[at++] = 0x1a;
    at = writeVarint(literal, at, dataBytes);
    const scratch = this.#scratch;
    for (let i = 0; i < scratchBytes; i++) literal[at + i] = scratch[i]!;
    at += scratchBytes;
    out.length += at - start;
    out.literalLength = at;
    return padding;
  }
}

function writeFrame(out: SparseBuffer, length: number, padding: number): void {
  out.u32(length);
  out.u32(padding === 0 ? 0 : (0x80 | padding) << 24);
}

function pad(out: SparseBuffer, count: number): void {
  if (count === 0) return;
  out.reserve(count);
  const { literal, literalLength } = out;
  for (let i = 0; i < count; i++) literal[literalLength + i] = 0;
  out.literalLength = literalLength + count;
  out.length += count;
}
