/**
 * Reads the records of one segment after the other and keeps the rolling checksum.
 *
 * How a record that cannot be right is judged (etcd's rules):
 *
 *     frame is zero, or the file ends before it     the end of the segment
 *     frame points past the end of the file         torn, if this is the newest segment; else corrupt
 *     does not parse, or the checksum differs       torn, if this is the newest segment and, cut at the file's 512 B
 *                                                   sectors, one piece of record and padding is all zero; else corrupt
 *     checksum record differs from the sum so far   corrupt
 *
 * With storage integrity `none` checksums are not looked at. With `redundant` see `identified-reader.ts`.
 *
 * A torn record is where the log ends. What this does not notice: whole records lost behind a zero frame;
 * bit rot that hits a newest segment's record with a zero sector of its own, which is taken for a torn write.
 */
import { type Bugs, NO_BUGS } from '../../bugs.ts';
import { SparseBuffer } from '../../bytes/sparse-buffer.ts';
import { FILL, Value } from '../../bytes/value.ts';
import { readVarint, varintEnd } from '../../bytes/varint.ts';
import { type Disk, type File, SECTOR_BYTES } from '../../disk/disk.ts';
import type { Integrity } from '../../run-spec.ts';
import { BYTES_COPIED, BYTES_HASHED, SYSTEM_CALLS, type Work } from '../../work.ts';
import { FRAME_BYTES, RECORD_CRC } from './record-encoder.ts';

/** Read at a time; a longer record is read whole. */
const CHUNK_BYTES = 1 << 20;
/** Frame, type, crc, tag and length; and the fields of an entry before its payload. */
const HEADER_BYTES = 32;
/** Literal bytes of payloads share arrays of this size: one allocation for hundreds of entries. */
const ARENA_BYTES = 32 * 1024;
/** A payload with more literal bytes gets an array of its own. */
const SHARED_BYTES_MAX = 2048;
/** A shorter run of fill is kept as literal bytes. */
const FILL_LENGTH_MIN = 8;

export type ReadStep = 'record' | 'end' | 'torn' | 'corrupt' | 'io-error';

export class SegmentReader {
  /** Holds the current record; positions below are in it, true until the next `next`. */
  readonly buffer = new SparseBuffer(4096);
  /** Over the data of all records so far. */
  crc = 0;
  /** End of the last good record in the file. */
  offset = 0;
  /** Of the current record. */
  type = 0;
  dataFrom = 0;
  dataTo = 0;
  /** Why `next` said corrupt. */
  reason = '';
  readonly #disk: Disk;
  readonly #work: Work;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #file: File | undefined;
  #isNewest = false;
  #chunkStart = 0;

  readonly #anyDamageIsTorn: boolean;
  readonly #nothingIsTorn: boolean;
  readonly #trusts: boolean;
  readonly #isPrecise: boolean;
  #arena = new Uint8Array(0);
  #arenaEnd = 0;

  constructor(
    disk: Disk,
    work: Work,
    anyDamageIsTorn: boolean,
    bugs: Bugs = NO_BUGS,
    integrity: Integrity = 'checksum',
  ) {
    this.#trusts = integrity === 'none';
    this.#isPrecise = integrity === 'redundant';
    this.#disk = disk;
    this.#work = work;
    this.#anyDamageIsTorn = anyDamageIsTorn || bugs['wal-damage-cut-off'];
    this.#nothingIsTorn = bugs['wal-torn-tail-fatal'];
  }

  turnTo(file: File, isNewest: boolean, offset = 0): void {
    this.#file = file;
    this.#isNewest = isNewest;
    this.#chunkStart = offset;
    this.buffer.reset();
    this.offset = offset;
  }

  /** Goes on at `offset`, with the checksum over what lies before it. */
  skipTo(offset: number, crc: number): void {
    this.offset = offset;
    this.crc = crc;
  }

