/**
 * Merges the inputs of one compaction into new tables of the output level: of each key the newest
 * entry only (there are no snapshots), a deletion only while an older entry may exist below, and at
 * the bottom with sequence number 0. A trivial move is a job, too, with nothing to merge.
 *
 * A job ends by one edit of the manifest that takes the inputs out and puts the outputs in.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { Time } from '../../sim/clock.ts';
import { BlobCompaction } from './blob-compaction.ts';
import { type Cursor, TYPE_DELETION } from './cursor.ts';
import { MergingCursor } from './merging-cursor.ts';
import { OutputCutter } from './output-cutter.ts';
import { type Compaction, inputsByLevel, type LevelTables } from './picker.ts';
import { editedFile, type Store } from './store.ts';
import type { TableBuilder } from './table-builder.ts';
import { findTable, type TableFile, TRAILER_BYTES, tableName, totalBytes } from './table-file.ts';
import { TablesCursor } from './tables-cursor.ts';
import type { VersionEdit } from './version-edit.ts';

const SLICE_ENTRIES = 4096;
const SLICE_BYTES = 1048576;

/** `more`: the slice's limits are reached, or an output or a blob file has been finished. */
export type StepOutcome = 'more' | 'merged' | 'failed';

export class CompactionJob {
  readonly compaction: Compaction;
  readonly #store: Store;
  readonly #merging: MergingCursor;
  readonly #cutter: OutputCutter;
  readonly #builder: TableBuilder;
  readonly #value = new Value();
  readonly #outputs: TableFile[] = [];
  #openNumber = -1;
  #lastKey: Uint8Array = new Uint8Array(64);
  #lastLength = -1;
  readonly #blobs: BlobCompaction;
  readonly #startedAt: Time;
  /** Of the open output. */
  #oldestBlobFile = 0;
  #entriesIn = 0;
  #entriesOut = 0;

  constructor(store: Store, compaction: Compaction) {
    this.#store = store;
    this.#startedAt = store.clock.now;
    this.compaction = compaction;
    this.#builder = store.takeBuilder();
    this.#blobs = new BlobCompaction(store, compaction.outputLevel);
    this.#cutter = new OutputCutter(compaction, store.options.compactionBytesMax);
    const cursors: Cursor[] = [];
    if (!compaction.trivialMove) {
      const cursor = (tables: readonly TableFile[]): void => {
        cursors.push(new TablesCursor(store.disk, undefined, store.work).setTables(tables));
      };
      for (const { level, tables } of inputsByLevel(compaction)) {
        if (level === 0) for (const table of tables) cursor([table]);
        else cursor(tables);
      }
    }
    this.#merging = new MergingCursor(cursors, store.work);
    this.#merging.first();
  }

