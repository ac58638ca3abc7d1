/**
 * The state machine of a node, as its host sees it: committed entries in, replies out, a storage engine below.
 *
 * One round of applying is `apply` for each entry, then `flush`: one engine write. `commit` (etcd: every 10,000
 * operations or 100 ms) adds the applied index, term and sessions in the same engine write as the last data, as
 * etcd's pre-commit hook does, and syncs. The log is replayed from `appliedIndex + 1`. An engine whose unsynced writes
 * may outlive a crash can hold more than its index says; applying the same entries again makes the same of it.
 *
 * Reads see everything applied so far; those of the store flush first if they must.
 *
 * Seam for what comes later: transactions are several operations under one `apply`; watches hang on
 * `ChangeObserver`; leases are a table and a request kind.
 */
import type { Bugs } from '../../bugs.ts';
import type { Value } from '../../bytes/value.ts';
import type { Fault, Job, OpenOutcome, StorageEngine, Visitor, WriteOutcome } from '../../storage-engine.ts';
import type { Work } from '../../work.ts';
import type { SharedIndex } from './index-restore.ts';

/** Hears the outcome of each applied request. Every replica calls it; only the one with the waiting client answers. */
export interface ReplySink {
  /**
   * `revision`: mvcc: of the store after the request; raw: the entry's index. Of a duplicate: what the first one got, 0 if
   * that is not known any more. `count`: keys deleted, or 1 for a put. `applied` is false for a duplicate.
   */
  onApplied(session: number, sequence: number, revision: number, count: number, applied: boolean): void;
}

/** Hears every change of a key, in order: the seam for watches. The key is borrowed. */
export interface ChangeObserver {
  onChange(
    keyBytes: Uint8Array,
    keyFrom: number,
    keyTo: number,
    revision: number,
    sub: number,
    isDelete: boolean,
  ): void;
}

export interface StateMachine {
  /** Opens the engine and reads what it holds. */
  open(): OpenOutcome;
  /** Why `open` said `corrupt`, or what of the engine's could not be read since: the process must end. */
  readonly corruption: Fault | undefined;
  /** Replay the log from the entry after this one. Counts up with `apply`. */
  readonly appliedIndex: number;
  readonly appliedTerm: number;
  /** mvcc: of the last change; raw: the applied index. */
  readonly revision: number;
  /** Engine operations since the last commit: at 10,000 the host commits. */
  readonly uncommittedOperations: number;
  observer: ChangeObserver | undefined;

  /**
   * The next committed entry: `index` must be appliedIndex + 1. Borrows the payload until the call returns. An empty
   * payload (a new leader's first entry, a configuration change) moves the index only.
   */
  apply(index: number, term: number, payload: Value, replies: ReplySink): void;
  /** One engine write for all applied since the last flush. A failure is for good: the process must end. */
  flush(): WriteOutcome;
  /** Flush, sessions, engine sync. */
  commit(): WriteOutcome;

  /** `revision` 0: newest. `into` is borrowed until the next call. */
  get(key: Uint8Array, revision: number, into: Value): boolean;
  /** At most `limit` keys of from ≤ key < to in ascending order. Returns how many were visited. */
  range(from: Uint8Array, to: Uint8Array | undefined, revision: number, limit: number, visit: Visitor): number;

  /**
   * Visits every live key once, in the order that costs least: the same on replicas that have applied the same
   * entries. Return false to end it.
   */
  walk(visit: Visitor): void;

  /** The next background job of the machine itself, if one is due: mvcc compaction. */
  background(): Job | undefined;

  /**
   * Rolled over (index, session, sequence, operation) of every entry applied to the store: equal on two replicas at
   * equal index. 16 hex digits.
   */
  applyHash(): string;
  /** The same in one double: cheap enough to compare after every entry. */
  readonly applyHashWord: number;
  /** Over all keys and values that a reader sees now: walks the store. 8 hex digits. */
  contentHash(): string;
  /** Bytes that the real process would hold, by owner. */
  memoryBytes(): Readonly<Record<string, number>>;
}

/** One line in `index.ts`. */
export interface StateMachineDefinition {
  readonly name: string;
  /** The tables that the engine must be made with, in this order. */
  readonly tables: readonly string[];
  /** `shared`: what machines over copies of one store have in common; without it they share nothing. */
  create(engine: StorageEngine, work: Work, shared?: SharedIndex, bugs?: Bugs): StateMachine;
}
