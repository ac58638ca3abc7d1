/**
 * A Raft node as its host drives it.
 *
 *     const node = new RaftNode(config, recovered, snapshotFor);
 *     node.step(message) · node.propose(data) · node.electionTimeout() · …    any input, at any time
 *     if (node.hasReady()) {
 *       const ready = node.ready();       what to do now; one at a time
 *       send ready.messages               the leader need not wait for its own disk
 *       save ready.snapshot, the hard state, ready.entries; sync if ready.mustSync
 *       send ready.messagesAfterSave      they promise what was just saved
 *       apply ready.committed             applyConfChange for those that are one
 *       node.advance();                   saved; the next Ready may be taken
 *     }
 *
 * Between `ready` and `advance` virtual time passes and further inputs may be stepped in. The arrays in
 * a Ready are the host's until the next call of `ready`; the entries and messages in them for ever.
 *
 * Only a leader has `messages`. What others send waits for the save, as in etcd's server: a candidate that
 * asked for votes with a log it then lost in a crash could win with the answers, without that log.
 *
 * What the host must do besides: keep the timers (`timers.ts`), call `compact` when a snapshot of the
 * state machine exists, answer `snapshotFor`, report what became of images (`reportSnapshot`) and of
 * connections (`reportUnreachable`), and end the process when `fatal` is set.
 *
 * `advance` counts as applied what the last Ready gave to apply, as etcd does: a host with an apply
 * queue of its own must have applied configuration changes before it calls `advance`.
 */
import { assert } from '../../assert.ts';
import type { Value } from '../../bytes/value.ts';
import { emptyArray } from '../../empty-array.ts';
import { type ConfChange, decodeConfChange, encodeConfChange, entryType } from './conf-change.ts';
import { becomeFollower } from './election.ts';
import { applyConfChange, restoreConfiguration } from './membership.ts';
import {
  type Configuration,
  Effects,
  ENTRY_NORMAL,
  Entry,
  isLocalMessage,
  isResponseMessage,
  Message,
  MSG_FORGET_LEADER,
  MSG_HUP,
  MSG_PROP,
  MSG_READ_INDEX,
  MSG_SNAP_STATUS,
  MSG_TRANSFER_LEADER,
  MSG_UNREACHABLE,
  NO_ENTRIES,
  NONE,
  type ReadState,
  type Snapshot,
  type SnapshotSource,
} from './messages.ts';
import { propose, releaseUncommitted } from './proposal.ts';
import { appendSaved, applied, type StepOutcome, step } from './raft.ts';
import { askForRepair } from './repair.ts';
import { sendDueAppends } from './replication.ts';
import type { RaftConfig, RecoveredState } from './state.ts';
import { type Fatal, LEADER, NOTHING_RECOVERED, newLog, newTracker, RaftState } from './state.ts';
import { addStorageMessages } from './storage-messages.ts';
import { checkQuorumTimeout, electionTimeout, heartbeatTimeout, tick } from './timers.ts';

/** What a host has to do. One object per node, filled anew by every `ready`. */
export class Ready {
  /** Leader or role changed. */
  softStateChanged = false;
  leader = NONE;
  role = 0;
  /** Term, vote or commit changed: to be saved. */
  hardStateChanged = false;
  term = 0;
  vote = NONE;
  commit = 0;
  /** False if only the commit index changed: losing that in a crash does no harm. */
  mustSync = false;
  /** To be saved before `messagesAfterSave` leave. They replace what stands at their indexes and after. */
  entries: Entry[] = [];
  /** Entries that were damaged on disk: to be written in their places before `messagesAfterSave` leave. */
  repaired: readonly Entry[] = NO_ENTRIES;
  /** To be installed and saved in place of the whole log. Never together with `entries`. */
  snapshot: Snapshot | undefined = undefined;
  /** To be applied, in order. May be in `entries` too, when this node commits alone. */
  committed: Entry[] = [];
  /** A leader's; empty for others. */
  messages: Message[] = [];
  messagesAfterSave: Message[] = [];
  readStates: ReadState[] = [];
}

/** By the protocol's number. */
const ROLES: readonly string[] = ['follower', 'candidate', 'leader', 'pre-candidate'];

/** `local-message`: of a kind that only a host may give. `unknown-peer`: an answer from a stranger. */
export type ReceiveOutcome = StepOutcome | 'local-message' | 'unknown-peer';

