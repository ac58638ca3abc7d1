/**
 * An entry of the journal, 96 bytes and then key and value:
 *
 *     crc32c u32 ‖ length u32 ‖ sequence u64 ‖ timestamp u64 ‖ flags u8 ‖ table u8 ‖ key length u16 ‖
 *     value length u32 ‖ previous hash 32 ‖ hash 32 ‖ key ‖ value
 *
 * `EntryWriter` holds the tip of the chain: it gives each entry its sequence, link, hash and checksum.
 */
import type { Batch } from '../../sim/batch.ts';
import { readU16LE, readU32LE, readU64LE, writeU16LE, writeU32LE, writeU64LE } from '../../sim/bytes/fixed.ts';
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import { BYTES_COPIED, BYTES_HASHED, type Work } from '../../sim/work.ts';
import type { Digester } from './digester.ts';

export const ENTRY_HEADER_BYTES = 96;
export const KEY_BYTES_MAX = 0xfffe; // with the table's byte before it 16 bits still hold the length
export const DELETES = 1;
export const ENDS_BATCH = 2;
const PREVIOUS_AT = 32;
const HASH_AT = 64;

/** The fields of an entry's header, and its key behind the table's byte. Reused. */
export class Entry {
  crc = 0;
  length = 0;
  sequence = 0;
  flags = 0;
  table = 0;
  keyLength = 0;
  valueLength = 0;
  readonly header = new Uint8Array(ENTRY_HEADER_BYTES);
  /** Table byte ‖ key; `keyLength` + 1 bytes of it count. */
  prefixedKey = new Uint8Array(256);

  /** Reads the 96 bytes in `header`; false if they can't be an entry's. */
  decodeHeader(): boolean {
    const { header } = this;
    this.crc = readU32LE(header, 0);
    this.length = readU32LE(header, 4);
    this.sequence = readU64LE(header, 8);
    this.flags = header[24]!;
    this.table = header[25]!;
    this.keyLength = readU16LE(header, 26);
    this.valueLength = readU32LE(header, 28);
    return this.length === ENTRY_HEADER_BYTES + this.keyLength + this.valueLength && this.keyLength <= KEY_BYTES_MAX;
  }

  /** `from`: where in `buffer` the entry starts. */
  readKey(buffer: SparseBuffer, from: number): void {
    const { keyLength } = this;
    if (this.prefixedKey.length <= keyLength) this.prefixedKey = new Uint8Array(keyLength * 2);
    this.prefixedKey[0] = this.table;
    const keyFrom = from + ENTRY_HEADER_BYTES;
    buffer.copyTo(this.prefixedKey, 1, keyFrom, keyFrom + keyLength);
  }

  readValue(buffer: SparseBuffer, from: number, into: Value): void {
    const valueFrom = from + ENTRY_HEADER_BYTES + this.keyLength;
    buffer.valueAt(valueFrom, valueFrom + this.valueLength, into);
  }

  hashAt(into: Uint8Array, at: number): void {
    for (let i = 0; i < DIGEST_BYTES; i++) into[at + i] = this.header[HASH_AT + i]!;
  }
}

/** Checks an entry that stands whole in a buffer. */
export class EntryVerifier {
  readonly #digester: Digester;
  readonly #work: Work;
  readonly #payload = new Uint8Array(DIGEST_BYTES);
  readonly #hash = new Uint8Array(DIGEST_BYTES);
  readonly #value = new Value();

  constructor(digester: Digester, work: Work) {
    this.#digester = digester;
    this.#work = work;
  }

  checksumHolds(entry: Entry, buffer: SparseBuffer, from: number): boolean {
    this.#work.counts[BYTES_HASHED]! += entry.length;
    return buffer.crc32c(0, from + 4, from + entry.length) === entry.crc;
  }

  /** Whether the entry, its key read, has the hash that it says, and follows one whose hash is `previous`. */
  hashHolds(entry: Entry, buffer: SparseBuffer, from: number, previous: Uint8Array): boolean {
    const { header } = entry;
    entry.readValue(buffer, from, this.#value);
    this.#digester.payload(this.#value, this.#payload, 0);
    const { prefixedKey, keyLength } = entry;
    this.#digester.entry(header, previous, 0, prefixedKey, 1, 1 + keyLength, this.#payload, this.#hash, 0);
    for (let i = 0; i < DIGEST_BYTES; i++) {
      if (header[PREVIOUS_AT + i] !== previous[i] || header[HASH_AT + i] !== this.#hash[i]) return false;
    }
    return true;
  }
}

export class EntryWriter {
  /** Sequence of the next entry. */
  sequence = 0;
  /** Hash of the last one. */
  readonly tip = new Uint8Array(DIGEST_BYTES);
  readonly #digester: Digester;
  readonly #work: Work;
  readonly #header = new Uint8Array(ENTRY_HEADER_BYTES);
  readonly #payload = new Uint8Array(DIGEST_BYTES);
  readonly #value = new Value();

  constructor(digester: Digester, work: Work) {
    this.#digester = digester;
    this.#work = work;
  }

  /** Goes on after an entry that was read. */
  restart(sequence: number, tip: Uint8Array): void {
    this.sequence = sequence;
    this.tip.set(tip);
  }

  /** Operation i of a batch, to the end of `into`. */
  appendOperation(batch: Batch, i: number, timestamp: number, into: SparseBuffer): void {
    batch.value(i, this.#value);
    const flags = (batch.isDelete[i] !== 0 ? DELETES : 0) | (i === batch.count - 1 ? ENDS_BATCH : 0);
    const { bytes, table, keyFrom, keyTo } = batch;
    this.append(flags, table[i]!, bytes, keyFrom[i]!, keyTo[i]!, this.#value, timestamp, into);
  }

  append(
    flags: number,
    table: number,
    key: Uint8Array,
    keyFrom: number,
    keyTo: number,
    value: Value,
    timestamp: number,
    into: SparseBuffer,
  ): void {
    const header = this.#header;
    const length = ENTRY_HEADER_BYTES + keyTo - keyFrom + value.length;
    writeU32LE(header, 4, length);
    writeU64LE(header, 8, this.sequence);
    writeU64LE(header, 16, timestamp);
    header[24] = flags;
    header[25] = table;
    writeU16LE(header, 26, keyTo - keyFrom);
    writeU32LE(header, 28, value.length);
    header.set(this.tip, PREVIOUS_AT);
    this.#digester.payload(value, this.#payload, 0);
    this.#digester.entry(header, this.tip, 0, key, keyFrom, keyTo, this.#payload, header, HASH_AT);
    for (let i = 0; i < DIGEST_BYTES; i++) this.tip[i] = header[HASH_AT + i]!;
    const at = into.length;
    into.bytes(header);
    into.bytes(key, keyFrom, keyTo);
    into.value(value);
    into.patchU32(at, into.crc32c(0, at + 4, at + length));
    this.#work.counts[BYTES_HASHED]! += length;
    this.#work.counts[BYTES_COPIED]! += length;
    this.sequence++;
  }
}