  step(): StepOutcome {
    const merging = this.#merging;
    const builder = this.#builder;
    const blobs = this.#blobs;
    const bytesFrom = (this.#openNumber < 0 ? 0 : builder.fileBytes) + blobs.builder.recordBytes + blobs.readBytes;
    const builtFrom = blobs.builder.built.length;
    for (let entries = 0; entries < SLICE_ENTRIES; entries++) {
      const top = merging.top;
      if (top === undefined) {
        if (merging.failure !== undefined && !this.#store.bugs['rocksdb-compaction-read-error-ignored']) {
          return this.#fail('io-error', merging.failure);
        }
        return this.#finishAll() ? 'merged' : 'failed';
      }
      this.#entriesIn++;
      if (!blobs.input(top)) return this.#blobFailure();
      if (this.#keeps(top)) {
        const open = this.#openNumber >= 0;
        if (this.#cutter.cutBefore(top.key, top.keyLength, open ? builder.fileBytes : -1)) {
          return this.#finishOutput() ? this.#addAndMove(top) : 'failed';
        }
        if (!this.#add(top)) return this.#blobFailure();
        const bytes = builder.fileBytes + blobs.builder.recordBytes + blobs.readBytes - bytesFrom;
        if (bytes >= SLICE_BYTES || blobs.builder.built.length !== builtFrom) {
          merging.next();
          return 'more';
        }
      }
      merging.next();
    }
    return 'more';
  }

  /** Outputs become part of the store when the manifest says so. False: the store has failed. */
  commit(): boolean {
    const { compaction } = this;
    const store = this.#store;
    const { outputLevel } = compaction;
    const edit: VersionEdit = {
      nextFile: store.nextFile,
      lastSequence: store.lastSequence,
      deleted: this.#leaving.flatMap(({ level, tables }) => tables.map(({ number }) => ({ level, number }))),
      added: this.#arriving.map((table) => editedFile(outputLevel, table)),
      addedBlobFiles: this.#blobs.builder.built,
      blobGarbage: this.#blobs.garbage(),
    };
    const outcome = store.commit([edit]);
    if (outcome !== 'ok') store.fail(outcome, 'manifest of a compaction');
    return outcome === 'ok';
  }

  /** The commit's sync has had its time: change the levels, drop the inputs' files. */
  install(): void {
    const { compaction } = this;
    const store = this.#store;
    const { version, counters } = store;
    const { startLevel, outputLevel, inputs, between, outputInputs, trivialMove } = compaction;
    const leaving = this.#leaving;
    const outputs = this.#arriving;
    let inputBytes = 0;
    store.settleBlobFiles(this.#blobs.builder.built, this.#blobs.garbage());
    for (const { level, tables } of leaving) {
      inputBytes += totalBytes(tables);
      for (const table of tables) version.remove(level, table.number);
    }
    for (const table of outputs) {
      store.settleTable(table.number);
      table.compensatedBytes = 0;
      version.add(outputLevel, table);
    }
    version.update();
    store.dropBlobFiles();
    if (trivialMove) {
      counters.moved(outputLevel, inputBytes);
    } else {
      for (const { tables } of leaving) for (const table of tables) store.removeTable(table.number, table.reader.file);
      const outputLevelBytes = totalBytes(outputInputs);
      counters.compacted({
        outputLevel,
        upperBytes: inputBytes - outputLevelBytes,
        outputLevelBytes,
        writtenBytes: totalBytes(this.#outputs),
        entriesIn: this.#entriesIn,
        entriesOut: this.#entriesOut,
        blobReadBytes: this.#blobs.readBytes,
        blobWrittenBytes: this.#blobs.builder.fileBytes,
        duration: store.clock.now - this.#startedAt,
      });
      counters.blobFilesWritten += this.#blobs.builder.built.length;
      counters.blobsRelocated += this.#blobs.relocatedBlobs;
      counters.blobRelocatedBytes += this.#blobs.relocatedBytes;
    }
    store.giveBuilder(this.#builder);
    store.onJob?.({
      kind: trivialMove ? 'trivial_move' : 'compaction',
      startLevel,
      outputLevel,
      inputFiles: inputs.length,
      betweenInputFiles: between.map(({ level, tables }) => ({ level, files: tables.length })),
      outputLevelInputFiles: outputInputs.length,
      outputFiles: outputs.length,
      inputBytes,
      outputBytes: totalBytes(outputs),
      inputEntries: this.#entriesIn,
      outputEntries: this.#entriesOut,
      score: compaction.score,
    });
  }

  /** Tables that the compaction takes out of their levels; a move leaves those of the output level. */
  get #leaving(): LevelTables[] {
    const { compaction } = this;
    const all = inputsByLevel(compaction);
    return compaction.trivialMove ? all.filter(({ level }) => level !== compaction.outputLevel) : all;
  }
  /** Tables that it puts into the output level. */
  get #arriving(): TableFile[] {
    return this.compaction.trivialMove ? this.#leaving.flatMap(({ tables }) => tables) : this.#outputs;
  }

  /** Removes what a failed job has written. */
  abandon(): void {
    if (this.#openNumber >= 0) this.#store.removeTable(this.#openNumber, this.#builder.file);
    for (const table of this.#outputs) this.#store.removeTable(table.number, table.reader.file);
    this.#outputs.length = 0;
    this.#blobs.builder.abandon();
    this.#openNumber = -1;
  }

  #addAndMove(top: Cursor): StepOutcome {
    if (!this.#add(top)) return this.#blobFailure();
    this.#merging.next();
    return 'more';
  }

  /** False: a blob could not be read or written. */
  #add(top: Cursor): boolean {
    const builder = this.#builder;
    const blobs = this.#blobs;
    if (this.#openNumber < 0) {
      this.#openNumber = this.#store.newFileNumber();
      builder.start(tableName(this.#store.directory, this.#openNumber), this.#openNumber, 'compaction');
    }
    top.value(this.#value);
    if (!blobs.output(top.key, top.keyLength, top.type, this.#value)) return false;
    const { type, file } = blobs;
    if (file !== 0 && (this.#oldestBlobFile === 0 || file < this.#oldestBlobFile)) this.#oldestBlobFile = file;
    const sequence = this.compaction.bottommost && type !== TYPE_DELETION ? 0 : top.sequence;
    builder.add(top.key, top.keyLength, sequence, type, this.#value);
    this.#entriesOut++;
    return true;
  }

  #finishAll(): boolean {
    if (this.#openNumber >= 0 && !this.#finishOutput()) return false;
    if (this.#blobs.builder.finish()) return true;
    this.#blobFailure();
    return false;
  }

  #blobFailure(): 'failed' {
    const { failure, builder } = this.#blobs;
    return this.#fail(
      builder.outcome === 'ok' ? 'io-error' : builder.outcome,
      failure ?? 'write of a blob file failed',
    );
  }

  #finishOutput(): boolean {
    const builder = this.#builder;
    const number = this.#openNumber;
    let outcome = builder.finish();
    if (outcome === 'ok') outcome = this.#store.disk.sync(builder.file);
    if (outcome !== 'ok') {
      this.#fail(outcome, `compaction into table ${number}`);
      return false;
    }
    this.#outputs.push(this.#store.tableOf(builder, number, this.#oldestBlobFile));
    this.#oldestBlobFile = 0;
    this.#openNumber = -1;
    return true;
  }

  #fail(outcome: 'io-error' | 'no-space', reason: string): 'failed' {
    this.#store.fail(outcome, reason);
    return 'failed';
  }

  /** False for an entry hidden by a newer one, and for a deletion that hides nothing any more. */
  #keeps(top: Cursor): boolean {
    const { key, keyLength } = top;
    if (keyLength === this.#lastLength) {
      // From the end: neighbours differ there.
      const last = this.#lastKey;
      let i = keyLength - 1;
      while (i >= 0 && last[i] === key[i]) i--;
      if (i < 0) return false;
    }
    if (keyLength > this.#lastKey.length) this.#lastKey = new Uint8Array(keyLength * 2);
    for (let i = 0; i < keyLength; i++) this.#lastKey[i] = key[i];
    this.#lastLength = keyLength;
    return top.type !== TYPE_DELETION || this.#mayExistBelow(key, keyLength);
  }

  #mayExistBelow(key: Uint8Array, keyLength: number): boolean {
    const { bottommost, outputLevel } = this.compaction;
    if (bottommost) return false;
    // RocksDB looks further for leveled compaction only.
    if (outputLevel === 0 || this.#store.options.universal) return true;
    const { levels } = this.#store.version;
    for (let level = outputLevel + 1; level < levels.length; level++) {
      const at = findTable(levels[level], key, 0, keyLength);
      if (at === levels[level].length) continue;
      const { smallest } = levels[level][at];
      if (compareRanges(key, 0, keyLength, smallest, 0, smallest.length - TRAILER_BYTES) >= 0) return true;
    }
    return false;
  }
}
