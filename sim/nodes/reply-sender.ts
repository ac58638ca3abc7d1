/**
 * Answers to clients. Replies that leave at one instant over one connection travel together.
 */
import type { Value } from '../bytes/value.ts';
import type { Connection, Side } from '../network/connection.ts';
import { type ClientReply, type ReplyStatus, replyBytes, WAITS } from '../rpc.ts';
import type { PendingRequest } from './pending-requests.ts';

interface Outgoing {
  readonly connection: Connection;
  readonly side: Side;
  replies: ClientReply[] | undefined;
  bytes: number;
}

const REPLIES_A_BLOCK = 256;

export class ReplySender {
  readonly #outgoing: Outgoing[] = [];
  #waits = new Float64Array(WAITS.length * REPLIES_A_BLOCK);
  #waitsFrom = 0;
  /** Node number of the leader as this node knows it, −1 for none. */
  leader: () => number = () => -1;

  /**
   * Room for the waits of the next reply, all zero: its first element. An array of its own for each reply
   * would be the dearest thing about it.
   */
  nextWaits(): number {
    this.#waitsFrom += WAITS.length;
    if (this.#waitsFrom + WAITS.length > this.#waits.length) {
      this.#waits = new Float64Array(WAITS.length * REPLIES_A_BLOCK);
      this.#waitsFrom = 0;
    }
    return this.#waitsFrom;
  }

  get waits(): Float64Array {
    return this.#waits;
  }

  /** Answers at once: nothing was done. */
  refuse(pending: PendingRequest, status: ReplyStatus): void {
    this.add(pending, status, undefined, 0, 0, false);
    this.flush();
  }

  add(
    pending: PendingRequest,
    status: ReplyStatus,
    value: Value | undefined,
    count: number,
    revision: number,
    hasWaits: boolean,
  ): void {
    const { request, connection, side } = pending;
    if (!connection.isOpen(side)) return; // nobody hears it; the client will ask again
    const reply: ClientReply = {
      kind: 'reply',
      session: request.session,
      sequence: request.sequence,
      status,
      leader: this.leader(),
      value,
      count,
      revision,
      waits: hasWaits ? this.#waits : undefined,
      waitsFrom: this.#waitsFrom,
    };
    const outgoing = this.#to(connection, side);
    if (outgoing.replies === undefined) outgoing.replies = [reply];
    else outgoing.replies.push(reply);
    outgoing.bytes += replyBytes(reply);
  }

  /** Sends what was added. A full send buffer drops it, and the client's time-out deals with that. */
  flush(): void {
    for (let i = 0; i < this.#outgoing.length; i++) {
      const outgoing = this.#outgoing[i]!;
      const { connection, side, replies } = outgoing;
      if (replies === undefined) continue;
      if (connection.isOpen(side)) connection.send(side, replies, outgoing.bytes);
      outgoing.replies = undefined;
      outgoing.bytes = 0;
    }
    if (this.#outgoing.length > CONNECTIONS_KEPT) this.#outgoing.length = 0;
  }

  #to(connection: Connection, side: Side): Outgoing {
    for (let i = 0; i < this.#outgoing.length; i++) {
      const outgoing = this.#outgoing[i]!;
      if (outgoing.connection === connection && outgoing.side === side) return outgoing;
    }
    const added: Outgoing = { connection, side, replies: undefined, bytes: 0 };
    this.#outgoing.push(added);
    return added;
  }
}

const CONNECTIONS_KEPT = 64;
