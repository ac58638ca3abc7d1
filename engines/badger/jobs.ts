/**
 * Background work: one flush at a time, and the compactors, each of which looks for work at the ticks of its own
 * timer: the first in levels 0 and 1, the others in the deeper ones. A job yields after each bounded slice and
 * after each sync whose result it depends on, so that when it goes on the sync has had its time.
 *
 * Stall: a flushed table that finds level 0 full waits until level 0 has fewer tables than make a compaction
 * due; memtables queue behind it, and then writers wait.
 */

import { readU32LE } from '../../sim/bytes/fixed.ts';
import { Value } from '../../sim/bytes/value.ts';
import { type Duration, MICROSECOND, MILLISECOND } from '../../sim/clock.ts';
import type { DiskOutcome } from '../../sim/disk/disk.ts';
import type { Job } from '../../sim/storage-engine.ts';
import { CompactionJob } from './compaction-job.ts';
import { type Compaction, pickCompaction } from './compaction-picker.ts';
import {
  DISCARD_STATISTICS_KEY,
  HEAD_KEY,
  VALUE_POINTER_BIT,
  VALUE_POINTER_BYTES,
  writeValuePointer,
} from './format.ts';
import type { Change } from './manifest.ts';
import { MemtableCursor } from './memtable-cursor.ts';
import type { ImmutableMemtable, MemtableList } from './memtable-list.ts';
import type { Store } from './store.ts';
import type { Table } from './table.ts';
import { Ticker } from './ticker.ts';
import type { WritePath } from './write-path.ts';

const SLICE_ENTRIES = 4096;
const START_DELAY_MAX: Duration = 1000 * MILLISECOND;
const POLL: Duration = 10 * MILLISECOND;
/** How long a sync of the writer's is waited for, who may not call again to say that it is over. */
const POLLS_MAX = 200;
const MANIFEST_WAIT: Duration = 50 * MICROSECOND;

export class Jobs {
  readonly #store: Store;
  readonly #memtables: MemtableList;
  readonly #writes: WritePath;
  readonly #tickers: Ticker[] = [];
  readonly #compacting: boolean[] = [];
  /** A flushed table that waits for level 0. */
  #stalled: Table | undefined;

  constructor(store: Store, memtables: MemtableList, writes: WritePath) {
    this.#store = store;
    this.#memtables = memtables;
    this.#writes = writes;
  }

  /** The store is open: the timers start. */
  start(): void {
    const { clock, random, options } = this.#store;
    for (let i = 0; i < options.compactors; i++) {
      this.#tickers.push(new Ticker(clock, random.below(START_DELAY_MAX / MILLISECOND) * MILLISECOND));
      this.#compacting.push(false);
    }
  }

