/**
 * The engine: FASTER's store on a hybrid log, with keys in order above it. What it writes is in FORMAT.md.
 *
 * Threads: `write`, `sync` and reads run on the caller's. Flushes of pages, checkpoints of the index and compactions
 * are jobs. `sync` is a checkpoint of the log: nothing else makes anything durable, and recovery is to the last one.
 *
 * Full: with no page free before the next flush `pressure` says stop; a writer that comes all the same flushes the page
 * itself. A record must fit on a page, a key has at most 65,534 bytes.
 *
 * After a failed write, sync or job every write fails; reads go on. Only reopening ends it.
 *
 * Simplified: one session; no read-modify-write, read cache, object log, delta log, index growth; a
 * checkpoint is taken between batches at once, where FASTER's threads go over to the next version one by one.
 */
import { assert } from '../../sim/assert.ts';
import type { Batch } from '../../sim/batch.ts';
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
import { BYTES_COPIED } from '../../sim/work.ts';
import type { EngineContext } from '../engine.ts';
import { BackgroundJobs } from './background-jobs.ts';
import { checkStore } from './check.ts';
import { CheckpointFiles } from './checkpoint-files.ts';
import { takeCheckpoint } from './log-checkpoint.ts';
import type { Options } from './options.ts';
import { KEY_BYTES_MAX, OrderedKeys } from './ordered-keys.ts';
import { Recovery } from './recovery.ts';
import { storeStats } from './stats.ts';
import { Store } from './store.ts';

export class FasterEngine implements StorageEngine {
  readonly store: Store;
  readonly files: CheckpointFiles;
  readonly keys: OrderedKeys;
  readonly #context: EngineContext;
  readonly #options: Options;
  readonly #prefixed: boolean;
  #version = 0;
  #isOpen = false;
  #failure: WriteOutcome = 'ok';
  #fault: Fault | undefined;
  readonly #jobs: BackgroundJobs;
  #checkpoints = 0;
  #key = new Uint8Array(256);
  readonly #value = new Value();

