/**
 * The Raft loop of one replica: takes inputs one after the other, steps the protocol, and carries out
 * what it asks for: messages, write-ahead log, entries to apply.
 *
 * Two threads of the real server in one. Stepping takes processor time, and what comes in meanwhile
 * waits in the inbox and is stepped together next. Saving takes disk time; stepping goes on
 * during a save, and all that comes together meanwhile makes the next Ready: that is the group commit.
 * A leader's messages leave before its own save, as in etcd, and a follower's after it.
 */
import type { Duration, Time } from '../clock.ts';
import type { EventId, EventLoop, Handler } from '../loop.ts';
import type { Rng } from '../rng.ts';
import type { RaftSpec } from '../run-spec.ts';
import { MESSAGES_HANDLED, type Work } from '../work.ts';
import type { ApplyThread } from './apply-thread.ts';
import { RequestEncoder } from './kv/request-codec.ts';
import type { Machine } from './machine.ts';
import type { NodeObserver } from './observer.ts';
import type { PeerStreams } from './peer-streams.ts';
import { PendingRequest, type PendingRequests } from './pending-requests.ts';
import type { Process } from './process.ts';
import { type Change, type ConfChange, REMOVE_NODE } from './raft/conf-change.ts';
import {
  type Configuration,
  ENTRY_NORMAL,
  type Entry,
  Message,
  MSG_PRE_VOTE,
  MSG_SNAP_STATUS,
  MSG_UNREACHABLE,
  MSG_VOTE,
  type Snapshot,
} from './raft/messages.ts';
import type { RaftNode, Ready } from './raft/ready.ts';
import { LEADER } from './raft/state.ts';
import type { ReadQueue } from './read-queue.ts';
import type { ReplySender } from './reply-sender.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import type { WriteAheadLog } from './wal/write-ahead-log.ts';

const STEPPED = 1;
const SAVED = 2;
const ELECTION = 3;
const HEARTBEAT = 4;
const LEAVE = 5;
/** What a save was for. */
const OF_READY = 0;
const OF_SNAPSHOT = 1;
const OF_NOTHING = 2;
export const RAFT_OPCODES = ['', 'stepped', 'saved to the log', 'election timer', 'heartbeat timer', 'leaves'];

/** How long a removed member stays, so that others learn of it: etcd's. */
const LEAVE_AFTER_HEARTBEATS = 10;

/** 13 days: what the clock shows stays above 0 after any jump back. */
const LEASE_CLOCK_OFFSET = 2 ** 50;

/** A reading of the node's clock, as the protocol's leases have it. */
export function leaseClock(reading: Time): number {
  return reading + LEASE_CLOCK_OFFSET;
}

/** Messages from peers and reports about them; proposals; numbers: contexts of linearizable reads. */
type Input = Message | PendingRequest | ConfChange | number;

export interface RaftThreadParts {
  readonly machine: Machine;
  readonly process: Process;
  readonly spec: RaftSpec;
  readonly rng: Rng;
  readonly work: Work;
  readonly observer: NodeObserver;
  readonly peers: PeerStreams;
  readonly pending: PendingRequests;
}

export class RaftThread implements Handler {
  readonly traceId: number;
  readonly diskThread: number;
  node!: RaftNode;
  wal!: WriteAheadLog;
  applyThread!: ApplyThread;
  reads!: ReadQueue;
  snapshots!: SnapshotKeeper;
  replies!: ReplySender;
  readonly #parts: RaftThreadParts;
  readonly #loop: EventLoop;
  #inbox: Input[] = [];
  #inboxNext: Input[] = [];
  /** What was stepped last has had its processor time. */
  #freeAt: Time = 0;
  /** The end of that time is an event: only where somebody waits for it. */
  #isArmed = false;
  /** In the middle of stepping or of carrying out a Ready. */
  #wasLeading = false;
  #isInside = false;
  #saving = false;
  /** Until then carrying out a Ready takes processor time whose end nobody waits for. */
  #quietUntil: Time = 0;
  /** Index of the last change of the configuration that was handed out, and of the last that is in force. */
  #configurationDue = 0;
  #configurationIndex = 0;
  /** What was to be done after the save waits for the change to be in force. */
  #awaitsConfiguration = false;
  /** Of the newest snapshot that the protocol has taken in. */
  #restoredIndex = 0;
  /** Members whose removal this process has seen. */
  readonly #removed = new Set<number>();
  #saveFirst = 0;
  #saveLast = 0;
  /** Takes the place of the store once it and its mark are saved. */
  #restoring: Snapshot | undefined;
  readonly #afterSave: Message[] = [];
  readonly #encoder = new RequestEncoder();

