/**
 * What Raft nodes tell one another, and what the protocol tells its host.
 *
 * Entries, snapshots and messages are immutable once they have left the node that made them: the
 * simulated network may hold, repeat or drop them, and replicas share the entries' payloads.
 */
import { Value } from '../../bytes/value.ts';
import { varintLength } from '../../bytes/varint.ts';

/** No node: no leader, no vote, nobody to hand over to. */
export const NONE = 0;
/** Targets of the storage messages of a node with `asyncStorageWrites`. */
export const APPEND_THREAD = -1;
export const APPLY_THREAD = -2;

export const ENTRY_NORMAL = 0;
export const ENTRY_CONF_CHANGE = 1;
export const ENTRY_CONF_CHANGE_V2 = 2;
export const ENTRY_NAMES = ['EntryNormal', 'EntryConfChange', 'EntryConfChangeV2'] as const;

export const MSG_HUP = 0;
export const MSG_BEAT = 1;
export const MSG_PROP = 2;
export const MSG_APP = 3;
export const MSG_APP_RESP = 4;
export const MSG_VOTE = 5;
export const MSG_VOTE_RESP = 6;
export const MSG_SNAP = 7;
export const MSG_HEARTBEAT = 8;
export const MSG_HEARTBEAT_RESP = 9;
export const MSG_UNREACHABLE = 10;
export const MSG_SNAP_STATUS = 11;
export const MSG_CHECK_QUORUM = 12;
export const MSG_TRANSFER_LEADER = 13;
export const MSG_TIMEOUT_NOW = 14;
export const MSG_READ_INDEX = 15;
export const MSG_READ_INDEX_RESP = 16;
export const MSG_PRE_VOTE = 17;
export const MSG_PRE_VOTE_RESP = 18;
export const MSG_STORAGE_APPEND = 19;
export const MSG_STORAGE_APPEND_RESP = 20;
export const MSG_STORAGE_APPLY = 21;
export const MSG_STORAGE_APPLY_RESP = 22;
export const MSG_FORGET_LEADER = 23;
/** Not etcd's: see `repair.ts`. */
export const MSG_REPAIR = 24;
export const MSG_REPAIR_RESP = 25;

/** By message type; etcd's names, which its transcripts and its users know. */
export const MESSAGE_NAMES: readonly string[] = [
  'MsgHup',
  'MsgBeat',
  'MsgProp',
  'MsgApp',
  'MsgAppResp',
  'MsgVote',
  'MsgVoteResp',
  'MsgSnap',
  'MsgHeartbeat',
  'MsgHeartbeatResp',
  'MsgUnreachable',
  'MsgSnapStatus',
  'MsgCheckQuorum',
  'MsgTransferLeader',
  'MsgTimeoutNow',
  'MsgReadIndex',
  'MsgReadIndexResp',
  'MsgPreVote',
  'MsgPreVoteResp',
  'MsgStorageAppend',
  'MsgStorageAppendResp',
  'MsgStorageApply',
  'MsgStorageApplyResp',
  'MsgForgetLeader',
  'MsgRepair',
  'MsgRepairResp',
];

/** Inputs that only the node's own host may give: over the network they are refused. */
export function isLocalMessage(type: number): boolean {
  return (
    type === MSG_HUP ||
    type === MSG_BEAT ||
    type === MSG_UNREACHABLE ||
    type === MSG_SNAP_STATUS ||
    type === MSG_CHECK_QUORUM ||
    (type >= MSG_STORAGE_APPEND && type <= MSG_STORAGE_APPLY_RESP)
  );
}

/** Answers, which mean nothing from somebody who is not a member. */
export function isResponseMessage(type: number): boolean {
  return (
    type === MSG_APP_RESP ||
    type === MSG_HEARTBEAT_RESP ||
    type === MSG_VOTE_RESP ||
    type === MSG_PRE_VOTE_RESP ||
    type === MSG_UNREACHABLE ||
    type === MSG_READ_INDEX_RESP ||
    type === MSG_REPAIR_RESP ||
    type === MSG_STORAGE_APPEND_RESP ||
    type === MSG_STORAGE_APPLY_RESP
  );
}

