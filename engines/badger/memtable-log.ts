/**
 * The log of one memtable, with `memtable_wal`: v3's way of logging in a file laid out like the value log.
 *
 * Fault model: what was not synced may be lost or torn; replay ends at the last whole transaction.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import type { Disk, DiskOutcome, File } from '../../sim/disk/disk.ts';
import { BYTES_COPIED, BYTES_HASHED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { memtableLogName, VALUE_LOG_HEADER_BYTES } from './format.ts';
import { encodeEntry } from './log-entry.ts';

export class MemtableLog {
  readonly number: number;
  readonly file: File;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #work: Work;
  readonly #buffer = new SparseBuffer(1 << 12);
  unsynced = false;

  constructor(disk: Disk, directory: string, number: number, file: File, work: Work) {
    this.#disk = disk;
    this.#directory = directory;
    this.number = number;
    this.file = file;
    this.#work = work;
  }

  static create(disk: Disk, directory: string, number: number, work: Work): MemtableLog | DiskOutcome {
    const file = disk.create(memtableLogName(directory, number), 'engine-wal');
    const header = new SparseBuffer(VALUE_LOG_HEADER_BYTES);
    header.bytes(new Uint8Array(VALUE_LOG_HEADER_BYTES));
    work.counts[SYSTEM_CALLS] += 3;
    let outcome = disk.write(file, 0, header);
    if (outcome === 'ok') outcome = disk.syncDirectory(directory);
    return outcome === 'ok' ? new MemtableLog(disk, directory, number, file, work) : outcome;
  }

  add(
    key: Uint8Array,
    from: number,
    to: number,
    version: number,
    meta: number,
    userMeta: number,
    expiresAt: number,
    value: Value | undefined,
  ): void {
    const bytes = encodeEntry(this.#buffer, key, from, to, version, meta, userMeta, expiresAt, value);
    this.#work.counts[BYTES_COPIED] += bytes;
    this.#work.counts[BYTES_HASHED] += bytes;
  }

  /** Writes what was added; v3 does it through a memory map, so without a call. */
  flush(): DiskOutcome {
    const buffer = this.#buffer;
    const outcome = this.#disk.write(this.file, this.file.length, buffer);
    buffer.reset();
    this.unsynced = true;
    return outcome;
  }

  sync(): DiskOutcome {
    if (!this.unsynced) return 'ok';
    this.unsynced = false;
    this.#work.counts[SYSTEM_CALLS]++;
    return this.#disk.sync(this.file);
  }

  remove(): void {
    this.#disk.remove(memtableLogName(this.#directory, this.number));
    this.#disk.close(this.file);
  }
}
