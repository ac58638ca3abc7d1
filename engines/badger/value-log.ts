/**
 * The value log: files of entries, the newest of which is written to. The write-ahead log, too, unless
 * memtables have logs of their own.
 *
 * Fault model: what was not synced may be lost or torn; replay cuts it off. A file is synced before the next
 * one is created, so that only the newest can end in the middle of an entry.
 */
import { assert } from '../../sim/assert.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import type { Category, Disk, DiskOutcome, File } from '../../sim/disk/disk.ts';
import { BYTES_COPIED, BYTES_HASHED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { VALUE_LOG_HEADER_BYTES, valueLogName } from './format.ts';
import { encodeEntry, LogEntry } from './log-entry.ts';
import type { Options } from './options.ts';

/** Offsets are 32 bits. */
const FILE_BYTES_MAX = 4294967295;
/** `gone`: the file was collected; a string of another kind says what is wrong. */
export type ValueOutcome = 'ok' | 'gone' | 'damaged';

export class ValueLog {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #options: Options;
  readonly #work: Work;
  readonly #iv: (into: Uint8Array, from: number) => void;
  readonly #files = new Map<number, File>();
  /** Ascending. */
  readonly numbers: number[] = [];
  readonly #buffer = new SparseBuffer(1 << 16);
  /** Where the next write goes in the newest file. */
  #offset = 0;
  #entriesWritten = 0;
  /** Files begun since a memtable was last flushed. */
  rotations = 0;
  /** Syncs that Badger makes by a call, not by O_DSYNC. */
  syncs = 0;
  unsynced = false;
  /** The writer has asked for a sync that may not have finished: known to have by its next call. */
  writerSyncs = false;
  /** Counts the writer's calls: each says that what it asked for before has had its time. */
  writerCalls = 0;
  /** Writes are not synchronous for now, whatever the options say. */
  deferSyncs = false;
  /** Counts the writes that no background job made. */
  writerWrites = 0;
  /** `gc`: a background job writes. */
  #category: Category = 'value-log';
  /** Of the last entry added. */
  pointerFile = 0;
  pointerOffset = 0;
  pointerLength = 0;
  readonly #entry = new LogEntry();
  /** What is wrong with the last value that was `damaged`. */
  damage = '';

  constructor(
    disk: Disk,
    directory: string,
    options: Options,
    work: Work,
    iv: (into: Uint8Array, from: number) => void,
  ) {
    this.#disk = disk;
    this.#directory = directory;
    this.#options = options;
    this.#work = work;
    this.#iv = iv;
  }

  // ——— files ———

  /** The number of the file that is written to. */
  get newest(): number {
    return this.numbers[this.numbers.length - 1];
  }
  get offset(): number {
    return this.#offset;
  }
  file(number: number): File | undefined {
    return this.#files.get(number);
  }
  get bytes(): number {
    let sum = 0;
    for (const number of this.numbers) sum += this.#files.get(number)?.length ?? 0;
    return sum;
  }

  /** Takes an existing file; numbers ascend. */
  adopt(number: number, file: File): void {
    this.numbers.push(number);
    this.#files.set(number, file);
    this.#offset = file.length;
  }

  /** Creates the next file, or the first. */
  createFile(number: number): DiskOutcome {
    const file = this.#disk.create(valueLogName(this.#directory, number), 'value-log');
    this.numbers.push(number);
    this.#files.set(number, file);
    const outcome = this.writeHeader(file);
    return outcome === 'ok' ? this.#disk.syncDirectory(this.#directory) : outcome;
  }

  /** The header of an empty file, which is written to from then on. */
  writeHeader(file: File): DiskOutcome {
    const header = new SparseBuffer(VALUE_LOG_HEADER_BYTES);
    const bytes = new Uint8Array(VALUE_LOG_HEADER_BYTES);
    this.#iv(bytes, 8);
    header.bytes(bytes);
    this.#offset = VALUE_LOG_HEADER_BYTES;
    this.#entriesWritten = 0;
    this.#work.counts[SYSTEM_CALLS] += 2;
    let outcome = this.#disk.write(file, 0, header);
    if (outcome === 'ok' && this.#isSynchronous) outcome = this.#disk.sync(file);
    this.unsynced = true;
    return outcome;
  }

  /** The newest file was cut off there. */
  resume(offset: number): void {
    this.#offset = offset;
  }

  /** Whether there is an entry's worth of file where a pointer points. */
  reaches(number: number, offset: number, length: number): boolean {
    const file = this.#files.get(number);
    return file !== undefined && offset + length <= file.length;
  }

  /** Gives up a file whose entries are all elsewhere. */
  removeFile(number: number): void {
    const file = this.#files.get(number);
    assert(file !== undefined && number !== this.newest, 'badger: removal of a value-log file in use');
    this.#files.delete(number);
    this.numbers.splice(this.numbers.indexOf(number), 1);
    this.#disk.remove(valueLogName(this.#directory, number));
    this.#disk.close(file);
  }

  close(): void {
    for (const number of this.numbers) {
      const file = this.#files.get(number);
      if (file !== undefined) this.#disk.close(file);
    }
  }

  // ——— writing: begin, add …, end ———

  begin(category: Category): void {
    this.#buffer.reset();
    this.#category = category;
  }

  /** Adds an entry to the write at hand; its place is in `pointer…`. */
  add(
    key: Uint8Array,
    from: number,
    to: number,
    version: number,
    meta: number,
    userMeta: number,
    expiresAt: number,
    value: Value | undefined,
  ): DiskOutcome {
    const buffer = this.#buffer;
    this.pointerFile = this.newest;
    this.pointerOffset = this.#offset + buffer.length;
    this.pointerLength = encodeEntry(buffer, key, from, to, version, meta, userMeta, expiresAt, value);
    this.#entriesWritten++;
    this.#work.counts[BYTES_COPIED] += this.pointerLength;
    this.#work.counts[BYTES_HASHED] += this.pointerLength;
    assert(this.pointerOffset + this.pointerLength <= FILE_BYTES_MAX, 'badger: a transaction past 4 GiB of value log');
    return buffer.length > this.#options.valueLogFileBytes ? this.#flush() : 'ok';
  }

  /** Writes what was added, and begins the next file if this one is full; a job must not do the latter here. */
  end(): DiskOutcome {
    const outcome = this.#flush();
    return outcome === 'ok' && this.isFull && this.#category !== 'gc' ? this.#rotate() : outcome;
  }

  get isFull(): boolean {
    const { valueLogFileBytes, valueLogEntriesMax } = this.#options;
    return this.#offset > valueLogFileBytes || this.#entriesWritten > valueLogEntriesMax;
  }

  /** Makes all durable that was written; nothing to do if each write was. */
  sync(): DiskOutcome {
    return this.unsynced && !this.#options.syncWrites ? this.syncNewest() : 'ok';
  }

  /** For a background job: syncs the files from this one on, whatever the writer has asked for already. */
  syncFrom(number: number): DiskOutcome {
    for (const later of this.numbers) {
      const file = this.#files.get(later);
      if (later < number || file === undefined) continue;
      this.syncs++;
      this.#work.counts[SYSTEM_CALLS]++;
      const outcome = this.#disk.sync(file);
      if (outcome !== 'ok') return outcome;
    }
    return 'ok';
  }

  #flush(): DiskOutcome {
    const buffer = this.#buffer;
    if (buffer.length === 0) return 'ok';
    const file = this.#newestFile();
    this.#work.counts[SYSTEM_CALLS]++;
    let outcome = this.#disk.write(file, this.#offset, buffer, 0, buffer.length, this.#category);
    if (outcome === 'ok' && this.#isSynchronous) outcome = this.#disk.sync(file);
    if (this.#category !== 'gc') {
      this.writerSyncs = true;
      this.writerWrites++;
    }
    this.#offset += buffer.length;
    this.unsynced = true;
    buffer.reset();
    return outcome;
  }

  #rotate(): DiskOutcome {
    const outcome = this.syncNewest();
    return outcome === 'ok' ? this.nextFile() : outcome;
  }

  /** Begins the next file; this one must be durable, or be synced by the same thread before. */
  nextFile(): DiskOutcome {
    this.rotations++;
    return this.createFile(this.newest + 1);
  }

  get #isSynchronous(): boolean {
    return this.#options.syncWrites && !this.deferSyncs;
  }

  syncNewest(): DiskOutcome {
    this.writerSyncs = true;
    this.syncs++;
    this.unsynced = false;
    this.#work.counts[SYSTEM_CALLS]++;
    return this.#disk.sync(this.#newestFile());
  }

  #newestFile(): File {
    const file = this.#files.get(this.newest);
    assert(file !== undefined, 'badger: no value-log file to write to');
    return file;
  }

  // ——— reading ———

  /** Reads the entry at a value pointer into `buffer` and makes `into` stand for its value. */
  read(number: number, offset: number, length: number, buffer: SparseBuffer, into: Value): ValueOutcome {
    const file = this.#files.get(number);
    if (file === undefined) return 'gone';
    if (offset + length > file.length) return this.#damaged(number, offset, 'a pointer past the end of the file');
    if (this.#disk.read(file, offset, length, buffer) !== 'ok') return this.#damaged(number, offset, 'read failed');
    const entry = this.#entry;
    if (!entry.readHeader(buffer, 0, length) || entry.length !== length) {
      return this.#damaged(number, offset, 'no entry where a pointer points');
    }
    if (this.#options.verifyValues) {
      this.#work.counts[BYTES_HASHED] += length;
      if (!entry.isSound(buffer, 0)) return this.#damaged(number, offset, 'checksum mismatch');
    }
    buffer.valueAt(entry.valueFrom, entry.valueTo, into);
    return 'ok';
  }

  #damaged(number: number, offset: number, what: string): ValueOutcome {
    this.damage = `${valueLogName(this.#directory, number)} at ${offset}: ${what}`;
    return 'damaged';
  }
}
