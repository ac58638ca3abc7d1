/**
 * The network: machines, links between them, and connections over the links.
 *
 * Fault model. A connection behaves as TCP does to its users: bytes arrive in order or the
 * connection ends. What a partition catches (in flight or sent later) is not lost silently; it is
 * held and sent again when the retransmission timer, which doubles from 200 ms, next expires after
 * the partition has healed; if nothing gets through for `giveUpNs` (5 s, where etcd's peers and
 * clients give up by their own time-outs; Linux alone would take 15 minutes) the sender's side ends
 * as `unreachable`. The same if data arrives but acknowledgements can't come back. The peer of a side
 * that gave up, crashed or reset hears of it after a one-way latency, or when the partition heals.
 *
 * Simplified: no congestion or slow-start window, no acknowledgement traffic, no segments (a message
 * crosses the wire whole and arrives with its last byte), a reset needs no packet of the peer to
 * provoke it, and a heal acknowledges at once.
 *
 * Bounds. A `send` is refused when the link's queue (`LinkSpec.queueBytes`) is full, or when the
 * stream itself holds as much in toxics, in retransmission or without acknowledgement.
 */
import { assert } from '../assert.ts';
import type { Duration, Time } from '../clock.ts';
import { SECOND } from '../clock.ts';
import type { EventLoop, Handler } from '../loop.ts';
import type { ParameterValues } from '../parameters.ts';
import type { Rng } from '../rng.ts';
import type { LinkSpec } from '../run-spec.ts';
import { type ChainOutput, type ProxyName, ToxicChains, type ToxicHandle, type ToxicSpec } from './chains.ts';
import {
  ACCEPTOR,
  CLOSED,
  type CloseReason,
  Connection,
  type ConnectionOwner,
  DIALLER,
  type Direction,
  type Endpoint,
  type Listener,
  NEW,
  OPEN,
} from './connection.ts';
import { networkCounters } from './counters.ts';
import { type Disturbance, Interference, type LateMessage } from './interference.ts';
import { Link } from './link.ts';
import { DATA, FIN, KIND_NAMES, MessageSlots, RST, SYN, SYN_ACK } from './message-slots.ts';
import type { MessageObserver } from './observer.ts';
import type { BlockedPairs } from './partition.ts';
import { DELIVER, GIVE_UP, RESUME, Transport, WRITABLE } from './transport.ts';

const STAGE_HEAD = 5;
const STAGE_TIMER = 6;
const LATE = 7;

const CONNECTIONS_MAX = 1 << 16;
const GIVE_UP_NS: Duration = 5 * SECOND;

export interface NetworkOptions {
  readonly machines: number;
  /** One for all links, or one for each. */
  readonly link: LinkSpec | ((from: number, to: number) => LinkSpec);
  readonly traceId: number;
  /** For people, in trace lines. */
  readonly machineNames?: readonly string[];
  /** How long a stream may get nothing through; default 5 s. */
  readonly giveUpNs?: Duration;
}

/** Names a partition or clog in force; 0 names none. */
export type BlockHandle = number;

export class Network implements Handler, ConnectionOwner, ChainOutput {
  readonly traceId: number;
  readonly machines: number;
  readonly counters = networkCounters();
  readonly #loop: EventLoop;
  readonly #links: Link[] = [];
  readonly #slots = new MessageSlots();
  readonly #transport: Transport;
  readonly #chains: ToxicChains;
  readonly #interference: Interference;
  readonly #listeners: (Listener | undefined)[] = [];
  /** In the order of dialling. */
  readonly #connections = new Set<Connection>();
  /** By index; two to a connection slot. */
  readonly #directions: (Direction | undefined)[] = [];
  readonly #freeConnections: number[] = [];
  readonly #blocks = new Map<BlockHandle, { readonly pairs: BlockedPairs; readonly isClog: boolean }>();
  /** Handles of `down`, by proxy. */
  readonly #disabledProxies = new Map<string, ToxicHandle>();
  readonly #machineNames: readonly string[];
  #serial = 0;
  #blockHandles = 0;

