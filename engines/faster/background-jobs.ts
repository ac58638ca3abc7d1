/**
 * What goes on beside the writer: flushes of pages, checkpoints of the index, compactions; of each one at a time.
 *
 * A failure is reported at once, not when the slice has had its time: after a failed sync the next one may well say ok,
 * and a checkpoint would rely on it.
 */
import type { DiskOutcome } from '../../sim/disk/disk.ts';
import type { Fault, Job } from '../../sim/storage-engine.ts';
import type { EngineContext } from '../engine.ts';
import type { CheckpointFiles } from './checkpoint-files.ts';
import { compact, compactionEnd, dueBytes } from './compaction.ts';
import { writeIndexCheckpoint } from './index-checkpoint.ts';
import type { Options } from './options.ts';
import type { Store } from './store.ts';

type Fail = (outcome: DiskOutcome, during: string, fault?: Fault) => void;

export class BackgroundJobs {
  /** Tail of the log when the index was last checkpointed. */
  indexedUntil = 0;
  readonly #context: EngineContext;
  readonly #options: Options;
  readonly #store: Store;
  readonly #files: CheckpointFiles;
  readonly #fail: Fail;
  #isFlushing = false;
  #isCompacting = false;
  #isIndexing = false;
  #nextCompactionAt = 0;

  constructor(context: EngineContext, options: Options, store: Store, files: CheckpointFiles, fail: Fail) {
    this.#context = context;
    this.#options = options;
    this.#store = store;
    this.#files = files;
    this.#fail = fail;
  }

  /** The next that is due. */
  next(): Job | undefined {
    const { log } = this.#store;
    if (!this.#isFlushing && log.isFlushDue) return this.#flush();
    const { indexCheckpointLogBytes } = this.#options;
    if (!this.#isIndexing && indexCheckpointLogBytes > 0 && log.tail - this.indexedUntil >= indexCheckpointLogBytes) {
      return this.index();
    }
    const { now } = this.#context.clock;
    if (this.#isCompacting || now < this.#nextCompactionAt) return undefined;
    const bytes = dueBytes(log, this.#options);
    if (bytes === 0) return undefined;
    this.#nextCompactionAt = now + this.#options.checkIntervalNs;
    return this.#compact(compactionEnd(log, bytes));
  }

  maintain(task: string, argument: number): Job | undefined {
    const { log } = this.#store;
    if (task === 'flush') {
      log.readOnly = log.tail;
      return this.#isFlushing || !log.isFlushDue ? undefined : this.#flush();
    }
    if (task === 'index-checkpoint') return this.#isIndexing ? undefined : this.index();
    if (task !== 'compact' || this.#isCompacting) return undefined;
    const share = argument > 0 && argument <= 1 ? argument : 1;
    return this.#compact(compactionEnd(log, Math.ceil((log.tail - log.begin) * share)));
  }

  index(): Job {
    this.#isIndexing = true;
    this.indexedUntil = this.#store.log.tail;
    return writeIndexCheckpoint(this.#store, this.#files, this.#context.disk, (outcome) => {
      this.#isIndexing = false;
      if (outcome !== 'ok') this.#fail(outcome, 'checkpoint of the index');
    });
  }

  #compact(until: number): Job | undefined {
    if (until <= this.#store.log.begin) return undefined;
    this.#isCompacting = true;
    return compact(this.#store, until, (outcome, fault) => {
      this.#isCompacting = false;
      if (outcome !== 'ok') this.#fail(outcome, 'compaction', fault);
    });
  }

  #flush(): Job {
    this.#isFlushing = true;
    return this.#flushPages();
  }

  *#flushPages(): Job {
    const { log } = this.#store;
    let outcome: DiskOutcome = 'ok';
    while (log.isFlushDue && outcome === 'ok') {
      outcome = log.writePage();
      const { written } = log;
      if (outcome === 'ok') outcome = log.segments.sync(false);
      if (outcome !== 'ok') this.#fail(outcome, 'flush of a page');
      yield;
      if (outcome === 'ok') log.flushed = Math.max(log.flushed, written);
    }
    this.#isFlushing = false;
  }
}
