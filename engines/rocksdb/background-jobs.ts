/**
 * Flushes and compactions: which is due, how many run at a time, and what an operator asks for by hand.
 *
 * A job yields after each bounded slice and after each sync whose result it depends on, so that when it
 * goes on the sync has had its time. Limits are those of `max_background_jobs`: a quarter, at least one,
 * for flushes; the others compact, but only one while nothing presses. Flushes may end in any order; they
 * take effect in the order of their memtables.
 */
import { type Duration, MILLISECOND } from '../../sim/clock.ts';
import type { Job } from '../../sim/storage-engine.ts';
import { CompactionJob } from './compaction-job.ts';
import { FlushJob } from './flush-job.ts';
import type { Memtable } from './memtable.ts';
import type { MemtableList } from './memtable-list.ts';
import type { Compaction, CompactionPicker } from './picker.ts';
import type { Store } from './store.ts';
import type { TableFile } from './table-file.ts';
import type { WriteAheadLogs } from './write-ahead-logs.ts';
import type { WriteController } from './write-controller.ts';

/** How often a manual compaction looks whether what is in its way is gone. */
const CONFLICT_WAIT: Duration = MILLISECOND;

/** A flush whose table is on the disk and not yet in the manifest. */
interface FlushedTable {
  readonly job: FlushJob;
  readonly table: TableFile;
  readonly memtables: readonly Memtable[];
}

export class BackgroundJobs {
  readonly #store: Store;
  readonly #memtables: MemtableList;
  readonly #logs: WriteAheadLogs;
  readonly #controller: WriteController;
  readonly #picker: CompactionPicker;
  readonly #flushed: FlushedTable[] = [];
  #flushesRunning = 0;
  #flushRequested = false;
  #isCommittingFlushes = false;
  #compactionsRunning = 0;

  constructor(
    store: Store,
    memtables: MemtableList,
    logs: WriteAheadLogs,
    controller: WriteController,
    picker: CompactionPicker,
  ) {
    this.#store = store;
    this.#memtables = memtables;
    this.#logs = logs;
    this.#controller = controller;
    this.#picker = picker;
  }

  /** The next job that is due and has a slot. */
  next(): Job | undefined {
    return this.#nextFlush() ?? this.#nextCompaction();
  }

  /** Flushes what is immutable already, however little it is. */
  requestFlush(): Job | undefined {
    this.#flushRequested = this.#memtables.waiting().length > 0;
    return this.#nextFlush();
  }

  /** RocksDB's CompactRange over everything: every level but the last that is used goes down, one after the other. */
  *compactEverything(): Job {
    this.#flushRequested = this.#memtables.waiting().length > 0;
    while (this.#memtables.immutables.length > 0 && this.#isSound) {
      const flush = this.#nextFlush();
      if (flush === undefined) yield CONFLICT_WAIT;
      else yield* flush;
    }
    for (const level of this.#picker.manualLevels()) {
      let from: Uint8Array | undefined;
      while (this.#isSound) {
        const picked = this.#hasCompactionSlot ? this.#picker.pickManual(level, from) : 'conflict';
        if (picked === undefined) break;
        if (picked === 'conflict') {
          yield CONFLICT_WAIT;
          continue;
        }
        this.#compactionsRunning++;
        yield* this.#compact(picked.compaction);
        from = picked.next;
        if (from === undefined) break;
      }
    }
  }

  /** After every change of what the write controller looks at. */
  updateController(): void {
    const { version } = this.#store;
    const level0IsBusy = version.levels[0].some((table) => table.beingCompacted);
    const { length } = this.#memtables.immutables;
    this.#controller.update(length, version.delayTriggerRuns, version.pendingBytes, level0IsBusy);
  }

  get #isSound(): boolean {
    return this.#store.failure === undefined;
  }

  // ——— flushes ———

  #nextFlush(): Job | undefined {
    const { backgroundJobsMax, writeBuffersToMerge } = this.#store.options;
    if (this.#flushesRunning >= flushesMax(backgroundJobsMax)) return undefined;
    const waiting = this.#memtables.waiting();
    if (waiting.length < (this.#flushRequested ? 1 : writeBuffersToMerge)) return undefined;
    for (const memtable of waiting) memtable.isBeingFlushed = true;
    this.#flushRequested = false;
    this.#flushesRunning++;
    return this.#flush(waiting);
  }

  *#flush(memtables: readonly Memtable[]): Job {
    const job = new FlushJob(this.#store, memtables);
    while (job.step()) yield;
    const table = job.finish();
    yield;
    if (table !== undefined) {
      this.#flushed.push({ job, table, memtables });
      if (!this.#isCommittingFlushes) yield* this.#commitFlushes();
    }
    this.#flushesRunning--;
    this.updateController();
  }

  /** Puts finished tables into the manifest, oldest memtables first, as far as they are finished. */
  *#commitFlushes(): Job {
    this.#isCommittingFlushes = true;
    for (;;) {
      const at = this.#flushed.findIndex(({ memtables }) => memtables[0] === this.#memtables.immutables[0]);
      if (at < 0 || !this.#isSound) break;
      const { job, table, memtables } = this.#flushed[at];
      this.#flushed.splice(at, 1);
      const logNumber = this.#memtables.logNumberAfter(memtables.length);
      const committed = job.commit(table, logNumber);
      yield;
      if (!committed) break;
      job.install(table);
      this.#memtables.drop(memtables.length);
      this.#logs.removeBelow(logNumber);
      this.updateController();
    }
    this.#isCommittingFlushes = false;
  }

  // ——— compactions ———

  get #hasCompactionSlot(): boolean {
    const { backgroundJobsMax } = this.#store.options;
    const compactionsMax = this.#controller.speedup
      ? Math.max(1, backgroundJobsMax - flushesMax(backgroundJobsMax))
      : 1;
    return this.#compactionsRunning < compactionsMax;
  }

  #nextCompaction(): Job | undefined {
    if (!this.#hasCompactionSlot) return undefined;
    const compaction = this.#picker.pick();
    if (compaction === undefined) return undefined;
    this.#compactionsRunning++;
    return this.#compact(compaction);
  }

  *#compact(compaction: Compaction): Job {
    const store = this.#store;
    const job = new CompactionJob(store, compaction);
    let outcome = compaction.trivialMove ? 'merged' : job.step();
    while (outcome === 'more') {
      yield;
      outcome = job.step();
    }
    let committed = false;
    if (outcome === 'merged') {
      if (!compaction.trivialMove) {
        const synced = store.disk.syncDirectory(store.directory);
        if (synced !== 'ok') store.fail(synced, 'sync of the directory');
        yield;
      }
      committed = this.#isSound && job.commit();
      yield;
    }
    if (committed) job.install();
    else job.abandon();
    this.#picker.release(compaction);
    this.#compactionsRunning--;
    this.updateController();
  }
}

function flushesMax(backgroundJobsMax: number): number {
  return Math.max(1, Math.floor(backgroundJobsMax / 4));
}
