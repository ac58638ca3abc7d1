/**
 * The engine: Badger v2.2007.2. What it writes is in FORMAT.md.
 *
 * A batch is a transaction: one version, atomic in the value log. `write`, `sync` and reads run on the caller's
 * thread; flushes, compactions and garbage collection are generators that the host gives threads of their own.
 *
 * After a failed write, sync or job every write fails and no job starts (Badger tries a failed flush again
 * every second). Reads go on. Only reopening ends it.
 *
 * Simplified: no time to live, no merge operators, no snapshots held over a call, one version kept; no encryption,
 * no compression. A batch larger than Badger lets a transaction be (ErrTxnTooBig) is one transaction all the same.
 */
import { assert } from '../../sim/assert.ts';
import type { Batch } from '../../sim/batch.ts';
import type { Value } from '../../sim/bytes/value.ts';
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
import { bulkLoad } from './bulk-load.ts';
import { checkStore } from './check.ts';
import { memtableLogName, tableName, valueLogName } from './format.ts';
import { GarbageCollection } from './garbage-collection.ts';
import { Jobs } from './jobs.ts';
import { keyRegistryName } from './key-registry.ts';
import { manifestName } from './manifest.ts';
import { MemtableList } from './memtable-list.ts';
import type { Options } from './options.ts';
import { Reader } from './reader.ts';
import { recover } from './recovery.ts';
import { storeStats } from './stats.ts';
import { Store } from './store.ts';
import { WritePath } from './write-path.ts';

export class Badger implements StorageEngine {
  readonly store: Store;
  readonly #memtables: MemtableList;
  readonly #reader: Reader;
  readonly #writes: WritePath;
  readonly #jobs: Jobs;
  readonly #collection: GarbageCollection;
  readonly #prefix: number;
  #fault: Fault | undefined;
  #opened = false;
  /** Badger holds writers or does not: it never slows them down. */
  readonly delayedBytesPerS = 0;

  constructor(context: EngineContext, options: Options) {
    const tables = context.tables.length;
    assert(tables >= 1 && tables <= 256, 'badger: 1 to 256 tables');
    this.store = new Store(context, options);
    this.#prefix = tables > 1 ? 1 : 0;
    this.#memtables = new MemtableList(context.work, this.store.random);
    this.#reader = new Reader(this.store, this.#memtables);
    this.#writes = new WritePath(this.store, this.#memtables, tables);
    this.#jobs = new Jobs(this.store, this.#memtables, this.#writes);
    this.#collection = new GarbageCollection(this.store, this.#reader, this.#writes, this.#jobs);
  }

  // ——— opening and closing ———

  open(): OpenOutcome {
    assert(!this.#opened, 'badger: opened twice');
    const { outcome, fault } = recover(this.store, this.#reader, this.#writes, () => this.#jobs.flushAll());
    this.#fault = fault;
    if (fault !== undefined) return outcome;
    this.#opened = true;
    this.#jobs.start();
    return outcome;
  }

  get corruption(): Fault | undefined {
    return this.#fault ?? this.#reader.fault;
  }

  /** As Badger's Close: the memtable becomes a table, and level 0 is compacted. */
  close(): WriteOutcome {
    const { store } = this;
    if (this.#opened && store.failure === undefined) this.#settle();
    this.#opened = false;
    for (const level of store.levels.tables) for (const table of level) store.disk.close(table.file);
    store.valueLog.close();
    store.manifest?.close();
    return store.failure ?? 'ok';
  }

  #settle(): void {
    const { store } = this;
    this.#jobs.closing = true;
    // Badger leaves the value log's last bytes to the kernel here; a table must not outlive what it points to.
    this.#writes.sync();
    if (this.#memtables.active.entries > 0) this.#writes.switchMemtable();
    this.#jobs.flushAll();
    if (store.options.compactOnClose) this.#jobs.compactLevelZero();
    this.#writes.dropEmptyLog();
    store.syncDirectory();
  }

  // ——— reading ———

  get(table: number, key: Uint8Array, into: Value): boolean {
    this.#noteRead();
    const length = this.#writes.setKey(table, key, 0, key.length);
    return this.#reader.get(this.#writes.key, length, into);
  }

  scan(table: number, from: Uint8Array, to: Uint8Array | undefined, visit: Visitor): void {
    this.#noteRead();
    // The bounds as stored keys; with a prefix the end of a table is the start of the next.
    const prefix = this.#prefix;
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

  /** A transaction that reads has begun and ended: what it could see moves the line behind which versions may go. */
  #noteRead(): void {
    this.store.discardVersion = this.store.nextVersion - 1;
  }

  // ——— writing ———

  write(batch: Batch): WriteOutcome {
    const { store } = this;
    if (store.failure !== undefined) return store.failure;
    if (batch.count === 0) return 'ok';
    this.#writes.noteCall();
    return this.#writes.write(batch);
  }

  sync(): WriteOutcome {
    return this.store.failure ?? this.#writes.sync();
  }

  bulkLoad(table: number, records: RecordSource): WriteOutcome {
    return this.store.failure ?? bulkLoad(this.store, this.#writes, table, records);
  }

  // ——— background ———

  background(): Job | undefined {
    if (!this.#opened || this.store.failure !== undefined) return undefined;
    return this.#jobs.next(!this.#writes.switched);
  }

  pressure(): Pressure {
    if (this.store.failure !== undefined) return 'none';
    this.#writes.noteCall();
    return this.#writes.isFull ? 'stop' : 'none';
  }

  maintain(task: string, argument: number): Job | undefined {
    assert(task === 'gc', `badger: no maintenance task ${task}`);
    assert(argument > 0 && argument < 1, 'badger: gc takes a discard ratio between 0 and 1');
    if (!this.#opened || this.store.failure !== undefined) return undefined;
    return this.#collection.run(argument);
  }

  // ——— looking at it ———

  checkpoint(): readonly string[] {
    const { directory, levels, committed, valueLog } = this.store;
    const names = [manifestName(directory), keyRegistryName(directory)];
    const numbers = new Set(committed);
    for (const level of levels.tables) for (const table of level) numbers.add(table.number);
    for (const number of [...numbers].sort((a, b) => a - b)) names.push(tableName(directory, number));
    for (const number of valueLog.numbers) names.push(valueLogName(directory, number));
    for (const { number } of this.#writes.logs()) names.push(memtableLogName(directory, number));
    return names;
  }

  check(): Fault[] {
    return checkStore(this.store, this.#memtables, this.#opened);
  }

  stats(): EngineStats {
    let logBytes = 0;
    for (const { file } of this.#writes.logs()) logBytes += file.length;
    return storeStats(this.store, this.#memtables, this.#reader, logBytes);
  }
}