/** One log entry. One object for all replicas; `data` must own its bytes. */
export class Entry {
  readonly term: number;
  readonly index: number;
  readonly type: number;
  readonly data: Value;
  /** Bytes of the payload. */
  readonly payloadBytes: number;
  /** Bytes of the entry as protobuf: what `maxSizePerMsg` and `maxCommittedSizePerReady` count. */
  readonly encodedBytes: number;

  constructor(term: number, index: number, type: number, data: Value) {
    this.term = term;
    this.index = index;
    this.type = type;
    this.data = data;
    const payload = data.length;
    this.payloadBytes = payload;
    // type, term and index are always written (one tag byte each); empty data is left out
    this.encodedBytes =
      4 + varintLength(term) + varintLength(index) + (payload === 0 ? 0 : 1 + varintLength(payload) + payload);
  }
}

/** Who votes and who listens: the configuration as it is stored, sent and used. Ids ascending. */
export interface Configuration {
  readonly voters: readonly number[];
  /** The voters before a joint change; empty outside of one. */
  readonly votersOutgoing: readonly number[];
  readonly learners: readonly number[];
  /** Outgoing voters who become learners when the joint configuration is left. */
  readonly learnersNext: readonly number[];
  /** The leader leaves the joint configuration by itself. */
  readonly autoLeave: boolean;
}

/** A state-machine image up to `index`. `data` is the host's: the protocol only carries it. */
export interface Snapshot {
  readonly index: number;
  readonly term: number;
  readonly configuration: Configuration;
  readonly data: unknown;
}

/** A linearizable read may be served once `index` is applied. `context` is what `readIndex` was given. */
export interface ReadState {
  readonly index: number;
  readonly context: number;
}

export const EMPTY_DATA: Value = new Value();
export const NO_ENTRIES: readonly Entry[] = [];
export const NO_MESSAGES: readonly Message[] = [];

/** One flat shape for all messages, so that every place that reads one stays monomorphic. */
export class Message {
  type: number;
  to: number;
  from: number;
  /** 0 in local messages, proposals and read requests. */
  term: number;
  /** Of the entry at `index`: before the entries of an append, last in a candidate's log, the hint of a rejection. */
  logTerm = 0;
  index = 0;
  commit = 0;
  /** Only in storage appends. */
  vote = 0;
  reject = false;
  rejectHint = 0;
  /**
   * Heartbeats: how many reads the answer confirms, 0 for none. Votes: 1 if the leader asked for
   * this election. Read requests and their answers: the caller's own context.
   */
  context = 0;
  entries: readonly Entry[] = NO_ENTRIES;
  snapshot: Snapshot | undefined = undefined;
  /** Storage messages: what to deliver when the work is durable. */
  responses: readonly Message[] = NO_MESSAGES;

  constructor(type: number, to: number, from: number, term: number) {
    this.type = type;
    this.to = to;
    this.from = from;
    this.term = term;
  }
}

/** Gives the state-machine image to send to a follower that fell behind the log; undefined if there is none right now. */
export type SnapshotSource = (peer: number) => Snapshot | undefined;

/**
 * What steps leave behind. Emptied by whoever collects it (`RaftNode.ready`): the protocol puts no
 * limit on it, so a host that steps on and on without collecting grows it. Replication adds at most
 * `maxInflightMessages` appends per peer; every other input adds at most two messages per peer.
 */
export class Effects {
  /** From a leader these may leave at once, before anything is saved. */
  messages: Message[] = [];
  /** May leave when what was appended and voted before them is durable; may be addressed to the node itself. */
  messagesAfterAppend: Message[] = [];
  readStates: ReadState[] = [];
  readonly snapshotFor: SnapshotSource;
  /** The last list of entries that was sent: all followers that need the same range share it. */
  sentEntries: readonly Entry[] = NO_ENTRIES;

  constructor(snapshotFor: SnapshotSource) {
    this.snapshotFor = snapshotFor;
  }
}
