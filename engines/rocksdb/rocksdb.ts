/**
 * The engine: RocksDB 7.8 with leveled or universal compaction. What it writes is in FORMAT.md.
 *
 * Threads: `write`, `sync` and reads run on the caller's; flushes and compactions are generators that
 * the host gives threads of their own.
 *
 * Full: the host must hold writers while `pressure` says stop. A write all the same goes into the
 * active memtable, which is then not switched; at four times its size we assert.
 *
 * After a failed write, sync or background job every write fails and no job starts: RocksDB's hard
 * error. Reads go on. Only reopening ends it; RocksDB's automatic resume is not here.
 *
 * Simplified: no snapshots, merges, range deletions, column families,
 * compression, subcompactions, rate limiter. A compaction style is a `CompactionPicker`.
 */
import { assert } from '../../sim/assert.ts';
import type { Batch } from '../../sim/batch.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { DiskOutcome } from '../../sim/disk/disk.ts';
import type {
  EngineStats,
  Fault,
  Job,
  OpenOutcome,
  Pressure,
  RecordSource,
  StorageEngine,
  Visitor,
  WriteOutcome,
} from '../../sim/storage-engine.ts';
import type { EngineContext } from '../engine.ts';
import { BackgroundJobs } from './background-jobs.ts';
import { BulkLoad } from './bulk-load.ts';
import { checkStore } from './check.ts';
import { LevelPicker } from './level-picker.ts';
import { MemtableList } from './memtable-list.ts';
import type { Options } from './options.ts';
import { Reader } from './reader.ts';
import { recover } from './recovery.ts';
import { storeStats } from './stats.ts';
import { blobName, logName, manifestName, optionsName, Store } from './store.ts';
import { tableName } from './table-file.ts';
import { UniversalPicker } from './universal-picker.ts';
import { WriteAheadLogs } from './write-ahead-logs.ts';
import { encodeWriteBatch } from './write-batch.ts';
import { WriteController } from './write-controller.ts';

/** A memtable that grew to so many times its size was written to past every stop. */
const OVERFULL = 4;

export class RocksDb implements StorageEngine {
  readonly store: Store;
  readonly #options: Options;
  readonly #prefixed: boolean;
  readonly #tableNames: number;
  readonly #controller: WriteController;
  #fault: Fault | undefined;
  #opened = false;

  readonly #memtables: MemtableList;
  readonly #reader: Reader;
  readonly #logs: WriteAheadLogs;
  readonly #jobs: BackgroundJobs;

  readonly #record = new SparseBuffer(4096);
  #key = new Uint8Array(256);
  readonly #value = new Value();
  #replayedBatches = 0;

  constructor(context: EngineContext, options: Options) {
    assert(context.tables.length >= 1 && context.tables.length <= 256, 'rocksdb: 1 to 256 tables');
    this.store = new Store(context.disk, context.directory, options, context.work, context.clock, context.bugs);
    this.#options = options;
    this.#tableNames = context.tables.length;
    this.#prefixed = context.tables.length > 1;
    const { version } = this.store;
    const picker = options.universal ? new UniversalPicker(options, version) : new LevelPicker(options, version);
    this.#controller = new WriteController(options);
    this.#memtables = new MemtableList(options, context.work);
    this.#logs = new WriteAheadLogs(this.store);
    this.#jobs = new BackgroundJobs(this.store, this.#memtables, this.#logs, this.#controller, picker);
    this.#reader = new Reader(this.store, this.#memtables);
  }

  // ——— opening and closing ———

