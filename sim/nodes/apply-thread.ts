/**
 * The apply queue of one replica: committed entries in, state machine and engine below, replies out.
 *
 * One thread, as in etcd: it applies a round of entries, and the backend's commit (after
 * `batchOperations` operations or `batchIntervalNs`) holds it up while the disk works. An engine
 * under pressure slows it down or stops it; the queue then grows, and above `applyLagMax` the
 * Raft thread refuses proposals.
 */
import { assert } from '../assert.ts';
import { SECOND, type Time } from '../clock.ts';
import type { EventLoop, Handler } from '../loop.ts';
import { WAITS } from '../rpc.ts';
import type { ClusterSpec } from '../run-spec.ts';
import type { StorageEngine } from '../storage-engine.ts';
import type { Work } from '../work.ts';
import type { BackgroundWork } from './background-work.ts';
import type { ReplySink, StateMachine } from './kv/state-machine.ts';
import type { Machine } from './machine.ts';
import type { NodeObserver } from './observer.ts';
import type { PendingRequest, PendingRequests } from './pending-requests.ts';
import type { Process } from './process.ts';
import { EMPTY_DATA, ENTRY_NORMAL, Entry, type Snapshot } from './raft/messages.ts';
import type { RaftThread } from './raft-thread.ts';
import type { ReadQueue } from './read-queue.ts';
import type { ReplySender } from './reply-sender.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';

const APPLIED = 1;
const COMMITTED = 2;
const COMMIT_INTERVAL = 3;
const RESTORED = 4;
/** The next of the disk's requests is due; `b`: the opcode that follows the last. */
const PLAY = 5;
const OPCODES = ['', 'applied', 'committed', 'commit interval', 'restored', 'disk'];

/** Entries applied between two looks at the clock: a longer round would delay the first reply in it. */
const ROUND_ENTRIES_MAX = 64;

const [RAFT_THREAD, WAL_SYNC, REPLICATION, APPLY_QUEUE, ENGINE_CPU, ENGINE_STALL, DISK_QUEUE] = (
  ['raftThread', 'walSync', 'replication', 'applyQueue', 'engineCpu', 'engineStall', 'diskQueue'] as const
).map((name) => WAITS.indexOf(name)) as [number, number, number, number, number, number, number];

export interface ApplyThreadParts {
  readonly machine: Machine;
  readonly process: Process;
  readonly spec: ClusterSpec;
  readonly work: Work;
  readonly observer: NodeObserver;
  readonly pending: PendingRequests;
  readonly replies: ReplySender;
}

export class ApplyThread implements Handler, ReplySink {
  readonly traceId: number;
  readonly diskThread: number;
  machine!: StateMachine;
  engine!: StorageEngine;
  raft!: RaftThread;
  reads!: ReadQueue;
  snapshots!: SnapshotKeeper;
  background!: BackgroundWork;
  #appliedIndex = 0;
  readonly #parts: ApplyThreadParts;
  readonly #loop: EventLoop;
  #queue: (Entry | Snapshot)[] = [];
  #head = 0;
  #busy = false;
  /** The end of a round that nobody waits for is no event, only a time; −1: there is none. */
  #quietUntil: Time = -1;
  #quietIndex = 0;
  #commitDue = false;
  #intervalArmed = false;
  #stalledSince: Time = -1;

  // the round at hand
  #roundStart: Time = 0;
  #roundStall = 0;
  /** By how much the engine slows the round down. */
  #roundDelay = 0;
  #roundComputed: Time = 0;
  // The first `#answeredCount` elements count: emptying an array would free it.
  readonly #answered: PendingRequest[] = [];
  readonly #revisions: number[] = [];
  readonly #counts: number[] = [];
  #answeredCount = 0;

  constructor(parts: ApplyThreadParts, traceId: number, diskThread: number) {
    this.#parts = parts;
    this.#loop = parts.machine.loop;
    this.traceId = traceId;
    this.diskThread = diskThread;
  }

