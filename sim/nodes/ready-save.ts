/**
 * One Ready carried out: what leaves before the save, the save, and what waits for its end. A leader's messages leave
 * before its own save, as in etcd, and a follower's after it.
 */
import type { Time } from '../clock.ts';
import { emptyArray } from '../empty-array.ts';
import { MESSAGES_HANDLED } from '../work.ts';
import type { ConfigurationChanges } from './configuration-changes.ts';
import { ENTRY_NORMAL, type Entry, type Message, type Snapshot } from './raft/messages.ts';
import type { Ready } from './raft/ready.ts';
import { LEADER } from './raft/state.ts';
import type { RaftThreadLinks, RaftThreadParts } from './raft-thread-parts.ts';

export class ReadySave {
  /** Entries from here on have not been shown to the observer, as some of them are damaged; 0: none. */
  unobservedFrom = 0;
  readonly #parts: RaftThreadParts;
  readonly #links: RaftThreadLinks;
  readonly #configuration: ConfigurationChanges;
  readonly #diskThread: number;
  #wasLeading = false;
  #saveFirst = 0;
  #saveLast = 0;
  #isWriting = false;
  /** Takes the place of the store once it and its mark are saved. */
  #restoring: Snapshot | undefined;
  readonly #afterSave: Message[] = [];

  constructor(parts: RaftThreadParts, links: RaftThreadLinks, configuration: ConfigurationChanges, diskThread: number) {
    this.#parts = parts;
    this.#links = links;
    this.#configuration = configuration;
    this.#diskThread = diskThread;
  }

  /** When the processor is through with it; what the disk has to do besides is requested. −1: the process has ended. */
  begin(ready: Ready): Time {
    const { machine, peers, work } = this.#parts;
    const { now } = machine.loop;
    if (ready.softStateChanged) this.#observeRole(ready.role === LEADER);
    const { counts } = work;
    counts[MESSAGES_HANDLED] = counts[MESSAGES_HANDLED]! + ready.messages.length + ready.messagesAfterSave.length;
    const sendsFirst = ready.role === LEADER;
    if (sendsFirst && ready.messages.length > 0) peers.send(ready.messages);

    machine.disk.thread = this.#diskThread;
    const failure = this.#write(ready);
    if (failure !== '') {
      this.#parts.process.fail(failure);
      return -1;
    }

    if (!sendsFirst) for (let i = 0; i < ready.messages.length; i++) this.#afterSave.push(ready.messages[i]!);
    for (let i = 0; i < ready.messagesAfterSave.length; i++) this.#afterSave.push(ready.messagesAfterSave[i]!);
    this.#restoring = ready.snapshot;
    // before the apply thread takes what it finds counted for its own
    const computed = machine.compute(now, work);
    if (ready.committed.length > 0) this.#commit(ready.committed, now);
    const { reads } = this.#links;
    for (let i = 0; i < ready.readStates.length; i++) reads.onReadState(ready.readStates[i]!);
    return computed;
  }

  /** Whether something follows from the end of the save at hand. If not, it need not be an event. */
  get isAwaited(): boolean {
    const isBusy = this.#isWriting || this.#afterSave.length > 0 || this.#restoring !== undefined;
    return isBusy || this.#parts.machine.hasRequests(this.#diskThread);
  }

  /** The save's time has passed. */
  end(): void {
    const { pending, machine } = this.#parts;
    if (this.#restoring !== undefined) this.#links.applyThread.restore(this.#restoring);
    this.#restoring = undefined;
    for (let index = this.#saveFirst; index <= this.#saveLast; index++) {
      const request = pending.atIndex(index);
      if (request !== undefined && request.savedAt === 0) request.savedAt = machine.loop.now;
    }
  }

  /** After the end, and no change of the configuration is awaited: what was promised leaves. */
  sendPromises(): void {
    if (this.#afterSave.length === 0) return;
    this.#parts.peers.send(this.#afterSave);
    emptyArray(this.#afterSave);
  }

  /** Why the process must end; '' if it need not. */
  #write(ready: Ready): string {
    const { wal, snapshots } = this.#links;
    const { entries, repaired, snapshot } = ready;
    if (snapshot !== undefined && !snapshots.receive(snapshot, wal)) return 'the received snapshot could not be saved';
    this.#saveFirst = entries.length > 0 ? entries[0]!.index : 0;
    this.#saveLast = entries.length > 0 ? entries[entries.length - 1]!.index : -1;
    this.#isWriting = entries.length + repaired.length > 0;
    if (entries.length > 0 || this.unobservedFrom !== 0) this.#observeAppends(entries);
    for (let i = 0; i < repaired.length; i++) {
      const outcome = wal.repair(repaired[i]!);
      if (outcome !== 'ok') return `write-ahead log: ${outcome}`;
    }
    let outcome = wal.save(ready.hardStateChanged ? ready : undefined, entries);
    // a commit index alone is not synced: a restart would find it below the snapshot and not take that for committed
    if (snapshot !== undefined && outcome === 'ok') outcome = wal.sync();
    return outcome === 'ok' ? '' : `write-ahead log: ${outcome}`;
  }

  #commit(committed: readonly Entry[], now: Time): void {
    const { machine, observer, pending } = this.#parts;
    for (let i = 0; i < committed.length; i++) {
      const entry = committed[i]!;
      observer.onCommit(machine.node, entry);
      if (entry.type !== ENTRY_NORMAL) this.#configuration.handedOut(entry.index);
      const request = pending.atIndex(entry.index);
      if (request !== undefined) request.committedAt = now;
    }
    this.#links.applyThread.offer(committed);
  }

  #observeRole(leads: boolean): void {
    const { machine, observer } = this.#parts;
    if (leads) observer.onLeader(machine.node, this.#links.node.term);
    else if (this.#wasLeading) observer.onDeposed(machine.node);
    this.#wasLeading = leads;
  }

  #observeAppends(entries: readonly Entry[]): void {
    const { machine, observer } = this.#parts;
    const { log } = this.#links.node.state;
    if (this.unobservedFrom !== 0) {
      if (log.damaged.length > 0) return;
      const from = Math.max(log.firstIndex(), Math.min(this.unobservedFrom, entries[0]?.index ?? this.unobservedFrom));
      this.unobservedFrom = 0;
      if (from > log.lastIndex()) return;
      entries = log.slice(from, Number.POSITIVE_INFINITY);
    }
    let previousTerm = log.term(entries[0]!.index - 1);
    for (let i = 0; i < entries.length; i++) {
      observer.onAppend(machine.node, entries[i]!, previousTerm);
      previousTerm = entries[i]!.term;
    }
  }
}
