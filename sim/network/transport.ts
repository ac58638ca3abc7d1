/**
 * What carries messages in one direction of a connection: onto the wire and, when a partition gets
 * in the way, once more after the retransmission time-out. Knows no endpoints; the network tells it
 * what to carry and is told what went wrong by events.
 *
 * A stream is flowing (messages in `flight`, each with its delivery event), or stalled (everything in
 * `held`, none with an event). It stalls when a delivery falls into a partition: whatever else was in
 * flight behind it is held too, because a reader must not see it before what was lost. The timer
 * doubles from 200 ms, counted from the first loss; since nothing can get through while the link is
 * blocked, only the expiry after the heal costs an event. What a clog has kept was not lost, and goes on when it ends.
 */
import type { Duration, Time } from '../clock.ts';
import { MILLISECOND, SECOND } from '../clock.ts';
import type { EventLoop, Handler } from '../loop.ts';
import type { Direction } from './connection.ts';
import type { NetworkCounters } from './counters.ts';
import { DATA, type MessageQueue, type MessageSlots } from './message-slots.ts';

/** An IP and a TCP header: what a message without data weighs. */
const CONTROL_BYTES = 40;
const RETRANSMISSION_TIMEOUT_NS: Duration = 200 * MILLISECOND;
const RETRANSMISSION_TIMEOUT_NS_MAX: Duration = 120 * SECOND;

/** Opcodes of the network's events that the transport schedules. */
export const DELIVER = 1;
export const RESUME = 2;
export const GIVE_UP = 3;
export const WRITABLE = 4;

export class Transport {
  readonly #loop: EventLoop;
  readonly #handler: Handler;
  readonly #slots: MessageSlots;
  readonly #counters: NetworkCounters;
  readonly #giveUpNs: Duration;

  constructor(loop: EventLoop, handler: Handler, slots: MessageSlots, counters: NetworkCounters, giveUpNs: Duration) {
    this.#loop = loop;
    this.#handler = handler;
    this.#slots = slots;
    this.#counters = counters;
    this.#giveUpNs = giveUpNs;
  }

  // ——— sending ———

  /** `bytes` may be less than the message's: its last piece, when the others have gone before. */
  transmit(direction: Direction, slot: number, bytes: number): void {
    let arrival = direction.link.transmit(bytes, this.#loop.now);
    if (arrival < direction.lastArrival) arrival = direction.lastArrival;
    else direction.lastArrival = arrival;
    const slots = this.#slots;
    slots.push(direction.flight, slot);
    slots.event[slot] = this.#loop.schedule(arrival, this.#handler, DELIVER, slot, direction.index);
  }

  /** Onto the wire, or behind what waits for the partition to end. */
  dispatch(direction: Direction, slot: number, bytes: number): void {
    if (direction.stalledSince >= 0) {
      direction.heldBytes += this.#slots.bytes[slot]!;
      this.#slots.push(direction.held, slot);
    } else {
      this.transmit(direction, slot, bytes);
    }
  }

  /** Bytes of a message whose end is still to come. */
  transmitPiece(direction: Direction, bytes: number): void {
    // Stalled: the whole message is sent again with its end.
    if (direction.stalledSince >= 0) return;
    const arrival = direction.link.transmit(bytes, this.#loop.now);
    if (arrival > direction.lastArrival) direction.lastArrival = arrival;
  }

  sendControl(direction: Direction, kind: number): void {
    this.dispatch(direction, this.#slots.take(undefined, kind, CONTROL_BYTES), CONTROL_BYTES);
  }

  // ——— losing and sending again ———

  /** Something should have arrived and could not: from here on everything waits for the retransmission timer. */
  stall(direction: Direction): void {
    const slots = this.#slots;
    direction.stalledSince = this.#loop.now;
    for (let slot = slots.shift(direction.flight); slot >= 0; slot = slots.shift(direction.flight)) {
      this.#loop.cancel(slots.event[slot]!);
      direction.heldBytes += slots.bytes[slot]!;
      slots.push(direction.held, slot);
    }
    direction.refresh();
    this.#startGivingUp(direction);
  }

  /** It arrived, but its sender can't know. */
  deliveredUnacknowledged(direction: Direction, bytes: number): void {
    direction.unacknowledgedBytes += bytes;
    direction.refresh();
    this.#startGivingUp(direction);
  }

  /** The link of a direction works again. */
  heal(direction: Direction): void {
    if (direction.stalledSince >= 0) this.#scheduleResume(direction);
    const { reverse } = direction;
    if (reverse.unacknowledgedBytes === 0) return;
    reverse.unacknowledgedBytes = 0;
    this.#stopGivingUp(reverse);
    this.wakeSender(reverse);
  }

  /** The retransmission timer has expired, or a clog has ended. */
  resume(direction: Direction): void {
    direction.resumeEvent = 0;
    // Blocked again meanwhile: this retransmission is lost as well, the next heal schedules another.
    if (direction.link.blocked !== 0) return;
    const wasLost = this.#wasLost(direction);
    direction.stalledSince = -1;
    const slots = this.#slots;
    for (let slot = slots.shift(direction.held); slot >= 0; slot = slots.shift(direction.held)) {
      const bytes = slots.bytes[slot]!;
      direction.heldBytes -= bytes;
      if (wasLost) {
        this.#counters.messagesRetransmitted++;
        this.#counters.bytesRetransmitted += bytes;
      } else this.#counters.messagesHeld++;
      this.transmit(direction, slot, bytes);
    }
    this.#stopGivingUp(direction);
    this.wakeSender(direction);
  }

  #scheduleResume(direction: Direction): void {
    const { now } = this.#loop;
    let timeoutNs = RETRANSMISSION_TIMEOUT_NS;
    let at = this.#wasLost(direction) ? direction.stalledSince + timeoutNs : now;
    while (at < now) {
      timeoutNs = Math.min(timeoutNs * 2, RETRANSMISSION_TIMEOUT_NS_MAX);
      at += timeoutNs;
    }
    this.#loop.cancel(direction.resumeEvent);
    direction.resumeEvent = this.#loop.schedule(at, this.#handler, RESUME, direction.index);
  }

  /** A partition lost what is held; what only a clog has kept goes on at once. */
  #wasLost({ link, stalledSince }: Direction): boolean {
    return link.healedAt >= stalledSince;
  }

  #startGivingUp(direction: Direction): void {
    // A reset waits for the heal however long that takes: nobody is left to be told.
    if (direction.giveUpEvent !== 0 || direction.hasSentReset) return;
    const at = this.#loop.now + this.#giveUpNs;
    direction.giveUpEvent = this.#loop.schedule(at, this.#handler, GIVE_UP, direction.index);
  }

