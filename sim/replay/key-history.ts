/**
 * The operations on one key: an order in which they could have happened one by one, as far as there is one, and the
 * operation that fits nowhere with the plainest reason that can be found.
 */
import { KeyMachine, STEPS_AN_OPERATION, STEPS_BASE } from '../checkers/linearizability.ts';
import type { Time } from '../clock.ts';
import { NEVER_RETURNED } from '../linearizability/history.ts';
import { Search } from '../linearizability/search.ts';
import { GET } from '../rpc.ts';
import {
  CALLED_AT,
  FAILED,
  KEY,
  MARK,
  MAY_BE_STALE,
  OPERATION,
  type OperationLog,
  OUTCOME,
  RETURNED_AT,
} from './operation-log.ts';

/** Of an operation that fits nowhere. Rows of the operation log; `BEFORE_THE_RUN` for what a key held at the start. */
export type Reason =
  /** It saw what `writer` wrote, though `newer` came wholly after that, and had returned before the read was called. */
  | { readonly kind: 'overwritten'; readonly writer: number; readonly newer: number }
  /** Another read had seen `newer` already, which came wholly after `writer`. */
  | { readonly kind: 'went back'; readonly writer: number; readonly newer: number; readonly seenBy: number }
  | { readonly kind: 'from the future'; readonly writer: number }
  | { readonly kind: 'unwritten' }
  | { readonly kind: 'no order'; readonly writer: number };

export const BEFORE_THE_RUN = -1;

export interface KeyHistory {
  readonly key: number;
  /** Rows of the operation log that say something about the key, in the order of calls. */
  readonly rows: readonly number[];
  /** Rows in an order in which they could have happened. All of them, but for writes of unknown outcome, if nothing is illegal. */
  readonly order: readonly number[];
  readonly illegal: number | undefined;
  readonly reason: Reason | undefined;
  /** False: not found out within the bound on steps. */
  readonly isDecided: boolean;
}

/** By key: the rows that say something. */
export function rowsByKey(log: OperationLog): Map<number, number[]> {
  const byKey = new Map<number, number[]>();
  for (let row = 0; row < log.count; row++) {
    const key = log.get(row, KEY);
    if (key < 0 || log.get(row, MAY_BE_STALE) === 1 || log.get(row, OUTCOME) === FAILED) continue;
    if (log.get(row, OPERATION) === GET && log.get(row, RETURNED_AT) >= NEVER_RETURNED) continue;
    const others = byKey.get(key);
    if (others === undefined) byKey.set(key, [row]);
    else others.push(row);
  }
  return byKey;
}

/** `before`: fingerprint of what the key held before the run; 0: nothing. */
export function keyHistory(log: OperationLog, key: number, rows: readonly number[], before: number): KeyHistory {
  const machine = new KeyMachine(
    before,
    Uint32Array.from(rows, (row) => log.get(row, MARK)),
    Uint8Array.from(rows, (row) => (log.get(row, OPERATION) === GET ? 1 : 0)),
  );
  const calledAt = Float64Array.from(rows, (row) => log.get(row, CALLED_AT));
  const returnedAt = Float64Array.from(rows, (row) => log.get(row, RETURNED_AT));
  const search = new Search(calledAt, returnedAt, machine);
  const state = search.advance(STEPS_BASE + STEPS_AN_OPERATION * rows.length);
  const { order, blocked } = search.furthest;
  const illegal = state === 'not linearizable' ? rows[blocked] : undefined;
  return {
    key,
    rows,
    order: order.map((at) => rows[at]!),
    illegal,
    reason: illegal === undefined ? undefined : reasonOf(log, rows, illegal, before),
    isDecided: state === 'linearizable' || state === 'not linearizable',
  };
}

/** The write whose value it is; undefined: nobody's. */
function writerOf(log: OperationLog, rows: readonly number[], mark: number, before: number): number | undefined {
  if (mark === before) return BEFORE_THE_RUN;
  return rows.find((row) => log.get(row, OPERATION) !== GET && log.get(row, MARK) === mark);
}

function reasonOf(log: OperationLog, rows: readonly number[], illegal: number, before: number): Reason {
  const called = log.get(illegal, CALLED_AT);
  const returnTime = (row: number): Time => (row === BEFORE_THE_RUN ? -1 : log.get(row, RETURNED_AT));
  const callTime = (row: number): Time => (row === BEFORE_THE_RUN ? -1 : log.get(row, CALLED_AT));
  const mark = log.get(illegal, MARK);
  const writer = writerOf(log, rows, mark, before);
  if (writer === undefined) return { kind: 'unwritten' };
  if (callTime(writer) > returnTime(illegal)) return { kind: 'from the future', writer };
  const isAfterWriter = (row: number): boolean => callTime(row) > returnTime(writer) && log.get(row, MARK) !== mark;
  const isWrite = (row: number): boolean => log.get(row, OPERATION) !== GET;
  const newer = rows.findLast((row) => isWrite(row) && returnTime(row) < called && isAfterWriter(row));
  if (newer !== undefined) return { kind: 'overwritten', writer, newer };
  for (const row of rows) {
    if (isWrite(row) || returnTime(row) >= called) continue;
    const seen = writerOf(log, rows, log.get(row, MARK), before);
    if (seen !== undefined && seen !== BEFORE_THE_RUN && isAfterWriter(seen))
      return { kind: 'went back', writer, newer: seen, seenBy: row };
  }
  return { kind: 'no order', writer };
}
