/**
 * What a bad path does to single messages that have come as far as their reader.
 *
 *     duplicate   the message is delivered, and once more after a while
 *     reorder     the message is delivered after a while, when others that were sent behind it may have come
 *     corrupt     the reader notices that it is not what was sent, and resets the connection
 *
 * Breaks on purpose what a connection promises: as if a message had gone over another connection than its neighbours, or
 * had been sent again over one. A close lets what is late through first, at once; what finds its connection ended otherwise,
 * or its link blocked, is lost alone.
 *
 * Simplified: what is corrupt is always noticed, as under TLS; of the five things that a connection may carry only data
 * is disturbed, never its opening and closing.
 *
 * Bound: `LATE_MAX` messages wait at a time; while so many do, further ones come on time and once.
 */
import { assert } from '../assert.ts';
import type { Duration, Time } from '../clock.ts';
import type { EventId, EventLoop, Handler } from '../loop.ts';
import type { Rng } from '../rng.ts';
import type { Direction } from './connection.ts';
import type { NetworkCounters } from './counters.ts';
import type { Link } from './link.ts';
import { DATA, type MessageSlots } from './message-slots.ts';

const LATE_MAX = 1 << 16;

export type DisturbanceKind = 'duplicate' | 'reorder' | 'corrupt';

export interface Disturbance {
  readonly kind: DisturbanceKind;
  /** Of the messages, 0 to 1. */
  readonly share: number;
  /** Mean of the exponential draw; of no use to `corrupt`. */
  readonly delayNs: Duration;
  readonly rng: Rng;
}

/** What becomes of a message that has arrived. */
export type Fate = 'on time' | 'late' | 'corrupt';

export interface LateMessage {
  readonly event: EventId;
  readonly direction: Direction;
  /** Of the message. */
  readonly slot: number;
  readonly isCopy: boolean;
}

export class Interference {
  readonly #loop: EventLoop;
  readonly #handler: Handler;
  readonly #opcode: number;
  readonly #slots: MessageSlots;
  readonly #counters: NetworkCounters;
  readonly #byLink = new Map<Link, Disturbance[]>();
  readonly #late: (LateMessage | undefined)[] = [];
  readonly #free: number[] = [];

  /** Late messages come as events `opcode` of `handler`, with what `take` wants. */
  constructor(loop: EventLoop, handler: Handler, opcode: number, slots: MessageSlots, counters: NetworkCounters) {
    this.#loop = loop;
    this.#handler = handler;
    this.#opcode = opcode;
    this.#slots = slots;
    this.#counters = counters;
  }

  add(link: Link, disturbance: Disturbance): void {
    const disturbances = this.#byLink.get(link);
    if (disturbances === undefined) this.#byLink.set(link, [disturbance]);
    else disturbances.push(disturbance);
    link.isDisturbed = true;
  }

  remove(link: Link, disturbance: Disturbance): void {
    const left = this.#byLink.get(link)?.filter((other) => other !== disturbance) ?? [];
    if (left.length > 0) this.#byLink.set(link, left);
    else this.#byLink.delete(link);
    link.isDisturbed = left.length > 0;
  }

  /** Each disturbance of the link has its chance, in the order in which they came; the first that keeps it decides. */
  meet(direction: Direction, slot: number): Fate {
    for (const { kind, share, delayNs, rng } of this.#byLink.get(direction.link)!) {
      if (!rng.chance(share)) continue;
      if (kind === 'corrupt') {
        this.#counters.messagesCorrupted++;
        return 'corrupt';
      }
      const atNs = this.#loop.now + Math.max(1, Math.round(rng.exponential(delayNs)));
      if (this.#late.length - this.#free.length === LATE_MAX) continue;
      if (kind === 'reorder') {
        this.#counters.messagesReordered++;
        this.#delay(direction, slot, false, atNs);
        return 'late';
      }
      this.#counters.messagesDuplicated++;
      this.#delay(direction, this.#copy(direction, slot), true, atNs);
    }
    return 'on time';
  }

  /** The message of an event. */
  take(place: number): LateMessage {
    const late = this.#late[place];
    assert(late !== undefined, 'network: a late message came twice');
    this.#late[place] = undefined;
    this.#free.push(place);
    return late;
  }

  /** All that are late in a direction; their events do not come any more. */
  takeAll(direction: Direction): LateMessage[] {
    const taken: LateMessage[] = [];
    if (this.#late.length === this.#free.length) return taken;
    for (let place = 0; place < this.#late.length; place++) {
      const late = this.#late[place];
      if (late?.direction !== direction) continue;
      this.#loop.cancel(late.event);
      taken.push(this.take(place));
    }
    return taken;
  }

  peek(place: number): LateMessage | undefined {
    return this.#late[place];
  }

  #copy({ link }: Direction, slot: number): number {
    const slots = this.#slots;
    const message = slots.message[slot];
    const bytes = slots.bytes[slot]!;
    const copy = slots.take(message, DATA, bytes);
    slots.observer?.onSent(copy, link.from, link.to, message, bytes);
    return copy;
  }

  #delay(direction: Direction, slot: number, isCopy: boolean, at: Time): void {
    const place = this.#free.pop() ?? this.#late.length;
    const event = this.#loop.schedule(at, this.#handler, this.#opcode, place);
    this.#late[place] = { event, direction, slot, isCopy };
  }
}
