/**
 * Changes of the membership on their way through one replica. They are handed out as they are committed, and in force
 * once the apply thread has come to them; in between the Raft loop says nothing that may rest on what was before, as
 * in etcd. A node that finds itself removed stays for a while, so that others learn of it, and ends.
 */
import type { Handler } from '../loop.ts';
import { type Change, REMOVE_NODE } from './raft/conf-change.ts';
import type { Configuration, Entry } from './raft/messages.ts';
import type { RaftThreadLinks, RaftThreadParts } from './raft-thread-parts.ts';

export const LEAVE = 5;
/** etcd's. */
const LEAVE_AFTER_HEARTBEATS = 10;

export class ConfigurationChanges {
  readonly #parts: RaftThreadParts;
  readonly #thread: Handler & RaftThreadLinks;
  /** Index of the last change that was handed out, and of the last that is in force. */
  #dueIndex = 0;
  #inForceIndex = 0;
  /** Of the newest snapshot that the protocol has taken in. */
  #restoredIndex = 0;
  /** Members whose removal this process has seen. */
  readonly #removed = new Set<number>();

  constructor(parts: RaftThreadParts, thread: Handler & RaftThreadLinks) {
    this.#parts = parts;
    this.#thread = thread;
  }

  start(): void {
    this.#parts.peers.follow(this.#thread.node.configuration);
  }

  /** A change is on its way to the apply thread. */
  handedOut(index: number): void {
    this.#dueIndex = index;
  }

  /** Something that was handed out is not in force yet. */
  get isAwaited(): boolean {
    return this.#dueIndex > this.#inForceIndex;
  }

  /** Does this process know that the member was removed? What was before the snapshot that it began with it does not know. */
  hasRemoved(id: number): boolean {
    return this.#removed.has(id);
  }

  /** The apply thread has come to a committed change. */
  apply(entry: Entry): void {
    const { node } = this.#thread;
    const { machine, spec } = this.#parts;
    const before = node.configuration;
    const change = node.applyConfChangeEntry(entry);
    this.#inForceIndex = entry.index;
    const after = node.configuration;
    if (change !== undefined) this.#noteRemovals(change.changes, after);
    this.#parts.peers.follow(after);
    this.#observe(entry.index);
    if (isMember(before, node.id) && !isMember(after, node.id)) {
      const at = machine.loop.now + LEAVE_AFTER_HEARTBEATS * spec.heartbeatIntervalNs;
      machine.loop.schedule(at, this.#thread, LEAVE, machine.node);
    }
  }

  /** The protocol has taken a snapshot in, and the configuration with it. */
  restored(snapshotIndex: number): void {
    this.#restoredIndex = snapshotIndex;
    this.#parts.peers.follow(this.#thread.node.configuration);
  }

  /** The apply thread has put a snapshot in the store's place. */
  installed(snapshotIndex: number): void {
    this.#observe(snapshotIndex);
  }

  /** Not while the protocol is ahead of the store by a snapshot. */
  #observe(index: number): void {
    const { machine, observer } = this.#parts;
    if (index >= this.#restoredIndex) observer.onConfiguration(machine.node, index, this.#thread.node.configuration);
  }

  #noteRemovals(changes: readonly Change[], after: Configuration): void {
    for (const { type, nodeId } of changes) {
      if (type === REMOVE_NODE && !isMember(after, nodeId)) this.#removed.add(nodeId);
    }
  }
}

function isMember({ voters, votersOutgoing, learners }: Configuration, id: number): boolean {
  return voters.includes(id) || votersOutgoing.includes(id) || learners.includes(id);
}
