/**
 * What a checker sees and says. Checkers watch every run: they draw no randomness and schedule no
 * events, so that a run with them is the run without them. Each file opens with what it does not check.
 *
 * Nodes are numbered from 0. Calls on the hot path get shared immutable entries and must not keep
 * more of them than their window allows.
 */
import type { Value } from '../bytes/value.ts';
import type { Time } from '../clock.ts';
import type { Configuration, Entry } from '../nodes/raft/messages.ts';
import type { ClientReply, ClientRequest, Outcome } from '../rpc.ts';
import type { Fault } from '../storage-engine.ts';

/** Ends the run: the first violation is the one to look at. */
export type Report = (check: string, what: string) => void;

/** One replica at the end of the run, after all faults were lifted and the cluster had time to settle. */
export interface FinalReplica {
  readonly node: number;
  /** A member of the cluster that takes part in the liveness phase, and its state is to be judged. */
  readonly up: boolean;
  readonly leads: boolean;
  /** A machine that should hold a member, and runs none, or is not to be judged. */
  readonly isDown: boolean;
  /** Raft id of the member that the machine should hold; 0: none. */
  readonly wantedMember: number;
  /** In force; undefined if nothing runs. */
  readonly configuration: Configuration | undefined;
  readonly appliedIndex: number;
  /** Of the engine's files. */
  readonly storeBytes: number;
  /** What the engine finds wrong in its files; reads all of them. */
  checkStore(): readonly Fault[];
}

/** What the workload can tell about a key without storing one. */
export interface KeySpace {
  readonly count: number;
  /** −1: not a key of this workload. */
  indexOf(keyBytes: Uint8Array, keyFrom: number, keyTo: number): number;
  /** Fingerprint (see `fingerprint.ts`) of the value that key `index` was preloaded with; 0 if it was not. */
  preloaded(index: number): number;
}

export interface Checker {
  readonly name: string;
  /** Objects of which it could prove neither that they are right nor that they are not. */
  readonly unproven?: number;
  /** The node has won the election of `term`. */
  onLeader?(node: number, term: number): void;
  /** The node has stopped being leader. */
  onDeposed?(node: number): void;
  /** The entry now stands in the node's log, after one of term `previousTerm`. */
  onAppend?(node: number, entry: Entry, previousTerm: number): void;
  /** The node has learnt that the entry is committed. */
  onCommit?(node: number, entry: Entry): void;
  /** `hash` rolls over everything that the replica has applied since the beginning. */
  onApply?(node: number, index: number, hash: number): void;
  /** A client's request has taken effect on the replica's state, at the entry `index`. */
  onEffect?(node: number, index: number, session: number, sequence: number): void;
  /** A snapshot has replaced the replica's state. */
  onRestore?(node: number, index: number, hash: number): void;
  /** The process starts (again) with what its disk held: logs and applied index may have gone back to what was durable. */
  onRestart?(node: number, appliedIndex: number): void;
  /** The node has this configuration in force after the entry, or the snapshot, `index`. */
  onConfiguration?(node: number, index: number, configuration: Configuration): void;
  onInvoke?(request: ClientRequest, keyIndex: number, now: Time): void;
  /** `reply` is there if and only if the outcome is `ok`. */
  onOutcome?(
    request: ClientRequest,
    keyIndex: number,
    outcome: Outcome,
    reply: ClientReply | undefined,
    now: Time,
  ): void;
  /** All faults were lifted at `now`, for good. */
  onHealed?(now: Time): void;

  /** At the end, before the replicas' states are walked. */
  finish?(replicas: readonly FinalReplica[], now: Time): void;

  // Then, for each replica that is up: its state is walked once, for all checkers together.
  beginState?(replica: FinalReplica): void;
  /** Every live key once, in one order on replicas that have applied the same entries. `mark`: fingerprint of the value. */
  onKey?(keyBytes: Uint8Array, keyFrom: number, keyTo: number, value: Value, mark: number): void;
  endState?(): void;

  /** Last, for each replica that is up: the figures of the run have been taken, so that files may be read. */
  onStore?(replica: FinalReplica): void;
}
