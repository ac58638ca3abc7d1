/**
 * Messages under way, in parallel arrays: what a delivery event needs, without an object for each.
 * Limit: 2^20 messages at a time over all connections, asserted; send buffers keep runs far below.
 */
import { assert } from '../assert.ts';
import type { MessageObserver } from './observer.ts';

export const DATA = 0;
/** Asks for a connection. */
export const SYN = 1;
/** Grants it. */
export const SYN_ACK = 2;
/** Nothing follows in this direction. */
export const FIN = 3;
/** The sender of this knows nothing of the connection any more. */
export const RST = 4;
export const KIND_NAMES: readonly string[] = ['data', 'SYN', 'SYN-ACK', 'FIN', 'RST'];

const SLOTS_MAX = 1 << 20;

/** First in, first out; linked through `MessageSlots`. */
export class MessageQueue {
  head = -1;
  tail = -1;
}

export class MessageSlots {
  readonly message: unknown[] = [];
  kind = new Uint8Array(256);
  bytes = new Float64Array(256);
  event: Float64Array<ArrayBuffer> = new Float64Array(256);
  #next = new Int32Array(256);
  #free = -1;
  #used = 0;
  /** Messages under way. */
  live = 0;
  observer: MessageObserver | undefined;

  take(message: unknown, kind: number, bytes: number): number {
    let slot = this.#free;
    if (slot >= 0) this.#free = this.#next[slot]!;
    else slot = this.#extend();
    this.message[slot] = message;
    this.kind[slot] = kind;
    this.bytes[slot] = bytes;
    this.event[slot] = 0;
    this.#next[slot] = -1;
    this.live++;
    return slot;
  }

  release(slot: number): void {
    this.message[slot] = undefined;
    this.#next[slot] = this.#free;
    this.#free = slot;
    this.live--;
  }

  push(queue: MessageQueue, slot: number): void {
    this.#next[slot] = -1;
    if (queue.tail < 0) queue.head = slot;
    else this.#next[queue.tail] = slot;
    queue.tail = slot;
  }

  /** Removes and returns the first; −1 if there is none. */
  shift(queue: MessageQueue): number {
    const slot = queue.head;
    if (slot < 0) return -1;
    queue.head = this.#next[slot]!;
    if (queue.head < 0) queue.tail = -1;
    return slot;
  }

  #extend(): number {
    const slot = this.#used++;
    assert(slot < SLOTS_MAX, 'network: more than 2^20 messages under way');
    if (slot === this.kind.length) {
      const size = slot * 2;
      const kind = new Uint8Array(size);
      kind.set(this.kind);
      this.kind = kind;
      const bytes = new Float64Array(size);
      bytes.set(this.bytes);
      this.bytes = bytes;
      const event = new Float64Array(size);
      event.set(this.event);
      this.event = event;
      const next = new Int32Array(size);
      next.set(this.#next);
      this.#next = next;
    }
    this.message.push(undefined);
    return slot;
  }
}
