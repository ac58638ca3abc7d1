/** The operations that the page shows: those on the key in question, and others nearest to what is to be looked at. */
import { NEVER_RETURNED } from '../../sim/linearizability/history.ts';
import type { Evidence } from '../../sim/replay/evidence.ts';
import { BEFORE_THE_RUN } from '../../sim/replay/key-history.ts';
import {
  CALLED_AT,
  ENDED_AT_CLIENT,
  ENTRY,
  KEY,
  OPERATION,
  type OperationLog,
  OUTCOME,
  RETURNED_AT,
  SEQUENCE,
  SESSION,
} from '../../sim/replay/operation-log.ts';
import { GET, OPERATIONS } from '../../sim/rpc.ts';
import type { StoryLine } from './story.ts';
import type { Values } from './values.ts';

const OPERATIONS_MAX = 3_000;

/** What an operation is in the story. */
export const PLAIN = 0;
export const ILLEGAL = 1;
export const NAMED = 2;
export const INVOLVED = 3;

/** By operation, in the order of calls. */
export interface OperationColumns {
  /** The one in question; −1: there is none. */
  readonly theKey: number;
  readonly left: number;
  readonly session: readonly number[];
  readonly sequence: readonly number[];
  readonly operation: readonly number[];
  readonly key: readonly number[];
  readonly value: readonly string[];
  readonly called: readonly number[];
  /** When its client knew what became of it; −1: never. */
  readonly ended: readonly number[];
  /** 0: open, 1: ok, 2: without effect, 3: unknown. */
  readonly outcome: readonly number[];
  readonly entry: readonly number[];
  /** Its place in the order that was found, from 1; 0: it has none. */
  readonly order: readonly number[];
  readonly part: readonly number[];
}

export function operationColumns(
  log: OperationLog,
  evidence: Evidence,
  values: Values,
  window: readonly [number, number],
): OperationColumns {
  const { history } = evidence;
  const rows = shownRows(log, evidence, window);
  const places = new Map(history?.order.map((row, i) => [row, i + 1]));
  const parts = new Map(partsOf(evidence).map(({ row, part }) => [row, part]));
  const column = (field: number): number[] => rows.map((row) => log.get(row, field));
  return {
    theKey: history?.key ?? -1,
    left: log.count - rows.length,
    session: column(SESSION),
    sequence: column(SEQUENCE),
    operation: column(OPERATION),
    key: column(KEY),
    value: rows.map((row) => shownValue(log, row, values)),
    called: column(CALLED_AT),
    ended: rows.map((row) => (log.get(row, OUTCOME) === 0 ? -1 : log.get(row, ENDED_AT_CLIENT))),
    outcome: column(OUTCOME),
    entry: column(ENTRY),
    order: rows.map((row) => places.get(row) ?? 0),
    part: rows.map((row) => parts.get(row) ?? PLAIN),
  };
}

/** What it wrote, or was told. */
function shownValue(log: OperationLog, row: number, values: Values): string {
  const isUnansweredRead = log.get(row, OPERATION) === GET && log.get(row, RETURNED_AT) >= NEVER_RETURNED;
  return isUnansweredRead ? '' : values.nameOf(row);
}

function shownRows(log: OperationLog, { history, to }: Evidence, window: readonly [number, number]): number[] {
  const chosen = new Set(nearestTo(log, history?.rows ?? [], to, OPERATIONS_MAX));
  const others: number[] = [];
  for (let row = 0; row < log.count; row++) {
    if (log.get(row, CALLED_AT) <= window[1] && endOf(log, row) >= window[0] && !chosen.has(row)) others.push(row);
  }
  for (const row of nearestTo(log, others, to, OPERATIONS_MAX - chosen.size)) chosen.add(row);
  return [...chosen].sort((a, b) => a - b);
}

function endOf(log: OperationLog, row: number): number {
  return log.get(row, OUTCOME) === 0 ? Number.POSITIVE_INFINITY : log.get(row, ENDED_AT_CLIENT);
}

/** Rows in the order of calls: mostly those before the moment. */
function nearestTo(log: OperationLog, rows: readonly number[], at: number, max: number): readonly number[] {
  if (rows.length <= max) return rows;
  const after = rows.findIndex((row) => log.get(row, CALLED_AT) > at);
  const end = Math.min(rows.length, (after < 0 ? rows.length : after) + Math.floor(max / 4));
  return rows.slice(Math.max(0, end - max), Math.max(max, end));
}

interface Part {
  readonly row: number;
  readonly part: number;
  /** For the story. */
  readonly what: string;
}

/** The operations in question; the last of a row counts. */
function partsOf({ named, toldBefore, history }: Evidence): Part[] {
  const parts: Part[] = [];
  const { illegal, reason } = history ?? {};
  if (illegal === undefined) {
    if (toldBefore !== undefined)
      parts.push({ row: toldBefore, part: INVOLVED, what: 'will be told of a newer state' });
    return [...parts, ...named.map((row) => ({ row, part: NAMED, what: 'the operation in question' }))];
  }
  if (reason !== undefined && 'writer' in reason)
    parts.push({ row: reason.writer, part: INVOLVED, what: 'what the read will see' });
  if (reason !== undefined && 'newer' in reason)
    parts.push({ row: reason.newer, part: INVOLVED, what: 'what it should see' });
  if (reason?.kind === 'went back') parts.push({ row: reason.seenBy, part: INVOLVED, what: 'sees the newer value' });
  parts.push({ row: illegal, part: ILLEGAL, what: 'the operation that fits nowhere' });
  return parts.filter(({ row }) => row !== BEFORE_THE_RUN);
}

export function operationStory(log: OperationLog, evidence: Evidence, values: Values): StoryLine[] {
  return partsOf(evidence).flatMap(({ row, what }) => {
    const name = OPERATIONS[log.get(row, OPERATION)]!;
    const isRead = log.get(row, OPERATION) === GET;
    const value = values.nameOf(row);
    const who = `session ${log.get(row, SESSION)}`;
    const on = `key ${log.get(row, KEY)}`;
    const call = `${who} calls ${name} ${on}${isRead ? '' : ` = ${value}`} (${what})`;
    const lines: StoryLine[] = [{ at: log.get(row, CALLED_AT), kind: 'client', text: call }];
    const returned = log.get(row, RETURNED_AT);
    if (returned < NEVER_RETURNED) {
      const told = isRead ? `${on} is ${value}` : `${name} ${on} = ${value} is done`;
      lines.push({ at: returned, kind: 'client', text: `${who} is told: ${told}` });
    }
    return lines;
  });
}