  constructor(context: EngineContext, options: Options) {
    assert(context.tables.length >= 1 && context.tables.length <= 256, 'faster: 1 to 256 tables');
    this.#context = context;
    this.#options = options;
    this.#prefixed = context.tables.length > 1;
    this.store = new Store(context, options);
    this.files = new CheckpointFiles(context.disk, context.directory, context.work);
    this.keys = new OrderedKeys(context.work);
    this.#jobs = new BackgroundJobs(context, options, this.store, this.files, (outcome, during, fault) =>
      this.#fail(outcome, during, fault),
    );
  }

  // ——— opening and closing ———

  open(): OpenOutcome {
    assert(!this.#isOpen, 'faster: opened twice');
    const recovered = new Recovery(this.store, this.files, this.keys, this.#context.disk).run();
    this.#fault = recovered.fault;
    if (recovered.outcome !== 'fresh' && recovered.outcome !== 'recovered') return recovered.outcome;
    this.#version = recovered.version + 1;
    this.#jobs.indexedUntil = recovered.usedIndex?.startLogicalAddress ?? this.store.log.begin;
    this.#isOpen = true;
    if (recovered.outcome === 'fresh' && this.#checkpoint() !== 'ok') return 'io-error';
    return recovered.outcome;
  }

  get corruption(): Fault | undefined {
    return this.#fault ?? this.store.chain.fault;
  }

  /** As FASTER's Dispose, which writes nothing: what no checkpoint covers is gone. */
  close(): WriteOutcome {
    this.#isOpen = false;
    this.store.log.segments.close();
    return this.#failure;
  }

  // ——— reading ———

  get(table: number, key: Uint8Array, into: Value): boolean {
    const length = this.#setKey(table, key, 0, key.length);
    return this.#read(this.#key, 0, length, into);
  }

  #read(key: Uint8Array, from: number, to: number, into: Value): boolean {
    const { store } = this;
    if (!store.find(key, from, to)) return false;
    store.chain.value(into);
    this.#context.work.counts[BYTES_COPIED]! += into.length;
    return true;
  }

  /** Each key in order, then its value through the hash index: where it lies on disk, a random read. */
  scan(table: number, from: Uint8Array, to: Uint8Array | undefined, visit: Visitor): void {
    const { keys } = this;
    const value = this.#value;
    const prefix = this.#prefixed ? 1 : 0;
    const length = this.#setKey(table, from, 0, from.length);
    keys.walk(this.#key, 0, length, () => {
      if (prefix === 1 && keys.bytes[keys.from] !== table) return false;
      const keyFrom = keys.from + prefix;
      if (to !== undefined && compareTo(keys.bytes, keyFrom, keys.to, to) >= 0) return false;
      if (!this.#read(keys.bytes, keys.from, keys.to, value)) {
        this.#fault ??= this.store.chain.fault ?? { where: 'hash index', what: 'does not lead to a key of the log' };
        return true;
      }
      return visit(keys.bytes, keyFrom, keys.to, value);
    });
  }

  /** The key with its table before it, in `#key`; its length. */
  #setKey(table: number, bytes: Uint8Array, from: number, to: number): number {
    const prefix = this.#prefixed ? 1 : 0;
    const length = to - from + prefix;
    assert(length <= KEY_BYTES_MAX, 'faster: a key of more than 65,534 bytes');
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2);
    const key = this.#key;
    if (prefix === 1) key[0] = table;
    for (let i = prefix, at = from; at < to; i++, at++) key[i] = bytes[at]!;
    return length;
  }

  // ——— writing ———

  write(batch: Batch): WriteOutcome {
    if (this.#failure !== 'ok' || !this.#isOpen) return this.#failure === 'ok' ? 'io-error' : this.#failure;
    const { store, keys } = this;
    const value = this.#value;
    const { count, table, keyFrom, keyTo, isDelete, bytes } = batch;
    for (let i = 0; i < count; i++) {
      const length = this.#setKey(table[i]!, bytes, keyFrom[i]!, keyTo[i]!);
      let outcome: WriteOutcome;
      if (isDelete[i] === 1) {
        outcome = store.delete(this.#key, 0, length);
        keys.remove(this.#key, 0, length);
      } else {
        batch.value(i, value);
        const known = store.counters.inPlaceUpdates;
        outcome = store.put(this.#key, 0, length, value);
        if (store.counters.inPlaceUpdates === known) keys.add(this.#key, 0, length);
      }
      if (outcome !== 'ok' || store.chain.fault !== undefined) return this.#fail(outcome, 'write');
    }
    return 'ok';
  }

  sync(): WriteOutcome {
    if (this.#failure !== 'ok' || !this.#isOpen) return this.#failure === 'ok' ? 'io-error' : this.#failure;
    return this.store.isChanged ? this.#checkpoint() : 'ok';
  }

  /**
   * A new store's first is a fold-over, which writes metadata only: any other file then says that there was a store.
   */
  #checkpoint(): WriteOutcome {
    const { disk, work } = this.#context;
    const isSnapshot = this.#options.isSnapshot && this.#version > 1;
    const outcome = takeCheckpoint(this.store.log, this.files, this.#version, isSnapshot, disk, work);
    if (outcome !== 'ok') return this.#fail(outcome, 'checkpoint');
    this.#version++;
    this.#checkpoints++;
    this.store.isChanged = false;
    return 'ok';
  }

  #fail(outcome: DiskOutcome, during: string, fault?: Fault): WriteOutcome {
    this.#failure = outcome === 'ok' ? 'io-error' : outcome;
    this.#fault ??= fault ??
      this.store.chain.fault ?? { where: this.#context.directory, what: `${outcome} on ${during}` };
    return this.#failure;
  }

  bulkLoad(table: number, records: RecordSource): WriteOutcome {
    const { counts } = this.#context.work;
    const before = counts.slice();
    let outcome: WriteOutcome = 'ok';
    while (outcome === 'ok' && records.next()) {
      const length = this.#setKey(table, records.key, 0, records.key.length);
      outcome = this.store.put(this.#key, 0, length, records.value);
      this.keys.add(this.#key, 0, length);
    }
    if (outcome === 'ok') outcome = this.#checkpoint();
    for (const job = this.#jobs.index(); outcome === 'ok' && job.next().done !== true; );
    counts.set(before);
    return outcome === 'ok' ? this.#failure : outcome;
  }

  // ——— background ———

  background(): Job | undefined {
    return this.#isOpen && this.#failure === 'ok' ? this.#jobs.next() : undefined;
  }

  maintain(task: string, argument: number): Job | undefined {
    return this.#isOpen && this.#failure === 'ok' ? this.#jobs.maintain(task, argument) : undefined;
  }

  pressure(): Pressure {
    return this.store.log.isFull ? 'stop' : 'none';
  }
  /** Never slow: FASTER's writers go at full speed or wait. */
  get delayedBytesPerS(): number {
    return 1;
  }

  // ——— looking at it ———

  checkpoint(): readonly string[] {
    const segments = this.store.log.segments.list().map(({ name }) => name);
    return [...segments, ...this.files.names()];
  }

  check(): Fault[] {
    return this.#isOpen ? checkStore(this.store, this.files, this.keys, this.#context.disk) : [];
  }

  stats(): EngineStats {
    return storeStats(this.store, this.files, this.keys, this.#checkpoints);
  }
}

function compareTo(bytes: Uint8Array, from: number, to: number, bound: Uint8Array): number {
  const common = Math.min(to - from, bound.length);
  for (let i = 0; i < common; i++) {
    const difference = bytes[from + i]! - bound[i]!;
    if (difference !== 0) return difference;
  }
  return to - from - bound.length;
}