  constructor(loop: EventLoop, rng: Rng, options: NetworkOptions) {
    this.#loop = loop;
    this.traceId = options.traceId;
    this.machines = options.machines;
    this.#machineNames = options.machineNames ?? [];
    this.#transport = new Transport(loop, this, this.#slots, this.counters, options.giveUpNs ?? GIVE_UP_NS);
    this.#chains = new ToxicChains(loop, rng, this, { head: STAGE_HEAD, timer: STAGE_TIMER });
    this.#interference = new Interference(loop, this, LATE, this.#slots, this.counters);
    const { link } = options;
    for (let from = 0; from < options.machines; from++) {
      for (let to = 0; to < options.machines; to++) {
        const spec = typeof link === 'function' ? link(from, to) : link;
        this.#links.push(new Link(from, to, spec, rng.fork(`link/${from}-${to}`)));
      }
    }
  }

  // ——— connections ———

  listen(machine: number, listener: Listener): void {
    this.#listeners[machine] = listener;
  }

  unlisten(machine: number): void {
    this.#listeners[machine] = undefined;
  }

  /**
   * Opens a connection: `onOpen` follows after a round trip, or `onClosed` if it is refused or nobody answers.
   * `established`: it stands at once, for the start of a run; the acceptor must be listening.
   */
  dial(from: number, to: number, endpoint: Endpoint, tag = 0, established = false): Connection {
    const slot = this.#freeConnections.pop() ?? this.#directions.length / 2;
    assert(slot < CONNECTIONS_MAX, 'network: more than 65536 connections');
    const connection = new Connection(this, slot, ++this.#serial, tag, this.link(from, to), this.link(to, from));
    const [forth, back] = connection.directions;
    this.#directions[slot * 2] = forth;
    this.#directions[slot * 2 + 1] = back;
    this.#connections.add(connection);
    this.counters.dials++;
    forth.endpoint = endpoint;
    if (established) {
      const isAccepted = this.#accept(connection);
      assert(isAccepted, 'network: an established connection was refused');
      forth.state = OPEN;
      back.endpoint?.onOpen?.(connection, ACCEPTOR);
    } else {
      this.#transport.sendControl(forth, SYN);
    }
    return connection;
  }

  send(direction: Direction, message: unknown, bytes: number): boolean {
    assert(bytes > 0, 'network: a message without bytes');
    if (direction.state !== OPEN) return false;
    if (direction.hasEnded) {
      // A proxy has closed it; the sender will hear of that soon.
      this.#transport.countSent(bytes);
      this.#transport.countLost(bytes);
      this.#slots.observer?.onSentInVain(direction.link.from, direction.link.to, message, bytes);
      return true;
    }
    if (direction.isSlow) return this.#sendSlowly(direction, message, bytes);
    if (!direction.link.hasRoom(bytes, this.#loop.now)) return this.#transport.refuse(direction, true);
    this.#transport.countSent(bytes);
    const slot = this.#slots.take(message, DATA, bytes);
    this.#slots.observer?.onSent(slot, direction.link.from, direction.link.to, message, bytes);
    this.#transport.transmit(direction, slot, bytes);
    return true;
  }

  close(direction: Direction): void {
    if (direction.state === CLOSED) return;
    if (direction.state === NEW) {
      this.reset(direction);
      return;
    }
    direction.state = CLOSED;
    const { connection } = direction;
    if (direction.reverse.state === CLOSED) {
      this.#finish(connection);
      return;
    }
    if (direction.hasEnded) return;
    direction.hasEnded = true;
    if (direction.isChained) this.#chains.enterClose(direction);
    else this.putClose(direction);
  }

  reset(direction: Direction): void {
    if (direction.state === CLOSED) return;
    direction.state = CLOSED;
    this.#resetPeer(direction);
  }

  // ——— faults ———

  /**
   * Blocks directed links until `unblock`. Blocks add up: a link works when the last one over it is lifted. `isClog`: what
   * is caught is not lost but kept, and goes on, in order, as soon as it may.
   */
  block(pairs: BlockedPairs, isClog = false): BlockHandle {
    const handle = ++this.#blockHandles;
    this.#blocks.set(handle, { pairs, isClog });
    for (const [from, to] of pairs) this.link(from, to).blocked++;
    return handle;
  }

  unblock(handle: BlockHandle): void {
    const block = this.#blocks.get(handle);
    if (block === undefined) return;
    this.#blocks.delete(handle);
    for (const [from, to] of block.pairs) {
      const link = this.link(from, to);
      if (!block.isClog) link.healedAt = this.#loop.now;
      link.blocked--;
      if (link.blocked === 0) this.#heal(link);
    }
  }

  /** Until `settle` with the same. */
  disturb(pairs: BlockedPairs, disturbance: Disturbance): void {
    for (const [from, to] of pairs) this.#interference.add(this.link(from, to), disturbance);
  }

  settle(pairs: BlockedPairs, disturbance: Disturbance): void {
    for (const [from, to] of pairs) this.#interference.remove(this.link(from, to), disturbance);
  }

  isBlocked(from: number, to: number): boolean {
    return this.link(from, to).blocked > 0;
  }

  /** 0 if the proxy has a toxic of that name already. */
  addToxic(spec: ToxicSpec): ToxicHandle {
    return this.#chains.add(spec, this.#connections);
  }

  updateToxic(handle: ToxicHandle, attributes: ParameterValues, toxicity?: number): void {
    this.#chains.update(handle, attributes, toxicity);
    this.#wakeSenders();
  }

  removeToxic(handle: ToxicHandle): void {
    this.#chains.remove(handle);
    this.#wakeSenders();
  }

  /** Switches a proxy off and on, as the toxic `down` does under a name of its own. */
  setProxyEnabled(proxy: ProxyName, isEnabled: boolean): void {
    const key = `${proxy.from}-${proxy.to}`;
    const handle = this.#disabledProxies.get(key);
    if (!isEnabled && handle === undefined) {
      this.#disabledProxies.set(key, this.addToxic({ proxy, type: 'down', name: 'disabled', attributes: {} }));
    } else if (isEnabled && handle !== undefined) {
      this.#disabledProxies.delete(key);
      this.removeToxic(handle);
    }
  }

  /** A machine has crashed: its side of everything is gone without a word to it, and it no longer listens. */
  resetMachine(machine: number): void {
    this.unlisten(machine);
    for (const connection of this.#connections) {
      for (const direction of connection.directions) {
        if (direction.link.from !== machine) continue;
        if (direction.state === CLOSED) continue;
        direction.state = CLOSED;
        this.#clear(direction.reverse);
        this.#resetPeer(direction);
      }
    }
  }

  // ——— figures ———

  /** Set before the first message, or never. */
  set observer(observer: MessageObserver | undefined) {
    this.#slots.observer = observer;
  }

  get now(): Time {
    return this.#loop.now;
  }

  link(from: number, to: number): Link {
    return this.#links[from * this.machines + to]!;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get messagesUnderWay(): number {
    return this.#slots.live;
  }

  /** Chunks that `packet_loss` lost and sent again. */
  get chunksLost(): number {
    return this.#chains.retransmissions;
  }

  // ——— events ———

  handle(opcode: number, a: number, b: number): void {
    if (opcode === DELIVER) this.#deliver(a, this.#directions[b]!);
    else if (opcode === STAGE_HEAD) this.#chains.onHead(a);
    else if (opcode === STAGE_TIMER) this.#chains.onTimer(a);
    else if (opcode === RESUME) this.#transport.resume(this.#directions[a]!);
    else if (opcode === GIVE_UP) this.#giveUp(this.#directions[a]!);
    else if (opcode === LATE) this.#deliverLate(this.#interference.take(a));
    else this.#tellWritable(this.#directions[a]!);
  }

  describe(opcode: number, a: number, b: number): string {
    if (opcode === STAGE_HEAD || opcode === STAGE_TIMER) return this.#chains.describe(a);
    const late = opcode === LATE ? this.#interference.peek(a) : undefined;
    const direction = late?.direction ?? this.#directions[opcode === DELIVER ? b : a];
    if (direction === undefined) return 'network';
    const name = (machine: number): string => this.#machineNames[machine] ?? `machine ${machine}`;
    const path = `${name(direction.link.from)} → ${name(direction.link.to)}`;
    const connection = `connection ${direction.connection.serial}`;
    if (opcode === RESUME) return `${path} retransmits, ${connection}`;
    if (opcode === GIVE_UP) return `${path} gives up, ${connection}`;
    if (opcode === WRITABLE) return `${path} has room again, ${connection}`;
    if (late !== undefined)
      return `${path} ${late.isCopy ? 'once more' : 'late'}: data ${this.#slots.bytes[late.slot]} B, ${connection}`;
    const kind = this.#slots.kind[a]!;
    const blocked = direction.link.blocked > 0 ? ' BLOCKED' : '';
    return `${path} ${KIND_NAMES[kind]} ${this.#slots.bytes[a]} B, ${connection}${blocked}`;
  }

  // ——— sending ———

  #sendSlowly(direction: Direction, message: unknown, bytes: number): boolean {
    const transport = this.#transport;
    if (transport.isFull(direction, bytes)) return transport.refuse(direction, false);
    if (!direction.isChained && direction.stalledSince < 0 && !direction.link.hasRoom(bytes, this.#loop.now)) {
      return transport.refuse(direction, true);
    }
    transport.countSent(bytes);
    const slot = this.#slots.take(message, DATA, bytes);
    this.#slots.observer?.onSent(slot, direction.link.from, direction.link.to, message, bytes);
    if (direction.isChained) {
      direction.heldBytes += bytes;
      this.#chains.enter(direction, slot, bytes);
    } else {
      transport.dispatch(direction, slot, bytes);
    }
    return true;
  }

  #wakeSenders(): void {
    for (const connection of this.#connections)
      for (const direction of connection.directions) this.#transport.wakeSender(direction);
  }

  #tellWritable(direction: Direction): void {
    direction.writableEvent = 0;
    if (!direction.wantsWritable || direction.state !== OPEN) return;
    direction.wantsWritable = false;
    direction.endpoint?.onWritable?.(direction.connection, direction.sender);
  }

  // ——— what the chains of toxics ask for ———

  put(direction: Direction, bytes: number, message: number): void {
    const transport = this.#transport;
    direction.heldBytes -= bytes;
    if (message >= 0) transport.dispatch(direction, message, bytes);
    else transport.transmitPiece(direction, bytes);
    transport.wakeSender(direction);
  }

  putClose(direction: Direction): void {
    if (direction.hasSentFin || direction.hasSentReset) return;
    direction.hasEnded = true;
    direction.hasSentFin = true;
    this.#transport.sendControl(direction, FIN);
    // The proxy has closed, not the sender: the sender is to hear of it too.
    const { reverse } = direction;
    if (direction.state === CLOSED || reverse.hasEnded) return;
    reverse.hasEnded = true;
    if (reverse.isChained) this.#chains.enterClose(reverse);
    else this.putClose(reverse);
  }

  resetBoth(connection: Connection): void {
    for (const direction of connection.directions) {
      this.#clear(direction);
      direction.hasEnded = true;
      if (direction.reverse.state !== CLOSED) {
        direction.hasSentReset = true;
        this.#transport.sendControl(direction, RST);
      }
    }
  }

  discard(direction: Direction, bytes: number, message: number): void {
    direction.heldBytes -= bytes;
    this.#transport.wakeSender(direction);
    if (message >= 0) this.#transport.lose(message);
  }

  // ——— arriving ———

  #deliver(slot: number, direction: Direction): void {
    const slots = this.#slots;
    if (direction.link.blocked !== 0) {
      this.#transport.stall(direction);
      return;
    }
    const head = slots.shift(direction.flight);
    assert(head === slot, 'network: a message overtook another');
    const kind = slots.kind[slot]!;
    const bytes = slots.bytes[slot]!;
    const receiver = direction.reverse;
    if (receiver.link.blocked !== 0 && kind !== RST) this.#transport.deliveredUnacknowledged(direction, bytes);
    if (kind !== DATA) {
      slots.release(slot);
      this.#deliverControl(direction, kind);
    } else if (receiver.state !== OPEN) {
      this.#transport.lose(slot);
    } else if (!direction.link.isDisturbed || this.#comesOnTime(slot, direction)) {
      this.#deliverData(slot, receiver);
    }
  }

  #deliverData(slot: number, receiver: Direction): void {
    const slots = this.#slots;
    const bytes = slots.bytes[slot]!;
    const message = slots.message[slot];
    slots.release(slot);
    this.counters.messagesDelivered++;
    this.counters.bytesDelivered += bytes;
    slots.observer?.onDelivered(slot);
    receiver.endpoint!.onMessage(receiver.connection, receiver.sender, message, bytes);
  }

