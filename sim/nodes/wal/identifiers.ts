/**
 * Identifiers of the records of one segment, kept apart from them in blocks of their own at the head of the file, so
 * that damage to a record leaves known which one it was. With `redundant` storage only.
 *
 *     segment     [0, regionBytes) slots of 32 B, then etcd's records; regionBytes: a sixteenth of a segment,
 *                 in whole 4 KiB blocks, at least one
 *     slot k      of the k-th record; little endian; all zero if there is none
 *                  0  u48  index (entries and snapshots; else 0)
 *                  6  u32  term (same)
 *                 10  u32  offset of the record in the file
 *                 14  u32  length, frame and padding included
 *                 18  u32  rolling checksum after the record: what the record itself says of its data
 *                 22  u32  how many of the segment's slots were durable, with their records, when this one was made
 *                 26  u8   type of the record
 *                 27  u8   type of the entry
 *                 28  u32  CRC-32C of the 28 bytes before
 *
 * One sync covers records and slots. A slot does not cross a sector. So, after a crash: below the largest `durable`
 * everything was synced, and what is wrong there is damage; at or above it a slot that is all zero was never written.
 * A whole slot whose record is wrong may be either, and is taken for damage: the cluster decides what became of it.
 *
 * Full slots end a segment before its size does (one slot for 512 B of log).
 */
import { crc32c } from '../../bytes/crc32c.ts';
import { readU32LE, writeU32LE } from '../../bytes/fixed.ts';
import { SparseBuffer } from '../../bytes/sparse-buffer.ts';
import { BLOCK_BYTES, type Disk, type DiskOutcome, type File, SECTOR_BYTES } from '../../disk/disk.ts';
import { BYTES_HASHED, SYSTEM_CALLS, type Work } from '../../work.ts';

export const SLOT_BYTES = 32;
const SUMMED_BYTES = 28;
const U16 = 65536;

export interface Identifier {
  readonly index: number;
  readonly term: number;
  readonly offset: number;
  readonly length: number;
  readonly crc: number;
  readonly durable: number;
  readonly recordType: number;
  readonly entryType: number;
}

/** `none`: never written. `damaged`: something was, and it is gone. */
export type Slot = Identifier | 'none' | 'damaged';

export function regionBytes(segmentBytes: number): number {
  return Math.max(1, Math.floor(segmentBytes / 16 / BLOCK_BYTES)) * BLOCK_BYTES;
}

export function encodeIdentifier(bytes: Uint8Array, at: number, id: Identifier): void {
  writeU32LE(bytes, at, id.index % 4294967296);
  const high = Math.floor(id.index / 4294967296);
  bytes[at + 4] = high & 0xff;
  bytes[at + 5] = high >>> 8;
  writeU32LE(bytes, at + 6, id.term);
  writeU32LE(bytes, at + 10, id.offset);
  writeU32LE(bytes, at + 14, id.length);
  writeU32LE(bytes, at + 18, id.crc);
  writeU32LE(bytes, at + 22, id.durable);
  bytes[at + 26] = id.recordType;
  bytes[at + 27] = id.entryType;
  writeU32LE(bytes, at + SUMMED_BYTES, crc32c(0, bytes, at, at + SUMMED_BYTES));
}

export function decodeSlot(bytes: Uint8Array, at: number): Slot {
  let some = 0;
  for (let i = at; i < at + SLOT_BYTES; i++) some |= bytes[i]!;
  if (some === 0) return 'none';
  if (crc32c(0, bytes, at, at + SUMMED_BYTES) !== readU32LE(bytes, at + SUMMED_BYTES)) return 'damaged';
  return {
    index: readU32LE(bytes, at) + (bytes[at + 4]! + bytes[at + 5]! * 256) * (U16 * U16),
    term: readU32LE(bytes, at + 6),
    offset: readU32LE(bytes, at + 10),
    length: readU32LE(bytes, at + 14),
    crc: readU32LE(bytes, at + 18),
    durable: readU32LE(bytes, at + 22),
    recordType: bytes[at + 26]!,
    entryType: bytes[at + 27]!,
  };
}

