/** The few pieces of protobuf that Badger's files are made of: varint and length-delimited fields. */
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { readVarint, varintEnd, varintLength } from '../../sim/bytes/varint.ts';

const VARINT = 0;
const DELIMITED = 2;

/** A number that is 0 is left out, as proto3 does. */
export function putNumber(into: SparseBuffer, field: number, value: number): void {
  if (value === 0) return;
  into.u8((field << 3) | VARINT);
  into.varint(value);
}

/** Tag and length of what is to be written next. */
export function putDelimiter(into: SparseBuffer, field: number, length: number): void {
  into.u8((field << 3) | DELIMITED);
  into.varint(length);
}

export function numberBytes(value: number): number {
  return value === 0 ? 0 : 1 + varintLength(value);
}
export function delimitedBytes(length: number): number {
  return 1 + varintLength(length) + length;
}

/** Walks the fields of the message at bytes[from, to). */
export class FieldReader {
  readonly #bytes: Uint8Array;
  readonly #to: number;
  #at: number;
  field = 0;
  /** A varint's value; the length of a delimited field. */
  value = 0;
  /** Where a delimited field's content starts; −1 for a varint. */
  from = 0;
  malformed = false;

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
  }

  /** False at the end, or where the message does not decode. */
  next(): boolean {
    if (this.#at >= this.#to) return false;
    const tag = readVarint(this.#bytes, this.#at, this.#to);
    if (varintEnd < 0) return this.#fail();
    const type = tag & 7;
    this.field = Math.floor(tag / 8);
    this.value = readVarint(this.#bytes, varintEnd, this.#to);
    if (varintEnd < 0 || (type !== VARINT && type !== DELIMITED)) return this.#fail();
    this.from = type === VARINT ? -1 : varintEnd;
    this.#at = type === VARINT ? varintEnd : varintEnd + this.value;
    return this.#at <= this.#to || this.#fail();
  }

  #fail(): boolean {
    this.malformed = true;
    return false;
  }
}

/** The protobuf checksum of a block or an index. */
export function putChecksum(into: SparseBuffer, crc: number): void {
  putNumber(into, 2, crc);
  putU32BE(into, numberBytes(crc));
}

/** The CRC-32C in the checksum message at bytes[from, to); −1 if it is none. */
export function readChecksum(bytes: Uint8Array, from: number, to: number): number {
  const fields = new FieldReader(bytes, from, to);
  let crc = 0;
  while (fields.next()) {
    if (fields.field === 1 && fields.value !== 0) return -1;
    if (fields.field === 2) crc = fields.value;
  }
  return fields.malformed ? -1 : crc;
}

export function putU32BE(into: SparseBuffer, value: number): void {
  into.u8(value >>> 24);
  into.u8((value >>> 16) & 0xff);
  into.u8((value >>> 8) & 0xff);
  into.u8(value & 0xff);
}
