/**
 * The Raft loop of one replica: takes inputs one after the other, steps the protocol, and carries out
 * what it asks for: messages, write-ahead log, entries to apply.
 *
 * Two threads of the real server in one. Stepping takes processor time, and what comes in meanwhile
 * waits in the inbox and is stepped together next. Saving takes disk time; stepping goes on
 * during a save, and all that comes together meanwhile makes the next Ready: that is the group commit.
 */
import type { Time } from '../clock.ts';
import type { EventLoop, Handler } from '../loop.ts';
import type { ApplyThread } from './apply-thread.ts';
import { ConfigurationChanges, LEAVE } from './configuration-changes.ts';
import type { PendingRequest } from './pending-requests.ts';
import type { ConfChange } from './raft/conf-change.ts';
import { type Entry, Message, MSG_SNAP_STATUS, MSG_UNREACHABLE } from './raft/messages.ts';
import type { RaftNode, Ready } from './raft/ready.ts';
import { RaftInbox, type RaftInput } from './raft-inbox.ts';
import type { RaftThreadLinks, RaftThreadParts } from './raft-thread-parts.ts';
import { ELECTION, HEARTBEAT, RaftTimers } from './raft-timers.ts';
import type { ReadQueue } from './read-queue.ts';
import { ReadySave } from './ready-save.ts';
import type { ReplySender } from './reply-sender.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import type { WriteAheadLog } from './wal/write-ahead-log.ts';

// 3 to 5: timers and the leave
const STEPPED = 1;
const SAVED = 2;
/** What a save was for. */
const OF_READY = 0;
const OF_SNAPSHOT = 1;
const OF_NOTHING = 2;
const OPCODES = ['', 'stepped', 'saved to the log', 'election timer', 'heartbeat timer', 'leaves'];

export class RaftThread implements Handler, RaftThreadLinks {
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
  readonly #timers: RaftTimers;
  readonly configuration: ConfigurationChanges;
  readonly #inbox: RaftInbox;
  readonly #save: ReadySave;
  /** What was stepped last has had its processor time. */
  #freeAt: Time = 0;
  /** The end of that time is an event: only where somebody waits for it. */
  #isArmed = false;
  /** In the middle of stepping or of carrying out a Ready. */
  #isInside = false;
  #saving = false;
  /** Until then carrying out a Ready takes processor time whose end nobody waits for. */
  #quietUntil: Time = 0;
  /** What was to be done after the save waits for a change of the configuration to be in force. */
  #awaitsConfiguration = false;
  /** The clock changed during a pause. */
  #clockChanged = false;

  constructor(parts: RaftThreadParts, traceId: number, diskThread: number) {
    this.#parts = parts;
    this.#loop = parts.machine.loop;
    this.traceId = traceId;
    this.diskThread = diskThread;
    this.#timers = new RaftTimers(parts, this);
    this.configuration = new ConfigurationChanges(parts, this);
    this.#inbox = new RaftInbox(parts, this, this.#timers, this.configuration);
    this.#save = new ReadySave(parts, this, this.configuration, diskThread);
  }

  start(): void {
    this.configuration.start();
    this.#timers.watch();
    this.#settleReady();
  }

  // ——— inputs ———

  receive(messages: readonly Message[]): void {
    this.#inbox.receive(messages);
    this.wake();
  }

  /** To be followed by `wake`: what comes at one instant is stepped together. */
  propose(pending: PendingRequest): void {
    this.#inbox.add(pending);
  }

  wake(): void {
    if (!this.#inbox.isEmpty) this.#wake();
  }

  /** Nobody answers: whether it has come about shows in the configuration. */
  proposeChange(change: ConfChange): void {
    this.#take(change);
  }

  readIndex(context: number): void {
    this.#take(context);
  }

  reportUnreachable(peer: number): void {
    this.#take(new Message(MSG_UNREACHABLE, this.node.id, peer, 0));
  }

  reportSnapshot(peer: number, ok: boolean): void {
    const message = new Message(MSG_SNAP_STATUS, this.node.id, peer, 0);
    message.reject = !ok;
    this.#take(message);
  }

  #take(input: RaftInput): void {
    this.#inbox.add(input);
    this.#wake();
  }

  /** Something outside changed what the protocol may do next: a change was applied, a snapshot is due. */
  poke(): void {
    if (this.#isArmed) return;
    if (this.#isInside || this.#loop.now < this.#freeAt) this.#arm();
    else this.#settleReady();
  }

  /** The process goes on after a pause: its sockets may hold messages. */
  resume(): void {
    if (this.#clockChanged) this.onClockChange();
    this.wake();
  }

  onClockChange(): void {
    this.#clockChanged = this.#parts.process.paused;
    if (!this.#clockChanged) this.#timers.onClockChange();
  }

  /** Entries from here on are shown to the observer only once they are repaired. */
  hideFrom(index: number): void {
    this.#save.unobservedFrom = index;
  }

  /** The apply thread has come to a committed change. */
  applyConfiguration(entry: Entry): void {
    this.configuration.apply(entry);
    // not from within the apply thread's round: what follows may offer it entries
    if (!this.#isArmed) this.#arm();
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
        if (this.#timers.electionDue()) this.poke();
        return;
      case HEARTBEAT:
        if (this.#timers.heartbeatDue()) this.poke();
        return;
      case LEAVE:
        this.#parts.process.leave();
        return;
    }
  }

  describe(opcode: number): string {
    return `n${this.#parts.machine.node + 1} raft: ${OPCODES[opcode]}`;
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
    this.#inbox.step();
    const done = this.#compute(now);
    this.#freeAt = done;
    this.#inbox.stepped(done);
    this.#timers.watch();
    this.#isInside = false;
    if (done === now) {
      this.#settleReady();
      this.wake();
    } else if (!this.#inbox.isEmpty || this.#hasWork()) this.#arm();
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

  // ——— Ready ———

  /** Takes Readys until one has to wait for the disk, or nothing is left to do. */
  #settleReady(): void {
    this.#isInside = true;
    if (this.#awaitsConfiguration && !this.configuration.isAwaited) {
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
    this.#timers.watch();
  }

  #process(ready: Ready): void {
    const computed = this.#save.begin(ready);
    if (computed < 0) return;
    if (this.#save.isAwaited) {
      if (!this.#waitFor(OF_READY, computed)) this.#saved();
    } else {
      this.#quietUntil = computed;
      this.#saved();
    }
  }

  /** Waits for what was computed (until `computed`) and requested just now; false if that takes no time. */
  #waitFor(what: number, computed: Time): boolean {
    const done = this.#parts.machine.play(this.diskThread, computed);
    if (done === this.#loop.now) {
      this.#parts.machine.finish(this.diskThread);
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
    this.#save.end();
    const goesOn = this.node.state.bugs['campaign-before-change-applied'];
    this.#awaitsConfiguration = this.configuration.isAwaited && !goesOn;
    if (this.#awaitsConfiguration) this.#saving = true;
    else this.#finishReady();
  }

  #finishReady(): void {
    this.#save.sendPromises();
    this.#timers.tellTime();
    this.node.advance();
  }

  #compute(now: Time): Time {
    return this.#parts.machine.compute(now, this.#parts.work);
  }

  #fail(reason: string): void {
    this.#parts.process.fail(reason);
  }
}
