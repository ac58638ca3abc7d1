/**
 * The port between a node and its storage engine: types only.
 *
 * An engine is synchronous code over a simulated disk. A call changes bytes at once and
 * reports the work it did (CPU in `Work`, device requests in the disk); the host turns both
 * into virtual time and lets nothing be acknowledged before that time has passed.
 *
 * Keys are plain bytes; values may hold fill (see `Value`). A table is a small namespace of
 * keys (etcd's buckets), named when the engine is made and addressed by its index.
 */
import type { Batch } from './batch.ts';
import type { Value } from './bytes/value.ts';
import type { Duration } from './clock.ts';

/** `fresh`: nothing was there and an empty store was made. `recovered`: what a crash or a clean stop left. */
export type OpenOutcome = 'fresh' | 'recovered' | 'corrupt' | 'io-error';
export type WriteOutcome = 'ok' | 'io-error' | 'no-space';
/** What the host must do with writers: nothing, delay each by bytes ÷ `delayedBytesPerS`, or hold them. */
export type Pressure = 'none' | 'slow' | 'stop';

/** Return false to end the scan. Key and value are borrowed until the visitor returns. */
export type Visitor = (keyBytes: Uint8Array, keyFrom: number, keyTo: number, value: Value) => boolean;

/**
 * Work in bounded slices, each of which ends with a `yield`. A job that yields a duration is not gone on with
 * before so much virtual time has passed: a thread that sleeps. A crash drops it where it stands.
 */
export type Job = Generator<Duration | undefined, void>;

/** Records in ascending order of their keys, no key twice. */
export interface RecordSource {
  /** How many there are in all. */
  readonly count: number;
  /** The current record, valid until the next `next`. */
  readonly key: Uint8Array;
  readonly value: Value;
  /** Moves to the next record, at first to the first one; false at the end. */
  next(): boolean;
}

/** Something wrong in the files, found by `check`. `where` names file and offset, page or table. */
export interface Fault {
  readonly where: string;
  readonly what: string;
}

export interface EngineStats {
  /** By owner: memtables, block cache, indexes, filters, freelist, dirty nodes … */
  readonly memoryBytes: Readonly<Record<string, number>>;
  /** Bytes of all files of the store now. */
  readonly fileBytes: number;
  /** Keys and values that a reader sees, as the engine can count them cheaply; NaN where it can't. */
  readonly liveKeys: number;
  /** Engine-specific figures for the report: pages, free pages, depth, files and bytes by level, stalls … */
  readonly figures: Readonly<Record<string, number>>;
}

export interface StorageEngine {
  /** Reads what the disk holds; must succeed on anything a crash may leave of a well-formed store. */
  open(): OpenOutcome;
  /**
   * Why `open` said `corrupt`, or the first thing that could not be read since: from then on reads may show less than
   * was written, and the process must end. For people.
   */
  readonly corruption: Fault | undefined;
  /** True and `into` set (borrowed until the next call on the engine) if the key is there. */
  get(table: number, key: Uint8Array, into: Value): boolean;
  /** Ascending over from ≤ key < to; `to` undefined: to the end of the table. */
  scan(table: number, from: Uint8Array, to: Uint8Array | undefined, visit: Visitor): void;
  /** Atomic, visible to reads at once; durable after the next `sync`. */
  write(batch: Batch): WriteOutcome;
  /** Makes everything written so far durable (bolt: the commit; LSM: the WAL's fsync). */
  sync(): WriteOutcome;
  /** The next background job if one is due: each `next()` is one bounded slice. Several may run at a time. */
  background(): Job | undefined;
  pressure(): Pressure;
  /**
   * What an operator would start by hand: bolt's defragmentation, badger's value-log GC. `task` is one of the
   * definition's `maintenance`; undefined if there is nothing to do. Runs like a background job.
   */
  maintain?(task: string, argument: number): Job | undefined;
  /**
   * Fills the table of a store that was opened as `fresh` and has seen no write with what the real system's own
   * bulk load, or writing the records and waiting for all compactions, would leave; durable when it returns.
   * Costs no CPU work: nobody waits for it. Without it a store is built by ordinary writes.
   */
  bulkLoad?(table: number, records: RecordSource): WriteOutcome;
  /** The rate that `slow` imposes on writers. */
  readonly delayedBytesPerS: number;
  /** Names of the files that make up the store as of the last `sync`, for a snapshot by copy-on-write capture. */
  checkpoint(): readonly string[];
  /** Walks everything. Empty: the store is sound. */
  check(): Fault[];
  stats(): EngineStats;
  /** A clean stop: what the real engine does on close. The instance must not be used afterwards. */
  close(): WriteOutcome;
}
