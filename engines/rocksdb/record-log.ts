/**
 * The record log that WALs and manifests are written in: blocks of 32 KiB, fragments with a
 * 7-byte header that never cross a block.
 *
 *     fragment = masked crc32c(type ‖ data) u32 │ data's length u16 │ type u8 │ data
 *
 * The reader ends at the first thing that is no record: zeros, a fragment cut off by the end of
 * the file, a wrong checksum, fragments out of order. It says where and what, and leaves the
 * judgement to the caller.
 */
import { crc32c, maskCrc, unmaskCrc } from '../../sim/bytes/crc32c.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, DiskOutcome, File } from '../../sim/disk/disk.ts';
import { BYTES_COPIED, BYTES_HASHED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';

const BLOCK_BYTES = 32768;
const HEADER_BYTES = 7;
const TYPE_WHOLE = 1;
const TYPE_FIRST = 2;
const TYPE_MIDDLE = 3;
const TYPE_LAST = 4;
/** The CRC-32C of each type byte alone. */
const TYPE_CRCS = [0, 1, 2, 3, 4].map((type) => crc32c(0, Uint8Array.of(type), 0, 1));
/** A record longer than this is corruption: no batch is near it. */
const RECORD_BYTES_MAX = 1 << 30;

export class RecordLogWriter {
  readonly file: File;
  readonly #disk: Disk;
  readonly #work: Work;
  readonly #out = new SparseBuffer(1024);
  length = 0;

  constructor(disk: Disk, file: File, work: Work) {
    this.#disk = disk;
    this.file = file;
    this.#work = work;
  }

  /** Appends `record` to the file, not yet durable. */
  append(record: SparseBuffer): DiskOutcome {
    const out = this.#out.reset();
    let from = 0;
    let begun = false;
    let left = BLOCK_BYTES - (this.length % BLOCK_BYTES);
    do {
      if (left < HEADER_BYTES) {
        for (; left > 0; left--) out.u8(0);
        left = BLOCK_BYTES;
      }
      const count = Math.min(record.length - from, left - HEADER_BYTES);
      const last = from + count === record.length;
      // A block may have room for a header only: then the first fragment is empty.
      const type = begun ? (last ? TYPE_LAST : TYPE_MIDDLE) : last ? TYPE_WHOLE : TYPE_FIRST;
      begun = true;
      out.u32(maskCrc(record.crc32c(TYPE_CRCS[type], from, from + count)));
      out.u16(count);
      out.u8(type);
      out.slice(record, from, from + count);
      from += count;
      left -= HEADER_BYTES + count;
    } while (from < record.length);
    const { counts } = this.#work;
    counts[BYTES_HASHED] += record.length;
    counts[BYTES_COPIED] += out.length;
    counts[SYSTEM_CALLS]++;
    const outcome = this.#disk.write(this.file, this.length, out);
    if (outcome === 'ok') this.length += out.length;
    return outcome;
  }
}

/** `end`: the file ended between records. `torn`: it did not. */
export type LogEnd = 'end' | 'torn' | 'io-error';

export class RecordLogReader {
  readonly record = new SparseBuffer(1024);
  readonly #block = new SparseBuffer(BLOCK_BYTES);
  readonly #disk: Disk;
  readonly #file: File;
  #blockAt = -BLOCK_BYTES;
  #at = 0;
  end: LogEnd | undefined;
  /** For `torn`: what stands there. */
  reason = '';

  constructor(disk: Disk, file: File) {
    this.#disk = disk;
    this.#file = file;
  }

  get offset(): number {
    return this.#blockAt + this.#at;
  }

  /** Reads the next record into `record`; false at the end, which `end` describes. */
  next(): boolean {
    if (this.end !== undefined) return false;
    this.record.reset();
    for (let started = false; ; started = true) {
      const type = this.#fragment(started);
      if (type === 0) return false;
      const fits = started ? type === TYPE_MIDDLE || type === TYPE_LAST : type === TYPE_WHOLE || type === TYPE_FIRST;
      if (!fits) return this.#stop('torn', `a fragment of type ${type} out of order`);
      if (type === TYPE_WHOLE || type === TYPE_LAST) return true;
      if (this.record.length > RECORD_BYTES_MAX) return this.#stop('torn', 'a record without an end');
    }
  }

  /** Appends the next fragment's data to `record` and returns its type; 0 at the end. */
  #fragment(inside: boolean): number {
    const block = this.#block;
    while (this.#blockAt < 0 || block.length - this.#at < HEADER_BYTES) {
      const ended = this.#blockAt + BLOCK_BYTES >= this.#file.length;
      if (ended || (this.#blockAt >= 0 && block.length < BLOCK_BYTES)) {
        const clean = !inside && this.#at === block.length;
        this.#stop(clean ? 'end' : 'torn', 'the file ends inside a record');
        return 0;
      }
      this.#blockAt += BLOCK_BYTES;
      this.#at = 0;
      if (this.#disk.read(this.#file, this.#blockAt, BLOCK_BYTES, block) !== 'ok') {
        this.#stop('io-error', 'read failed');
        return 0;
      }
    }
    const stored = block.readU32(this.#at);
    const length = block.readU16(this.#at + 4);
    const type = block.byteAt(this.#at + 6);
    const from = this.#at + HEADER_BYTES;
    if (type < TYPE_WHOLE || type > TYPE_LAST) {
      this.#stop('torn', stored === 0 && length === 0 ? 'zeros' : `fragment type ${type}`);
      return 0;
    }
    if (from + length > block.length) {
      this.#stop('torn', 'a fragment runs past its block or the file');
      return 0;
    }
    if (block.crc32c(TYPE_CRCS[type], from, from + length) !== unmaskCrc(stored)) {
      this.#stop('torn', 'checksum mismatch');
      return 0;
    }
    this.record.slice(block, from, from + length);
    this.#at = from + length;
    return type;
  }

  #stop(end: LogEnd, reason: string): false {
    this.end = end;
    this.reason = reason;
    return false;
  }
}
