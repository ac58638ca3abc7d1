/** What the engine, its recovery and its jobs share: the disk, the levels, the logs, the counters, and the error that ends writing. */
import { type Bugs, NO_BUGS } from '../../sim/bugs.ts';
import type { Clock } from '../../sim/clock.ts';
import type { Disk } from '../../sim/disk/disk.ts';
import type { WriteOutcome } from '../../sim/storage-engine.ts';
import { SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import type { EngineContext } from '../engine.ts';
import { BlockCache } from './block-cache.ts';
import { DiscardStatistics } from './discard-statistics.ts';
import { tableName } from './format.ts';
import { Levels } from './levels.ts';
import type { Manifest } from './manifest.ts';
import type { Options } from './options.ts';
import { RandomStream } from './random-stream.ts';
import type { Table } from './table.ts';
import { TableBuilder } from './table-builder.ts';
import { ValueLog } from './value-log.ts';

/** What became of one job, for traces and tests. */
export interface JobEvent {
  readonly kind: 'flush' | 'compaction' | 'gc';
  readonly level: number;
  readonly top: number;
  readonly bottom: number;
  readonly outputs: number;
  readonly inputBytes: number;
  readonly outputBytes: number;
}

export class Counters {
  readonly writtenBytes: Float64Array;
  readonly readBytes: Float64Array;
  flushes = 0;
  compactions = 0;
  entriesDropped = 0;
  collectedFiles = 0;
  movedEntries = 0;
  stalls = 0;
  replayedEntries = 0;

  constructor(levels: number) {
    this.writtenBytes = new Float64Array(levels);
    this.readBytes = new Float64Array(levels);
  }
}

export class Store {
  readonly disk: Disk;
  readonly directory: string;
  readonly clock: Clock;
  readonly options: Options;
  readonly work: Work;
  readonly bugs: Bugs;
  readonly levels: Levels;
  readonly cache: BlockCache;
  readonly valueLog: ValueLog;
  readonly discard = new DiscardStatistics();
  readonly counters: Counters;
  /** Go's and the kernel's randomness cannot be replayed: this takes its place. */
  readonly random: RandomStream;
  manifest: Manifest | undefined;
  nextTable = 1;
  /** The version of the next transaction. */
  nextVersion = 0;
  /** Of versions up to this one nobody needs any but the newest. */
  discardVersion = 0;
  /** Set by the first write or job that failed: nothing is written from then on. */
  failure: Exclude<WriteOutcome, 'ok'> | undefined;
  failureReason = '';
  /** Tables that the manifest lists already and the levels do not yet: their job waits for the manifest's sync. */
  readonly committed: number[] = [];
  /** Told of every job that took effect. */
  onJob: ((event: JobEvent) => void) | undefined;
  readonly #builders: TableBuilder[] = [];

  constructor(context: EngineContext, options: Options) {
    const { disk, directory, work, clock } = context;
    this.bugs = context.bugs ?? NO_BUGS;
    this.disk = disk;
    this.directory = directory;
    this.clock = clock;
    this.random = new RandomStream(context.rng?.bits() ?? 1);
    this.options = options;
    this.work = work;
    this.levels = new Levels(options);
    this.cache = new BlockCache(disk, options.blockCacheBytes);
    this.counters = new Counters(options.levels);
    this.valueLog = new ValueLog(disk, directory, options, work, (into, from) => this.random.fill(into, from));
  }

  fail(outcome: Exclude<WriteOutcome, 'ok'>, reason: string): void {
    if (this.failure !== undefined) return;
    this.failure = outcome;
    this.failureReason = reason;
  }

  takeBuilder(): TableBuilder {
    return this.#builders.pop() ?? new TableBuilder(this.options.blockBytes, this.work);
  }
  giveBuilder(builder: TableBuilder): void {
    this.#builders.push(builder);
  }

  /** Writes the finished table as one synchronous write; undefined: it failed, and so has the store. */
  writeTable(builder: TableBuilder, category: 'flush' | 'compaction'): Table | undefined {
    builder.finish();
    const number = this.nextTable++;
    const file = this.disk.create(tableName(this.directory, number), category);
    this.work.counts[SYSTEM_CALLS] += 2;
    let outcome = this.disk.write(file, 0, builder.buffer);
    if (outcome === 'ok') outcome = this.disk.sync(file);
    const { index, filter, smallest, largest, entries } = builder;
    if (outcome === 'ok' && filter !== undefined) {
      return { number, file, bytes: file.length, index, filter, smallest, largest, entries };
    }
    this.fail(outcome === 'ok' ? 'io-error' : outcome, 'write of a table');
    this.disk.remove(tableName(this.directory, number));
    this.disk.close(file);
    return undefined;
  }

  /** Removes a table's file and gives up its handle. */
  removeTable(table: Table): void {
    this.disk.remove(tableName(this.directory, table.number));
    this.disk.close(table.file);
  }

  syncDirectory(): boolean {
    this.work.counts[SYSTEM_CALLS]++;
    const outcome = this.disk.syncDirectory(this.directory);
    if (outcome !== 'ok') this.fail(outcome, 'sync of the directory');
    return outcome === 'ok';
  }

  /** A committed table has become part of the levels. */
  settleTable(number: number): void {
    const at = this.committed.indexOf(number);
    if (at >= 0) this.committed.splice(at, 1);
  }
}
