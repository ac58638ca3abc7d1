/**
 * The Raft log on disk: etcd's write-ahead log, byte for byte.
 *
 * Segments of `segmentBytes` are preallocated one ahead (`0.tmp`, `1.tmp`) and renamed into place when the
 * one before is full: cut the old file to its length, flush and sync it; write sum, metadata and hard state
 * into the new one, sync it, rename it, sync the directory. `save` syncs only if there are entries, or term or
 * vote changed; a commit index alone waits in memory until the next sync, as in etcd.
 *
 * Fault model: none of its own; it lives on whatever the disk does. A failed write or sync makes the log
 * unusable (etcd ends the process there): every later call returns the same failure. What is read back after
 * a crash is `recovery.ts`'s business.
 *
 * With storage integrity `redundant`, which etcd has not, each segment begins with identifiers of its records
 * (`identifiers.ts`), term and vote are kept twice more (`promise-copies.ts`), and an entry that was found damaged
 * can be written again in its place (`repair`).
 *
 * Other than etcd: a new log appears by renaming its first segment, not a directory around it; and the hard
 * state that was read at start is carried into the next segment, also if no newer one was saved in between.
 */
import { type Bugs, NO_BUGS } from '../../bugs.ts';
import type { Disk, DiskOutcome, File } from '../../disk/disk.ts';
import { ENTRIES_APPENDED, SYSTEM_CALLS, type Work } from '../../work.ts';
import { DamagedEntries } from './damaged-entries.ts';
import { IdentifierWriter, regionBytes } from './identifiers.ts';
import { PageWriter } from './page-writer.ts';
import { PromiseCopies } from './promise-copies.ts';
import { encodeSnapshotMark } from './protobuf.ts';
import {
  RECORD_CRC,
  RECORD_ENTRY,
  RECORD_METADATA,
  RECORD_SNAPSHOT,
  RECORD_STATE,
  RecordEncoder,
} from './record-encoder.ts';
import { type Segment, segmentName } from './segment.ts';
import type { HardState, SnapshotMark, WalEntry } from './wal-entry.ts';
import type { WalOptions } from './wal-options.ts';
import type { WalPosition } from './wal-position.ts';

/** Below this much there is surely nothing to spill; spares a call a record. */
const SPILL_BYTES = 128 * 1024;

export class WriteAheadLog {
  /** Index of the newest entry or snapshot in the log. */
  lastIndex: number;
  /** What the last `save` did: the host waits for the disk only if it synced. */
  lastSaveSynced = false;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #segmentBytes: number;
  readonly #segmentsMax: number;
  readonly #work: Work;
  readonly #bugs: Bugs;
  readonly #metadata: Uint8Array;
  readonly #encoder: RecordEncoder;
  readonly #writer: PageWriter;
  readonly #segments: Segment[];
  /** With `redundant` only. */
  readonly #identifiers: IdentifierWriter | undefined;
  readonly #promises: PromiseCopies | undefined;
  readonly #dataFrom: number;
  /** Empty on a sound disk. */
  readonly #damaged: DamagedEntries;
  /** How many of `#segments`, from the oldest, hold nothing that is needed. */
  #released = 0;
  #term: number;
  #vote: number;
  #commit: number;
  #failure: DiskOutcome = 'ok';
  #next: File | undefined;
  #nextName = '';
  #nextCount = 0;

  constructor(options: WalOptions, position: WalPosition) {
    this.#disk = options.disk;
    this.#directory = options.directory;
    this.#segmentBytes = options.segmentBytes;
    this.#segmentsMax = options.segmentsMax;
    this.#work = options.work;
    this.#bugs = options.bugs ?? NO_BUGS;
    this.#metadata = position.metadata;
    this.#encoder = new RecordEncoder(position.crc, options.work);
    this.#writer = new PageWriter(options.disk, options.work, position.tail, position.offset);
    this.#segments = [...position.segments];
    this.lastIndex = position.lastIndex;
    this.#term = position.state.term;
    this.#vote = position.state.vote;
    this.#commit = position.state.commit;
    const region = regionBytes(options.segmentBytes);
    const isRedundant = options.integrity === 'redundant';
    this.#dataFrom = isRedundant ? region : 0;
    if (isRedundant) {
      this.#identifiers = new IdentifierWriter(options.disk, options.work, region, position.records);
      this.#promises = new PromiseCopies(options.disk, options.work, options.directory);
    }
    this.#damaged = new DamagedEntries(options.disk, options.work, position.damaged);
    this.#prepareNext();
  }

