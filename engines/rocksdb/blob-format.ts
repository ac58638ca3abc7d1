/**
 * A blob file, and the reference to a blob that stands in a table under type 17 (kTypeBlobIndex):
 *
 *     file   = header │ record… │ footer
 *     header = magic u32 │ version 1 u32 │ column family u32 │ flags u8 │ compression u8 │ 0 u64 │ 0 u64      30 bytes
 *     record = key length u64 │ value length u64 │ expiration 0 u64 │ CRC of those 24 bytes u32
 *              │ CRC of key and value u32 │ user key │ value                                        32 bytes and both
 *     footer = magic u32 │ number of records u64 │ 0 u64 │ 0 u64 │ CRC of those 28 bytes u32                32 bytes
 *     index  = type 1 u8 │ varint file number │ varint offset of the value │ varint value length │ compression u8
 *
 * CRCs are masked CRC-32C. Flags and both expirations belong to TTL, which is not here: zeros.
 */
import { crc32c, maskCrc } from '../../sim/bytes/crc32c.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import { readVarint, varintEnd, writeVarint } from '../../sim/bytes/varint.ts';

export const BLOB_HEADER_BYTES = 30;
export const BLOB_FOOTER_BYTES = 32;
export const BLOB_RECORD_HEADER_BYTES = 32;
/** What a file holds beside its records. */
export const BLOB_FILE_OVERHEAD_BYTES = BLOB_HEADER_BYTES + BLOB_FOOTER_BYTES;
const MAGIC = 0x00248f37;
const VERSION = 1;
const LENGTHS_BYTES = 24;
const INDEX_BLOB = 1;
const NO_COMPRESSION = 0;
/** Type, three varints, compression. */
const INDEX_BYTES_MAX = 32;

export function appendBlobHeader(out: SparseBuffer): void {
  out.u32(MAGIC);
  out.u32(VERSION);
  out.u32(0);
  out.u8(0);
  out.u8(NO_COMPRESSION);
  out.u64(0);
  out.u64(0);
}

/** Bytes of the record of this key and value. */
export function blobRecordBytes(keyLength: number, valueLength: number): number {
  return BLOB_RECORD_HEADER_BYTES + keyLength + valueLength;
}

export function appendBlobRecord(out: SparseBuffer, key: Uint8Array, keyLength: number, value: Value): void {
  const from = out.length;
  out.u64(keyLength);
  out.u64(value.length);
  out.u64(0);
  out.u32(maskCrc(out.crc32c(0, from, from + LENGTHS_BYTES)));
  out.u32(maskCrc(value.crc32c(crc32c(0, key, 0, keyLength))));
  out.bytes(key, 0, keyLength);
  out.value(value);
}

export function appendBlobFooter(out: SparseBuffer, blobs: number): void {
  const from = out.length;
  out.u32(MAGIC);
  out.u64(blobs);
  out.u64(0);
  out.u64(0);
  out.u32(maskCrc(out.crc32c(0, from, out.length)));
}

/** Undefined, or what is wrong with the header at the start of `buffer`. */
export function headerFailure(buffer: SparseBuffer): string | undefined {
  const expected = new SparseBuffer(BLOB_HEADER_BYTES);
  appendBlobHeader(expected);
  if (buffer.length < BLOB_HEADER_BYTES) return 'too short for a header';
  // Without TTL and compression there is one header only; nothing else in it is checked by a checksum.
  for (let i = 0; i < BLOB_HEADER_BYTES; i++) if (buffer.byteAt(i) !== expected.byteAt(i)) return 'a bad header';
  return undefined;
}

/** The number of records that a footer tells, or what is wrong with it. */
export function readBlobFooter(buffer: SparseBuffer): number | string {
  if (buffer.length !== BLOB_FOOTER_BYTES || buffer.readU32(0) !== MAGIC) return 'a bad footer';
  if (maskCrc(buffer.crc32c(0, 0, BLOB_FOOTER_BYTES - 4)) !== buffer.readU32(BLOB_FOOTER_BYTES - 4)) {
    return 'footer: checksum mismatch';
  }
  return buffer.readU64(4);
}

/** Lengths of key and value, from the record header at buffer[from, …). */
export interface BlobRecordHeader {
  readonly keyLength: number;
  readonly valueLength: number;
}

export function readBlobRecordHeader(buffer: SparseBuffer, from: number): BlobRecordHeader | string {
  if (from + BLOB_RECORD_HEADER_BYTES > buffer.length) return 'a record past the end of the file';
  if (maskCrc(buffer.crc32c(0, from, from + LENGTHS_BYTES)) !== buffer.readU32(from + LENGTHS_BYTES)) {
    return 'record header: checksum mismatch';
  }
  return { keyLength: buffer.readU64(from), valueLength: buffer.readU64(from + 8) };
}

/** The checksum over key and value of the whole record at buffer[from, to). */
export function blobRecordFailure(buffer: SparseBuffer, from: number, to: number): string | undefined {
  const stored = buffer.readU32(from + LENGTHS_BYTES + 4);
  const found = maskCrc(buffer.crc32c(0, from + BLOB_RECORD_HEADER_BYTES, to));
  return found === stored ? undefined : 'blob: checksum mismatch';
}

/** A reference to one blob; reused. */
export class BlobIndex {
  file = 0;
  /** Of the value, behind the record's header and key. */
  offset = 0;
  valueLength = 0;
  readonly #bytes = new Uint8Array(INDEX_BYTES_MAX);

  /** Makes `into` stand for the encoded reference, borrowed until the next call. */
  encode(file: number, offset: number, valueLength: number, into: Value): void {
    const bytes = this.#bytes;
    bytes[0] = INDEX_BLOB;
    let at = writeVarint(bytes, 1, file);
    at = writeVarint(bytes, at, offset);
    at = writeVarint(bytes, at, valueLength);
    bytes[at++] = NO_COMPRESSION;
    into.set(bytes, 0, at, at, 0);
  }

  /** False: `value` is no reference that this engine can follow. */
  decode(value: Value): boolean {
    // Bytes of a reference that happen to be fill may stand in the value as a run.
    const bytes = value.fillLength > 0 ? value.toBytes() : value.bytes;
    let at = value.fillLength > 0 ? 0 : value.start;
    const end = at + value.length;
    if (at >= end || bytes[at++] !== INDEX_BLOB) return false;
    this.file = readVarint(bytes, at, end);
    if (varintEnd < 0) return false;
    this.offset = readVarint(bytes, varintEnd, end);
    if (varintEnd < 0) return false;
    this.valueLength = readVarint(bytes, varintEnd, end);
    return varintEnd >= 0 && varintEnd + 1 === end && bytes[varintEnd] === NO_COMPRESSION && this.file > 0;
  }

  /** Bytes of the record that it refers to, under a key so long: what garbage is counted in. */
  recordBytes(keyLength: number): number {
    return blobRecordBytes(keyLength, this.valueLength);
  }
}