  /** Progress: the sender's patience is whole again, unless it still waits for something else. */
  #stopGivingUp(direction: Direction): void {
    this.#loop.cancel(direction.giveUpEvent);
    direction.giveUpEvent = 0;
    direction.refresh();
    if (direction.stalledSince >= 0 || direction.unacknowledgedBytes > 0) this.#startGivingUp(direction);
  }

  // ——— back-pressure ———

  /** Whether the stream holds as much already as it may. An empty one takes a message of any size. */
  isFull(direction: Direction, bytes: number): boolean {
    const waiting = direction.heldBytes + direction.unacknowledgedBytes;
    return waiting > 0 && waiting + bytes > direction.link.queueBytes;
  }

  refuse(direction: Direction, isLinkFull: boolean): false {
    this.#counters.sendsRefused++;
    direction.wantsWritable = true;
    // A full link empties by itself; a full stream calls `wakeSender` when it moves again.
    if (isLinkFull && direction.writableEvent === 0) {
      this.#scheduleWritable(direction, direction.link.halfEmptyAt(this.#loop.now));
    }
    return false;
  }

  /** Has a sender that was refused told, if there is room for it now. */
  wakeSender(direction: Direction): void {
    if (!direction.wantsWritable || direction.writableEvent !== 0) return;
    const waiting = direction.heldBytes + direction.unacknowledgedBytes;
    if (waiting * 2 <= direction.link.queueBytes) this.#scheduleWritable(direction, this.#loop.now);
  }

  #scheduleWritable(direction: Direction, at: Time): void {
    direction.writableEvent = this.#loop.schedule(at, this.#handler, WRITABLE, direction.index);
  }

  // ——— ending ———

  /** Drops everything under way; what the chain of toxics holds is the chain's. */
  clear(direction: Direction): void {
    this.#release(direction.flight);
    this.#release(direction.held);
    this.#loop.cancel(direction.giveUpEvent);
    this.#loop.cancel(direction.resumeEvent);
    direction.giveUpEvent = 0;
    direction.resumeEvent = 0;
    direction.heldBytes = 0;
    direction.unacknowledgedBytes = 0;
    direction.stalledSince = -1;
    direction.refresh();
  }

  /** A message that nobody will get; a copy was never counted as sent. */
  lose(slot: number, isCopy = false): void {
    if (this.#slots.kind[slot] === DATA) {
      if (!isCopy) this.countLost(this.#slots.bytes[slot]!);
      this.#slots.observer?.onLost(slot);
    }
    this.#slots.release(slot);
  }

  countSent(bytes: number): void {
    this.#counters.messagesSent++;
    this.#counters.bytesSent += bytes;
  }

  countLost(bytes: number): void {
    this.#counters.messagesLost++;
    this.#counters.bytesLost += bytes;
  }

  #release(queue: MessageQueue): void {
    const slots = this.#slots;
    for (let slot = slots.shift(queue); slot >= 0; slot = slots.shift(queue)) {
      this.#loop.cancel(slots.event[slot]!);
      this.lose(slot);
    }
  }
}
