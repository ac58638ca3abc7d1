/**
 * Everything a Raft node remembers. Plain data, so that one step can be run on a draft of it and
 * the difference shown (`explain.ts`); what it does stands in the files beside this one.
 *
 * Volatile except for `term`, `vote`, `log.committed` and the log: those the host saves before it
 * sends what depends on them.
 */
import { immerable } from 'immer';
import { assert } from '../../assert.ts';
import { type Bugs, NO_BUGS } from '../../bugs.ts';
import { RaftLog } from './log.ts';
import { type Configuration, type Entry, type Message, NONE } from './messages.ts';
import type { ReadRequest } from './read-index.ts';
import { NO_MEMBERS, Tracker } from './tracker.ts';

export const FOLLOWER = 0;
export const CANDIDATE = 1;
export const LEADER = 2;
export const PRE_CANDIDATE = 3;
export const ROLE_NAMES = ['StateFollower', 'StateCandidate', 'StateLeader', 'StatePreCandidate'] as const;

export interface RaftConfig {
  /** ≥ 1. */
  readonly id: number;
  /** Ask before disturbing: an election is announced without raising the term first. */
  readonly preVote?: boolean;
  /** The leader resigns if it hears no quorum for an election time-out; followers of a live leader ignore candidates. */
  readonly checkQuorum?: boolean;
  /** Lease-based reads trust the clock instead of asking a quorum, and need `checkQuorum`. */
  readonly readOnly?: 'safe' | 'lease-based';
  /**
   * By what share clocks may be fast or slow: leases end by the clock, as `read-index.ts` has it. Needs a host that sets
   * `clock`. Left out: as in etcd a leader trusts its lease for as long as it leads.
   */
  readonly clockDriftMax?: number;
  /** The clock at the start: votes that an earlier process promised not to give are withheld from here on. */
  readonly clock?: number;
  /** Encoded bytes of entries in one append; a larger entry still goes alone. 0: one entry at a time. */
  readonly maxSizePerMsg?: number;
  /** Encoded bytes that are being applied at a time; `maxSizePerMsg` if not given. */
  readonly maxCommittedSizePerReady?: number;
  /** Payload bytes that the leader takes beyond what is committed; above it proposals are dropped. */
  readonly maxUncommittedSize?: number;
  readonly maxInflightMessages?: number;
  readonly maxInflightBytes?: number;
  readonly disableProposalForwarding?: boolean;
  readonly disableConfChangeValidation?: boolean;
  readonly stepDownOnRemoval?: boolean;
  /**
   * The state before the first entry is not the empty one: members with larger ids than this have joined with nothing,
   * and get an image before any entry. Left out: everybody can follow from the first entry on.
   */
  readonly foundersMax?: number;
  /** Reads that may wait for their confirmation on a leader; above it they are dropped. */
  readonly maxPendingReads?: number;
  /**
   * When appends are made. `eager`, as etcd: one for every proposal and for every advance of the commit
   * index. `lazy`: at most one round per `ready()`, which carries all that has come together; what a
   * follower learns and when it learns it differs only in the number of messages.
   */
  readonly replication?: 'eager' | 'lazy';
  /** Storage work as messages with responses instead of `advance()`. */
  readonly asyncStorageWrites?: boolean;
  /** For `tick()`: ticks of an election and of a heartbeat. Hosts with deadlines use any unit, see `timers.ts`. */
  readonly electionTimeout?: number;
  readonly heartbeatTimeout?: number;
  /** Mistakes that are planted. */
  readonly bugs?: Bugs;
}

/** What a node finds on its disk when it starts. */
export interface RecoveredState {
  readonly term: number;
  readonly vote: number;
  readonly commit: number;
  /** What the log starts after; index 0 and no members for a node that has nothing. */
  readonly snapshotIndex: number;
  readonly snapshotTerm: number;
  readonly configuration: Configuration;
  /** Without a gap from snapshotIndex + 1. */
  readonly entries: readonly Entry[];
  /** What the state machine has applied; snapshotIndex if not given. */
  readonly applied?: number;
  /** Indices, ascending, of entries whose payload the disk has lost. */
  readonly damaged?: readonly number[];
  /** The state up to `snapshotIndex` is lost. */
  readonly needsImage?: boolean;
}

export const NOTHING_RECOVERED: RecoveredState = {
  term: 0,
  vote: NONE,
  commit: 0,
  snapshotIndex: 0,
  snapshotTerm: 0,
  configuration: NO_MEMBERS,
  entries: [],
};

/**
 * The real process would panic here, because its disk or its peers told it something impossible:
 * its log ends before what it is told is committed; a committed configuration change does not apply. '' as long as all is well. The node takes no input after it.
 */
export type Fatal = '' | 'commit beyond the log' | 'impossible configuration change';

export class RaftState {
  static readonly [immerable] = true;