  /** What a reader may rely on: entries up to here have had their time. */
  get appliedIndex(): number {
    if (this.#quietUntil >= 0 && this.#quietUntil <= this.#loop.now) this.#endQuiet();
    return this.#appliedIndex;
  }

  set appliedIndex(index: number) {
    this.#appliedIndex = index;
  }

  /** Somebody waits for what is being applied: the end of the round becomes an event. */
  announceEnd(): void {
    if (this.#quietUntil < 0 || this.#busy) return;
    this.#busy = true;
    this.#loop.schedule(Math.max(this.#loop.now, this.#quietUntil), this, APPLIED, this.#quietIndex);
    this.#quietUntil = -1;
  }

  /** Committed entries that are not applied yet. */
  get lag(): number {
    return this.#queue.length - this.#head;
  }

  offer(entries: readonly Entry[]): void {
    for (let i = 0; i < entries.length; i++) this.#queue.push(entries[i]!);
    this.#next();
  }

  /** The snapshot's files are on this disk; once earlier entries are through, they replace the store. */
  restore(snapshot: Snapshot): void {
    this.#queue.push(snapshot);
    this.#next();
  }

  /** Background work has made room. */
  unstall(): void {
    if (this.#stalledSince >= 0) this.#next();
  }

  handle(opcode: number, a: number, b: number): void {
    if (!this.#parts.process.admits(this, opcode, a, b)) return;
    switch (opcode) {
      case PLAY:
        this.#parts.machine.finish(this.diskThread);
        this.#play(b, a);
        return;
      case APPLIED:
        this.#parts.machine.finish(this.diskThread);
        this.#busy = false;
        this.#applied(a);
        break;
      case RESTORED:
        this.#parts.machine.finish(this.diskThread);
        this.#busy = false;
        this.#visible(a);
        break;
      case COMMITTED:
        this.#parts.machine.finish(this.diskThread);
        this.#busy = false;
        this.snapshots.committed(a);
        this.raft.poke();
        break;
      case COMMIT_INTERVAL:
        this.#intervalArmed = false;
        this.#commitDue = this.machine.uncommittedOperations > 0;
        break;
    }
    this.#next();
  }

  describe(opcode: number, a: number): string {
    return `n${this.#parts.machine.node + 1} apply: ${OPCODES[opcode]}${a > 0 ? ` up to ${a}` : ''}`;
  }

  /** ReplySink: called back by the state machine for each request that it has applied. */
  onApplied(session: number, sequence: number, revision: number, count: number, tookEffect: boolean): void {
    const { machine, observer } = this.#parts;
    if (tookEffect) observer.onEffect(machine.node, this.machine.appliedIndex, session, sequence);
    const request = this.#parts.pending.take(session, sequence);
    if (request === undefined) return;
    const at = this.#answeredCount++;
    this.#answered[at] = request;
    this.#revisions[at] = revision;
    this.#counts[at] = count;
  }

  #next(): void {
    if (this.#busy) return;
    if (this.#quietUntil >= 0) {
      if (this.#quietUntil > this.#loop.now) {
        if (this.#commitDue || this.#head < this.#queue.length) this.announceEnd();
        return;
      }
      this.#endQuiet();
    }
    const { spec } = this.#parts;
    const { uncommittedOperations } = this.machine;
    if (
      this.#commitDue ||
      uncommittedOperations >= spec.backend.batchOperations ||
      this.snapshots.wantsCommit(this.#appliedIndex)
    ) {
      this.#commit();
    } else if (this.#head < this.#queue.length) {
      const first = this.#queue[this.#head]!;
      if (first instanceof Entry) this.#round();
      else this.#restoreOne(first);
    }
  }

  #round(): void {
    const { machine, spec, work } = this.#parts;
    const { now } = this.#loop;
    const pressure = this.engine.pressure();
    if (pressure === 'stop' && this.background.isBusy()) {
      if (this.#stalledSince < 0) this.#stalledSince = now;
      return;
    }
    this.#roundStall = this.#stalledSince >= 0 ? now - this.#stalledSince : 0;
    this.#stalledSince = -1;
    this.#roundStart = now;
    machine.disk.thread = this.diskThread;

    const bytes = this.#applyEntries();
    const outcome = this.machine.flush();
    if (outcome !== 'ok') {
      this.#parts.process.fail(`storage engine: ${outcome} on write`);
      return;
    }
    const { corruption } = this.machine;
    if (corruption !== undefined) {
      this.#parts.process.fail(`storage engine: ${corruption.where}: ${corruption.what}`);
      return;
    }
    this.#roundComputed = machine.compute(now, work);
    this.#roundDelay = pressure === 'slow' ? Math.round((bytes * SECOND) / this.engine.delayedBytesPerS) : 0;
    this.#roundStall += this.#roundDelay;
    if (pressure === 'none' && this.#isQuiet()) {
      this.#quietUntil = this.#roundComputed;
      this.#quietIndex = this.machine.appliedIndex;
    } else this.#whenComputed(this.#roundComputed, APPLIED);
    if (!this.#intervalArmed && this.machine.uncommittedOperations > 0) {
      this.#intervalArmed = true;
      this.#loop.schedule(now + spec.backend.batchIntervalNs, this, COMMIT_INTERVAL);
    }
  }

  /** Nobody waits for the end of the round at hand, and nothing follows from it by itself. */
  #isQuiet(): boolean {
    const { machine, spec } = this.#parts;
    return (
      this.#answeredCount === 0 &&
      this.#head === this.#queue.length &&
      !this.#commitDue &&
      this.machine.uncommittedOperations < spec.backend.batchOperations &&
      !this.snapshots.wantsCommit(this.machine.appliedIndex) &&
      !this.reads.isWaiting &&
      !machine.hasRequests(this.diskThread) &&
      !this.background.prepare()
    );
  }

  #endQuiet(): void {
    this.#quietUntil = -1;
    this.#appliedIndex = this.#quietIndex;
  }

  /** Up to a round of entries from the queue; returns their bytes. */
  #applyEntries(): number {
    const { machine, observer } = this.#parts;
    const state = this.machine;
    let bytes = 0;
    const end = Math.min(this.#queue.length, this.#head + ROUND_ENTRIES_MAX);
    while (this.#head < end) {
      const entry = this.#queue[this.#head]!;
      if (!(entry instanceof Entry)) break;
      this.#head++;
      if (entry.type !== ENTRY_NORMAL) this.#changeConfiguration(entry);
      if (entry.index <= state.appliedIndex) continue; // replayed from the log, but the engine had it
      const isRequest = entry.type === ENTRY_NORMAL;
      state.apply(entry.index, entry.term, isRequest ? entry.data : EMPTY_DATA, this);
      bytes += entry.payloadBytes;
      observer.onApply(machine.node, entry.index, state.applyHashWord);
    }
    if (this.#head === this.#queue.length) {
      if (this.#head > 64) this.#queue.length = 0;
      else while (this.#queue.length > 0) this.#queue.pop(); // keeps the storage, which costs more than a short queue
      this.#head = 0;
    } else if (this.#head > 4096) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return bytes;
  }

  #changeConfiguration(entry: Entry): void {
    // what a restart applies again may be in the snapshots' configuration already
    if (entry.index > this.machine.appliedIndex) this.snapshots.changeConfiguration(entry);
    this.raft.applyConfiguration(entry);
  }

  #applied(index: number): void {
    const { replies } = this.#parts;
    const { now } = this.#loop;
    for (let i = 0; i < this.#answeredCount; i++) {
      const request = this.#answered[i]!;
      this.#noteWaits(request, now);
      replies.add(request, 'ok', undefined, this.#counts[i]!, this.#revisions[i]!, true);
    }
    if (this.#answeredCount > 0) {
      this.#answeredCount = 0;
      replies.flush();
    }
    this.#visible(index);
  }

  #visible(index: number): void {
    this.#appliedIndex = index;
    this.reads.onApplied(index);
    this.background.kick();
  }

  #commit(): void {
    const { machine, process, work } = this.#parts;
    const { now } = this.#loop;
    machine.disk.thread = this.diskThread;
    this.#commitDue = false;
    const outcome = this.machine.commit();
    if (outcome !== 'ok') {
      process.fail(`storage engine: ${outcome} on commit`);
      return;
    }
    this.#whenComputed(machine.compute(now, work), COMMITTED);
    this.background.kick();
  }

  #restoreOne(snapshot: Snapshot): void {
    const { machine, observer, work } = this.#parts;
    const { now } = this.#loop;
    assert(this.#answeredCount === 0, 'apply: a restore in the middle of a round');
    this.#head++;
    machine.disk.thread = this.diskThread;
    if (!this.snapshots.install(snapshot)) {
      this.#parts.process.fail('the installed snapshot could not be opened');
      return;
    }
    observer.onRestore(machine.node, this.machine.appliedIndex, this.machine.applyHashWord);
    this.raft.configuration.installed(snapshot.index);
    this.#whenComputed(machine.compute(now, work), RESTORED);
  }

  /** First the processor's time, then the disk's. */
  #whenComputed(computed: Time, opcode: number): void {
    this.#busy = true;
    const { appliedIndex } = this.machine;
    if (this.#parts.machine.hasRequests(this.diskThread)) {
      this.#loop.schedule(computed, this, PLAY, appliedIndex, opcode);
    } else this.#finishAt(computed, opcode, appliedIndex);
  }

  #play(opcode: number, appliedIndex: number): void {
    const { machine } = this.#parts;
    const done = machine.playSome(this.diskThread, this.#loop.now);
    if (machine.hasRequests(this.diskThread)) this.#loop.schedule(done, this, PLAY, appliedIndex, opcode);
    else this.#finishAt(done, opcode, appliedIndex);
  }

  #finishAt(done: Time, opcode: number, appliedIndex: number): void {
    const delay = opcode === APPLIED ? this.#roundDelay : 0;
    this.#loop.schedule(done + delay, this, opcode, appliedIndex);
  }

  /** Where the write's time inside this node went; the parts add up to now − arrival. */
  #noteWaits(request: PendingRequest, now: Time): void {
    const { replies } = this.#parts;
    const from = replies.nextWaits();
    const { waits } = replies;
    const { arrivedAt, steppedAt } = request;
    // forwarded to the leader: this node cannot tell saving from replicating
    const committedAt = request.committedAt > 0 ? request.committedAt : this.#roundStart;
    const savedAt = request.savedAt > 0 ? Math.min(request.savedAt, committedAt) : steppedAt;
    const queued = this.#roundStart - committedAt;
    const stallBefore = Math.min(this.#roundStall, queued);
    const after = now - this.#roundComputed;
    const stallAfter = Math.min(after, this.#roundStall - stallBefore);
    waits[from + RAFT_THREAD] = steppedAt - arrivedAt;
    waits[from + WAL_SYNC] = savedAt - steppedAt;
    waits[from + REPLICATION] = committedAt - savedAt;
    waits[from + APPLY_QUEUE] = queued - stallBefore;
    waits[from + ENGINE_CPU] = this.#roundComputed - this.#roundStart;
    waits[from + ENGINE_STALL] = stallBefore + stallAfter;
    waits[from + DISK_QUEUE] = after - stallAfter;
  }
}