export class RaftNode {
  readonly state: RaftState;
  readonly effects: Effects;
  readonly #usesStorageThreads: boolean;
  readonly #ready = new Ready();

  // as of the last Ready
  #leader: number;
  #role: number;
  #term: number;
  #vote: number;
  #commit: number;

  // what `advance` reports
  #outstanding = false;
  readonly #ownMessages: Message[] = [];
  #savedTerm = 0;
  #savedLogTerm = 0;
  #savedIndex = 0;
  #savedSnapshot: Snapshot | undefined = undefined;
  #appliedIndex = 0;
  #appliedEncodedBytes = 0;
  #appliedPayloadBytes = 0;

  constructor(
    config: RaftConfig,
    recovered: RecoveredState = NOTHING_RECOVERED,
    snapshotFor: SnapshotSource = noSnapshot,
  ) {
    const log = newLog(config, recovered);
    const state = new RaftState(config, log, newTracker(config));
    if (!restoreConfiguration(state, recovered.configuration)) state.fatal = 'impossible configuration change';
    if (recovered.term !== 0 || recovered.commit !== 0) {
      state.term = recovered.term;
      state.vote = recovered.vote;
      if (recovered.commit < log.committed || recovered.commit > log.lastIndex()) state.fatal = 'commit beyond the log';
      else log.committed = recovered.commit;
    }
    const applied = recovered.applied ?? 0;
    if (applied > log.committed) state.fatal = 'commit beyond the log';
    else if (applied > log.applied) log.appliedTo(applied, 0);
    // whoever has had a term may have promised something
    if (recovered.term !== 0) state.heardAt = state.clock;
    becomeFollower(state, state.term, NONE);
    this.state = state;
    this.effects = new Effects(snapshotFor);
    if (recovered.damaged !== undefined) log.damaged = [...recovered.damaged];
    log.needsImage = recovered.needsImage ?? false;
    if (!log.isWhole) askForRepair(state, this.effects);
    this.#usesStorageThreads = config.asyncStorageWrites ?? false;
    this.#leader = state.leader;
    this.#role = state.role;
    this.#term = state.term;
    this.#vote = state.vote;
    this.#commit = log.committed;
  }

  get id(): number {
    return this.state.id;
  }
  get roleName(): string {
    return ROLES[this.state.role]!;
  }

  get isLeader(): boolean {
    return this.state.role === LEADER;
  }
  get leader(): number {
    return this.state.leader;
  }
  get term(): number {
    return this.state.term;
  }
  get commit(): number {
    return this.state.log.committed;
  }
  get configuration(): Configuration {
    return this.state.tracker.configuration;
  }
  get fatal(): Fatal {
    return this.state.fatal;
  }
  /** Changed: set the election timer to a full (randomised) time-out again. See `timers.ts`. */
  get electionTimerResets(): number {
    return this.state.electionTimerResets;
  }
  /** Changed: draw a new randomised time-out first. */
  get timeoutDraws(): number {
    return this.state.timeoutDraws;
  }
  /** For hosts with deadlines: time since the election timer was reset; to be set before a vote request is stepped in. */
  set electionElapsed(elapsed: number) {
    this.state.electionElapsed = elapsed;
  }

  /** For hosts of leases that end: what the node's clock shows, to be set before each input. See `read-index.ts`. */
  set clock(reading: number) {
    this.state.clock = reading;
  }

  // ——— inputs ———

  /** A message from another node, or a response of a storage thread. */
  step(message: Message): ReceiveOutcome {
    if (message.from >= 0) {
      if (isLocalMessage(message.type)) return 'local-message';
      if (isResponseMessage(message.type) && this.state.tracker.find(message.from) === undefined) return 'unknown-peer';
    }
    return step(this.state, message, this.effects);
  }

  /**
   * Appends to the log if this node leads, or forwards to the leader. The bytes of `data` must stay
   * as they are for ever. `ok` promises nothing but an attempt.
   */
  propose(data: Value): StepOutcome {
    return this.#propose(ENTRY_NORMAL, data);
  }

  /** Several entries as one: all are taken or none. */
  proposeAll(datas: readonly Value[]): StepOutcome {
    const message = new Message(MSG_PROP, NONE, this.state.id, 0);
    message.entries = datas.map((data) => new Entry(0, 0, ENTRY_NORMAL, data));
    return step(this.state, message, this.effects);
  }