  readonly id: number;
  term = 0;
  vote = NONE;
  role: number = FOLLOWER;
  leader = NONE;
  leadTransferee = NONE;
  readonly log: RaftLog;
  tracker: Tracker;
  /** A configuration change may be in the log up to here; above it, no other is accepted until it is applied. */
  pendingConfIndex = 0;
  /** Payload bytes in the leader's log that are not applied yet; an estimate that is never too high. */
  uncommittedBytes = 0;
  fatal: Fatal = '';

  // ——— reads: see read-index.ts ———
  readsConfirmed = 0;
  readsUnconfirmed: ReadRequest[] = [];
  /** Came before the leader had committed anything in its term. */
  readsPostponed: Message[] = [];

  // ——— repair: see repair.ts ———
  /** The term in which the question about the first damaged entry is asked with consequences; 0: in none yet. */
  repairTerm = 0;
  /** Who said that it does not hold that entry. */
  repairMissing: number[] = [];

  // ——— time: see timers.ts ———
  electionElapsed = 0;
  heartbeatElapsed = 0;
  /** For `tick()`; the host draws a new one from [T, 2T) whenever `timeoutDraws` has changed. */
  randomizedElectionTimeout: number;
  electionTimerResets = 0;
  timeoutDraws = 0;
  /** With leases that end: the host's clock, set before every input; above 0, which stands for never. */
  clock = 0;
  /** Its reading when a leader was last heard of: no vote until an election time-out later. */
  heardAt = 0;
  /** The leader has not asked anybody to take over, which overrides the promises that its lease rests on. */
  trustsLease = true;

  /** With lazy replication: some member's `due` is set. */
  replicationDue = false;

  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly leaseReads: boolean;
  /** Of a lease, by the leader's clock; 0: for as long as it leads. */
  readonly leaseDuration: number;
  readonly lazy: boolean;
  readonly maxSizePerMsg: number;
  readonly maxUncommittedSize: number;
  readonly maxPendingReads: number;
  readonly forwardsProposals: boolean;
  readonly validatesConfChanges: boolean;
  readonly stepDownOnRemoval: boolean;
  readonly foundersMax: number;
  readonly electionTimeout: number;
  readonly heartbeatTimeout: number;
  readonly bugs: Bugs;

  constructor(config: RaftConfig, log: RaftLog, tracker: Tracker) {
    assert(config.id >= 1, 'raft: ids start at 1');
    this.id = config.id;
    this.log = log;
    this.tracker = tracker;
    this.preVote = config.preVote ?? false;
    this.checkQuorum = config.checkQuorum ?? false;
    this.leaseReads = config.readOnly === 'lease-based';
    assert(this.checkQuorum || !this.leaseReads, 'raft: lease-based reads need checkQuorum');
    this.lazy = config.replication === 'lazy';
    this.maxSizePerMsg = config.maxSizePerMsg ?? Number.POSITIVE_INFINITY;
    this.maxUncommittedSize = config.maxUncommittedSize ?? Number.POSITIVE_INFINITY;
    this.maxPendingReads = config.maxPendingReads ?? 65536;
    this.forwardsProposals = !(config.disableProposalForwarding ?? false);
    this.validatesConfChanges = !(config.disableConfChangeValidation ?? false);
    this.stepDownOnRemoval = config.stepDownOnRemoval ?? false;
    this.foundersMax = config.foundersMax ?? Number.POSITIVE_INFINITY;
    this.electionTimeout = config.electionTimeout ?? 10;
    const { clockDriftMax: drift } = config;
    const bounded = this.leaseReads && drift !== undefined;
    // the leader's clock may be as slow as that, and the followers' as fast
    this.leaseDuration = bounded ? Math.floor((this.electionTimeout * (1 - drift)) / (1 + drift)) : 0;
    this.clock = config.clock ?? 0;
    this.heartbeatTimeout = config.heartbeatTimeout ?? 1;
    this.bugs = config.bugs ?? NO_BUGS;
    assert(this.electionTimeout > this.heartbeatTimeout, 'raft: an election must last longer than a heartbeat');
    this.randomizedElectionTimeout = this.electionTimeout;
  }
}

export function newLog(config: RaftConfig, recovered: RecoveredState): RaftLog {
  const limit = config.maxCommittedSizePerReady ?? config.maxSizePerMsg ?? Number.POSITIVE_INFINITY;
  return new RaftLog(recovered.snapshotIndex, recovered.snapshotTerm, recovered.entries, limit);
}

export function newTracker(config: RaftConfig): Tracker {
  const messagesMax = config.maxInflightMessages ?? 512;
  const bytesMax = config.maxInflightBytes ?? Number.POSITIVE_INFINITY;
  assert(messagesMax >= 1, 'raft: at least one message in flight');
  assert(bytesMax >= (config.maxSizePerMsg ?? 0), 'raft: a whole message must fit into the bytes in flight');
  return new Tracker(messagesMax, bytesMax, config.bugs);
}

/** May this node become leader: a voter with a log to show? */
export function promotable(state: RaftState): boolean {
  const own = state.tracker.find(state.id);
  return own !== undefined && !own.isLearner && state.log.snapshot === undefined && state.log.isWhole;
}