  open(): OpenOutcome {
    assert(!this.#opened, 'rocksdb: opened twice');
    const recovered = recover(this.store);
    this.#fault = recovered.fault;
    if (recovered.log === undefined) return recovered.outcome;
    this.#replayedBatches = recovered.replayedBatches;
    this.#logs.add(recovered.logNumber, recovered.log);
    this.#memtables.active.reset(recovered.logNumber, this.store.lastSequence);
    this.#jobs.updateController();
    this.#opened = true;
    return recovered.outcome;
  }

  get corruption(): Fault | undefined {
    return this.#fault ?? this.#reader.fault;
  }

  /** RocksDB closes without a flush: the memtables come back from the WALs. */
  close(): WriteOutcome {
    this.#opened = false;
    const { disk, version, manifest } = this.store;
    for (const level of version.levels) for (const table of level) disk.close(table.reader.file);
    for (const { file } of version.blobs.files) if (file !== undefined) disk.close(file);
    this.#logs.close();
    if (manifest !== undefined) disk.close(manifest.file);
    return this.store.failure ?? 'ok';
  }

  // ——— reading ———

  get(table: number, key: Uint8Array, into: Value): boolean {
    const length = this.#setKey(table, key);
    return this.#reader.get(this.#key, length, into);
  }

  scan(table: number, from: Uint8Array, to: Uint8Array | undefined, visit: Visitor): void {
    // The bounds as user keys; with a prefix the end of a table is the start of the next.
    const prefix = this.#prefixed ? 1 : 0;
    const low = new Uint8Array(from.length + prefix);
    low.set(from, prefix);
    if (prefix === 1) low[0] = table;
    let high: Uint8Array | undefined = to;
    if (prefix === 1) {
      high = new Uint8Array(to === undefined ? 1 : to.length + 1);
      high[0] = to === undefined ? table + 1 : table;
      if (to !== undefined) high.set(to, 1);
      else if (table === 255) high = undefined;
    }
    this.#reader.scan(low, high, prefix, visit);
  }

  // ——— writing ———

  write(batch: Batch): WriteOutcome {
    const { store } = this;
    if (store.failure !== undefined) return store.failure;
    if (batch.count === 0) return 'ok';
    if (this.#memtables.active.full) {
      const outcome = this.#switchMemtable();
      if (outcome !== 'ok') return this.#writeFailed(outcome, 'a new WAL');
    }
    const first = store.lastSequence + 1;
    encodeWriteBatch(batch, first, this.#prefixed, this.#record);
    const outcome = this.#logs.append(this.#record);
    if (outcome !== 'ok') return this.#writeFailed(outcome, 'append to the WAL');

    const memtable = this.#memtables.active;
    const value = this.#value;
    for (let i = 0; i < batch.count; i++) {
      const isDelete = batch.isDelete[i] !== 0;
      if (!isDelete) batch.value(i, value);
      if (this.#prefixed) {
        const length = this.#setKeyRange(batch.table[i], batch.bytes, batch.keyFrom[i], batch.keyTo[i]);
        memtable.add(first + i, this.#key, 0, length, isDelete ? undefined : value);
      } else {
        memtable.add(first + i, batch.bytes, batch.keyFrom[i], batch.keyTo[i], isDelete ? undefined : value);
      }
    }
    store.lastSequence = first + batch.count - 1;
    return 'ok';
  }

  sync(): WriteOutcome {
    if (this.store.failure !== undefined) return this.store.failure;
    const outcome = this.#logs.sync();
    return outcome === 'ok' ? 'ok' : this.#writeFailed(outcome, 'sync of the WAL');
  }

  bulkLoad(table: number, records: RecordSource): WriteOutcome {
    assert(table < this.#tableNames, 'rocksdb: no such table');
    const outcome = new BulkLoad(this.store, Uint8Array.from(this.#prefixed ? [table] : [])).run(records);
    if (outcome !== 'ok') return this.#writeFailed(outcome, 'bulk load');
    this.#memtables.active.reset(this.#memtables.active.logNumber, this.store.lastSequence);
    this.#jobs.updateController();
    return 'ok';
  }

  /** Makes the active memtable immutable, so that its flush is due: RocksDB's Flush without the waiting. */
  switchMemtable(): WriteOutcome {
    if (this.store.failure !== undefined) return this.store.failure;
    if (this.#memtables.active.entries === 0) return 'ok';
    const outcome = this.#switchMemtable();
    return outcome === 'ok' ? 'ok' : this.#writeFailed(outcome, 'a new WAL');
  }

  // ——— background ———

  background(): Job | undefined {
    if (!this.#opened || this.store.failure !== undefined) return undefined;
    return this.#jobs.next();
  }

  /** `flush` and `compact` are RocksDB's Flush and CompactRange. */
  maintain(task: string): Job | undefined {
    if (!this.#opened || this.switchMemtable() !== 'ok') return undefined;
    if (task === 'flush') return this.#jobs.requestFlush();
    return task === 'compact' ? this.#jobs.compactEverything() : undefined;
  }

  pressure(): Pressure {
    return this.#controller.pressure;
  }
  get delayedBytesPerS(): number {
    return this.#controller.delayedBytesPerS;
  }

  // ——— looking at it ———

  checkpoint(): readonly string[] {
    const { directory, version, committed, manifestNumber, optionsNumber } = this.store;
    const names = [
      `${directory}CURRENT`,
      manifestName(directory, manifestNumber),
      optionsName(directory, optionsNumber),
    ];
    const numbers = new Set(committed);
    for (const level of version.levels) for (const table of level) numbers.add(table.number);
    for (const number of [...numbers].sort((a, b) => a - b)) names.push(tableName(directory, number));
    const blobNumbers = new Set(this.store.committedBlobFiles);
    for (const { number } of version.blobs.files) blobNumbers.add(number);
    for (const number of [...blobNumbers].sort((a, b) => a - b)) names.push(blobName(directory, number));
    for (const number of this.#logs.numbers) names.push(logName(directory, number));
    return names;
  }

  check(): Fault[] {
    return checkStore(this.store, this.#opened ? this.#logs.numbers : []);
  }

  stats(): EngineStats {
    return storeStats(this.store, this.#controller, {
      memtables: [this.#memtables.active, ...this.#memtables.immutables],
      logBytes: this.#logs.bytes,
      replayedBatches: this.#replayedBatches,
      readFailures: this.#reader.failures,
    });
  }

  #switchMemtable(): DiskOutcome {
    if (!this.#memtables.mayGrow) {
      const limit = this.#options.writeBufferBytes * OVERFULL;
      assert(this.#memtables.active.arena.allocatedBytes < limit, 'rocksdb: written to while pressure() said stop');
      return 'ok';
    }
    this.#memtables.switch(this.#logs.start(), this.store.lastSequence);
    this.#jobs.updateController();
    return 'ok';
  }

  #writeFailed(outcome: Exclude<WriteOutcome, 'ok'>, reason: string): WriteOutcome {
    this.store.fail(outcome, reason);
    return outcome;
  }

  #setKey(table: number, key: Uint8Array): number {
    return this.#setKeyRange(table, key, 0, key.length);
  }
  #setKeyRange(table: number, bytes: Uint8Array, from: number, to: number): number {
    assert(table < this.#tableNames, 'rocksdb: no such table');
    const prefix = this.#prefixed ? 1 : 0;
    const length = to - from + prefix;
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2);
    const key = this.#key;
    key[0] = table;
    for (let i = 0; i < to - from; i++) key[prefix + i] = bytes[from + i];
    return length;
  }
}
