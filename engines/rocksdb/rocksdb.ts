/**
 * The engine: RocksDB 7.8 with leveled or universal compaction. What it writes is in FORMAT.md.
 *
 * Threads: `write`, `sync` and reads run on the caller's; flushes and compactions are generators that
 * the host gives threads of their own. A job yields after each bounded slice and after each sync whose
 * result it depends on, so that when it goes on the sync has had its time.
 *
 * Full: the host must hold writers while `pressure` says stop. A write all the same goes into the
 * active memtable, which is then not switched; at four times its size we assert.
 *
 * After a failed write, sync or background job every write fails and no job starts: RocksDB's hard
 * error. Reads go on. Only reopening ends it; RocksDB's automatic resume is not here.
 *
 * Simplified: one flush at a time; no snapshots, merges, range deletions, column families,
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
  StorageEngine,
  Visitor,
  WriteOutcome,
} from '../../sim/storage-engine.ts';
import type { EngineContext } from '../engine.ts';
import { checkStore } from './check.ts';
import { CompactionJob } from './compaction-job.ts';
import { FlushJob } from './flush-job.ts';
import { LevelPicker } from './level-picker.ts';
import type { Memtable } from './memtable.ts';
import { MemtableList } from './memtable-list.ts';
import type { Options } from './options.ts';
import type { Compaction, CompactionPicker } from './picker.ts';
import { Reader } from './reader.ts';
import { RecordLogWriter } from './record-log.ts';
import { recover } from './recovery.ts';
import { storeStats } from './stats.ts';
import { logName, manifestName, optionsName, Store } from './store.ts';
import { tableName } from './table-file.ts';
import { UniversalPicker } from './universal-picker.ts';
import { encodeWriteBatch } from './write-batch.ts';
import { WriteController } from './write-controller.ts';

/** A memtable that grew to so many times its size was written to past every stop. */
const OVERFULL = 4;

/** A WAL with its number; `unsynced`: something was appended after its last sync. */
interface Log {
  readonly number: number;
  readonly writer: RecordLogWriter;
  unsynced: boolean;
}

export class RocksDb implements StorageEngine {
  readonly store: Store;
  readonly #options: Options;
  readonly #prefixed: boolean;
  readonly #tableNames: number;
  readonly #picker: CompactionPicker;
  readonly #controller: WriteController;
  #fault: Fault | undefined;
  #opened = false;

  readonly #memtables: MemtableList;
  readonly #reader: Reader;
  /** Oldest first; the last one is written to. */
  readonly #logs: Log[] = [];
  #logDirectoryUnsynced = false;

  #flushing = false;
  #compactionsRunning = 0;

  readonly #record = new SparseBuffer(4096);
  #key = new Uint8Array(256);
  readonly #value = new Value();
  #replayedBatches = 0;

  constructor(context: EngineContext, options: Options) {
    assert(context.tables.length >= 1 && context.tables.length <= 256, 'rocksdb: 1 to 256 tables');
    this.store = new Store(context.disk, context.directory, options, context.work);
    this.#options = options;
    this.#tableNames = context.tables.length;
    this.#prefixed = context.tables.length > 1;
    const { version } = this.store;
    this.#picker = options.universal ? new UniversalPicker(options, version) : new LevelPicker(options, version);
    this.#controller = new WriteController(options);
    this.#memtables = new MemtableList(options, context.work);
    this.#reader = new Reader(this.store, this.#memtables);
  }

  // ——— opening and closing ———

