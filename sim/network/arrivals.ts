/** What arrives at a machine: handed to whoever holds the connection there, caught by a cut, disturbed, or its end. */
import { assert } from '../assert.ts';
import type { ToxicChains } from './chains.ts';
import { ACCEPTOR, CLOSED, type Connection, DIALLER, type Direction, type Listener, NEW, OPEN } from './connection.ts';
import type { NetworkCounters } from './counters.ts';
import type { Endings } from './endings.ts';
import type { Interference, LateMessage } from './interference.ts';
import { DATA, FIN, type MessageSlots, RST, SYN, SYN_ACK } from './message-slots.ts';
import type { Transport } from './transport.ts';

export class Arrivals {
  /** By machine. */
  readonly listeners: (Listener | undefined)[] = [];
  readonly #slots: MessageSlots;
  readonly #transport: Transport;
  readonly #chains: ToxicChains;
  readonly #interference: Interference;
  readonly #endings: Endings;
  readonly #counters: NetworkCounters;

  constructor(
    slots: MessageSlots,
    transport: Transport,
    chains: ToxicChains,
    interference: Interference,
    endings: Endings,
    counters: NetworkCounters,
  ) {
    this.#slots = slots;
    this.#transport = transport;
    this.#chains = chains;
    this.#interference = interference;
    this.#endings = endings;
    this.#counters = counters;
  }

  deliver(slot: number, direction: Direction): void {
    const slots = this.#slots;
    const { link } = direction;
    if (link.blocked !== 0) {
      this.#transport.stall(direction);
      return;
    }
    const head = slots.shift(direction.flight);
    assert(head === slot, 'network: a message overtook another');
    const kind = slots.kind[slot]!;
    const receiver = direction.reverse;
    if (receiver.link.blocked !== 0 && kind !== RST) {
      this.#transport.deliveredUnacknowledged(direction, slots.bytes[slot]!);
    }
    if (kind !== DATA) {
      slots.release(slot);
      this.#deliverControl(direction, kind);
    } else if (receiver.state !== OPEN) {
      this.#transport.lose(slot);
    } else if (!link.isDisturbed || this.#comesOnTime(slot, direction)) {
      this.#hand(slot, receiver);
    }
  }

  deliverLate({ direction, slot, isCopy }: LateMessage): void {
    const receiver = direction.reverse;
    if (receiver.state === OPEN && direction.link.blocked === 0) this.#hand(slot, receiver);
    else this.#transport.lose(slot, isCopy);
  }

  /** Asks the proxy and the listener; if both agree, the acceptor's side is open. */
  accept(connection: Connection): boolean {
    const back = connection.directions[ACCEPTOR];
    const isRefused = this.#chains.refusesDials(connection);
    back.endpoint = isRefused ? undefined : this.listeners[connection.acceptor]?.accept(connection);
    back.state = back.endpoint === undefined ? CLOSED : OPEN;
    if (back.state === OPEN) this.#chains.open(connection);
    return back.state === OPEN;
  }

  #hand(slot: number, receiver: Direction): void {
    const slots = this.#slots;
    const bytes = slots.bytes[slot]!;
    const message = slots.message[slot];
    slots.release(slot);
    this.#counters.messagesDelivered++;
    this.#counters.bytesDelivered += bytes;
    slots.observer?.onDelivered(slot);
    receiver.endpoint!.onMessage(receiver.connection, receiver.sender, message, bytes);
  }

  /** If it does not, it comes later or, spoilt, never. */
  #comesOnTime(slot: number, direction: Direction): boolean {
    const fate = this.#interference.meet(direction, slot);
    if (fate !== 'corrupt') return fate === 'on time';
    this.#transport.lose(slot);
    this.#endings.breakOff(direction.reverse, 'reset');
    return false;
  }

  #deliverControl(direction: Direction, kind: number): void {
    const { connection } = direction;
    if (kind === SYN) {
      const back = connection.directions[ACCEPTOR];
      if (this.accept(connection)) {
        this.#transport.sendControl(back, SYN_ACK);
        back.endpoint!.onOpen?.(connection, ACCEPTOR);
      } else {
        this.#endings.resetPeer(back);
      }
    } else if (kind === SYN_ACK) {
      const forth = connection.directions[DIALLER];
      if (forth.state !== NEW) return;
      forth.state = OPEN;
      forth.endpoint!.onOpen?.(connection, DIALLER);
    } else {
      if (kind === FIN) this.#handLate(direction);
      this.#endings.closeSide(direction.reverse, kind === FIN ? 'closed' : 'reset');
    }
  }

  /** Nothing comes after a close, and what was sent before it comes. */
  #handLate(direction: Direction): void {
    for (const late of this.#interference.takeAll(direction)) this.deliverLate(late);
  }
}
