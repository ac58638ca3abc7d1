/** Writes immutable memtables into one table of level 0, the newest entry of each key only. */
import { Value } from '../../sim/bytes/value.ts';
import type { Time } from '../../sim/clock.ts';
import { BlobFileBuilder } from './blob-file-builder.ts';
import { type Cursor, TYPE_BLOB_INDEX, TYPE_VALUE } from './cursor.ts';
import { type Memtable, MemtableCursor } from './memtable.ts';
import { MergingCursor } from './merging-cursor.ts';
import { editedFile, type Store } from './store.ts';
import type { TableBuilder } from './table-builder.ts';
import { type TableFile, tableName } from './table-file.ts';

/** A slice ends after so many entries or so many bytes of output, and when a blob file is finished. */
const SLICE_ENTRIES = 4096;
const SLICE_BYTES = 1048576;

export class FlushJob {
  readonly #store: Store;
  readonly #builder: TableBuilder;
  readonly #number: number;
  readonly #merging: MergingCursor;
  readonly #value = new Value();
  readonly #blobs: BlobFileBuilder | undefined;
  readonly #startedAt: Time;
  #oldestBlobFile = 0;
  #lastKey: Uint8Array = new Uint8Array(64);
  #lastLength = -1;
  readonly entries: number;

  constructor(store: Store, memtables: readonly Memtable[]) {
    this.#store = store;
    this.#startedAt = store.clock.now;
    this.#builder = store.takeBuilder();
    this.#number = store.newFileNumber();
    this.#merging = new MergingCursor(
      memtables.map((memtable) => new MemtableCursor(memtable)),
      store.work,
    );
    const { blobFiles, blobStartingLevel } = store.options;
    if (blobFiles && blobStartingLevel === 0) this.#blobs = new BlobFileBuilder(store, 'flush');
    let entries = 0;
    for (const memtable of memtables) entries += memtable.entries;
    this.entries = entries;
    this.#builder.start(tableName(store.directory, this.#number), this.#number, 'flush');
    this.#merging.first();
  }

  /** One slice; false once there is nothing left to merge. */
  step(): boolean {
    const merging = this.#merging;
    const builder = this.#builder;
    const blobs = this.#blobs;
    const bytesFrom = builder.fileBytes + (blobs?.recordBytes ?? 0);
    const builtFrom = blobs?.built.length;
    for (let entries = 0; entries < SLICE_ENTRIES; entries++) {
      const top = merging.top;
      if (top === undefined) return false;
      if (this.#isNew(top)) {
        top.value(this.#value);
        const type = this.#extract(top, this.#value);
        builder.add(top.key, top.keyLength, top.sequence, type, this.#value);
        const bytes = builder.fileBytes + (blobs?.recordBytes ?? 0) - bytesFrom;
        if (bytes >= SLICE_BYTES || blobs?.built.length !== builtFrom) {
          merging.next();
          return true;
        }
      }
      merging.next();
    }
    return true;
  }

  /** Writes the table's end and syncs it; undefined: that failed and the store has, too. */
  finish(): TableFile | undefined {
    const { disk, directory } = this.#store;
    let outcome = this.#builder.finish();
    if (outcome === 'ok') outcome = disk.sync(this.#builder.file);
    if (outcome === 'ok' && this.#blobs?.finish() === false) outcome = this.#blobs.outcome;
    if (outcome === 'ok') outcome = disk.syncDirectory(directory);
    const table = this.#store.tableOf(this.#builder, this.#number, this.#oldestBlobFile);
    this.#store.giveBuilder(this.#builder);
    if (outcome === 'ok') return table;
    this.#store.fail(outcome, `flush of table ${this.#number}`);
    this.#store.removeTable(this.#number, table.reader.file);
    this.#blobs?.abandon();
    return undefined;
  }

  /** Commits the table to the manifest with the oldest WAL still needed. */
  commit(table: TableFile, logNumber: number): boolean {
    const store = this.#store;
    const outcome = store.commit([
      {
        logNumber,
        nextFile: store.nextFile,
        lastSequence: store.lastSequence,
        added: [editedFile(0, table)],
        addedBlobFiles: this.#blobs?.built ?? [],
      },
      { nextFile: store.nextFile, logToKeep: logNumber, lastSequence: store.lastSequence },
    ]);
    if (outcome !== 'ok') store.fail(outcome, 'manifest of a flush');
    return outcome === 'ok';
  }

  install(table: TableFile): void {
    const { version, counters, onJob } = this.#store;
    this.#store.settleBlobFiles(this.#blobs?.built ?? [], []);
    this.#store.settleTable(table.number);
    version.add(0, table);
    version.update();
    const duration = this.#store.clock.now - this.#startedAt;
    counters.flushed(table.bytes, this.#blobs?.fileBytes ?? 0, this.entries, table.entries, duration);
    counters.blobFilesWritten += this.#blobs?.built.length ?? 0;
    onJob?.({
      kind: 'flush',
      startLevel: 0,
      outputLevel: 0,
      inputFiles: 0,
      betweenInputFiles: [],
      outputLevelInputFiles: 0,
      outputFiles: 1,
      inputBytes: 0,
      outputBytes: table.bytes,
      inputEntries: this.entries,
      outputEntries: table.entries,
      score: 0,
    });
  }

  /** A value that is large enough goes to a blob file; the type under which the table gets what is left of it. */
  #extract(top: Cursor, value: Value): number {
    const blobs = this.#blobs;
    if (blobs === undefined || top.type !== TYPE_VALUE || value.length < this.#store.options.blobBytesMin) {
      return top.type;
    }
    // A failed write shows when the job ends.
    blobs.add(top.key, top.keyLength, value);
    this.#oldestBlobFile ||= blobs.number;
    return TYPE_BLOB_INDEX;
  }

  /** Is this the first, so the newest, entry of its key? */
  #isNew(top: Cursor): boolean {
    const { key, keyLength } = top;
    if (keyLength === this.#lastLength) {
      const last = this.#lastKey;
      let i = keyLength - 1;
      while (i >= 0 && last[i] === key[i]) i--;
      if (i < 0) return false;
    }
    if (keyLength > this.#lastKey.length) this.#lastKey = new Uint8Array(keyLength * 2);
    for (let i = 0; i < keyLength; i++) this.#lastKey[i] = key[i];
    this.#lastLength = keyLength;
    return true;
  }
}
