/**
 * Reads a segment whose records have identifiers: what is wrong is told apart with their help.
 *
 *     record    slot                            judged as
 *     good      says the same, or none/damaged  a record; a slot that was lost is written anew
 *     bad       whole                           damaged: the slot tells what it was and where the next one is
 *     bad       none, not synced before         the end: a crash came before it was written
 *     bad       none, synced; or damaged        corrupt: both copies are gone
 *
 * "Bad" includes a record that cannot be read. Where nobody could help (`isAlone`, a cluster of one) a bad record that
 * was not known to be synced is the end as well. Not noticed: a record and its slot that were both lost as if they
 * had never been written.
 */
import { SparseBuffer } from '../../bytes/sparse-buffer.ts';
import type { Disk, File } from '../../disk/disk.ts';
import type { Work } from '../../work.ts';
import { encodeIdentifier, type Identifier, readSlots, SLOT_BYTES, type Slot } from './identifiers.ts';
import type { ReadStep, SegmentReader } from './segment-reader.ts';

export type IdentifiedStep = ReadStep | 'damaged';

export class IdentifiedReader {
  /** After `damaged`: what was there, and the checksum before it. */
  lost: Identifier | undefined;
  crcBefore = 0;
  /** Records so far in this segment. */
  count = 0;
  readonly #reader: SegmentReader;
  readonly #disk: Disk;
  readonly #work: Work;
  readonly #region: number;
  readonly #isAlone: boolean;
  #slots: readonly Slot[] = [];
  #durable = 0;
  #isNewest = false;
  readonly #healed: { readonly slot: number; readonly id: Identifier }[] = [];

  constructor(reader: SegmentReader, disk: Disk, work: Work, region: number, isAlone: boolean) {
    this.#reader = reader;
    this.#disk = disk;
    this.#work = work;
    this.#region = region;
    this.#isAlone = isAlone;
  }

  turnTo(file: File, isNewest: boolean): void {
    this.#reader.turnTo(file, isNewest, this.#region);
    this.#slots = readSlots(this.#disk, file, this.#region, this.#work);
    this.#durable = 0;
    for (const slot of this.#slots) {
      if (typeof slot === 'object' && slot.durable > this.#durable) this.#durable = slot.durable;
    }
    this.#isNewest = isNewest;
    this.count = 0;
    this.#healed.length = 0;
  }

  /** `identify` tells index, term and entry type of the record at hand, for a slot that is missing. */
  next(identify: (reader: SegmentReader) => readonly [index: number, term: number, entryType: number]): IdentifiedStep {
    const reader = this.#reader;
    const offset = reader.offset;
    const crcBefore = reader.crc;
    const slot = this.#slots[this.count] ?? 'none';
    const step = reader.next();
    if (step === 'record') {
      if (typeof slot !== 'object') {
        const [index, term, entryType] = identify(reader);
        const length = reader.offset - offset;
        const id = {
          index,
          term,
          offset,
          length,
          crc: reader.crc,
          durable: this.#durable,
          recordType: reader.type,
          entryType,
        };
        this.#healed.push({ slot: this.count, id });
      } else if (slot.offset !== offset || slot.length !== reader.offset - offset || slot.crc !== reader.crc) {
        return this.#damaged(slot, crcBefore);
      }
      this.count++;
      return 'record';
    }
    const wasSynced = !this.#isNewest || this.count < this.#durable;
    if (typeof slot === 'object') return !wasSynced && this.#isAlone ? 'torn' : this.#damaged(slot, crcBefore);
    if (step === 'end' && (!wasSynced || this.count >= this.#slots.length)) return 'end';
    if (slot === 'none' && !wasSynced) return 'torn';
    reader.reason = `record ${this.count} and its identifier are damaged`;
    return 'corrupt';
  }

  /** Slots are written for records that had none; behind the last, the newest segment's are cleared. */
  heal(file: File): 'ok' | 'io-error' | 'no-space' {
    const buffer = new SparseBuffer(SLOT_BYTES);
    const bytes = new Uint8Array(SLOT_BYTES);
    for (const { slot, id } of this.#healed) {
      encodeIdentifier(bytes, 0, id);
      buffer.reset().bytes(bytes);
      const outcome = this.#disk.write(file, slot * SLOT_BYTES, buffer, 0, SLOT_BYTES, 'wal-identifiers');
      if (outcome !== 'ok') return outcome;
    }
    const surplus = this.#slots.length - this.count;
    if (this.#isNewest && surplus > 0) {
      buffer.reset().run(0, surplus * SLOT_BYTES);
      const outcome = this.#disk.write(file, this.count * SLOT_BYTES, buffer, 0, buffer.length, 'wal-identifiers');
      if (outcome !== 'ok') return outcome;
    }
    return this.#healed.length > 0 || (this.#isNewest && surplus > 0) ? this.#disk.sync(file) : 'ok';
  }

  #damaged(id: Identifier, crcBefore: number): IdentifiedStep {
    this.lost = id;
    this.crcBefore = crcBefore;
    this.#reader.skipTo(id.offset + id.length, id.crc);
    this.count++;
    return 'damaged';
  }
}