  /** 'ok' until something failed. */
  get failure(): DiskOutcome {
    return this.#failure;
  }

  /** Segments now on disk, oldest first. */
  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** Bytes appended to the tail, those that wait in memory included. */
  get tailBytes(): number {
    return this.#writer.offset + this.#writer.buffer.length;
  }

  /**
   * Appends entries[from, to) and the hard state (undefined, or all zero: unchanged). On 'ok' the disk holds it, or,
   * if `lastSaveSynced`, will hold it once the calling thread's requests are complete.
   */
  save(state: HardState | undefined, entries: readonly WalEntry[], from = 0, to = entries.length): DiskOutcome {
    this.lastSaveSynced = false;
    if (this.#failure !== 'ok') return this.#failure;
    const hasState = state !== undefined && (state.term !== 0 || state.vote !== 0 || state.commit !== 0);
    if (from >= to && !hasState) return 'ok';
    const isPromise = hasState && (state.term !== this.#term || state.vote !== this.#vote);
    const mustSync = from < to || (isPromise && !this.#bugs['vote-not-synced']);
    const encoder = this.#encoder;
    const writer = this.#writer;
    const identifiers = this.#identifiers;
    for (let i = from; i < to; i++) {
      if (identifiers?.isFull && this.#cut() !== 'ok') return this.#failure;
      const before = writer.buffer.length;
      encoder.entry(writer.buffer, entries[i]!);
      if (identifiers !== undefined) this.#identifyEntry(entries[i]!, before);
      if (writer.buffer.length > SPILL_BYTES && this.#fails(writer.spill())) return this.#failure;
    }
    if (from < to) {
      this.#damaged.forgetFrom(entries[from]!.index);
      this.lastIndex = entries[to - 1]!.index;
      const { counts } = this.#work;
      counts[ENTRIES_APPENDED] = counts[ENTRIES_APPENDED]! + (to - from);
    }
    if (hasState) {
      this.#term = state.term;
      this.#vote = state.vote;
      this.#commit = state.commit;
      if (identifiers?.isFull && this.#cut() !== 'ok') return this.#failure;
      const before = writer.buffer.length;
      encoder.state(writer.buffer, state);
      if (identifiers !== undefined) this.#identify(RECORD_STATE, 0, 0, before);
      if (writer.buffer.length > SPILL_BYTES && this.#fails(writer.spill())) return this.#failure;
    }
    // as in etcd, what waits in memory does not count towards the size
    if (writer.offset >= this.#segmentBytes) this.#cut();
    else if (mustSync) this.sync();
    if (isPromise && this.#failure === 'ok' && this.#promises !== undefined) {
      this.#fails(this.#promises.save(this.#term, this.#vote));
      this.lastSaveSynced = true;
    }
    return this.#failure;
  }

  /** Writes an entry that was found damaged into its place again. One that was replaced meanwhile is left alone. Synced. */
  repair(entry: WalEntry): DiskOutcome {
    if (this.#failure === 'ok') this.#fails(this.#damaged.repair(entry));
    return this.#failure;
  }

  /** The record that was just encoded, from `before` on in the buffer. */
  #identify(type: number, index: number, term: number, before: number): void {
    const { offset, buffer } = this.#writer;
    this.#identifiers!.add(type, 0, index, term, offset + before, buffer.length - before, this.#encoder.crc);
  }

  #identifyEntry(entry: WalEntry, before: number): void {
    const { offset, buffer } = this.#writer;
    const { type, index, term } = entry;
    this.#identifiers!.add(RECORD_ENTRY, type, index, term, offset + before, buffer.length - before, this.#encoder.crc);
  }

  /** Says that a snapshot of this index exists; its marker file must have been written before. Synced. */
  saveSnapshot(mark: SnapshotMark): DiskOutcome {
    if (this.#failure !== 'ok') return this.#failure;
    if (this.#identifiers?.isFull && this.#cut() !== 'ok') return this.#failure;
    const before = this.#writer.buffer.length;
    this.#encoder.blob(this.#writer.buffer, RECORD_SNAPSHOT, encodeSnapshotMark(mark));
    if (this.#identifiers !== undefined) this.#identify(RECORD_SNAPSHOT, mark.index, mark.term, before);
    if (this.lastIndex < mark.index) this.lastIndex = mark.index;
    return this.sync();
  }

  /** Everything appended so far reaches the disk: also a commit index that waits in memory. */
  sync(): DiskOutcome {
    if (this.#failure !== 'ok') return this.#failure;
    if (this.#fails(this.#writer.flush())) return this.#failure;
    if (this.#identifiers !== undefined && this.#fails(this.#identifiers.flush(this.#writer.file)))
      return this.#failure;
    this.#countCalls(1);
    const synced = this.#disk.sync(this.#writer.file);
    if (!this.#bugs['wal-sync-failure-ignored'] && this.#fails(synced)) return this.#failure;
    this.lastSaveSynced = true;
    return 'ok';
  }

  /** Entries up to `index` are in a snapshot. The segment that holds `index` itself, and later ones, stay. */
  releaseTo(index: number): void {
    let smaller = this.#segments.length - 1;
    for (let i = this.#released; i < this.#segments.length; i++) {
      if (this.#segments[i]!.firstIndex >= index) {
        smaller = i - 1;
        break;
      }
    }
    if (smaller > this.#released) this.#released = smaller;
  }

  /** Removes released segments, oldest first, while more than `segmentsMax` are there. Returns how many. etcd: every 30 s. */
  purge(): number {
    let removed = 0;
    while (this.#segments.length > this.#segmentsMax && this.#released > 0) {
      this.#countCalls(1);
      if (this.#disk.remove(this.#segments[0]!.name) !== 'ok') break;
      this.#segments.shift();
      this.#released--;
      removed++;
    }
    return removed;
  }

  /** A clean stop. The instance must not be used afterwards. */
  close(): DiskOutcome {
    const outcome = this.sync();
    if (this.#next !== undefined) this.#disk.remove(this.#nextName);
    this.#next = undefined;
    return outcome;
  }

  #cut(): DiskOutcome {
    const writer = this.#writer;
    this.#countCalls(1);
    if (this.#fails(this.#disk.truncate(writer.file, writer.offset))) return this.#failure;
    if (this.sync() !== 'ok') return this.#failure;

    if (this.#next === undefined) {
      this.#failure = 'no-space';
      return this.#failure;
    }
    this.#disk.close(writer.file);
    writer.turnTo(this.#next, this.#dataFrom);
    this.#identifiers?.turn();
    this.#encoder.checksum(writer.buffer);
    const isRedundant = this.#identifiers !== undefined;
    if (isRedundant) this.#identify(RECORD_CRC, 0, 0, 0);
    let before = writer.buffer.length;
    this.#encoder.blob(writer.buffer, RECORD_METADATA, this.#metadata);
    if (isRedundant) this.#identify(RECORD_METADATA, 0, 0, before);
    if (this.#term !== 0 || this.#vote !== 0 || this.#commit !== 0) {
      before = writer.buffer.length;
      this.#encoder.state(writer.buffer, { term: this.#term, vote: this.#vote, commit: this.#commit });
      if (isRedundant) this.#identify(RECORD_STATE, 0, 0, before);
    }
    if (this.sync() !== 'ok') return this.#failure;

    const sequence = this.#segments[this.#segments.length - 1]!.sequence + 1;
    const firstIndex = this.lastIndex + 1;
    const name = segmentName(this.#directory, sequence, firstIndex);
    this.#countCalls(2);
    if (this.#fails(this.#disk.rename(this.#nextName, name))) return this.#failure;
    if (!this.#bugs['wal-directory-not-synced'] && this.#fails(this.#disk.syncDirectory(this.#directory))) {
      return this.#failure;
    }
    this.#segments.push({ name, sequence, firstIndex });
    this.#prepareNext();
    return 'ok';
  }

  /** The file for the next segment, allocated ahead. No room: noticed only when it is needed. */
  #prepareNext(): void {
    this.#nextName = `${this.#directory}${this.#nextCount % 2}.tmp`;
    this.#nextCount++;
    this.#countCalls(2);
    const file = this.#disk.create(this.#nextName, 'wal');
    this.#next = this.#disk.truncate(file, this.#segmentBytes) === 'ok' ? file : undefined;
  }

  #fails(outcome: DiskOutcome): boolean {
    if (outcome === 'ok') return false;
    this.#failure = outcome;
    return true;
  }

  #countCalls(count: number): void {
    this.#work.counts[SYSTEM_CALLS] = this.#work.counts[SYSTEM_CALLS]! + count;
  }
}