  proposeConfChange(change: ConfChange): StepOutcome {
    return this.#propose(entryType(change), encodeConfChange(change));
  }

  #propose(type: number, data: Value): StepOutcome {
    const { state } = this;
    if (state.role === LEADER && state.fatal === '') return propose(state, type, data, this.effects);
    const message = new Message(MSG_PROP, NONE, state.id, 0);
    message.entries = [new Entry(0, 0, type, data)];
    return step(state, message, this.effects);
  }

  /** Called while applying a committed entry of a conf-change type; gives the configuration from now on. */
  applyConfChange(change: ConfChange): Configuration {
    return applyConfChange(this.state, change, this.effects);
  }

  /**
   * As `applyConfChange`, from the entry itself; also the parsed change, for its context. Undefined if it
   * does not parse. An entry that was handed out before a snapshot behind it came in changes nothing: the
   * snapshot's configuration is in force and has it already, or has what undid it (etcd #11510).
   */
  applyConfChangeEntry(entry: Entry): ConfChange | undefined {
    const change = decodeConfChange(entry);
    const { log, bugs } = this.state;
    const isBehind = log.snapshot !== undefined && entry.index <= log.snapshot.index;
    if (change === undefined) this.state.fatal = 'impossible configuration change';
    else if (!isBehind || bugs['change-applied-behind-snapshot']) this.applyConfChange(change);
    return change;
  }

  /** A linearizable read: a ReadState with this context follows, or never if leadership is lost. */
  readIndex(context: number): StepOutcome {
    const message = new Message(MSG_READ_INDEX, NONE, NONE, 0);
    message.context = context;
    return step(this.state, message, this.effects);
  }

  transferLeader(to: number): void {
    step(this.state, new Message(MSG_TRANSFER_LEADER, NONE, to, 0), this.effects);
  }

  /** A follower stops believing in its leader, without an election: it may vote for another now. */
  forgetLeader(): void {
    step(this.state, new Message(MSG_FORGET_LEADER, NONE, NONE, 0), this.effects);
  }

  /** An election now. */
  campaign(): void {
    step(this.state, new Message(MSG_HUP, NONE, NONE, 0), this.effects);
  }

  /** The last message to this peer probably got lost. */
  reportUnreachable(peer: number): void {
    step(this.state, new Message(MSG_UNREACHABLE, NONE, peer, 0), this.effects);
  }

  /** What became of the image in a MsgSnap: must be called for each, or the peer gets nothing until it speaks up itself. */
  reportSnapshot(peer: number, ok: boolean): void {
    const message = new Message(MSG_SNAP_STATUS, NONE, peer, 0);
    message.reject = !ok;
    step(this.state, message, this.effects);
  }

  // ——— time: see timers.ts ———

  tick(): void {
    if (this.state.fatal === '') tick(this.state, this.effects);
  }
  electionTimeout(): void {
    if (this.state.fatal === '') electionTimeout(this.state, this.effects);
  }
  heartbeatTimeout(): void {
    if (this.state.fatal === '') heartbeatTimeout(this.state, this.effects);
  }
  checkQuorumTimeout(): void {
    if (this.state.fatal === '') checkQuorumTimeout(this.state);
  }

  /** Forgets the log up to `index`, of which the host has a snapshot. Must be applied and saved. */
  compact(index: number): void {
    this.state.log.compact(index);
  }

  // ——— outputs ———

  hasReady(): boolean {
    const { state, effects } = this;
    const { log } = state;
    return (
      !this.#outstanding &&
      state.fatal === '' &&
      (effects.messages.length > 0 ||
        effects.messagesAfterAppend.length > 0 ||
        state.replicationDue ||
        log.lastIndex() > log.saving ||
        log.repaired.length > 0 ||
        log.hasAppliable(!this.#usesStorageThreads) ||
        log.committed !== this.#commit ||
        state.term !== this.#term ||
        state.vote !== this.#vote ||
        state.leader !== this.#leader ||
        state.role !== this.#role ||
        effects.readStates.length > 0 ||
        (log.snapshot !== undefined && !log.snapshotSaving))
    );
  }

  ready(): Ready {
    const { state, effects } = this;
    const { log } = state;
    const ready = this.#ready;
    assert(!this.#outstanding, 'raft: a Ready is outstanding');
    if (state.replicationDue) sendDueAppends(state, effects);

    ready.softStateChanged = state.leader !== this.#leader || state.role !== this.#role;
    ready.leader = this.#leader = state.leader;
    ready.role = this.#role = state.role;

    const voteChanged = state.term !== this.#term || state.vote !== this.#vote;
    ready.hardStateChanged = voteChanged || log.committed !== this.#commit;
    ready.term = this.#term = state.term;
    ready.vote = this.#vote = state.vote;
    ready.commit = this.#commit = log.committed;

    const { entries } = log;
    emptyArray(ready.entries);
    for (let i = log.saving - log.offset; i < entries.length; i++) ready.entries.push(entries[i]!);
    ready.mustSync = voteChanged || ready.entries.length > 0;
    ready.repaired = log.repaired.length === 0 ? NO_ENTRIES : log.repaired;
    if (log.repaired.length > 0) log.repaired = [];
    ready.snapshot = log.snapshotSaving ? undefined : log.snapshot;

    emptyArray(ready.committed);
    let encodedBytes = 0;
    let payloadBytes = 0;
    const end = log.appliableEnd(!this.#usesStorageThreads);
    for (let index = log.applying + 1; index < end; index++) {
      const entry = entries[index - log.offset - 1]!;
      encodedBytes += entry.encodedBytes;
      payloadBytes += entry.payloadBytes;
      ready.committed.push(entry);
    }

    const { messages, messagesAfterAppend, readStates } = effects;
    effects.messages = ready.messages;
    emptyArray(effects.messages);
    ready.messages = messages;
    effects.readStates = ready.readStates;
    emptyArray(effects.readStates);
    ready.readStates = readStates;
    emptyArray(ready.messagesAfterSave);
    if (state.role !== LEADER && !this.#usesStorageThreads) {
      for (let i = 0; i < messages.length; i++) ready.messagesAfterSave.push(messages[i]!);
      emptyArray(ready.messages);
    }
    if (this.#usesStorageThreads) addStorageMessages(state, ready, messagesAfterAppend);
    else this.#prepareAdvance(ready, messagesAfterAppend, encodedBytes, payloadBytes);
    emptyArray(messagesAfterAppend);

    log.acceptSaving();
    if (end > log.applying + 1) log.acceptApplying(end - 1, encodedBytes, !this.#usesStorageThreads);
    return ready;
  }

  /** The last Ready was saved, and its committed entries taken over for applying. */
  advance(): void {
    assert(this.#outstanding, 'raft: advance without a Ready');
    this.#outstanding = false;
    const { state, effects } = this;
    const own = this.#ownMessages;
    for (let i = 0; i < own.length; i++) step(state, own[i]!, effects);
    emptyArray(own);
    if (this.#savedIndex !== 0 || this.#savedSnapshot !== undefined) {
      appendSaved(state, this.#savedTerm, this.#savedLogTerm, this.#savedIndex, this.#savedSnapshot, effects);
    }
    if (this.#appliedIndex === 0) return;
    applied(state, this.#appliedIndex, this.#appliedEncodedBytes, effects);
    releaseUncommitted(state, this.#appliedPayloadBytes);
  }

  #prepareAdvance(ready: Ready, afterAppend: Message[], encodedBytes: number, payloadBytes: number): void {
    const { state } = this;
    const { log } = state;
    this.#outstanding = true;
    for (let i = 0; i < afterAppend.length; i++) {
      const message = afterAppend[i]!;
      if (message.to === state.id) this.#ownMessages.push(message);
      else ready.messagesAfterSave.push(message);
    }
    const last = log.lastIndex();
    const unstable = last > log.stable;
    this.#savedTerm = state.term;
    this.#savedIndex = unstable ? last : 0;
    this.#savedLogTerm = unstable ? log.lastTerm() : 0;
    this.#savedSnapshot = ready.snapshot;
    const { committed } = ready;
    this.#appliedIndex = committed.length === 0 ? 0 : committed[committed.length - 1]!.index;
    this.#appliedEncodedBytes = encodedBytes;
    this.#appliedPayloadBytes = payloadBytes;
  }
}

function noSnapshot(): undefined {
  return undefined;
}

export type { RaftConfig, RecoveredState } from './state.ts';
