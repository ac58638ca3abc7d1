/**
 * What clients asked and were told, in the order of their calls, and where it took effect. Remembers the first 2^20
 * operations, 104 bytes each; `isFull` says that there were more.
 */

import { fingerprint } from '../checkers/fingerprint.ts';
import type { Time } from '../clock.ts';
import { NEVER_RETURNED } from '../linearizability/history.ts';
import { type ClientReply, type ClientRequest, GET, type Outcome, RANGE } from '../rpc.ts';
import { Rows } from './rows.ts';

export const SESSION = 0;
export const SEQUENCE = 1;
/** Place in `OPERATIONS`. */
export const OPERATION = 2;
/** −1: not one key of the workload's. */
export const KEY = 3;
/** Fingerprint of what was written or read; 0: nothing. */
export const MARK = 4;
export const CALLED_AT = 5;
/** `NEVER_RETURNED`: it has not ended, or nobody knows how. */
export const RETURNED_AT = 6;
export const OUTCOME = 7;
/** The entry at which it first took effect on a replica; 0: none was seen. */
export const ENTRY = 8;
/** Another entry at which it took effect; 0: none. */
export const ENTRY_AGAIN = 9;
/** 1: a read that was allowed to be stale. */
export const MAY_BE_STALE = 10;
export const ENDED_AT_CLIENT = 11;
/** What its client was told; 0: nothing. */
export const REVISION = 12;
const FIELDS = 13;

/** Outcomes; 0: it has not ended. */
const OUTCOMES: readonly Outcome[] = ['ok', 'failed', 'unknown'];
export const FAILED = 2;

const OPERATIONS_MAX = 2 ** 20;

export class OperationLog {
  readonly rows = new Rows(FIELDS, OPERATIONS_MAX);
  isFull = false;
  /** By session: its operations; their sequence numbers ascend. */
  readonly #ofSession = new Map<number, number[]>();

  get count(): number {
    return this.rows.next;
  }

  get(row: number, field: number): number {
    return this.rows.values[this.rows.at(row) + field]!;
  }

  onInvoke(request: ClientRequest, key: number, now: Time): void {
    if (this.rows.next === OPERATIONS_MAX) {
      this.isFull = true;
      return;
    }
    const row = this.rows.next;
    const at = this.rows.add();
    const { values } = this.rows;
    const { session, sequence, operation, value, serializable } = request;
    values[at + SESSION] = session;
    values[at + SEQUENCE] = sequence;
    values[at + OPERATION] = operation;
    values[at + KEY] = operation === RANGE ? -1 : key;
    values[at + MARK] = value === undefined ? 0 : fingerprint(value);
    values[at + CALLED_AT] = now;
    values[at + RETURNED_AT] = NEVER_RETURNED;
    values[at + MAY_BE_STALE] = serializable && operation >= GET ? 1 : 0;
    const others = this.#ofSession.get(session);
    if (others === undefined) this.#ofSession.set(session, [row]);
    else others.push(row);
  }

  onOutcome(request: ClientRequest, outcome: Outcome, reply: ClientReply | undefined, now: Time): void {
    const row = this.find(request.session, request.sequence);
    if (row === undefined) return;
    const at = this.rows.at(row);
    const { values } = this.rows;
    values[at + OUTCOME] = 1 + OUTCOMES.indexOf(outcome);
    values[at + ENDED_AT_CLIENT] = now;
    if (reply === undefined) return;
    values[at + RETURNED_AT] = now;
    values[at + REVISION] = reply.revision;
    if (request.operation === GET) values[at + MARK] = reply.value === undefined ? 0 : fingerprint(reply.value);
  }

  onEffect(entry: number, session: number, sequence: number): void {
    const row = this.find(session, sequence);
    if (row === undefined) return;
    const at = this.rows.at(row);
    const { values } = this.rows;
    if (values[at + ENTRY] === 0) values[at + ENTRY] = entry;
    else if (values[at + ENTRY] !== entry && values[at + ENTRY_AGAIN] === 0) values[at + ENTRY_AGAIN] = entry;
  }

  /** The session's latest operation before it that was told of a newer state. */
  toldNewerBefore(row: number): number | undefined {
    const revision = this.get(row, REVISION);
    if (revision === 0) return undefined;
    const rows = this.#ofSession.get(this.get(row, SESSION)) ?? [];
    return rows.findLast((other) => other < row && this.get(other, REVISION) > revision);
  }

  find(session: number, sequence: number): number | undefined {
    const rows = this.#ofSession.get(session);
    if (rows === undefined) return undefined;
    let from = 0;
    for (let to = rows.length; from < to; ) {
      const middle = (from + to) >> 1;
      if (this.get(rows[middle]!, SEQUENCE) < sequence) from = middle + 1;
      else to = middle;
    }
    const row = rows[from];
    return row !== undefined && this.get(row, SEQUENCE) === sequence ? row : undefined;
  }
}
