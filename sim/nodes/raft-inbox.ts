/** What waits to be stepped by a Raft loop, and how each kind of input reaches the protocol. */
import type { Time } from '../clock.ts';
import { emptyArray } from '../empty-array.ts';
import { MESSAGES_HANDLED } from '../work.ts';
import type { ConfigurationChanges } from './configuration-changes.ts';
import { RequestEncoder } from './kv/request-codec.ts';
import { PendingRequest } from './pending-requests.ts';
import type { ConfChange } from './raft/conf-change.ts';
import { Message, MSG_PRE_VOTE, MSG_SNAP_STATUS, MSG_UNREACHABLE, MSG_VOTE, type Snapshot } from './raft/messages.ts';
import type { RaftThreadLinks, RaftThreadParts } from './raft-thread-parts.ts';
import type { RaftTimers } from './raft-timers.ts';

/** Messages from peers and reports about them; proposals; numbers: contexts of linearizable reads. */
export type RaftInput = Message | PendingRequest | ConfChange | number;

export class RaftInbox {
  readonly #parts: RaftThreadParts;
  readonly #links: RaftThreadLinks;
  readonly #timers: RaftTimers;
  readonly #configuration: ConfigurationChanges;
  #inputs: RaftInput[] = [];
  #inputsNext: RaftInput[] = [];
  /** Proposals that were taken and whose processor time is not over. */
  readonly #taken: PendingRequest[] = [];
  readonly #encoder = new RequestEncoder();

  constructor(parts: RaftThreadParts, links: RaftThreadLinks, timers: RaftTimers, configuration: ConfigurationChanges) {
    this.#parts = parts;
    this.#links = links;
    this.#timers = timers;
    this.#configuration = configuration;
  }

  get isEmpty(): boolean {
    return this.#inputs.length === 0;
  }

  add(input: RaftInput): void {
    this.#inputs.push(input);
  }

  /** Those that are for a member which this machine held before are not taken. */
  receive(messages: readonly Message[]): void {
    const { id } = this.#links.node;
    for (let i = 0; i < messages.length; i++) if (messages[i]!.to === id) this.#inputs.push(messages[i]!);
  }

  /** Steps all that has come; what comes meanwhile is for the next time. */
  step(): void {
    const inputs = this.#inputs;
    this.#inputs = this.#inputsNext;
    this.#inputsNext = inputs;
    this.#timers.tellTime();
    for (let i = 0; i < inputs.length; i++) this.#stepOne(inputs[i]!);
    emptyArray(inputs);
  }

  /** What was stepped has had its processor time. */
  stepped(at: Time): void {
    const taken = this.#taken;
    for (let i = 0; i < taken.length; i++) taken[i]!.steppedAt = at;
    emptyArray(taken);
  }

  #stepOne(input: RaftInput): void {
    const { node, reads } = this.#links;
    if (typeof input === 'number') {
      if (node.readIndex(input) !== 'ok') reads.onDropped(input);
    } else if (input instanceof Message) this.#stepMessage(input);
    else if (input instanceof PendingRequest) this.#propose(input);
    else node.proposeConfChange(input);
  }

  #stepMessage(message: Message): void {
    const { node } = this.#links;
    const { counts } = this.#parts.work;
    counts[MESSAGES_HANDLED] = counts[MESSAGES_HANDLED]! + 1;
    const { type } = message;
    if (type === MSG_UNREACHABLE) node.reportUnreachable(message.from);
    else if (type === MSG_SNAP_STATUS) node.reportSnapshot(message.from, !message.reject);
    else {
      if (type === MSG_VOTE || type === MSG_PRE_VOTE) node.electionElapsed = this.#timers.electionElapsed;
      if (message.snapshot === undefined) node.step(message);
      else this.#stepSnapshot(message, message.snapshot);
    }
  }

  #stepSnapshot(message: Message, snapshot: Snapshot): void {
    const { node, snapshots } = this.#links;
    // come twice, and still being saved
    if (node.state.log.snapshot === snapshot) return;
    if (!snapshots.arrived(snapshot)) return;
    node.step(message);
    if (node.state.log.snapshot === snapshot) this.#configuration.restored(snapshot.index);
    else snapshots.refused(snapshot);
  }

  #propose(pending: PendingRequest): void {
    const { node, applyThread, replies } = this.#links;
    const { pending: table, spec } = this.#parts;
    if (applyThread.lag > spec.applyLagMax) {
      replies.refuse(pending, 'too-many-requests');
      return;
    }
    const outcome = node.propose(this.#encoder.encode(pending.request));
    if (outcome !== 'ok') {
      replies.refuse(pending, node.leader === 0 ? 'no-leader' : 'too-many-requests');
      return;
    }
    table.add(pending);
    this.#taken.push(pending);
    if (node.isLeader) table.placed(pending, node.state.log.lastIndex());
  }
}