  /** The next job that is due. `mayFlush` false: what the memtable points to may not be durable yet. */
  next(mayFlush: boolean): Job | undefined {
    if (this.#stalled !== undefined) {
      if (!this.#store.levels.isLevelZeroCompactable) return this.#endStall(this.#stalled);
    } else if (mayFlush && !this.#writes.flushing && this.#memtables.immutables.length > 0) {
      return this.flush();
    }
    for (let i = 0; i < this.#compacting.length; i++) {
      if (this.#compacting[i] || !this.#isDue(i)) continue;
      this.#compacting[i] = true;
      return this.#compactor(i);
    }
    return undefined;
  }

  // ——— flush ———

  flush(): Job {
    this.#writes.flushing = true;
    return this.#flush(this.#memtables.immutables[0]);
  }

  *#flush(immutable: ImmutableMemtable): Job {
    const store = this.#store;
    const builder = store.takeBuilder();
    builder.start();
    this.#putHead(immutable);
    const cursor = new MemtableCursor(immutable.memtable);
    const value = new Value();
    let pointerLength = 0;
    cursor.first();
    for (let entries = 1; cursor.valid; entries++) {
      cursor.value(value);
      if ((cursor.meta & VALUE_POINTER_BIT) !== 0) pointerLength = readU32LE(value.bytes, value.start + 4);
      builder.add(cursor.key, cursor.keyLength, cursor.meta, cursor.userMeta, cursor.expiresAt, value, pointerLength);
      cursor.next();
      if (entries % SLICE_ENTRIES === 0) yield;
    }
    const table = store.writeTable(builder, 'flush');
    store.giveBuilder(builder);
    if (table === undefined || !store.syncDirectory()) return;
    yield;
    yield* this.#commit([{ table: table.number, level: 0 }], [table]);
    if (store.failure !== undefined) return;
    store.counters.flushes++;
    store.counters.writtenBytes[0] += table.bytes;
    if (store.levels.tables[0].length < store.options.levelZeroTablesStall) this.#install(table);
    else {
      this.#stalled = table;
      store.counters.stalls++;
    }
  }

  /** Where replay must begin once this memtable is a table, and a version not older than any in it. */
  #putHead({ memtable, headFile, headOffset, headLength }: ImmutableMemtable): void {
    if (headFile === 0 && headOffset === 0 && headLength === 0) return;
    const pointer = new Uint8Array(VALUE_POINTER_BYTES);
    writeValuePointer(pointer, 0, headFile, headLength, headOffset);
    const { nextVersion } = this.#store;
    memtable.put(HEAD_KEY, 0, HEAD_KEY.length, nextVersion, 0, 0, 0, Value.of(pointer));
  }

  *#endStall(table: Table): Job {
    yield POLL / 2; // the flusher polls every 10 ms: half of that on average
    if (this.#stalled === table && !this.#store.levels.isLevelZeroCompactable) this.#install(table);
  }

