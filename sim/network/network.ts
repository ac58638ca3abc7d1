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
import type { ProxyName, ToxicHandle, ToxicSpec } from './applied-toxics.ts';
import { Arrivals } from './arrivals.ts';
import { type ChainOutput, ToxicChains } from './chains.ts';
import {
  ACCEPTOR,
  type Connection,
  type ConnectionOwner,
  type Direction,
  type Endpoint,
  type Listener,
  OPEN,
} from './connection.ts';
import { Connections } from './connections.ts';
import { networkCounters } from './counters.ts';
import { Endings } from './endings.ts';
import { type Disturbance, Interference } from './interference.ts';
import { Link } from './link.ts';
import { DATA, KIND_NAMES, MessageSlots, SYN } from './message-slots.ts';
import type { MessageObserver } from './observer.ts';
import type { BlockedPairs } from './partition.ts';
import { DELIVER, GIVE_UP, RESUME, Transport, WRITABLE } from './transport.ts';

const STAGE_HEAD = 5;
const STAGE_TIMER = 6;
const LATE = 7;

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
  readonly #connections = new Connections();
  readonly #endings: Endings;
  readonly #arrivals: Arrivals;
  readonly #blocks = new Map<BlockHandle, { readonly pairs: BlockedPairs; readonly isClog: boolean }>();
  /** Handles of `down`, by proxy. */
  readonly #disabledProxies = new Map<string, ToxicHandle>();
  readonly #machineNames: readonly string[];
  #blockHandles = 0;

  constructor(loop: EventLoop, rng: Rng, options: NetworkOptions) {
    this.#loop = loop;
    this.traceId = options.traceId;
    this.machines = options.machines;
    this.#machineNames = options.machineNames ?? [];
    this.#transport = new Transport(loop, this, this.#slots, this.counters, options.giveUpNs ?? GIVE_UP_NS);
    this.#chains = new ToxicChains(loop, rng, this, { head: STAGE_HEAD, timer: STAGE_TIMER });
    this.#interference = new Interference(loop, this, LATE, this.#slots, this.counters);
    this.#endings = new Endings(loop, this.#connections, this.#transport, this.#chains, this.counters);
    this.#arrivals = new Arrivals(
      this.#slots,
      this.#transport,
      this.#chains,
      this.#interference,
      this.#endings,
      this.counters,
    );
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
    this.#arrivals.listeners[machine] = listener;
  }

  unlisten(machine: number): void {
    this.#arrivals.listeners[machine] = undefined;
  }

  /**
   * Opens a connection: `onOpen` follows after a round trip, or `onClosed` if it is refused or nobody answers.
   * `established`: it stands at once, for the start of a run; the acceptor must be listening.
   */
  dial(from: number, to: number, endpoint: Endpoint, tag = 0, established = false): Connection {
    const connection = this.#connections.add(this, tag, this.link(from, to), this.link(to, from));
    const [forth, back] = connection.directions;
    this.counters.dials++;
    forth.endpoint = endpoint;
    if (established) {
      const isAccepted = this.#arrivals.accept(connection);
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
    this.#endings.close(direction);
  }

  reset(direction: Direction): void {
    this.#endings.reset(direction);
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
      if (link.blocked === 0) this.#connections.over(link, (direction) => this.#transport.heal(direction));
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
    return this.#chains.add(spec, this.#connections.standing);
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
    this.#endings.resetMachine(machine);
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
    return this.#connections.standing.size;
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
    const connections = this.#connections;
    if (opcode === DELIVER) this.#arrivals.deliver(a, connections.direction(b)!);
    else if (opcode === STAGE_HEAD) this.#chains.onHead(a);
    else if (opcode === STAGE_TIMER) this.#chains.onTimer(a);
    else if (opcode === RESUME) this.#transport.resume(connections.direction(a)!);
    else if (opcode === GIVE_UP) this.#giveUp(connections.direction(a)!);
    else if (opcode === LATE) this.#arrivals.deliverLate(this.#interference.take(a));
    else this.#tellWritable(connections.direction(a)!);
  }

  describe(opcode: number, a: number, b: number): string {
    if (opcode === STAGE_HEAD || opcode === STAGE_TIMER) return this.#chains.describe(a);
    const late = opcode === LATE ? this.#interference.peek(a) : undefined;
    const direction = late?.direction ?? this.#connections.direction(opcode === DELIVER ? b : a);
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
    for (const connection of this.#connections.standing)
      for (const direction of connection.directions) this.#transport.wakeSender(direction);
  }

  #giveUp(direction: Direction): void {
    direction.giveUpEvent = 0;
    this.#endings.breakOff(direction, 'unreachable');
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
    this.#endings.putClose(direction);
  }

  resetBoth(connection: Connection): void {
    this.#endings.resetBoth(connection);
  }

  discard(direction: Direction, bytes: number, message: number): void {
    direction.heldBytes -= bytes;
    this.#transport.wakeSender(direction);
    if (message >= 0) this.#transport.lose(message);
  }
}
