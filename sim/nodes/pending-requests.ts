/**
 * Client requests that a replica has taken in and not yet answered, and when each passed which stage.
 *
 * A session has one request outstanding, so there are at most as many as sessions; a newer request
 * of a session replaces an older one, which the client has given up, whichever comes last.
 */
import type { Time } from '../clock.ts';
import type { Connection, Side } from '../network/connection.ts';
import type { ClientRequest } from '../rpc.ts';

export class PendingRequest {
  readonly request: ClientRequest;
  readonly connection: Connection;
  readonly side: Side;
  arrivedAt: Time;
  /** Stepped by the Raft thread. */
  steppedAt: Time = 0;
  /** Log index, if this node appended it itself; 0 where it was forwarded or is a read. */
  index = 0;
  savedAt: Time = 0;
  committedAt: Time = 0;

  constructor(request: ClientRequest, connection: Connection, side: Side, arrivedAt: Time) {
    this.request = request;
    this.connection = connection;
    this.side = side;
    this.arrivedAt = arrivedAt;
  }
}

/** Powers of two. Tables double from the first size on while requests meet in a slot: most clusters have few clients. */
const SLOTS_MIN = 1 << 6;
/** Requests that stand further apart in the log than this are not found by their index. */
const INDEX_SLOTS_MAX = 1 << 14;
/** As many sessions find each other without a map; those of larger numbers, and those in the way, go into one. */
const SESSION_SLOTS_MAX = 1 << 12;

type Slots = (PendingRequest | undefined)[];

/** Writes waiting for their entry to be applied: by session, and by log index while that is near. */
export class PendingRequests {
  #slots: Slots = new Array(SLOTS_MIN).fill(undefined);
  /** Of sessions whose slot another one held. */
  readonly #displaced = new Map<number, PendingRequest>();
  #byIndex: Slots = new Array(SLOTS_MIN).fill(undefined);

  add(pending: PendingRequest): void {
    const { session, sequence } = pending.request;
    for (;;) {
      const slot = session & (this.#slots.length - 1);
      const there = this.#slots[slot];
      if (there === undefined || there.request.session === session) {
        if (there !== undefined && there.request.sequence > sequence) return;
        this.#slots[slot] = pending;
        if (this.#displaced.size > 0) this.#displaced.delete(session);
        return;
      }
      if (this.#slots.length === SESSION_SLOTS_MAX) break;
      this.#slots = doubled(this.#slots, (each) => each.request.session);
    }
    const there = this.#displaced.get(session);
    if (there === undefined || there.request.sequence <= sequence) this.#displaced.set(session, pending);
  }

  /** The entry of the request has this index in the node's own log. */
  placed(pending: PendingRequest, index: number): void {
    pending.index = index;
    for (;;) {
      const slot = index & (this.#byIndex.length - 1);
      const there = this.#byIndex[slot];
      if (there === undefined || there.index === index || this.#byIndex.length === INDEX_SLOTS_MAX) {
        this.#byIndex[slot] = pending;
        return;
      }
      this.#byIndex = doubled(this.#byIndex, (each) => each.index);
    }
  }

  atIndex(index: number): PendingRequest | undefined {
    const pending = this.#byIndex[index & (this.#byIndex.length - 1)];
    return pending !== undefined && pending.index === index ? pending : undefined;
  }

  /** Takes out the request, if it is still the one that the client waits for. */
  take(session: number, sequence: number): PendingRequest | undefined {
    const slot = session & (this.#slots.length - 1);
    let pending = this.#slots[slot];
    if (pending !== undefined && pending.request.session === session) {
      if (pending.request.sequence !== sequence) return undefined;
      this.#slots[slot] = undefined;
    } else {
      if (this.#displaced.size === 0) return undefined;
      pending = this.#displaced.get(session);
      if (pending === undefined || pending.request.sequence !== sequence) return undefined;
      this.#displaced.delete(session);
    }
    if (pending.index !== 0) this.#byIndex[pending.index & (this.#byIndex.length - 1)] = undefined;
    return pending;
  }
}

/** Those that had a slot each have one each. */
function doubled(slots: Slots, numberOf: (pending: PendingRequest) => number): Slots {
  const twice: Slots = new Array(slots.length * 2).fill(undefined);
  for (const each of slots) if (each !== undefined) twice[numberOf(each) & (twice.length - 1)] = each;
  return twice;
}