  #install(table: Table): void {
    const store = this.#store;
    const [immutable] = this.#memtables.immutables;
    this.#stalled = undefined;
    store.levels.add(0, table);
    store.settleTable(table.number);
    immutable.log?.remove();
    this.#memtables.drop();
    this.#writes.flushing = false;
    store.onJob?.({
      kind: 'flush',
      level: 0,
      top: 0,
      bottom: 0,
      outputs: 1,
      inputBytes: 0,
      outputBytes: table.bytes,
    });
  }

  // ——— compaction ———

  #isDue(compactor: number): boolean {
    return this.#store.levels.compactable().some((level) => serves(compactor, level));
  }

  *#compactor(i: number): Job {
    const ticker = this.#tickers[i];
    ticker.catchUp();
    while (this.#store.failure === undefined && this.#isDue(i)) {
      if (ticker.remaining > 0) yield ticker.remaining;
      ticker.answer();
      for (const level of this.#store.levels.compactable()) {
        const compaction = serves(i, level) ? pickCompaction(this.#store.levels, level) : undefined;
        if (compaction === undefined) continue;
        yield* this.compact(compaction);
        break;
      }
    }
    this.#compacting[i] = false;
  }

  *compact(compaction: Compaction): Job {
    const store = this.#store;
    const job = new CompactionJob(store, compaction);
    let outcome = job.step();
    while (outcome === 'more') {
      yield;
      outcome = job.step();
    }
    const merged = outcome === 'merged' && store.syncDirectory();
    if (merged) yield;
    if (merged && (yield* this.#commitCompaction(job))) {
      job.install();
      this.#noteDiscarded(job.discarded);
    } else job.abandon();
    compaction.release();
  }

  *#commitCompaction(job: CompactionJob): Generator<Duration | undefined, boolean> {
    yield* this.#holdManifest();
    const committed = this.#store.failure === undefined && job.commit();
    yield;
    this.#releaseManifest();
    return committed;
  }

  #noteDiscarded(bytes: ReadonlyMap<number, number>): void {
    const { discard } = this.#store;
    if (this.closing || !discard.add(bytes)) return;
    const value = Value.of(discard.toJson());
    this.#writes.writeOwn([{ key: DISCARD_STATISTICS_KEY, version: 1, userMeta: 0, expiresAt: 0, value }]);
  }

  /** The store is closing: statistics are not written any more. */
  closing = false;

  // ——— manifest ———

  *#commit(changes: readonly Change[], tables: readonly Table[]): Job {
    const store = this.#store;
    yield* this.#holdManifest();
    for (const { number } of tables) store.committed.push(number);
    const outcome = store.manifest === undefined ? 'io-error' : store.manifest.add(changes);
    if (outcome !== 'ok') store.fail(outcome, 'manifest');
    yield;
    this.#releaseManifest();
  }

  *#holdManifest(): Job {
    const { manifest } = this.#store;
    while (manifest?.busy === true) yield MANIFEST_WAIT;
    if (manifest !== undefined) manifest.busy = true;
  }
  #releaseManifest(): void {
    const { manifest } = this.#store;
    if (manifest !== undefined) manifest.busy = false;
  }

  // ——— what a job writes itself ———

  /**
   * Begins a new value-log file and switches the memtable if what a job wrote made them full: once all is durable that
   * they hold. If the writer wrote meanwhile, it is left to its next write.
   */
  *settleOwn(): Job {
    const { valueLog } = this.#store;
    while (this.#store.failure === undefined && (valueLog.isFull || this.#writes.maySwitch)) {
      const { writerWrites } = valueLog;
      yield* this.makeDurable(valueLog.newest);
      if (valueLog.writerWrites !== writerWrites || this.#store.failure !== undefined) return;
      let outcome: DiskOutcome = 'ok';
      if (valueLog.isFull) outcome = valueLog.nextFile();
      else {
        valueLog.rotations = 0;
        if (this.#memtables.active.entries > 0) outcome = this.#writes.pushMemtable();
      }
      if (outcome !== 'ok') this.#store.fail(outcome, 'next file of the value log');
      yield;
    }
  }

  /**
   * Syncs all that was written, from this value-log file on, and sees what the writer is syncing through: not what it
   * begins to sync meanwhile, of which under load there is always some.
   */
  *makeDurable(file: number): Job {
    const { valueLog } = this.#store;
    const { writerCalls } = valueLog;
    this.#writes.syncFromJob(file);
    yield;
    for (let polls = 0; valueLog.writerSyncs && valueLog.writerCalls === writerCalls && polls < POLLS_MAX; polls++) {
      yield POLL;
    }
  }

  /** What a job needs that writes: a place in the queue of full memtables, made by itself if nobody else does. */
  *makeRoom(): Job {
    while (this.#writes.isFull && this.#store.failure === undefined) {
      if (!this.#writes.flushing) yield* this.flush();
      else if (this.#stalled === undefined) yield POLL;
      else if (!this.#store.levels.isLevelZeroCompactable) this.#install(this.#stalled);
      else if (this.#compacting[0]) yield POLL;
      else {
        this.#compacting[0] = true;
        const compaction = pickCompaction(this.#store.levels, 0);
        if (compaction !== undefined) yield* this.compact(compaction);
        this.#compacting[0] = false;
      }
    }
  }

  /** All that is full or active becomes tables: for a clean stop, whose caller waits. */
  flushAll(): void {
    const { immutables } = this.#memtables;
    while (this.#store.failure === undefined) {
      if (this.#stalled !== undefined) {
        const compaction = pickCompaction(this.#store.levels, 0);
        if (compaction !== undefined) run(this.compact(compaction));
        this.#install(this.#stalled);
      } else if (this.#writes.flushing || immutables.length === 0) return;
      else run(this.flush());
    }
  }

  compactLevelZero(): void {
    const compaction = pickCompaction(this.#store.levels, 0);
    if (compaction !== undefined) run(this.compact(compaction));
  }
}

function serves(compactor: number, level: number): boolean {
  return compactor === 0 ? level <= 1 : level > 1;
}

function run(job: Job): void {
  while (job.next().done !== true);
}
