/**
 * A connection: two ordered byte streams between a dialling and an accepting machine.
 *
 * What the network promises each reader: messages come whole, once, in the order in which they were
 * sent, with no hole between them; then at most one `onClosed`. A message that was sent may never
 * come, but then nothing after it comes either. The sides are `DIALLER` and `ACCEPTOR`; a machine
 * may dial itself.
 */
import type { Time } from '../clock.ts';
import type { EventId } from '../loop.ts';
import type { Link } from './link.ts';
import { MessageQueue } from './message-slots.ts';
import type { Stage } from './stage.ts';

export const DIALLER = 0;
export const ACCEPTOR = 1;
export type Side = typeof DIALLER | typeof ACCEPTOR;

/**
 * `closed`: the peer, or a proxy in between, closed after all its data. `reset`: the peer crashed, refused
 * or gave up; data may be lost. `unreachable`: our own transport gave up waiting for the peer.
 */
export type CloseReason = 'closed' | 'reset' | 'unreachable';

/** Whoever holds one side. Never called after `onClosed`, nor after it closed or reset the connection itself. */
export interface Endpoint {
  onMessage(connection: Connection, side: Side, message: unknown, bytes: number): void;
  onOpen?(connection: Connection, side: Side): void;
  /** After a `send` that returned false: there is room again. */
  onWritable?(connection: Connection, side: Side): void;
  onClosed(connection: Connection, side: Side, reason: CloseReason): void;
}

/** Who waits for dials at a machine. Must not send from within `accept`: `onOpen` follows at once. */
export interface Listener {
  /** undefined: refuse. */
  accept(connection: Connection): Endpoint | undefined;
}

export const NEW = 0;
export const OPEN = 1;
export const CLOSED = 2;

/** One direction, and the state of the side that sends in it. */
export class Direction {
  readonly connection: Connection;
  readonly sender: Side;
  readonly link: Link;
  readonly index: number;
  endpoint: Endpoint | undefined;
  state: typeof NEW | typeof OPEN | typeof CLOSED = NEW;

  /** Sent and expected to arrive, each with its event. */
  readonly flight = new MessageQueue();
  lastArrival: Time = 0;
  /** Anything below is in force: not the fast path. */
  isSlow = false;

  /** When the first of the held messages was lost; −1: none was. */
  stalledSince: Time = -1;
  /** Lost, or sent behind one that was lost: to be sent again, in order. */
  readonly held = new MessageQueue();
  /** Bytes held here or in the chain of toxics. */
  heldBytes = 0;
  /** Delivered while no acknowledgement could come back. */
  unacknowledgedBytes = 0;
  giveUpEvent: EventId = 0;
  resumeEvent: EventId = 0;

  /** Toxics in this direction, in order. */
  readonly stages: Stage[] = [];
  /** Some toxic acts, or still holds something. */
  isChained = false;
  /** A toxic dropped bytes: nothing behind them may be delivered. */
  isBroken = false;
  /** A close or reset has been sent: nothing more goes in. */
  hasEnded = false;
  hasSentFin = false;
  hasSentReset = false;

  wantsWritable = false;
  writableEvent: EventId = 0;

  constructor(connection: Connection, sender: Side, link: Link, index: number) {
    this.connection = connection;
    this.sender = sender;
    this.link = link;
    this.index = index;
  }

  get reverse(): Direction {
    return this.connection.directions[1 - this.sender]!;
  }

  refresh(): void {
    this.isSlow = this.isChained || this.stalledSince >= 0 || this.unacknowledgedBytes > 0;
  }
}

/** What a connection asks of the network. */
export interface ConnectionOwner {
  send(direction: Direction, message: unknown, bytes: number): boolean;
  close(direction: Direction): void;
  reset(direction: Direction): void;
}

export class Connection {
  /** Reused when the connection has ended on both sides. */
  readonly slot: number;
  /** Counts connections; never reused. */
  readonly serial: number;
  /** Counts the dials over its link. */
  readonly ordinal: number;
  /** What the dialler says the connection is for; the network does not look at it. */
  readonly tag: number;
  readonly dialler: number;
  readonly acceptor: number;
  readonly directions: readonly [Direction, Direction];
  readonly #owner: ConnectionOwner;

  constructor(owner: ConnectionOwner, slot: number, serial: number, tag: number, forth: Link, back: Link) {
    this.#owner = owner;
    this.slot = slot;
    this.serial = serial;
    this.tag = tag;
    this.ordinal = ++forth.dials;
    this.dialler = forth.from;
    this.acceptor = forth.to;
    this.directions = [
      new Direction(this, DIALLER, forth, slot * 2),
      new Direction(this, ACCEPTOR, back, slot * 2 + 1),
    ];
  }

  isOpen(side: Side): boolean {
    return this.directions[side].state === OPEN;
  }

  /** The machine at the other end. */
  peer(side: Side): number {
    return side === DIALLER ? this.acceptor : this.dialler;
  }

  /**
   * False: the send buffer or the link's queue is full and nothing was taken; `onWritable` follows when there
   * is room. Also false, with nothing to follow, on a side that is not open. `bytes` is at least 1.
   */
  send(side: Side, message: unknown, bytes: number): boolean {
    return this.#owner.send(this.directions[side], message, bytes);
  }

  /** What was sent is still delivered, then the peer sees `closed`. What the peer had under way is not read. */
  close(side: Side): void {
    this.#owner.close(this.directions[side]);
  }

  /** What was sent and has not arrived is lost; the peer sees `reset`. */
  reset(side: Side): void {
    this.#owner.reset(this.directions[side]);
  }
}
