/**
 * Opens a store: what a crash or a stop left on the disk becomes the state in memory, then a new manifest
 * and a new WAL, and whatever is not live goes. All on the calling thread, in the order in which the
 * real engine waits for its syncs; cut short at any point it can be started again.
 *
 * WALs are read under kPointInTimeRecovery: up to the first torn record or gap in the sequence numbers.
 * A flipped bit in synced data reads like a tear: what follows it in the WAL is lost, silently, as in
 * RocksDB.
 */
import { Value } from '../../sim/bytes/value.ts';
import type { Fault, OpenOutcome } from '../../sim/storage-engine.ts';
import { openBlobFile } from './blob-reader.ts';
import { TYPE_DELETION } from './cursor.ts';
import { FlushJob } from './flush-job.ts';
import { type ManifestState, readManifest } from './manifest.ts';
import { Memtable } from './memtable.ts';
import { optionsText } from './options-file.ts';
import { RecordLogReader, RecordLogWriter } from './record-log.ts';
import { blobName, editedFile, logName, manifestName, optionsName, padded, type Store } from './store.ts';
import { type TableFile, tableName } from './table-file.ts';
import { openTable } from './table-reader.ts';
import { comparatorEdit, type EditedFile } from './version-edit.ts';
import { WriteBatchReader } from './write-batch.ts';

export interface Recovered {
  readonly outcome: OpenOutcome;
  readonly fault?: Fault;
  readonly log?: RecordLogWriter;
  readonly logNumber: number;
  /** Batches and operations replayed, and why the replay ended, for the report. */
  readonly replayedBatches: number;
  readonly replayEnd: string;
}

export function recover(store: Store): Recovered {
  return new Recovery(store).run();
}

class Recovery {
  readonly #store: Store;
  #replayedBatches = 0;
  #replayEnd = '';

  constructor(store: Store) {
    this.#store = store;
  }

  run(): Recovered {
    const store = this.#store;
    const { disk, directory, options } = store;
    let state = readManifest(disk, directory, options.levels);
    const fresh = state === undefined;
    if (state === undefined) {
      const failure = this.#create();
      if (failure !== undefined) return this.#failed('io-error', failure);
      state = readManifest(disk, directory, options.levels);
    }
    if (state === undefined) return this.#failed('io-error', { where: directory, what: 'CURRENT did not stay' });
    if ('what' in state) return this.#failed(state.what === 'read failed' ? 'io-error' : 'corrupt', state);
    const fault = this.#loadTables(state);
    if (fault !== undefined) return this.#failed('corrupt', fault);

    store.lastSequence = state.lastSequence;
    store.logNumber = state.logNumber;
    const logs = this.#numbers('.log');
    // No number that any file has had is used again, whatever the manifest knows of it.
    store.nextFile = state.nextFile;
    for (const number of [...logs, ...this.#numbers('.sst'), ...this.#numbers('.blob'), ...this.#manifestNumbers()]) {
      store.nextFile = Math.max(store.nextFile, number + 1);
    }
    const flushed = this.#replay(logs, state.logNumber);
    if ('what' in flushed) return this.#failed('io-error', flushed);

    const logNumber = store.newFileNumber();
    const file = disk.create(logName(directory, logNumber), 'engine-wal');
    const log = new RecordLogWriter(disk, file, store.work);
    const added: EditedFile[] = [];
    for (let level = 0; level < store.version.levels.length; level++) {
      for (const table of store.version.levels[level]) added.push(editedFile(level, table));
    }
    const blobFiles = store.blobs.files;
    store.logNumber = logNumber;
    const manifestOutcome = store.startManifest([
      comparatorEdit(),
      {
        logNumber,
        nextFile: store.nextFile + 2,
        lastSequence: store.lastSequence,
        added,
        addedBlobFiles: blobFiles,
        blobGarbage: blobFiles
          .filter(({ garbageBlobs }) => garbageBlobs > 0)
          .map(({ number, garbageBlobs, garbageBytes }) => ({ number, blobs: garbageBlobs, bytes: garbageBytes })),
      },
    ]);
    if (manifestOutcome !== 'ok') return this.#failed('io-error', { where: 'MANIFEST', what: manifestOutcome });
    const optionsNumber = store.newFileNumber();
    store.optionsNumber = optionsNumber;
    if (store.writeFile(optionsName(directory, optionsNumber), optionsText(options)) !== 'ok') {
      return this.#failed('io-error', { where: 'OPTIONS', what: 'write failed' });
    }
    this.#removeDead(logNumber);
    return {
      outcome: fresh ? 'fresh' : 'recovered',
      log,
      logNumber,
      replayedBatches: this.#replayedBatches,
      replayEnd: this.#replayEnd,
    };
  }

  /** An empty store: a manifest that says so, and `CURRENT`. */
  #create(): Fault | undefined {
    const store = this.#store;
    store.nextFile = 1;
    const outcome = store.startManifest([{ logNumber: 0, nextFile: 2, lastSequence: 0 }]);
    return outcome === 'ok' ? undefined : { where: manifestName(store.directory, 1), what: outcome };
  }