  /** If it does not, it comes later or, spoilt, never. */
  #comesOnTime(slot: number, direction: Direction): boolean {
    const fate = this.#interference.meet(direction, slot);
    if (fate !== 'corrupt') return fate === 'on time';
    this.#transport.lose(slot);
    const receiver = direction.reverse;
    const { endpoint } = receiver;
    this.reset(receiver);
    this.counters.resets++;
    endpoint!.onClosed(direction.connection, receiver.sender, 'reset');
    return false;
  }

  #deliverLate({ direction, slot, isCopy }: LateMessage): void {
    const receiver = direction.reverse;
    if (receiver.state === OPEN && direction.link.blocked === 0) this.#deliverData(slot, receiver);
    else this.#transport.lose(slot, isCopy);
  }

  #deliverControl(direction: Direction, kind: number): void {
    const { connection } = direction;
    if (kind === SYN) {
      const back = connection.directions[ACCEPTOR];
      if (this.#accept(connection)) {
        this.#transport.sendControl(back, SYN_ACK);
        back.endpoint!.onOpen?.(connection, ACCEPTOR);
      } else {
        this.#resetPeer(back);
      }
    } else if (kind === SYN_ACK) {
      const forth = connection.directions[DIALLER];
      if (forth.state !== NEW) return;
      forth.state = OPEN;
      forth.endpoint!.onOpen?.(connection, DIALLER);
    } else {
      this.#closeSide(direction.reverse, kind === FIN ? 'closed' : 'reset');
    }
  }

  /** Asks the proxy and the listener; if both agree, the acceptor's side is open. */
  #accept(connection: Connection): boolean {
    const back = connection.directions[ACCEPTOR];
    const isRefused = this.#chains.refusesDials(connection);
    back.endpoint = isRefused ? undefined : this.#listeners[connection.acceptor]?.accept(connection);
    back.state = back.endpoint === undefined ? CLOSED : OPEN;
    if (back.state === OPEN) this.#chains.open(connection);
    return back.state === OPEN;
  }

  /** A side ends because of what arrived or because its transport gave up. */
  #closeSide(side: Direction, reason: CloseReason): void {
    if (side.state === CLOSED) return;
    side.state = CLOSED;
    side.hasEnded = true;
    if (reason === 'reset') this.counters.resets++;
    else if (reason === 'unreachable') this.counters.unreachable++;
    const { connection, endpoint } = side;
    if (side.reverse.state === CLOSED) this.#finish(connection);
    endpoint?.onClosed(connection, side.sender, reason);
  }

  #heal(link: Link): void {
    for (const connection of this.#connections) {
      for (const direction of connection.directions) if (direction.link === link) this.#transport.heal(direction);
    }
  }

  // ——— ending ———

  #giveUp(direction: Direction): void {
    direction.giveUpEvent = 0;
    const wasClosed = direction.state === CLOSED;
    direction.state = CLOSED;
    const { connection, endpoint } = direction;
    this.#resetPeer(direction);
    if (wasClosed) return;
    this.counters.unreachable++;
    endpoint?.onClosed(connection, direction.sender, 'unreachable');
  }

  /** The sending side is gone: what it sent is lost, and its peer is told. */
  #resetPeer(direction: Direction): void {
    const { connection, reverse } = direction;
    this.#clear(direction);
    direction.hasEnded = true;
    const isUnheardOf = direction.sender === DIALLER && reverse.state === NEW;
    if (reverse.state === CLOSED || isUnheardOf) {
      this.#finish(connection);
      return;
    }
    direction.hasSentReset = true;
    this.#transport.sendControl(direction, RST);
  }

  /** Drops everything under way in a direction. */
  #clear(direction: Direction): void {
    this.#chains.clear(direction);
    this.#transport.clear(direction);
  }

  /** Both sides have ended. */
  #finish(connection: Connection): void {
    for (const direction of connection.directions) {
      this.#clear(direction);
      this.#chains.forget(direction);
      this.#loop.cancel(direction.writableEvent);
      direction.state = CLOSED;
      this.#directions[direction.index] = undefined;
    }
    this.#connections.delete(connection);
    this.#freeConnections.push(connection.slot);
  }
}
