/** What of a recorded run bears on its violation: the operations that the check's words name, and what clients could see. */
import type { Time } from '../clock.ts';
import { NEVER_RETURNED } from '../linearizability/history.ts';
import { GET } from '../rpc.ts';
import { type KeyHistory, keyHistory, rowsByKey } from './key-history.ts';
import { CALLED_AT, ENTRY, KEY, OPERATION, type OperationLog, RETURNED_AT } from './operation-log.ts';
import { type Subject, subjectOf } from './subject.ts';

export interface Evidence {
  readonly subject: Subject | undefined;
  /** Operations that the check's words name. */
  readonly named: readonly number[];
  /** What its client was told before, and newer, than the first of these; undefined: there is none. */
  readonly toldBefore: number | undefined;
  /** Of the key in question; undefined: there is none. */
  readonly history: KeyHistory | undefined;
  /** What can be said of the operations on all keys, up to the end of the run. */
  readonly clients: 'saw nothing wrong' | 'saw it' | 'unknown';
  /** What to look at. */
  readonly from: Time;
  readonly to: Time;
}

/** `lastStep`: when a node last applied an entry. */
export function evidenceOf(
  log: OperationLog,
  lastStep: (node: number) => Time,
  complaint: { readonly what: string; readonly timeNs: Time } | undefined,
  preloaded: (key: number) => number,
  endNs: Time,
): Evidence {
  const subject = complaint === undefined ? undefined : subjectOf(complaint.what);
  const named = subject === undefined ? [] : namedOperations(log, subject);
  const toldBefore = named.length === 0 ? undefined : log.toldNewerBefore(named[0]!);
  const byKey = rowsByKey(log);
  const of = (key: number): KeyHistory => keyHistory(log, key, byKey.get(key) ?? [], preloaded(key));
  const wanted = subject?.key ?? keyOf(log, named);
  const asked = wanted === undefined ? undefined : of(wanted);
  const found = asked?.illegal === undefined ? illegalHistory(log, byKey, of) : asked;
  const history = wanted === undefined ? (found === 'unknown' ? undefined : found) : asked;
  const clients = found === 'unknown' ? 'unknown' : found === undefined ? 'saw nothing wrong' : 'saw it';
  const stuck = subject?.applied === undefined ? undefined : subject.nodes[0];
  const at = stuck === undefined ? (complaint?.timeNs ?? endNs) : lastStep(stuck);
  return { subject, named, toldBefore, history, clients, ...focusOf(log, named, history, at) };
}

/** By session and request, or by the entry at which they took effect. */
function namedOperations(log: OperationLog, { key, session, sequence, entry }: Subject): number[] {
  if (session !== undefined && sequence !== undefined) {
    const row = log.find(session, sequence);
    return row === undefined ? [] : [row];
  }
  if (entry === undefined) return [];
  const named: number[] = [];
  for (let row = 0; row < log.count; row++) {
    if (log.get(row, ENTRY) === entry && (key === undefined || log.get(row, KEY) === key)) named.push(row);
  }
  return named;
}

function keyOf(log: OperationLog, named: readonly number[]): number | undefined {
  const key = named.length === 0 ? -1 : log.get(named[0]!, KEY);
  return key < 0 ? undefined : key;
}

/** The first key that shows a violation, in ascending order. */
function illegalHistory(
  log: OperationLog,
  byKey: ReadonlyMap<number, readonly number[]>,
  of: (key: number) => KeyHistory,
): KeyHistory | 'unknown' | undefined {
  const keys = [...byKey.keys()].sort((a, b) => a - b);
  let isUnsure = false;
  for (const key of keys) {
    // nobody has seen what was written
    if (!byKey.get(key)!.some((row) => log.get(row, OPERATION) === GET)) continue;
    const history = of(key);
    if (history.illegal !== undefined) return history;
    if (!history.isDecided) isUnsure = true;
  }
  return isUnsure ? 'unknown' : undefined;
}

/** From the call of the first operation in question to the return of the last, or the complaint itself. */
function focusOf(
  log: OperationLog,
  named: readonly number[],
  history: KeyHistory | undefined,
  at: Time,
): { readonly from: Time; readonly to: Time } {
  const { illegal, reason } = history ?? {};
  if (illegal === undefined) {
    const calls = named.map((row) => log.get(row, CALLED_AT));
    return { from: Math.min(at, ...calls), to: at };
  }
  const rows = [illegal, ...(reason !== undefined && 'newer' in reason ? [reason.newer] : [])];
  const returned = log.get(illegal, RETURNED_AT);
  return {
    from: Math.min(...rows.map((row) => log.get(row, CALLED_AT))),
    to: returned >= NEVER_RETURNED ? at : returned,
  };
}
