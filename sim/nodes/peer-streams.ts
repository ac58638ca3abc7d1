/**
 * The connections over which a replica sends Raft messages: to each peer one for messages and, when
 * needed, one for a snapshot, so that a heartbeat does not queue behind gigabytes.
 *
 * As in etcd, a message that finds no connection, or no room in it, is dropped and the protocol is
 * told that the peer is unreachable: Raft repeats what matters. A broken connection is dialled again
 * after `REDIAL_NS`.
 *
 * Connections stand to the members of the configuration that this node has in force, and follow it. To others, such as
 * the leader of a node that has just joined and knows an old configuration, one is dialled when there is something to
 * say, and not again when it breaks. Who sends to a node that has removed it is told so, and ends.
 */
import { type Duration, MILLISECOND } from '../clock.ts';
import type { EventLoop, Handler } from '../loop.ts';
import { type Connection, DIALLER, type Endpoint, type Side } from '../network/connection.ts';
import type { Network } from '../network/network.ts';
import { machineOf } from './member-id.ts';
import { messageBytes } from './message-size.ts';
import type { Process } from './process.ts';
import { type Configuration, type Message, MSG_SNAP } from './raft/messages.ts';
import type { SnapshotData } from './snapshot-transfer.ts';

export const PEER_TAG = 1;
export const SNAPSHOT_TAG = 2;
const REDIAL_NS: Duration = 100 * MILLISECOND;
const REDIAL = 1;

/** What one `send` puts on the wire to one peer: Raft messages of one group, delivered together. */
export interface PeerBundle {
  readonly group: number;
  readonly messages: Message[];
}

/** The answer to a member that was removed: etcd's 410. */
export class Gone {
  readonly id: number;

  constructor(id: number) {
    this.id = id;
  }
}
export const GONE_BYTES = 128;

export interface PeerReports {
  reportUnreachable(peer: number): void;
  reportSnapshot(peer: number, ok: boolean): void;
  /** A peer says that this id is no member any more. */
  onGone(id: number): void;
}

export class PeerStreams implements Handler, Endpoint {
  readonly traceId: number;
  readonly #loop: EventLoop;
  readonly #network: Network;
  readonly #process: Process;
  readonly #node: number;
  readonly #group: number;
  readonly #reports: PeerReports;
  // By machine.
  /** Id of the member there, 0 for none. */
  #members: number[];
  readonly #connections: (Connection | undefined)[];
  readonly #redialling: boolean[];
  /** Dialled, and neither open nor closed yet. */
  readonly #dialling: boolean[];
  /** What this call of `send` has for it. */
  readonly #outgoing: (Message[] | undefined)[];
  readonly #outgoingBytes: number[];
  /** Snapshot connections under way, by connection. */
  readonly #snapshots = new Map<
    Connection,
    { readonly id: number; readonly bundle: PeerBundle; readonly bytes: number }
  >();

  constructor(
    loop: EventLoop,
    network: Network,
    process: Process,
    node: number,
    machines: number,
    group: number,
    traceId: number,
    reports: PeerReports,
  ) {
    this.#loop = loop;
    this.#network = network;
    this.#process = process;
    this.#node = node;
    this.#group = group;
    this.traceId = traceId;
    this.#reports = reports;
    this.#members = new Array(machines).fill(0);
    this.#connections = new Array(machines).fill(undefined);
    this.#redialling = new Array(machines).fill(false);
    this.#dialling = new Array(machines).fill(false);
    this.#outgoing = new Array(machines).fill(undefined);
    this.#outgoingBytes = new Array(machines).fill(0);
  }