  next(): ReadStep {
    const file = this.#file!;
    const { offset } = this;
    const left = file.length - offset;
    if (left <= 0) return 'end';
    if (left < FRAME_BYTES) return this.#cutShort();
    if (!this.#load(offset, Math.min(left, HEADER_BYTES))) return 'io-error';
    const header = this.#header;
    this.#peek(offset - this.#chunkStart, Math.min(left, HEADER_BYTES));
    const top = header[7]!;
    let length = 0;
    for (let i = 6; i >= 0; i--) length = length * 256 + header[i]!;
    if (length === 0 && top === 0) return 'end';
    const padding = top & 0x80 ? top & 0x07 : 0;
    if (length > left - FRAME_BYTES - padding) return this.#cutShort();
    const total = FRAME_BYTES + length + padding;
    if (!this.#load(offset, total)) return 'io-error';

    const from = offset - this.#chunkStart;
    const crc = this.#parse(from + FRAME_BYTES, length);
    if (crc < 0) return this.#wrong('the record cannot be parsed', from + FRAME_BYTES, from + total);
    if (this.type === RECORD_CRC) {
      if (this.crc !== 0 && this.crc !== crc && !this.#trusts) {
        this.reason = 'crc mismatch';
        return this.#isNewest && this.#anyDamageIsTorn ? 'torn' : 'corrupt';
      }
      this.crc = crc;
    } else if (this.#trusts) {
      this.#work.counts[BYTES_COPIED] = this.#work.counts[BYTES_COPIED]! + total;
      this.crc = crc;
    } else {
      const { counts } = this.#work;
      counts[BYTES_HASHED] = counts[BYTES_HASHED]! + (this.dataTo - this.dataFrom);
      counts[BYTES_COPIED] = counts[BYTES_COPIED]! + total;
      const sum = this.buffer.crc32c(this.crc, this.dataFrom, this.dataTo);
      if (sum !== crc) return this.#wrong('crc mismatch', from + FRAME_BYTES, from + total);
      this.crc = sum;
    }
    this.offset = offset + total;
    return 'record';
  }

  /** The current record's data as bytes of its own. */
  data(): Uint8Array {
    const out = new Uint8Array(this.dataTo - this.dataFrom);
    this.buffer.copyTo(out, 0, this.dataFrom, this.dataTo);
    return out;
  }

  /** The current record as an entry; undefined if it is none. The payload owns its bytes. */
  entry<E>(make: (term: number, index: number, type: number, data: Value) => E): E | undefined {
    const header = this.#header;
    const { dataFrom, dataTo } = this;
    const size = Math.min(dataTo - dataFrom, HEADER_BYTES);
    this.#peek(dataFrom, size);
    let type = 0;
    let term = 0;
    let index = 0;
    let at = 0;
    while (at < size) {
      const tag = header[at]!;
      const value = readVarint(header, at + 1, size);
      if (varintEnd < 0) return undefined;
      at = varintEnd;
      if (tag === 0x08) type = value;
      else if (tag === 0x10) term = value;
      else if (tag === 0x18) index = value;
      else if (tag === 0x22) {
        if (dataFrom + at + value !== dataTo) return undefined;
        return make(term, index, type, this.#ownedValue(dataFrom + at, dataTo));
      } else return undefined;
    }
    return make(term, index, type, new Value());
  }

  /** Fields of the record at [from, from + length) of the buffer. Returns its crc, or −1. */
  #parse(from: number, length: number): number {
    const header = this.#header;
    const size = Math.min(length, HEADER_BYTES);
    this.#peek(from, size);
    this.type = 0;
    this.dataFrom = from + length;
    this.dataTo = from + length;
    let crc = 0;
    let at = 0;
    while (at < size) {
      const tag = header[at]!;
      const value = readVarint(header, at + 1, size);
      if (varintEnd < 0) return -1;
      at = varintEnd;
      if (tag === 0x08) this.type = value;
      else if (tag === 0x10) crc = value;
      else if (tag === 0x1a) {
        if (at + value !== length) return -1;
        this.dataFrom = from + at;
        return crc;
      } else return -1;
    }
    return at === length ? crc : -1;
  }

  #wrong(reason: string, from: number, to: number): ReadStep {
    if (this.#isNewest && !this.#nothingIsTorn && (this.#anyDamageIsTorn || this.#hasZeroSector(from, to)))
      return 'torn';
    this.reason = reason;
    return 'corrupt';
  }

  #cutShort(): ReadStep {
    if (this.#isNewest && !this.#nothingIsTorn) return 'torn';
    this.reason = 'the segment ends within a record';
    return 'corrupt';
  }

  /** Whether, cut where the file's sectors begin, a piece of buffer[from, to) is all zero. */
  #hasZeroSector(from: number, to: number): boolean {
    const bytes = new Uint8Array(to - from);
    this.buffer.copyTo(bytes, 0, from, to);
    let pieceFrom = 0;
    while (pieceFrom < bytes.length) {
      const inSector = (this.#chunkStart + from + pieceFrom) % SECTOR_BYTES;
      const pieceTo = Math.min(bytes.length, pieceFrom + SECTOR_BYTES - inSector);
      let at = pieceFrom;
      while (at < pieceTo && bytes[at] === 0) at++;
      if (at === pieceTo) return true;
      pieceFrom = pieceTo;
    }
    return false;
  }

  /** Makes the buffer hold [offset, offset + count) of the file. */
  #load(offset: number, count: number): boolean {
    const start = this.#chunkStart;
    if (offset >= start && offset + count <= start + this.buffer.length) return true;
    this.#work.counts[SYSTEM_CALLS] = this.#work.counts[SYSTEM_CALLS]! + 1;
    this.#chunkStart = offset;
    if (this.#disk.read(this.#file!, offset, Math.max(count, CHUNK_BYTES), this.buffer) === 'ok') return true;
    // an unreadable sector somewhere in the chunk is no reason to give this record up
    if (this.#isPrecise && this.#disk.read(this.#file!, offset, count, this.buffer) === 'ok') return true;
    this.buffer.reset();
    return false;
  }

  /** Copies [from, from + count) of the buffer to the header. */
  #peek(from: number, count: number): void {
    const header = this.#header;
    const { literal } = this.buffer;
    const index = this.buffer.literalIndex(from, count);
    if (index < 0) this.buffer.copyTo(header, 0, from, from + count);
    else for (let i = 0; i < count; i++) header[i] = literal[index + i]!;
  }

  /** buffer[from, to) with its longest run of fill as fill; other runs, zeros for instance, become literal bytes. */
  #ownedValue(from: number, to: number): Value {
    const { buffer } = this;
    const { runStart, runLength, runByte, runCount } = buffer;
    let low = 0;
    let high = runCount;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (runStart[middle]! + runLength[middle]! > from) high = middle;
      else low = middle + 1;
    }
    let fillFrom = to;
    let fillLength = 0;
    for (let k = low; k < runCount && runStart[k]! < to; k++) {
      if (runByte[k] !== FILL) continue;
      const start = Math.max(from, runStart[k]!);
      const length = Math.min(to, runStart[k]! + runLength[k]!) - start;
      if (length < FILL_LENGTH_MIN || length <= fillLength) continue;
      fillFrom = start;
      fillLength = length;
    }
    const literalLength = to - from - fillLength;
    const start = this.#room(literalLength);
    const bytes = this.#arena;
    buffer.copyTo(bytes, start, from, fillFrom);
    const fillAt = fillFrom - from;
    if (fillLength > 0) buffer.copyTo(bytes, start + fillAt, fillFrom + fillLength, to);
    return new Value().set(bytes, start, literalLength, fillAt, fillLength);
  }

  /** Makes `#arena` have `count` bytes to give away; returns where. */
  #room(count: number): number {
    if (count > SHARED_BYTES_MAX) {
      this.#arena = new Uint8Array(count);
      this.#arenaEnd = count;
      return 0;
    }
    if (this.#arenaEnd + count > this.#arena.length) {
      this.#arena = new Uint8Array(ARENA_BYTES);
      this.#arenaEnd = 0;
    }
    const start = this.#arenaEnd;
    this.#arenaEnd += count;
    return start;
  }
}