/** All slots up to the last that is not `none`. A sector that cannot be read is `damaged` as a whole. */
export function readSlots(disk: Disk, file: File, region: number, work: Work): Slot[] {
  const bytes = new Uint8Array(region);
  const buffer = new SparseBuffer(region);
  const lost = new Set<number>();
  count(work, 1);
  if (disk.read(file, 0, region, buffer) === 'ok') buffer.copyTo(bytes, 0, 0, buffer.length);
  else {
    count(work, region / SECTOR_BYTES);
    for (let from = 0; from < region; from += SECTOR_BYTES) {
      if (disk.read(file, from, SECTOR_BYTES, buffer) === 'ok') buffer.copyTo(bytes, from, 0, buffer.length);
      else lost.add(from / SECTOR_BYTES);
    }
  }
  const slots: Slot[] = [];
  let used = 0;
  for (let at = 0; at < region; at += SLOT_BYTES) {
    const isLost = lost.has(Math.floor(at / SECTOR_BYTES));
    const slot = isLost ? 'damaged' : decodeSlot(bytes, at);
    slots.push(slot);
    if (slot !== 'none' && !isLost) used = slots.length;
  }
  work.counts[BYTES_HASHED] = work.counts[BYTES_HASHED]! + used * SUMMED_BYTES;
  // beyond the last slot that can be read, an unreadable sector may or may not have held some
  while (used < slots.length && slots[used] === 'damaged') used++;
  slots.length = used;
  return slots;
}

/** Gathers the slots of what is appended to one segment, and writes them before its sync. */
export class IdentifierWriter {
  readonly #disk: Disk;
  readonly #work: Work;
  readonly #slotsMax: number;
  readonly #buffer = new SparseBuffer(BLOCK_BYTES);
  /** Slots in use, those in the buffer included; and of them, those that a sync has covered. */
  #used: number;
  #durable: number;

  constructor(disk: Disk, work: Work, region: number, used: number) {
    this.#disk = disk;
    this.#work = work;
    this.#slotsMax = region / SLOT_BYTES;
    this.#used = used;
    this.#durable = used;
  }

  /** No room for another record and for what a new segment begins with. */
  get isFull(): boolean {
    return this.#used >= this.#slotsMax;
  }

  /** Goes on in a new segment. */
  turn(): void {
    this.#buffer.reset();
    this.#used = 0;
    this.#durable = 0;
  }

  add(
    recordType: number,
    entryType: number,
    index: number,
    term: number,
    offset: number,
    length: number,
    crc: number,
  ): void {
    const buffer = this.#buffer;
    buffer.reserve(SLOT_BYTES);
    const at = buffer.literalLength;
    encodeIdentifier(buffer.literal, at, {
      index,
      term,
      offset,
      length,
      crc,
      durable: this.#durable,
      recordType,
      entryType,
    });
    buffer.literalLength = at + SLOT_BYTES;
    buffer.length += SLOT_BYTES;
    this.#used++;
    const { counts } = this.#work;
    counts[BYTES_HASHED] = counts[BYTES_HASHED]! + SUMMED_BYTES;
  }

  /** To be followed by a sync of the file. */
  flush(file: File): DiskOutcome {
    const buffer = this.#buffer;
    if (buffer.length === 0) return 'ok';
    count(this.#work, 1);
    const offset = this.#used * SLOT_BYTES - buffer.length;
    const outcome = this.#disk.write(file, offset, buffer, 0, buffer.length, 'wal-identifiers');
    if (outcome !== 'ok') return outcome;
    buffer.reset();
    this.#durable = this.#used;
    return 'ok';
  }
}

function count(work: Work, calls: number): void {
  work.counts[SYSTEM_CALLS] = work.counts[SYSTEM_CALLS]! + calls;
}
