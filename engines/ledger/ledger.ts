/**
 * The engine: an append-only ledger after LedgerDB. What it writes is in FORMAT.md.
 *
 * Threads: `write`, `sync` and reads run on the caller's; blocks are built in the background, one at a time.
 * A block takes all entries that are there when it begins; those that come meanwhile wait for the next.
 *
 * Full: writers stop once `block_backlog_max` blocks' entries wait. A write all the same is taken: what waits
 * is in memory only as keys.
 *
 * After a failed write, sync or block every write fails; reads go on. Only reopening ends it.
 *
 * Form `chain` has the same journal and commits, but finds keys by an index in memory, which opening makes by reading
 * everything; it proves nothing about single keys.
 */
import { assert } from '../../sim/assert.ts';
import type { Batch } from '../../sim/batch.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
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
import { type AuditReport, audit } from './audit.ts';
import { buildBlock } from './block-job.ts';
import { bulkLoad } from './bulk-load.ts';
import { DELETES, ENTRY_HEADER_BYTES, KEY_BYTES_MAX } from './entry.ts';
import { KeyIndex } from './key-index.ts';
import type { Options } from './options.ts';
import type { Proof } from './proof.ts';
import { type KeyVersion, prove, readVersion } from './prover.ts';
import { Reader } from './reader.ts';
import { recover } from './recovery.ts';
import { ledgerStats } from './stats.ts';
import { Store } from './store.ts';

export class Ledger implements StorageEngine {
  readonly store: Store;
  readonly delayedBytesPerS = 0;
  /** Of the last audit that came to its end. */
  auditReport: AuditReport | undefined;
  readonly #context: EngineContext;
  readonly #options: Options;
  readonly #reader: Reader;
  /** Newest first. Form `ledger`: of entries in no block, two while one is being built. */
  #keys: KeyIndex[];
  #spare: KeyIndex | undefined;
  #opened = false;
  #isBuilding = false;
  /** When the oldest entry that no block has begun to take was written. */
  #waitingSince = 0;
  /** Entries before this are in a block or in the one being built. */
  #taken = 0;
  readonly #entries = new SparseBuffer(4096);
  #key = new Uint8Array(256);

  constructor(context: EngineContext, options: Options) {
    assert(context.tables.length >= 1 && context.tables.length <= 255, 'ledger: 1 to 255 tables');
    this.#context = context;
    this.#options = options;
    this.store = new Store(context.disk, context.directory, options, context.work);
    this.#reader = new Reader(this.store);
    this.#keys = [new KeyIndex(context.work)];
  }

  // ——— opening and closing ———