  /** Entries from here on have not been shown to the observer, as some of them are damaged; 0: none. */
  unobservedFrom = 0;

  // readings of the node's clock: when the timers are due, and since when the election timer runs
  #electionTimer: EventId = 0;
  #electionTimerAt: Time = 0;
  #electionDeadline: Time = 0;
  #randomTimeout: Duration = 0;
  #resetsSeen = -1;
  #drawsSeen = -1;
  #resetAt: Time = 0;
  #heartbeatTimer: EventId = 0;
  #heartbeatAt: Time = 0;
  /** The clock changed during a pause. */
  #clockChanged = false;

  constructor(parts: RaftThreadParts, traceId: number, diskThread: number) {
    this.#parts = parts;
    this.#loop = parts.machine.loop;
    this.traceId = traceId;
    this.diskThread = diskThread;
  }

  start(): void {
    this.#parts.peers.follow(this.node.configuration);
    this.#watchTimers();
    this.#settleReady();
  }

  // ——— inputs ———

  /** Those that are for a member which this machine held before are not taken. */
  receive(messages: readonly Message[]): void {
    const { id } = this.node;
    for (let i = 0; i < messages.length; i++) if (messages[i]!.to === id) this.#inbox.push(messages[i]!);
    this.wake();
  }

  /** To be followed by `wake`: what comes at one instant is stepped together. */
  propose(pending: PendingRequest): void {
    this.#inbox.push(pending);
  }

