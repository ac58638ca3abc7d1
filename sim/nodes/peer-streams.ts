/**
 * The connections over which a replica sends Raft messages: to each peer one for messages and, when
 * needed, one for a snapshot, so that a heartbeat does not queue behind gigabytes.
 *
 * As in etcd, a message that finds no connection, or no room in it, is dropped and the protocol is
 * told that the peer is unreachable: Raft repeats what matters. A broken connection is dialled again
 * after `REDIAL_NS`.
 */
import { type Duration, MILLISECOND } from '../clock.ts';
import type { EventLoop, Handler } from '../loop.ts';
import { type Connection, DIALLER, type Endpoint } from '../network/connection.ts';
import type { Network } from '../network/network.ts';
import { messageBytes } from './message-size.ts';
import type { Process } from './process.ts';
import { type Message, MSG_SNAP } from './raft/messages.ts';
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

export interface PeerReports {
  reportUnreachable(peer: number): void;
  reportSnapshot(peer: number, ok: boolean): void;
}

export class PeerStreams implements Handler, Endpoint {
  readonly traceId: number;
  readonly #loop: EventLoop;
  readonly #network: Network;
  readonly #process: Process;
  readonly #node: number;
  readonly #group: number;
  readonly #reports: PeerReports;
  /** By node. */
  readonly #connections: (Connection | undefined)[];
  readonly #redialling: boolean[];
  /** By node: what this call of `send` has for it. */
  readonly #outgoing: (Message[] | undefined)[];
  readonly #outgoingBytes: number[];
  /** Snapshot connections under way, by connection. */
  readonly #snapshots = new Map<
    Connection,
    { readonly peer: number; readonly bundle: PeerBundle; readonly bytes: number }
  >();

  constructor(
    loop: EventLoop,
    network: Network,
    process: Process,
    node: number,
    nodes: number,
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
    this.#connections = new Array(nodes).fill(undefined);
    this.#redialling = new Array(nodes).fill(false);
    this.#outgoing = new Array(nodes).fill(undefined);
    this.#outgoingBytes = new Array(nodes).fill(0);
  }

  /** Dials every peer. */
  start(): void {
    for (let peer = 0; peer < this.#connections.length; peer++) if (peer !== this.#node) this.#dial(peer);
  }

  /** Raft ids count from 1, nodes from 0. Messages to one peer travel together. */
  send(messages: readonly Message[]): void {
    for (let i = 0; i < messages.length; i++) {
      const message = messages[i]!;
      const peer = message.to - 1;
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
      if (connection === undefined || !connection.send(DIALLER, bundle, bytes))
        this.#reports.reportUnreachable(peer + 1);
    }
  }

  handle(opcode: number, peer: number, b: number): void {
    if (!this.#process.admits(this, opcode, peer, b)) return;
    this.#redialling[peer] = false;
    this.#dial(peer);
  }

  describe(_opcode: number, peer: number): string {
    return `n${this.#node + 1} dials n${peer + 1} again`;
  }

  onMessage(): void {
    // peers answer over the connections that they dialled themselves
  }

  onOpen(connection: Connection): void {
    const snapshot = this.#snapshots.get(connection);
    if (snapshot !== undefined) {
      if (!connection.send(DIALLER, snapshot.bundle, snapshot.bytes)) this.#snapshotEnded(connection, false);
      else connection.close(DIALLER);
      this.#snapshotEnded(connection, true);
    } else this.#connections[connection.acceptor] = connection;
  }

  onClosed(connection: Connection): void {
    if (this.#snapshots.has(connection)) {
      this.#snapshotEnded(connection, false);
      return;
    }
    const peer = connection.acceptor;
    this.#connections[peer] = undefined;
    if (!this.#process.alive) return;
    this.#reports.reportUnreachable(peer + 1);
    if (this.#redialling[peer]) return;
    this.#redialling[peer] = true;
    this.#loop.schedule(this.#loop.now + REDIAL_NS, this, REDIAL, peer);
  }

  #dial(peer: number): void {
    this.#network.dial(this.#node, peer, this, PEER_TAG);
  }

  #sendSnapshot(peer: number, message: Message): void {
    const data = message.snapshot!.data as SnapshotData;
    const connection = this.#network.dial(this.#node, peer, this, SNAPSHOT_TAG);
    const bundle: PeerBundle = { group: this.#group, messages: [message] };
    this.#snapshots.set(connection, { peer, bundle, bytes: messageBytes(message) + data.bytes });
  }

  /** `ok`: handed to the transport. That it was installed shows when the follower acknowledges its index. */
  #snapshotEnded(connection: Connection, ok: boolean): void {
    const snapshot = this.#snapshots.get(connection);
    if (snapshot === undefined) return;
    this.#snapshots.delete(connection);
    this.#reports.reportSnapshot(snapshot.peer + 1, ok);
  }
}