  #loadTables(state: ManifestState): Fault | undefined {
    const { disk, directory, version, work } = this.#store;
    for (const listed of state.blobs.files) {
      const file = openBlobFile(disk, blobName(directory, listed.number), listed);
      if (typeof file === 'string') return { where: blobName(directory, listed.number), what: file };
      version.blobs.add(listed, file);
      version.blobs.addGarbage({ number: listed.number, blobs: listed.garbageBlobs, bytes: listed.garbageBytes });
    }
    for (let level = 0; level < state.levels.length; level++) {
      for (const file of state.levels[level]) {
        const table = openListedTable(disk, directory, file, work);
        if (typeof table === 'string') return { where: tableName(directory, file.number), what: table };
        version.add(level, table);
      }
    }
    version.update();
    return undefined;
  }

  /** Replays the WALs into memtables and flushes those to level 0. */
  #replay(logs: readonly number[], needed: number): Fault | { readonly tables: number } {
    const store = this.#store;
    const memtable = new Memtable(store.options.writeBufferBytes, store.work);
    memtable.reset(0, store.lastSequence);
    const batch = new WriteBatchReader();
    const value = new Value();
    // The oldest WAL needed may start anywhere: what came before it is in tables. All others continue it. RocksDB, once
    // it has flushed all it recovered, needs a WAL that it never makes: the next one must then continue the tables.
    let expected = logs.includes(needed) ? -1 : store.lastSequence + 1;
    let tables = 0;
    for (const number of logs) {
      if (number < needed) continue;
      if (number > needed && expected < 0) {
        this.#replayEnd = `${padded(needed)}.log: empty`;
        break;
      }
      const name = logName(store.directory, number);
      const file = store.disk.open(name);
      if (file === undefined) continue;
      const reader = new RecordLogReader(store.disk, file);
      let stopped = '';
      while (stopped === '' && reader.next()) {
        if (!batch.start(reader.record)) stopped = 'a record that is no batch';
        else if (expected >= 0 && batch.sequence !== expected) stopped = 'a gap in the sequence numbers';
        if (stopped !== '') break;
        if (memtable.entries === 0) memtable.reset(number, batch.sequence - 1);
        let sequence = batch.sequence;
        while (batch.next()) {
          value.assign(batch.value);
          const isDeletion = batch.type === TYPE_DELETION;
          memtable.add(sequence++, batch.key, 0, batch.keyLength, isDeletion ? undefined : value);
        }
        // Its checksum was right: only our own bug writes such a record.
        if (batch.malformed) return { where: name, what: 'a batch that does not decode' };
        expected = sequence;
        store.lastSequence = Math.max(store.lastSequence, sequence - 1);
        this.#replayedBatches++;
        if (memtable.full) {
          if (!this.#flush(memtable)) return { where: name, what: store.failureReason };
          tables++;
        }
      }
      store.disk.close(file);
      if (reader.end === 'io-error') return { where: `${name} at ${reader.offset}`, what: 'read failed' };
      if (stopped !== '') {
        this.#replayEnd = `${padded(number)}.log: ${stopped}`;
        break;
      }
      // A torn tail ends this log; the next continues only if its first batch is the one that is missing here.
      if (reader.end === 'torn') this.#replayEnd = `${padded(number)}.log: ${reader.reason}`;
    }
    if (memtable.entries > 0) {
      if (!this.#flush(memtable)) return { where: 'recovery', what: store.failureReason };
      tables++;
    }
    return { tables };
  }

  #flush(memtable: Memtable): boolean {
    const job = new FlushJob(this.#store, [memtable]);
    while (job.step());
    const table = job.finish();
    if (table === undefined) return false;
    job.install(table);
    memtable.reset(0, this.#store.lastSequence);
    return true;
  }

  /** Everything of ours that the new manifest does not need; the options file before this one stays. */
  #removeDead(logNumber: number): void {
    const { disk, directory, version, manifestNumber, optionsNumber } = this.#store;
    const live = new Set<string>([
      `${directory}CURRENT`,
      manifestName(directory, manifestNumber),
      logName(directory, logNumber),
      optionsName(directory, optionsNumber),
    ]);
    for (const level of version.levels) for (const table of level) live.add(tableName(directory, table.number));
    for (const { number } of version.blobs.files) live.add(blobName(directory, number));
    const names = disk.list(directory);
    const older = names.filter((name) => name.startsWith(`${directory}OPTIONS-`) && !live.has(name));
    const kept = older[older.length - 1];
    this.#store.settingsBytes = 0;
    for (const name of names) {
      if (!live.has(name) && name !== kept && isOurs(name.slice(directory.length))) disk.remove(name);
      else if (/^(CURRENT|OPTIONS-\d+)$/.test(name.slice(directory.length))) {
        const file = disk.open(name);
        if (file === undefined) continue;
        this.#store.settingsBytes += file.length;
        disk.close(file);
      }
    }
  }

  /** Numbers of the files whose names end so, ascending. */
  #numbers(ending: string): number[] {
    const { disk, directory } = this.#store;
    const numbers: number[] = [];
    for (const name of disk.list(directory)) {
      const digits = name.slice(directory.length, -ending.length);
      if (name.endsWith(ending) && /^\d+$/.test(digits)) numbers.push(Number(digits));
    }
    return numbers.sort((a, b) => a - b);
  }
  #manifestNumbers(): number[] {
    const { disk, directory } = this.#store;
    const numbers: number[] = [];
    for (const name of disk.list(directory)) {
      const match = /^(?:MANIFEST|OPTIONS)-(\d+)$/.exec(name.slice(directory.length));
      if (match?.[1] !== undefined) numbers.push(Number(match[1]));
    }
    return numbers;
  }

  #failed(outcome: 'corrupt' | 'io-error', fault: Fault): Recovered {
    return { outcome, fault, logNumber: 0, replayedBatches: this.#replayedBatches, replayEnd: this.#replayEnd };
  }
}

function isOurs(name: string): boolean {
  return /^(\d+\.(sst|blob|log|dbtmp)|(MANIFEST|OPTIONS)-\d+)$/.test(name);
}

/** A table that a manifest lists; a string says why it cannot be used. */
export function openListedTable(
  disk: Store['disk'],
  directory: string,
  file: EditedFile,
  work: Store['work'],
): TableFile | string {
  const name = tableName(directory, file.number);
  const table = openTable(disk, name, file.number, file.bytes, work);
  if (typeof table === 'string') return table;
  const { number, bytes, smallest, largest, smallestSequence, largestSequence, oldestBlobFile, uniqueId } = file;
  const { reader, entries, deletions, rawKeyBytes, rawValueBytes } = table;
  return {
    number,
    bytes,
    smallest,
    largest,
    smallestSequence,
    largestSequence,
    oldestBlobFile,
    uniqueId,
    entries,
    deletions,
    rawKeyBytes,
    rawValueBytes,
    compensatedBytes: 0,
    beingCompacted: false,
    reader,
  };
}
