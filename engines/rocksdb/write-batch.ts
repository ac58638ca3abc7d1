/**
 * The write batch, the record of a WAL:
 *
 *     sequence u64 │ count u32 │ count × ( 1 │ varint key length │ key │ varint value length │ value
 *                                        | 0 │ varint key length │ key )
 */
import type { Batch } from '../../sim/batch.ts';
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import { TYPE_DELETION, TYPE_VALUE } from './cursor.ts';

const HEADER_BYTES = 12;

/** `prefixed`: each key starts with its table's index. */
export function encodeWriteBatch(batch: Batch, sequence: number, prefixed: boolean, into: SparseBuffer): void {
  into.reset();
  into.u64(sequence);
  into.u32(batch.count);
  const value = borrowed;
  for (let i = 0; i < batch.count; i++) {
    const isDelete = batch.isDelete[i] !== 0;
    into.u8(isDelete ? TYPE_DELETION : TYPE_VALUE);
    const from = batch.keyFrom[i];
    const to = batch.keyTo[i];
    if (prefixed) {
      into.varint(to - from + 1);
      into.u8(batch.table[i]);
    } else {
      into.varint(to - from);
    }
    into.bytes(batch.bytes, from, to);
    if (isDelete) continue;
    batch.value(i, value);
    into.varint(value.length);
    into.value(value);
  }
}
const borrowed = new Value();

/** Reads batches back, for recovery and checks; not on the hot path. */
export class WriteBatchReader {
  sequence = 0;
  count = 0;
  type = 0;
  key = new Uint8Array(64);
  keyLength = 0;
  readonly value = new Value();
  /** True once something did not decode. */
  malformed = false;
  #record: SparseBuffer | undefined;
  #at = 0;
  #left = 0;

  start(record: SparseBuffer): boolean {
    this.#record = record;
    this.malformed = record.length < HEADER_BYTES;
    if (this.malformed) return false;
    this.sequence = record.readU64(0);
    this.count = record.readU32(8);
    this.#left = this.count;
    this.#at = HEADER_BYTES;
    return true;
  }

  /** Advances to the next operation; false after the last or at a malformed one. */
  next(): boolean {
    const record = this.#record;
    if (record === undefined || this.malformed) return false;
    if (this.#left === 0) {
      this.malformed = this.#at !== record.length;
      return false;
    }
    this.#left--;
    if (this.#at >= record.length) return this.#fail();
    this.type = record.byteAt(this.#at++);
    if (this.type !== TYPE_VALUE && this.type !== TYPE_DELETION) return this.#fail();
    this.keyLength = this.#varint(record);
    if (this.keyLength < 0 || this.#at + this.keyLength > record.length) return this.#fail();
    if (this.keyLength > this.key.length) this.key = new Uint8Array(this.keyLength * 2);
    record.copyTo(this.key, 0, this.#at, this.#at + this.keyLength);
    this.#at += this.keyLength;
    if (this.type === TYPE_DELETION) return true;
    const length = this.#varint(record);
    if (length < 0 || this.#at + length > record.length) return this.#fail();
    record.valueAt(this.#at, this.#at + length, this.value);
    this.#at += length;
    return true;
  }

  #varint(record: SparseBuffer): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 5 && this.#at < record.length; i++) {
      const byte = record.byteAt(this.#at++);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return -1;
  }

  #fail(): false {
    this.malformed = true;
    return false;
  }
}