  wake(): void {
    if (this.#inbox.length > 0) this.#wake();
  }

  /** Nobody answers: whether it has come about shows in the configuration. */
  proposeChange(change: ConfChange): void {
    this.#inbox.push(change);
    this.#wake();
  }

  readIndex(context: number): void {
    this.#inbox.push(context);
    this.#wake();
  }

  reportUnreachable(peer: number): void {
    this.#inbox.push(new Message(MSG_UNREACHABLE, this.node.id, peer, 0));
    this.#wake();
  }

  reportSnapshot(peer: number, ok: boolean): void {
    const message = new Message(MSG_SNAP_STATUS, this.node.id, peer, 0);
    message.reject = !ok;
    this.#inbox.push(message);
    this.#wake();
  }

  /** Something outside changed what the protocol may do next: an entry was applied, a snapshot made. */
  poke(): void {
    if (this.#isArmed) return;
    if (this.#isInside || this.#loop.now < this.#freeAt) this.#arm();
    else this.#settleReady();
  }

  /** The process goes on after a pause: its sockets may hold messages. */
  resume(): void {
    if (this.#clockChanged) this.onClockChange();
    if (this.#inbox.length > 0) this.#wake();
  }

  /** What the timers wait for comes sooner or later than it seemed. */
  onClockChange(): void {
    this.#clockChanged = this.#parts.process.paused;
    if (this.#clockChanged) return;
    if (this.#electionTimer !== 0) {
      this.#loop.cancel(this.#electionTimer);
      this.#armElection();
    }
    if (this.#heartbeatTimer !== 0) {
      this.#loop.cancel(this.#heartbeatTimer);
      this.#armHeartbeat();
    }
  }

  handle(opcode: number, a: number, b: number): void {
    if (!this.#parts.process.admits(this, opcode, a, b)) return;
    switch (opcode) {
      case STEPPED:
        this.#isArmed = false;
        this.#settleReady();
        this.wake();
        return;
      case SAVED:
        this.#parts.machine.finish(this.diskThread);
        this.#saving = false;
        if (a === OF_READY) this.#saved();
        this.#settleReady();
        return;
      case ELECTION:
        this.#electionDue();
        return;
      case HEARTBEAT:
        this.#heartbeatDue();
        return;
      case LEAVE:
        this.#parts.process.leave();
        return;
    }
  }

  describe(opcode: number): string {
    return `n${this.#parts.machine.node + 1} raft: ${RAFT_OPCODES[opcode]}`;
  }

  // ——— stepping ———

  #wake(): void {
    if (this.#isArmed || this.#parts.process.paused) return;
    const { now } = this.#loop;
    if (this.#isInside || now < this.#freeAt) {
      this.#arm();
      return;
    }
    this.#isInside = true;
    const inbox = this.#inbox;
    this.#inbox = this.#inboxNext;
    this.#inboxNext = inbox;
    this.#tellTime();
    for (let i = 0; i < inbox.length; i++) this.#stepOne(inbox[i]!);
    empty(inbox);
    const done = this.#compute(now);
    this.#freeAt = done;
    const stepped = this.#stepped;
    for (let i = 0; i < stepped.length; i++) stepped[i]!.steppedAt = done;
    empty(stepped);
    this.#watchTimers();
    this.#isInside = false;
    if (done === now) {
      this.#settleReady();
      this.wake();
    } else if (this.#inbox.length > 0 || this.#hasWork()) this.#arm();
  }

  #arm(): void {
    this.#isArmed = true;
    this.#loop.schedule(Math.max(this.#loop.now, this.#freeAt), this, STEPPED);
  }

  /** During a save there is nothing to do but step: its end looks again. */
  #hasWork(): boolean {
    if (this.node.fatal !== '') return true;
    return !this.#saving && (this.node.hasReady() || this.snapshots.isDue);
  }
  readonly #stepped: PendingRequest[] = [];

  #stepOne(input: Input): void {
    const { node } = this;
    if (typeof input === 'number') {
      if (node.readIndex(input) !== 'ok') this.reads.onDropped(input);
    } else if (input instanceof Message) {
      const { counts } = this.#parts.work;
      counts[MESSAGES_HANDLED] = counts[MESSAGES_HANDLED]! + 1;
      if (input.type === MSG_UNREACHABLE) node.reportUnreachable(input.from);
      else if (input.type === MSG_SNAP_STATUS) node.reportSnapshot(input.from, !input.reject);
      else {
        if (input.type === MSG_VOTE || input.type === MSG_PRE_VOTE)
          node.electionElapsed = this.#clock() - this.#resetAt;
        if (input.snapshot === undefined) node.step(input);
        else this.#stepSnapshot(input, input.snapshot);
      }
    } else if (input instanceof PendingRequest) this.#proposeOne(input);
    else node.proposeConfChange(input);
  }

  #stepSnapshot(message: Message, snapshot: Snapshot): void {
    if (!this.snapshots.arrived(snapshot)) return;
    this.node.step(message);
    if (this.node.state.log.snapshot !== snapshot) {
      this.snapshots.refused(snapshot);
      return;
    }
    this.#restoredIndex = snapshot.index;
    this.#parts.peers.follow(this.node.configuration);
  }

  #proposeOne(pending: PendingRequest): void {
    const { node } = this;
    const { pending: table } = this.#parts;
    if (this.applyThread.lag > this.#parts.spec.applyLagMax) {
      this.replies.refuse(pending, 'too-many-requests');
      return;
    }
    const outcome = node.propose(this.#encoder.encode(pending.request));
    if (outcome !== 'ok') {
      this.replies.refuse(pending, node.leader === 0 ? 'no-leader' : 'too-many-requests');
      return;
    }
    table.add(pending);
    this.#stepped.push(pending);
    if (node.isLeader) table.placed(pending, node.state.log.lastIndex());
  }

  // ——— Ready ———

  /** Takes Readys until one has to wait for the disk, or nothing is left to do. */
  #settleReady(): void {
    this.#isInside = true;
    if (this.#awaitsConfiguration && this.#configurationDue <= this.#configurationIndex) {
      this.#awaitsConfiguration = false;
      this.#saving = false;
      this.#finishReady();
    }
    while (!this.#saving && this.#parts.process.alive) {
      if (this.#loop.now < this.#quietUntil) {
        if (this.#hasWork()) this.#saveUntil(this.#quietUntil, OF_NOTHING);
        break;
      }
      if (this.snapshots.isDue) this.#saveSnapshot();
      else if (this.node.hasReady()) this.#process(this.node.ready());
      else break;
    }
    this.#isInside = false;
    if (this.node.fatal !== '') this.#fail(`raft: ${this.node.fatal}`);
    else if (this.snapshots.failure !== '') this.#fail(this.snapshots.failure);
    this.#watchTimers();
  }

  #process(ready: Ready): void {
    const { wal } = this;
    const { machine, peers, work } = this.#parts;
    const { now } = this.#loop;
    if (ready.softStateChanged) this.#observeRole(ready.role === LEADER);
    const { counts } = work;
    counts[MESSAGES_HANDLED] = counts[MESSAGES_HANDLED]! + ready.messages.length + ready.messagesAfterSave.length;
    // etcd: the leader sends first and saves in parallel; others save first
    const sendsFirst = ready.role === LEADER;
    if (sendsFirst && ready.messages.length > 0) peers.send(ready.messages);

    machine.disk.thread = this.diskThread;
    if (ready.snapshot !== undefined && !this.snapshots.receive(ready.snapshot, wal)) {
      this.#fail('the received snapshot could not be saved');
      return;
    }
    const { entries } = ready;
    this.#saveFirst = entries.length > 0 ? entries[0]!.index : 0;
    this.#saveLast = entries.length > 0 ? entries[entries.length - 1]!.index : -1;
    if (entries.length > 0 || this.unobservedFrom !== 0) this.#observeAppends(entries);
    for (let i = 0; i < ready.repaired.length; i++) {
      const repaired = wal.repair(ready.repaired[i]!);
      if (repaired !== 'ok') {
        this.#fail(`write-ahead log: ${repaired}`);
        return;
      }
    }
    let outcome = wal.save(ready.hardStateChanged ? ready : undefined, entries);
    // a commit index alone is not synced: a restart would find it below the snapshot and not take that for committed
    if (ready.snapshot !== undefined && outcome === 'ok') outcome = wal.sync();
    if (outcome !== 'ok') {
      this.#fail(`write-ahead log: ${outcome}`);
      return;
    }

    if (!sendsFirst) for (let i = 0; i < ready.messages.length; i++) this.#afterSave.push(ready.messages[i]!);
    for (let i = 0; i < ready.messagesAfterSave.length; i++) this.#afterSave.push(ready.messagesAfterSave[i]!);
    this.#restoring = ready.snapshot;
    // before the apply thread takes what it finds counted for its own
    const computed = this.#compute(now);
    if (ready.committed.length > 0) this.#commit(ready.committed, now);
    for (let i = 0; i < ready.readStates.length; i++) this.reads.onReadState(ready.readStates[i]!);

    if (this.#isAwaited(entries.length + ready.repaired.length)) {
      if (!this.#waitFor(OF_READY, computed)) this.#saved();
    } else {
      this.#quietUntil = computed;
      this.#saved();
    }
  }

  /** Whether something follows from the end of the save at hand. If not, it need not be an event. */
  #isAwaited(entries: number): boolean {
    const { machine } = this.#parts;
    const isBusy = entries > 0 || this.#afterSave.length > 0 || this.#restoring !== undefined;
    return isBusy || machine.hasRequests(this.diskThread);
  }

  /** Waits for what was computed (until `computed`) and requested just now; false if that takes no time. */
  #waitFor(what: number, computed: Time): boolean {
    const { machine } = this.#parts;
    const { now } = this.#loop;
    const done = machine.play(this.diskThread, computed);
    if (done === now) {
      machine.finish(this.diskThread);
      return false;
    }
    this.#saveUntil(done, what);
    return true;
  }

  #saveUntil(done: Time, what: number): void {
    this.#saving = true;
    this.#loop.schedule(done, this, SAVED, what);
  }

  #saveSnapshot(): void {
    this.#parts.machine.disk.thread = this.diskThread;
    if (this.snapshots.save(this.wal, this.node)) this.#waitFor(OF_SNAPSHOT, this.#compute(this.#loop.now));
    else this.#fail('the snapshot marker could not be saved');
  }