  /** The configuration in force: dials who is new in it, and hangs up on who is not in it any more. */
  follow({ voters, votersOutgoing, learners }: Configuration): void {
    const members: number[] = new Array(this.#members.length).fill(0);
    for (const ids of [voters, votersOutgoing, learners]) for (const id of ids) members[machineOf(id)] = id;
    const before = this.#members;
    this.#members = members;
    for (let peer = 0; peer < members.length; peer++) {
      if (peer === this.#node || (members[peer] === 0) === (before[peer] === 0)) continue;
      const connection = this.#connections[peer];
      if (members[peer] === 0) {
        this.#connections[peer] = undefined;
        connection?.close(DIALLER);
      } else if (connection === undefined && !this.#redialling[peer] && !this.#dialling[peer]) this.#dial(peer);
    }
  }

  /** Messages to one peer travel together. */
  send(messages: readonly Message[]): void {
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!;
      const peer = machineOf(message.to);
      if (message.type === MSG_SNAP) {
        this.#sendSnapshot(peer, message);
        continue;
      }
      const outgoing = this.#outgoing[peer];
      if (outgoing === undefined) this.#outgoing[peer] = [message];
      else outgoing.push(message);
      this.#outgoingBytes[peer] = this.#outgoingBytes[peer]! + messageBytes(message);
    }
    for (let peer = 0; peer < this.#outgoing.length; peer++) {
      const outgoing = this.#outgoing[peer];
      if (outgoing === undefined) continue;
      this.#outgoing[peer] = undefined;
      const bytes = this.#outgoingBytes[peer]!;
      this.#outgoingBytes[peer] = 0;
      const connection = this.#connections[peer];
      const bundle: PeerBundle = { group: this.#group, messages: outgoing };
      if (connection === undefined) this.#call(peer);
      if (connection === undefined || !connection.send(DIALLER, bundle, bytes))
        this.#reports.reportUnreachable(outgoing[0]!.to);
    }
  }

  handle(opcode: number, peer: number, b: number): void {
    if (!this.#process.admits(this, opcode, peer, b)) return;
    this.#redialling[peer] = false;
    if (this.#members[peer] !== 0) this.#dial(peer);
  }

  describe(_opcode: number, peer: number): string {
    return `n${this.#node + 1} dials n${peer + 1} again`;
  }

  /** Peers answer over the connections that they dialled themselves, but for this. */
  onMessage(_connection: Connection, _side: Side, message: unknown): void {
    if (message instanceof Gone) this.#reports.onGone(message.id);
  }

  onOpen(connection: Connection): void {
    const snapshot = this.#snapshots.get(connection);
    if (snapshot !== undefined) {
      if (!connection.send(DIALLER, snapshot.bundle, snapshot.bytes)) this.#snapshotEnded(connection, false);
      else connection.close(DIALLER);
      this.#snapshotEnded(connection, true);
      return;
    }
    this.#dialling[connection.acceptor] = false;
    this.#connections[connection.acceptor] = connection;
  }

  onClosed(connection: Connection): void {
    if (this.#snapshots.has(connection)) {
      this.#snapshotEnded(connection, false);
      return;
    }
    const peer = connection.acceptor;
    this.#connections[peer] = undefined;
    this.#dialling[peer] = false;
    const member = this.#members[peer]!;
    if (!this.#process.alive || member === 0) return;
    this.#reports.reportUnreachable(member);
    if (this.#redialling[peer]) return;
    this.#redialling[peer] = true;
    this.#loop.schedule(this.#loop.now + REDIAL_NS, this, REDIAL, peer);
  }

  /** Somebody who is no member is spoken to. */
  #call(peer: number): void {
    if (peer !== this.#node && this.#members[peer] === 0 && !this.#dialling[peer]) this.#dial(peer);
  }

  #dial(peer: number): void {
    this.#dialling[peer] = true;
    this.#network.dial(this.#node, peer, this, PEER_TAG);
  }

  #sendSnapshot(peer: number, message: Message): void {
    const data = message.snapshot!.data as SnapshotData;
    const connection = this.#network.dial(this.#node, peer, this, SNAPSHOT_TAG);
    const bundle: PeerBundle = { group: this.#group, messages: [message] };
    this.#snapshots.set(connection, { id: message.to, bundle, bytes: messageBytes(message) + data.bytes });
  }

  /** `ok`: handed to the transport. That it was installed shows when the follower acknowledges its index. */
  #snapshotEnded(connection: Connection, ok: boolean): void {
    const snapshot = this.#snapshots.get(connection);
    if (snapshot === undefined) return;
    this.#snapshots.delete(connection);
    this.#reports.reportSnapshot(snapshot.id, ok);
  }
}
