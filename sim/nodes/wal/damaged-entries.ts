/**
 * The places of entries that recovery found damaged, until they are written again or replaced. Only with storage
 * integrity `redundant`.
 */
import { assert } from '../../assert.ts';
import { SparseBuffer } from '../../bytes/sparse-buffer.ts';
import type { Disk, DiskOutcome } from '../../disk/disk.ts';
import { SYSTEM_CALLS, type Work } from '../../work.ts';
import { RecordEncoder } from './record-encoder.ts';
import type { WalEntry } from './wal-entry.ts';

/** A damaged entry's place in the log. */
export interface DamagedEntry {
  readonly index: number;
  readonly term: number;
  readonly segment: string;
  readonly offset: number;
  readonly length: number;
  readonly crcBefore: number;
  readonly crc: number;
}

export class DamagedEntries {
  readonly #disk: Disk;
  readonly #work: Work;
  readonly #places = new Map<number, DamagedEntry>();

  constructor(disk: Disk, work: Work, places: readonly DamagedEntry[]) {
    this.#disk = disk;
    this.#work = work;
    for (const place of places) this.#places.set(place.index, place);
  }

  /** Others took the places of those from `index` on. */
  forgetFrom(index: number): void {
    if (this.#places.size === 0) return;
    for (const each of this.#places.keys()) if (each >= index) this.#places.delete(each);
  }

  /** Writes the entry into its place, synced. One that was replaced meanwhile is left alone. */
  repair(entry: WalEntry): DiskOutcome {
    const place = this.#places.get(entry.index);
    if (place === undefined || place.term !== entry.term) return 'ok';
    const buffer = new SparseBuffer(256);
    const encoder = new RecordEncoder(place.crcBefore, this.#work);
    encoder.entry(buffer, entry);
    assert(encoder.crc === place.crc && buffer.length === place.length, 'wal: a repair of another content');
    this.#work.counts[SYSTEM_CALLS] = this.#work.counts[SYSTEM_CALLS]! + 2;
    this.#places.delete(entry.index);
    const file = this.#disk.open(place.segment);
    if (file === undefined) return 'ok'; // released and removed meanwhile
    const written = this.#disk.write(file, place.offset, buffer);
    const outcome = written === 'ok' ? this.#disk.sync(file) : written;
    this.#disk.close(file);
    return outcome;
  }
}
