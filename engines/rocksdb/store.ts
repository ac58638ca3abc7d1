/**
 * What the engine, its recovery and its jobs share: the disk, the levels, the manifest, the counters of
 * file and sequence numbers, and the error that ends writing.
 *
 * The manifest is written by several threads. Each appends its edit and syncs; an edit takes effect
 * in memory only when its sync has had its time (the job's next slice), and a lost sync loses a suffix
 * of edits, since replay stops at the first that is missing.
 */
import { assert } from '../../sim/assert.ts';
import { type Bugs, NO_BUGS } from '../../sim/bugs.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Clock } from '../../sim/clock.ts';
import type { Disk, DiskOutcome, File } from '../../sim/disk/disk.ts';
import type { WriteOutcome } from '../../sim/storage-engine.ts';
import { SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import type { BuiltBlobFile } from './blob-file-builder.ts';
import type { BlobAmount, BlobFiles } from './blob-files.ts';
import { BlockCache } from './block-cache.ts';
import { JobCounters } from './level-counters.ts';
import type { Options } from './options.ts';
import { RecordLogWriter } from './record-log.ts';
import { TableBuilder } from './table-builder.ts';
import { type TableFile, tableName } from './table-file.ts';
import { ascii } from './table-properties.ts';
import { TableReader } from './table-reader.ts';
import { Version } from './version.ts';
import { type EditedFile, encodeVersionEdit, type VersionEdit } from './version-edit.ts';

/** One flush, compaction or move that took effect: what the real engine's log prints. */
export interface JobEvent {
  readonly kind: 'flush' | 'compaction' | 'trivial_move';
  readonly startLevel: number;
  readonly outputLevel: number;
  readonly inputFiles: number;
  /** Universal compaction: input files of the levels in between. */
  readonly betweenInputFiles: readonly { readonly level: number; readonly files: number }[];
  readonly outputLevelInputFiles: number;
  readonly outputFiles: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly inputEntries: number;
  readonly outputEntries: number;
  readonly score: number;
}

export class Store {
  readonly disk: Disk;
  readonly directory: string;
  readonly options: Options;
  readonly work: Work;
  readonly clock: Clock;
  readonly bugs: Bugs;
  readonly version: Version;
  readonly cache: BlockCache;
  readonly counters: JobCounters;
  manifest: RecordLogWriter | undefined;
  manifestNumber = 0;
  optionsNumber = 0;
  /** Of `CURRENT` and the options files, which do not change while the store is open. */
  settingsBytes = 0;
  nextFile = 2;
  lastSequence = 0;
  /** WALs below this number are not needed. */
  logNumber = 0;
  /** Set by the first write or background job that failed: nothing is written from then on. */
  failure: Exclude<WriteOutcome, 'ok'> | undefined;
  failureReason = '';
  /** Told of every job that took effect. */
  onJob: ((event: JobEvent) => void) | undefined;
  /** Tables that the manifest lists already and the levels do not yet: their job waits for the manifest's sync. */
  readonly committed: number[] = [];
  /** Blob files, likewise. */
  readonly committedBlobFiles: number[] = [];
  readonly #record = new SparseBuffer(1024);
  readonly #builders: TableBuilder[] = [];

  constructor(disk: Disk, directory: string, options: Options, work: Work, clock: Clock, bugs: Bugs = NO_BUGS) {
    this.disk = disk;
    this.directory = directory;
    this.options = options;
    this.work = work;
    this.clock = clock;
    this.bugs = bugs;
    this.version = new Version(options);
    this.cache = new BlockCache(disk, options.blockCacheBytes, work);
    this.counters = new JobCounters(options.levels);
  }

  newFileNumber(): number {
    return this.nextFile++;
  }

  fail(outcome: Exclude<WriteOutcome, 'ok'>, reason: string): void {
    if (this.failure !== undefined) return;
    this.failure = outcome;
    this.failureReason = reason;
  }

  /** A builder; give it back when its table is finished. */
  takeBuilder(): TableBuilder {
    return this.#builders.pop() ?? new TableBuilder(this.disk, this.options, this.work);
  }
  giveBuilder(builder: TableBuilder): void {
    this.#builders.push(builder);
  }

  /** The finished table; its reader is made of what the builder still holds. */
  tableOf(builder: TableBuilder, number: number, oldestBlobFile = 0): TableFile {
    return {
      number,
      bytes: builder.file.length,
      smallest: builder.smallest,
      largest: builder.largest,
      smallestSequence: builder.smallestSequence,
      largestSequence: builder.largestSequence,
      oldestBlobFile,
      entries: builder.entries,
      deletions: builder.deletions,
      rawKeyBytes: builder.rawKeyBytes,
      rawValueBytes: builder.rawValueBytes,
      compensatedBytes: 0,
      beingCompacted: false,
      reader: new TableReader(number, builder.file, builder.indexBlock, builder.filterBlock),
    };
  }

  get blobs(): BlobFiles {
    return this.version.blobs;
  }

  removeBlobFile(number: number, file: File): void {
    this.disk.remove(blobName(this.directory, number));
    this.disk.close(file);
  }

  /** A committed job's blob files become part of the version; call before its tables do. */
  settleBlobFiles(built: readonly BuiltBlobFile[], garbage: readonly BlobAmount[]): void {
    for (const { file, ...amount } of built) {
      const isNew = this.blobs.add(amount, file);
      assert(isNew, 'rocksdb: a blob file twice');
      const at = this.committedBlobFiles.indexOf(amount.number);
      if (at >= 0) this.committedBlobFiles.splice(at, 1);
    }
    for (const amount of garbage) {
      const isThere = this.blobs.addGarbage(amount);
      assert(isThere, 'rocksdb: more garbage than a blob file holds');
    }
  }

  /** Removes blob files that no table needs any more; call after a job's tables have changed. */
  dropBlobFiles(): void {
    for (const { number, file } of this.blobs.prune()) if (file !== undefined) this.removeBlobFile(number, file);
  }

  /** Removes a table's file and gives up its handle. */
  removeTable(number: number, file: File): void {
    this.disk.remove(tableName(this.directory, number));
    this.disk.close(file);
  }

  /** A committed table has become part of the levels. */
  settleTable(number: number): void {
    const at = this.committed.indexOf(number);
    if (at >= 0) this.committed.splice(at, 1);
  }

  /** Appends the edits to the manifest, one record each, and syncs it. */
  commit(edits: readonly VersionEdit[]): DiskOutcome {
    const { manifest } = this;
    if (manifest === undefined) return 'io-error';
    for (const edit of edits) {
      encodeVersionEdit(edit, this.#record);
      const outcome = manifest.append(this.#record);
      if (outcome !== 'ok') return outcome;
      for (const { number } of edit.added ?? []) this.committed.push(number);
      for (const { number } of edit.addedBlobFiles ?? []) this.committedBlobFiles.push(number);
    }
    return this.sync(manifest);
  }

  /** A new manifest that holds the present state, and `CURRENT` pointing to it. */
  startManifest(edits: readonly VersionEdit[]): DiskOutcome {
    if (this.manifest !== undefined) this.disk.close(this.manifest.file);
    const number = this.newFileNumber();
    const name = manifestName(this.directory, number);
    this.manifest = new RecordLogWriter(this.disk, this.disk.create(name, 'manifest'), this.work);
    const outcome = this.commit(edits);
    if (outcome !== 'ok') return outcome;
    this.committed.length = 0;
    this.committedBlobFiles.length = 0;
    this.manifestNumber = number;
    return this.#setCurrent(number);
  }

  sync(log: RecordLogWriter): DiskOutcome {
    this.work.counts[SYSTEM_CALLS]++;
    return this.disk.sync(log.file);
  }

  /** Writes a small file whole and syncs it. */
  writeFile(name: string, content: string): DiskOutcome {
    const file = this.disk.create(name, 'manifest');
    const record = this.#record.reset();
    record.bytes(ascii(content));
    let outcome = this.disk.write(file, 0, record);
    if (outcome === 'ok') outcome = this.disk.sync(file);
    this.disk.close(file);
    return outcome;
  }

  #setCurrent(manifestNumber: number): DiskOutcome {
    const temporary = `${this.directory}${padded(manifestNumber)}.dbtmp`;
    let outcome = this.writeFile(temporary, `${manifestName('', manifestNumber)}\n`);
    if (outcome === 'ok') outcome = this.disk.rename(temporary, `${this.directory}CURRENT`);
    if (outcome === 'ok') outcome = this.disk.syncDirectory(this.directory);
    return outcome;
  }
}

export function editedFile(level: number, table: TableFile): EditedFile {
  const { number, bytes, smallest, largest, smallestSequence, largestSequence, oldestBlobFile, uniqueId } = table;
  return { level, number, bytes, smallest, largest, smallestSequence, largestSequence, oldestBlobFile, uniqueId };
}

export function padded(number: number): string {
  return String(number).padStart(6, '0');
}
export function manifestName(directory: string, number: number): string {
  return `${directory}MANIFEST-${padded(number)}`;
}
export function logName(directory: string, number: number): string {
  return `${directory}${padded(number)}.log`;
}
export function blobName(directory: string, number: number): string {
  return `${directory}${padded(number)}.blob`;
}
export function optionsName(directory: string, number: number): string {
  return `${directory}OPTIONS-${padded(number)}`;
}