  #saved(): void {
    const { pending } = this.#parts;
    const { now } = this.#loop;
    if (this.#restoring !== undefined) this.applyThread.restore(this.#restoring);
    this.#restoring = undefined;
    for (let index = this.#saveFirst; index <= this.#saveLast; index++) {
      const request = pending.atIndex(index);
      if (request !== undefined && request.savedAt === 0) request.savedAt = now;
    }
    // as in etcd: until a change is in force nothing is said that may rest on the configuration before it
    this.#awaitsConfiguration = this.#configurationDue > this.#configurationIndex;
    if (this.#awaitsConfiguration) this.#saving = true;
    else this.#finishReady();
  }

  #finishReady(): void {
    if (this.#afterSave.length > 0) {
      this.#parts.peers.send(this.#afterSave);
      empty(this.#afterSave);
    }
    this.#tellTime();
    this.node.advance();
  }

  // ——— configuration ———

  /** Does this process know that the member was removed? What was before the snapshot that it began with it does not know. */
  hasRemoved(id: number): boolean {
    return this.#removed.has(id);
  }

  /** The apply thread has come to a committed change. */
  applyConfiguration(entry: Entry): void {
    const { node } = this;
    const { loop, node: machine } = this.#parts.machine;
    const before = node.configuration;
    const change = node.applyConfChangeEntry(entry);
    this.#configurationIndex = entry.index;
    const after = node.configuration;
    if (change !== undefined) this.#noteRemovals(change.changes, after);
    this.#parts.peers.follow(after);
    this.#observeConfiguration(entry.index);
    if (isMember(before, node.id) && !isMember(after, node.id)) {
      loop.schedule(loop.now + LEAVE_AFTER_HEARTBEATS * this.#parts.spec.heartbeatIntervalNs, this, LEAVE, machine);
    }
    // not from within the apply thread's round: what follows may offer it entries
    if (!this.#isArmed) this.#arm();
  }

  /** The apply thread has put a snapshot in the store's place. */
  snapshotInstalled(index: number): void {
    this.#observeConfiguration(index);
  }

  /** Not while the protocol is ahead of the store by a snapshot. */
  #observeConfiguration(index: number): void {
    const { machine, observer } = this.#parts;
    if (index >= this.#restoredIndex) observer.onConfiguration(machine.node, index, this.node.configuration);
  }

  #noteRemovals(changes: readonly Change[], after: Configuration): void {
    for (const { type, nodeId } of changes) {
      if (type === REMOVE_NODE && !isMember(after, nodeId)) this.#removed.add(nodeId);
    }
  }

  #observeRole(leads: boolean): void {
    const { machine, observer } = this.#parts;
    if (leads) observer.onLeader(machine.node, this.node.term);
    else if (this.#wasLeading) observer.onDeposed(machine.node);
    this.#wasLeading = leads;
  }

  #observeAppends(entries: readonly Entry[]): void {
    const { machine, observer } = this.#parts;
    if (this.unobservedFrom !== 0) {
      const { log } = this.node.state;
      if (log.damaged.length > 0) return;
      const from = Math.max(log.firstIndex(), Math.min(this.unobservedFrom, entries[0]?.index ?? this.unobservedFrom));
      this.unobservedFrom = 0;
      if (from > log.lastIndex()) return;
      entries = log.slice(from, Number.POSITIVE_INFINITY);
    }
    let previousTerm = this.node.state.log.term(entries[0]!.index - 1);
    for (let i = 0; i < entries.length; i++) {
      observer.onAppend(machine.node, entries[i]!, previousTerm);
      previousTerm = entries[i]!.term;
    }
  }

  #commit(committed: readonly Entry[], now: Time): void {
    const { machine, observer, pending } = this.#parts;
    for (let i = 0; i < committed.length; i++) {
      const entry = committed[i]!;
      observer.onCommit(machine.node, entry);
      if (entry.type !== ENTRY_NORMAL) this.#configurationDue = entry.index;
      const request = pending.atIndex(entry.index);
      if (request !== undefined) request.committedAt = now;
    }
    this.applyThread.offer(committed);
  }