  open(): OpenOutcome {
    assert(!this.#opened, 'rocksdb: opened twice');
    const recovered = recover(this.store);
    this.#fault = recovered.fault;
    if (recovered.log === undefined) return recovered.outcome;
    this.#replayedBatches = recovered.replayedBatches;
    this.#logs.push({ number: recovered.logNumber, writer: recovered.log, unsynced: false });
    this.#logDirectoryUnsynced = true;
    this.#memtables.active.reset(recovered.logNumber, this.store.lastSequence);
    this.#updateController();
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
    for (const log of this.#logs) disk.close(log.writer.file);
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
    const log = this.#logs[this.#logs.length - 1];
    const outcome = log.writer.append(this.#record);
    if (outcome !== 'ok') return this.#writeFailed(outcome, 'append to the WAL');
    log.unsynced = true;

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
    const { store } = this;
    if (store.failure !== undefined) return store.failure;
    for (const log of this.#logs) {
      if (!log.unsynced) continue;
      const outcome = store.sync(log.writer);
      if (outcome !== 'ok') return this.#writeFailed(outcome, 'sync of the WAL');
      log.unsynced = false;
    }
    if (this.#logDirectoryUnsynced) {
      const outcome = store.disk.syncDirectory(store.directory);
      if (outcome !== 'ok') return this.#writeFailed(outcome, 'sync of the directory');
      this.#logDirectoryUnsynced = false;
    }
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
    const { immutables } = this.#memtables;
    if (!this.#flushing && immutables.length >= this.#flushThreshold()) {
      this.#flushing = true;
      return this.#flush(immutables.slice());
    }
    const { backgroundJobsMax } = this.#options;
    const flushes = Math.max(1, Math.floor(backgroundJobsMax / 4));
    const compactionsMax = this.#controller.speedup ? Math.max(1, backgroundJobsMax - flushes) : 1;
    if (this.#compactionsRunning >= compactionsMax) return undefined;
    const compaction = this.#picker.pick();
    if (compaction === undefined) return undefined;
    this.#compactionsRunning++;
    return this.#compact(compaction);
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
    for (const log of this.#logs) names.push(logName(directory, log.number));
    return names;
  }

  check(): Fault[] {
    return checkStore(this.store, this.#opened ? this.#logs.map((log) => log.number) : []);
  }

  stats(): EngineStats {
    return storeStats(this.store, this.#controller, {
      memtables: [this.#memtables.active, ...this.#memtables.immutables],
      spareMemtables: this.#memtables.spare,
      logBytes: this.#logs.reduce((sum, log) => sum + log.writer.length, 0),
      replayedBatches: this.#replayedBatches,
      readFailures: this.#reader.failures,
    });
  }

  // ——— jobs ———

  *#flush(memtables: Memtable[]): Job {
    const job = new FlushJob(this.store, memtables);
    while (job.step()) yield;
    const table = job.finish();
    yield;
    if (table !== undefined) {
      const logNumber = this.#memtables.logNumberAfter(memtables.length);
      const committed = job.commit(table, logNumber);
      yield;
      if (committed) {
        job.install(table);
        this.#memtables.drop(memtables.length);
        this.#dropLogs(logNumber);
      }
    }
    this.#flushing = false;
    this.#updateController();
  }

  *#compact(compaction: Compaction): Job {
    const job = new CompactionJob(this.store, compaction);
    let outcome = compaction.trivialMove ? 'merged' : job.step();
    while (outcome === 'more') {
      yield;
      outcome = job.step();
    }
    let committed = false;
    if (outcome === 'merged') {
      if (!compaction.trivialMove) {
        const synced = this.store.disk.syncDirectory(this.store.directory);
        if (synced !== 'ok') this.store.fail(synced, 'sync of the directory');
        yield;
      }
      committed = this.store.failure === undefined && job.commit();
      yield;
    }
    if (committed) job.install();
    else job.abandon();
    this.#picker.release(compaction);
    this.#compactionsRunning--;
    this.#updateController();
  }

  #flushThreshold(): number {
    return this.#controller.pressure === 'stop' ? 1 : this.#options.writeBuffersToMerge;
  }

  /** WALs whose batches are all in tables. */
  #dropLogs(needed: number): void {
    const { store } = this;
    store.logNumber = needed;
    while (this.#logs.length > 1 && this.#logs[0].number < needed) {
      const log = this.#logs.shift();
      if (log === undefined) return;
      store.disk.remove(logName(store.directory, log.number));
      store.disk.close(log.writer.file);
    }
  }

  #switchMemtable(): DiskOutcome {
    if (!this.#memtables.mayGrow) {
      const limit = this.#options.writeBufferBytes * OVERFULL;
      assert(this.#memtables.active.arena.allocatedBytes < limit, 'rocksdb: written to while pressure() said stop');
      return 'ok';
    }
    const { store } = this;
    const number = store.newFileNumber();
    const file = store.disk.create(logName(store.directory, number), 'engine-wal');
    this.#logs.push({ number, writer: new RecordLogWriter(store.disk, file, store.work), unsynced: false });
    this.#logDirectoryUnsynced = true;
    this.#memtables.switch(number, store.lastSequence);
    this.#updateController();
    return 'ok';
  }

  #updateController(): void {
    const { version } = this.store;
    this.#controller.update(this.#memtables.immutables.length, version.delayTriggerRuns, version.pendingBytes);
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
