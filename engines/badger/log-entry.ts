/**
 * Entries of the value log (and of memtable logs):
 *
 *     meta u8 │ user meta u8 │ varint key length │ varint value length │ varint expires at
 *     │ internal key │ value │ crc32c u32 big-endian over all before it
 */
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import { readVarint, varintEnd, varintLength } from '../../sim/bytes/varint.ts';
import { CRC_BYTES, LOGGED_KEY_BYTES_MAX, readVersion, VERSION_BYTES, writeVersion } from './format.ts';
import { putU32BE } from './protobuf.ts';

/** Longest header: two bytes and three varints. */
export const HEADER_BYTES_MAX = 2 + 5 + 5 + 10;

/** Appends an entry and returns its length. */
export function encodeEntry(
  into: SparseBuffer,
  key: Uint8Array,
  from: number,
  to: number,
  version: number,
  meta: number,
  userMeta: number,
  expiresAt: number,
  value: Value | undefined,
): number {
  const start = into.length;
  into.u8(meta);
  into.u8(userMeta);
  into.varint(to - from + VERSION_BYTES);
  into.varint(value === undefined ? 0 : value.length);
  into.varint(expiresAt);
  into.bytes(key, from, to);
  into.reserve(VERSION_BYTES);
  writeVersion(into.literal, into.literalLength, version);
  into.literalLength += VERSION_BYTES;
  into.length += VERSION_BYTES;
  if (value !== undefined) into.value(value);
  putU32BE(into, into.crc32c(0, start, into.length));
  return into.length - start;
}

/** What `encodeEntry` would return. */
export function entryBytes(keyBytes: number, valueBytes: number, expiresAt: number): number {
  const key = keyBytes + VERSION_BYTES;
  return 2 + varintLength(key) + varintLength(valueBytes) + varintLength(expiresAt) + key + valueBytes + CRC_BYTES;
}

/** One entry as it stands in a buffer. */
export class LogEntry {
  meta = 0;
  userMeta = 0;
  expiresAt = 0;
  /** The whole entry's. */
  length = 0;
  keyLength = 0;
  version = 0;
  /** The internal key is at key[0, keyLength + 8) once `takeKey` was called. */
  key: Uint8Array = new Uint8Array(64);
  valueFrom = 0;
  valueTo = 0;
  #keyFrom = 0;
  readonly #header = new Uint8Array(HEADER_BYTES_MAX);

  /** Decodes the header at buffer[at, end); false: it does not decode, or is cut off. */
  readHeader(buffer: SparseBuffer, at: number, end: number): boolean {
    const available = Math.min(end - at, HEADER_BYTES_MAX);
    const header = this.#header;
    if (available < 5) return false;
    buffer.copyTo(header, 0, at, at + available);
    this.meta = header[0];
    this.userMeta = header[1];
    const keyBytes = readVarint(header, 2, available);
    if (varintEnd < 0 || keyBytes > LOGGED_KEY_BYTES_MAX || keyBytes < VERSION_BYTES) return false;
    const valueBytes = readVarint(header, varintEnd, available);
    if (varintEnd < 0 || valueBytes > 0xffffffff) return false;
    this.expiresAt = readVarint(header, varintEnd, available);
    if (varintEnd < 0) return false;
    this.#keyFrom = at + varintEnd;
    this.keyLength = keyBytes - VERSION_BYTES;
    this.valueFrom = this.#keyFrom + keyBytes;
    this.valueTo = this.valueFrom + valueBytes;
    this.length = this.valueTo + CRC_BYTES - at;
    return true;
  }

  /** Whether the entry that starts at `at`, whose header was read, has the checksum it carries. */
  isSound(buffer: SparseBuffer, at: number): boolean {
    const { valueTo } = this;
    const stored =
      buffer.byteAt(valueTo) * 16777216 +
      ((buffer.byteAt(valueTo + 1) << 16) | (buffer.byteAt(valueTo + 2) << 8) | buffer.byteAt(valueTo + 3));
    return buffer.crc32c(0, at, valueTo) === stored;
  }

  takeKey(buffer: SparseBuffer): void {
    const bytes = this.keyLength + VERSION_BYTES;
    if (bytes > this.key.length) this.key = new Uint8Array(bytes * 2);
    buffer.copyTo(this.key, 0, this.#keyFrom, this.#keyFrom + bytes);
    this.version = readVersion(this.key, this.keyLength);
  }
}