  #compute(now: Time): Time {
    return this.#parts.machine.compute(now, this.#parts.work);
  }

  #fail(reason: string): void {
    this.#parts.process.fail(reason);
  }

  // ——— timers: deadlines that are moved, not polled ———

  /** Looks whether the protocol has reset its election timer or changed role. */
  #watchTimers(): void {
    const { node } = this;
    const { spec, rng } = this.#parts;
    const now = this.#clock();
    if (node.timeoutDraws !== this.#drawsSeen) {
      this.#drawsSeen = node.timeoutDraws;
      this.#randomTimeout = spec.electionTimeoutNs + rng.int(0, spec.electionTimeoutNs - 1);
    }
    if (node.electionTimerResets !== this.#resetsSeen) {
      this.#resetsSeen = node.electionTimerResets;
      this.#resetAt = now;
    }
    this.#electionDeadline = this.#resetAt + (node.isLeader ? spec.electionTimeoutNs : this.#randomTimeout);
    if (this.#electionTimer !== 0 && this.#electionTimerAt > this.#electionDeadline) {
      this.#loop.cancel(this.#electionTimer);
      this.#electionTimer = 0;
    }
    if (this.#electionTimer === 0) this.#armElection();
    if (node.isLeader && this.#heartbeatTimer === 0) {
      this.#heartbeatAt = now + spec.heartbeatIntervalNs;
      this.#armHeartbeat();
    }
  }

  #tellTime(): void {
    if (this.#parts.spec.readOnly === 'lease') this.node.clock = leaseClock(this.#clock());
  }

  #clock(): Time {
    return this.#parts.machine.clock.read(this.#loop.now);
  }

  #armHeartbeat(): void {
    const at = this.#parts.machine.clock.when(this.#heartbeatAt, this.#loop.now);
    this.#heartbeatTimer = this.#loop.schedule(at, this, HEARTBEAT);
  }

  /** A deadline that moves back costs nothing: the timer fires early and is set again. */
  #armElection(): void {
    const { now } = this.#loop;
    this.#electionTimerAt = Math.max(this.#clock(), this.#electionDeadline);
    const at = this.#parts.machine.clock.when(this.#electionTimerAt, now);
    this.#electionTimer = this.#loop.schedule(at, this, ELECTION);
  }

  #electionDue(): void {
    const now = this.#clock();
    this.#electionTimer = 0;
    if (now < this.#electionDeadline) {
      this.#armElection();
      return;
    }
    if (this.node.isLeader) this.node.checkQuorumTimeout();
    else this.node.electionTimeout();
    // a node that may not be elected, whose timer is not reset, counts on from here
    this.#resetAt = now;
    this.#watchTimers();
    this.poke();
  }

  #heartbeatDue(): void {
    this.#heartbeatTimer = 0;
    if (!this.node.isLeader) return;
    this.#tellTime();
    this.node.heartbeatTimeout();
    this.#watchTimers();
    this.poke();
  }
}

function isMember({ voters, votersOutgoing, learners }: Configuration, id: number): boolean {
  return voters.includes(id) || votersOutgoing.includes(id) || learners.includes(id);
}

/** `length = 0` gives the storage back to V8, which costs more than what is usually in there. */
function empty(array: unknown[]): void {
  if (array.length > 64) array.length = 0;
  else while (array.length > 0) array.pop();
}
