/**
 * Client requests that a replica has taken in and not yet answered, and when each passed which stage.
 *
 * A session has one request outstanding, so there are at most as many as sessions; a newer request
 * of a session replaces an older one, which the client has given up.
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

/** Writes waiting for their entry to be applied: by session, and by log index while that is near. */
const INDEX_SLOTS = 1 << 14;

export class PendingRequests {
  readonly #bySession = new Map<number, PendingRequest>();
  readonly #byIndex: (PendingRequest | undefined)[] = new Array(INDEX_SLOTS).fill(undefined);

  get size(): number {
    return this.#bySession.size;
  }

  add(pending: PendingRequest): void {
    this.#bySession.set(pending.request.session, pending);
  }

  /** The entry of the request has this index in the node's own log. */
  placed(pending: PendingRequest, index: number): void {
    pending.index = index;
    this.#byIndex[index & (INDEX_SLOTS - 1)] = pending;
  }

  atIndex(index: number): PendingRequest | undefined {
    const pending = this.#byIndex[index & (INDEX_SLOTS - 1)];
    return pending !== undefined && pending.index === index ? pending : undefined;
  }

  /** Takes out the request, if it is still the one that the client waits for. */
  take(session: number, sequence: number): PendingRequest | undefined {
    const pending = this.#bySession.get(session);
    if (pending === undefined || pending.request.sequence !== sequence) return undefined;
    this.#bySession.delete(session);
    if (pending.index !== 0) this.#byIndex[pending.index & (INDEX_SLOTS - 1)] = undefined;
    return pending;
  }
}