  open(): OpenOutcome {
    assert(!this.#opened, 'ledger: opened twice');
    const outcome = recover(this.store, (entry, position) => {
      this.#keys[0]!.set(entry.prefixedKey, entry.keyLength + 1, position, entry.length, entry.flags);
    });
    this.#opened = outcome === 'fresh' || outcome === 'recovered';
    if (!this.#opened) this.store.failure = 'io-error';
    this.#taken = this.store.commit.entries;
    this.#waitingSince = this.#context.clock.now;
    return outcome;
  }

  get corruption(): Fault | undefined {
    return this.store.fault ?? this.#reader.fault ?? this.store.index?.fault;
  }

  /** Puts what is in no block into one, so that nothing is left that only the chain holds. */
  close(): WriteOutcome {
    const { store } = this;
    if (this.#isBuilding) this.#abandonBlock();
    if (store.failure === undefined && this.#waiting > 0) {
      const job = this.#startBlock();
      while (job.next().done !== true);
    }
    const outcome = this.sync();
    if (!this.#opened) return outcome;
    this.#opened = false;
    const { disk, index, accumulator, commits, journal } = store;
    for (const { file } of journal.files) disk.close(file);
    disk.close(commits.file);
    if (index !== undefined) disk.close(index.file);
    if (accumulator !== undefined) disk.close(accumulator.file);
    return store.failure ?? outcome;
  }

  // ——— reading ———

  get(table: number, key: Uint8Array, into: Value): boolean {
    const length = this.#setKey(table, key, 0, key.length);
    return this.#reader.get(this.#keys, this.#key, length, into);
  }

  scan(table: number, from: Uint8Array, to: Uint8Array | undefined, visit: Visitor): void {
    const low = new Uint8Array(from.length + 1);
    low[0] = table;
    low.set(from, 1);
    const high = new Uint8Array(to === undefined ? 1 : to.length + 1);
    high[0] = to === undefined ? table + 1 : table;
    if (to !== undefined) high.set(to, 1);
    this.#reader.scan(this.#keys, low, high, visit);
  }

  // ——— writing ———

  write(batch: Batch): WriteOutcome {
    const { store } = this;
    if (store.failure !== undefined) return store.failure;
    if (batch.count === 0) return 'ok';
    const { writer, journal } = store;
    const { now } = this.#context.clock;
    if (this.#waiting === 0) this.#waitingSince = now;
    const entries = this.#entries.reset();
    for (let i = 0; i < batch.count; i++) writer.appendOperation(batch, i, now, entries);
    let position = journal.appendsAt;
    const outcome = journal.append(entries);
    if (outcome !== 'ok') return this.#failed(outcome, 'append to the journal');

    const keys = this.#keys[0]!;
    const { bytes, table, isDelete, keyFrom, keyTo, valueTo, fillLength } = batch;
    for (let i = 0; i < batch.count; i++) {
      const keyLength = this.#setKey(table[i]!, bytes, keyFrom[i]!, keyTo[i]!);
      const length = ENTRY_HEADER_BYTES + valueTo[i]! - keyFrom[i]! + fillLength[i]!;
      keys.set(this.#key, keyLength, position, length, isDelete[i] !== 0 ? DELETES : 0);
      position += length;
    }
    return 'ok';
  }

  sync(): WriteOutcome {
    const { store } = this;
    if (store.failure !== undefined) return store.failure;
    const outcome = store.journal.sync();
    return outcome === 'ok' ? 'ok' : this.#failed(outcome, 'sync of the journal');
  }

  bulkLoad(table: number, records: RecordSource): WriteOutcome {
    assert(this.#opened && this.store.writer.sequence === 0, 'ledger: bulk load into a store that was written to');
    const keys = this.#options.chain ? this.#keys[0] : undefined;
    const outcome = bulkLoad(this.store, table, records, this.#context.clock.now, keys);
    this.#taken = this.store.commit.entries;
    return outcome === 'ok' ? 'ok' : this.#failed(outcome, 'bulk load');
  }

  // ——— background ———

  background(): Job | undefined {
    if (!this.#opened || this.#isBuilding || this.store.failure !== undefined || this.#waiting === 0) return undefined;
    const { blockSizeEntries, blockIntervalNs } = this.#options;
    const age = this.#context.clock.now - this.#waitingSince;
    const isDue = this.#waiting >= blockSizeEntries || (blockIntervalNs > 0 && age >= blockIntervalNs);
    return isDue ? this.#startBlock() : undefined;
  }

  pressure(): Pressure {
    return this.#waiting >= this.#options.backlogEntriesMax ? 'stop' : 'none';
  }

  /** `audit`: derives everything again, see `audit.ts`. `seal`: a block of what waits for one. */
  maintain(task: string): Job | undefined {
    if (task === 'audit') return this.#audit();
    const hasWork = task === 'seal' && this.#opened && !this.#isBuilding && this.#waiting > 0;
    return hasWork && this.store.failure === undefined ? this.#startBlock() : undefined;
  }

  // ——— what makes it a ledger ———

  /** Of the last block; zeros before the first. Whoever keeps it can verify any proof made until the next block. */
  get digest(): Uint8Array {
    return this.store.commit.digest;
  }

  /** As of the last block: that the latest version of the key is what it is, or that the key was never written. */
  prove(table: number, key: Uint8Array): Proof | undefined {
    return prove(this.store, this.#reader, table, key);
  }

  /** As of the last block: one version of a key, from 1. */
  readVersion(table: number, key: Uint8Array, version: number): KeyVersion | undefined {
    return readVersion(this.store, this.#reader, table, key, version);
  }

  /** At once, with what a digest that somebody kept must find. */
  audit(trusted?: Uint8Array): AuditReport {
    const job = audit(this.store.disk, this.store.directory, this.#options.chain, this.store.work, {
      ...(trusted === undefined ? {} : { trusted }),
      ...(this.#isBuilding ? { blocks: this.store.commit.number + 1 } : {}),
    });
    let step = job.next();
    while (step.done !== true) step = job.next();
    return step.value;
  }

  // ——— looking at it ———

  checkpoint(): readonly string[] {
    return this.store.names();
  }

  check(): Fault[] {
    const { faults } = this.audit();
    return faults.length === 0 && this.corruption !== undefined ? [this.corruption] : [...faults];
  }

  stats(): EngineStats {
    return ledgerStats(this.store, this.#keys, this.#waiting);
  }

  // ——— blocks ———

  /** Entries that no block has begun to take. */
  get #waiting(): number {
    return this.store.writer.sequence - this.#taken;
  }

  #startBlock(): Job {
    const { store } = this;
    this.#isBuilding = true;
    this.#taken = store.writer.sequence;
    this.#waitingSince = this.#context.clock.now;
    if (!this.#options.chain) {
      this.#keys = [this.#spare ?? new KeyIndex(store.work), ...this.#keys];
      this.#spare = undefined;
    }
    return buildBlock(store, store.journal.end, () => {
      this.#isBuilding = false;
      if (this.#options.chain) return;
      this.#spare = this.#keys.pop();
      this.#spare?.clear();
    });
  }

  /** A block that is being built when the store closes is built again with what came since. */
  #abandonBlock(): void {
    const { store } = this;
    this.#isBuilding = false;
    this.#taken = store.commit.entries;
    if (!store.rewind()) store.fail('io-error', 'index or accumulator of the last block');
    store.fail(store.commits.cutBehind(store.commit), 'the commits');
  }

  *#audit(): Job {
    const { disk, directory, work, commit } = this.store;
    const job = audit(disk, directory, this.#options.chain, work, { blocks: commit.number + 1 });
    for (let step = job.next(); ; step = job.next()) {
      if (step.done === true) {
        this.auditReport = step.value;
        return;
      }
      yield;
    }
  }

  #failed(outcome: Exclude<WriteOutcome, 'ok'>, what: string): WriteOutcome {
    this.store.fail(outcome, what);
    return outcome;
  }

  #setKey(table: number, bytes: Uint8Array, from: number, to: number): number {
    assert(table < this.#context.tables.length, 'ledger: no such table');
    assert(to - from <= KEY_BYTES_MAX, 'ledger: a key of more than 65,534 bytes');
    const length = to - from + 1;
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2);
    const key = this.#key;
    key[0] = table;
    for (let i = from; i < to; i++) key[i - from + 1] = bytes[i]!;
    return length;
  }
}
