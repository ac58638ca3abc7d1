/**
 * The messages of a run: who sent what to whom, when it arrived, or that it never did. What travels together stands in
 * rows of its own. Remembered are the last 2^18 that were sent within the window, 112 bytes each.
 *
 * Does not hold: what opens and closes connections, and what a node wanted to send and found no connection for.
 */

import type { EventLoop } from '../loop.ts';
import type { MessageObserver } from '../network/observer.ts';
import type { PeerBundle } from '../nodes/peer-streams.ts';
import {
  type Message,
  MSG_APP,
  MSG_APP_RESP,
  MSG_HEARTBEAT,
  MSG_HEARTBEAT_RESP,
  MSG_PRE_VOTE,
  MSG_PRE_VOTE_RESP,
  MSG_READ_INDEX,
  MSG_READ_INDEX_RESP,
  MSG_SNAP,
  MSG_TIMEOUT_NOW,
  MSG_VOTE,
  MSG_VOTE_RESP,
} from '../nodes/raft/messages.ts';
import type { ReplayWindow } from '../replay.ts';
import type { ClientReply, ClientRequest, ReplyStatus } from '../rpc.ts';
import { Rows } from './rows.ts';

/** What messages are for: by this they are coloured and filtered. */
export const MESSAGE_KINDS = [
  'request',
  'reply',
  'append',
  'ack',
  'heartbeat',
  'vote',
  'snapshot',
  'read',
  'other',
] as const;
const REQUEST = 0;
const REPLY = 1;
const OTHER = 8;

const KIND_OF_TYPE: Readonly<Record<number, number>> = {
  [MSG_APP]: 2,
  [MSG_APP_RESP]: 3,
  [MSG_HEARTBEAT]: 4,
  [MSG_HEARTBEAT_RESP]: 4,
  [MSG_VOTE]: 5,
  [MSG_VOTE_RESP]: 5,
  [MSG_PRE_VOTE]: 5,
  [MSG_PRE_VOTE_RESP]: 5,
  [MSG_TIMEOUT_NOW]: 5,
  [MSG_SNAP]: 6,
  [MSG_READ_INDEX]: 7,
  [MSG_READ_INDEX_RESP]: 7,
};

export const REPLY_STATUSES: readonly ReplyStatus[] = [
  'ok',
  'not-leader',
  'no-leader',
  'too-many-requests',
  'no-space',
  'unavailable',
  'unknown',
];

export const UNDER_WAY = 0;
export const DELIVERED = 1;
export const LOST = 2;

/** Fields of a row. */
export const SENT_AT = 0;
/** When it arrived or was given up; 0: neither. */
export const ENDED_AT = 1;
export const FATE = 2;
export const FROM = 3;
export const TO = 4;
export const KIND = 5;
/** Raft: the protocol's number; a request's operation; a reply's place in `REPLY_STATUSES`. */
export const TYPE = 6;
/** Of all that travelled together. */
export const BYTES = 7;
/** Raft: term, index, term at the index, commit, entries, 1 for a rejection. Clients: session, sequence, then of a reply its revision. */
export const DETAIL = 8;
const FIELDS = 14;

const MESSAGES_MAX = 2 ** 18;
const TYPE_NONE = -1;

export class MessageLog implements MessageObserver {
  readonly rows = new Rows(FIELDS, MESSAGES_MAX);
  readonly #loop: EventLoop;
  readonly #window: ReplayWindow;
  /** By slot of the network: the first row of what it carries, and how many; 0: it is not remembered. */
  readonly #firstRow: number[] = [];
  readonly #rowCount: number[] = [];
  readonly #onSent: (from: number, to: number) => void;

  /** `onSent` hears of every message, within the window or not. */
  constructor(loop: EventLoop, window: ReplayWindow, onSent: (from: number, to: number) => void) {
    this.#loop = loop;
    this.#window = window;
    this.#onSent = onSent;
  }

  onSent(slot: number, from: number, to: number, message: unknown, bytes: number): void {
    this.#onSent(from, to);
    const { now } = this.#loop;
    this.#rowCount[slot] = 0;
    if (now < this.#window.from || now >= this.#window.to) return;
    this.#firstRow[slot] = this.rows.next;
    this.#addAll(from, to, message, bytes);
    this.#rowCount[slot] = this.rows.next - this.#firstRow[slot]!;
  }

  onDelivered(slot: number): void {
    this.#end(slot, DELIVERED);
  }

  onLost(slot: number): void {
    this.#end(slot, LOST);
  }

  onSentInVain(from: number, to: number, message: unknown, bytes: number): void {
    const slot = this.#rowCount.length;
    this.onSent(slot, from, to, message, bytes);
    this.onLost(slot);
    this.#rowCount.length = slot;
    this.#firstRow.length = slot;
  }

  #end(slot: number, fate: number): void {
    const count = this.#rowCount[slot] ?? 0;
    this.#rowCount[slot] = 0;
    for (let i = 0; i < count; i++) {
      const row = this.#firstRow[slot]! + i;
      if (!this.rows.has(row)) continue;
      const at = this.rows.at(row);
      this.rows.values[at + ENDED_AT] = this.#loop.now;
      this.rows.values[at + FATE] = fate;
    }
  }

  #addAll(from: number, to: number, message: unknown, bytes: number): void {
    if (Array.isArray(message)) for (const each of message) this.#addOfClient(from, to, each, bytes);
    else if (isBundle(message)) for (const each of message.messages) this.#addOfRaft(from, to, each, bytes);
    else if (isOfClient(message)) this.#addOfClient(from, to, message, bytes);
    else this.#add(from, to, OTHER, TYPE_NONE, bytes);
  }

  #add(from: number, to: number, kind: number, type: number, bytes: number): number {
    const at = this.rows.add();
    const { values } = this.rows;
    values[at + SENT_AT] = this.#loop.now;
    values[at + FROM] = from;
    values[at + TO] = to;
    values[at + KIND] = kind;
    values[at + TYPE] = type;
    values[at + BYTES] = bytes;
    return at + DETAIL;
  }

  #addOfRaft(from: number, to: number, message: Message, bytes: number): void {
    const at = this.#add(from, to, KIND_OF_TYPE[message.type] ?? OTHER, message.type, bytes);
    const { values } = this.rows;
    values[at] = message.term;
    values[at + 1] = message.snapshot?.index ?? message.index;
    values[at + 2] = message.snapshot?.term ?? message.logTerm;
    values[at + 3] = message.commit;
    values[at + 4] = message.entries.length;
    values[at + 5] = message.reject ? 1 : 0;
  }

  #addOfClient(from: number, to: number, message: ClientRequest | ClientReply, bytes: number): void {
    const isRequest = message.kind === 'request';
    const type = isRequest ? message.operation : REPLY_STATUSES.indexOf(message.status);
    const at = this.#add(from, to, isRequest ? REQUEST : REPLY, type, bytes);
    const { values } = this.rows;
    values[at] = message.session;
    values[at + 1] = message.sequence;
    values[at + 2] = isRequest ? 0 : message.revision;
  }
}

function isBundle(message: unknown): message is PeerBundle {
  return typeof message === 'object' && message !== null && 'messages' in message;
}

function isOfClient(message: unknown): message is ClientRequest | ClientReply {
  return typeof message === 'object' && message !== null && 'sequence' in message;
}
