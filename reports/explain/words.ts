/** What a check demands, and why an operation fits nowhere, in words. */

import { NEVER_RETURNED } from '../../sim/linearizability/history.ts';
import { BEFORE_THE_RUN, type KeyHistory } from '../../sim/replay/key-history.ts';
import {
  CALLED_AT,
  ENTRY,
  ENTRY_AGAIN,
  KEY,
  OPERATION,
  type OperationLog,
  RETURNED_AT,
  REVISION,
  SEQUENCE,
  SESSION,
} from '../../sim/replay/operation-log.ts';
import { OPERATIONS } from '../../sim/rpc.ts';
import type { Values } from './values.ts';

/** By the check's name. */
const DEMANDS: Readonly<Record<string, string>> = {
  'one-leader-per-term': 'In one term at most one node becomes leader.',
  'leader-completeness': 'Whoever becomes leader has every entry that was committed before in its log.',
  'leader-append-only': 'A leader adds to its log and never replaces what stands in it.',
  'log-matching': 'Two entries of one index and term are the same entry, and so is all that stands before them.',
  'committed-entries': 'An entry that is committed stays the one at its index, for every node.',
  'apply-order': 'All replicas apply the same entries, each once, in the order of the log.',
  'exactly-once': 'A request takes effect once, however often its client has to repeat it.',
  'session-order': 'A client is never told of an older state than it was told of before.',
  'acknowledged-writes': 'What a client was told is written stands in every replica at the end.',
  linearizability:
    'All operations on a key can be put in one order in which each takes effect between its call and its return, and each read sees the last write before it.',
  membership: 'All members agree on who is a member, and in the end everybody is who should be.',
  'replica-equality': 'Replicas that have applied the same entries hold the same keys and values.',
  'sound-stores': "The files of a replica's store are as its engine's own check wants them.",
  progress: 'Once all faults are lifted, clients are answered again and every node catches up.',
  'node-failure': 'No node stops by itself, unless its disk was made faulty.',
};

export const demandOf = (check: string): string => DEMANDS[check] ?? '';
export const CHECKS_EXPLAINED: readonly string[] = Object.keys(DEMANDS);

/** `the get of session 12 (2862.587–3425.525 ms)` */
function operationText(log: OperationLog, row: number): string {
  if (row === BEFORE_THE_RUN) return 'what the key held before the run';
  const returned = log.get(row, RETURNED_AT);
  const to = returned >= NEVER_RETURNED ? '?' : (returned / 1e6).toFixed(3);
  const name = OPERATIONS[log.get(row, OPERATION)];
  return `the ${name} of session ${log.get(row, SESSION)} (${(log.get(row, CALLED_AT) / 1e6).toFixed(3)}–${to} ms)`;
}

/** Sentences. */
export function reasonText(log: OperationLog, history: KeyHistory, values: Values): string[] {
  const { illegal, reason, key, order, rows } = history;
  if (illegal === undefined || reason === undefined) return [];
  const seen = values.nameOf(illegal);
  const isNothing = seen === 'nothing';
  const sentences = [`${capital(operationText(log, illegal))} saw ${isNothing ? `nothing at key ${key}` : seen}.`];
  const written = (row: number): string =>
    row === BEFORE_THE_RUN
      ? 'That is what the key held before the run.'
      : `That was written by ${operationText(log, row)}.`;
  if (reason.kind === 'unwritten') sentences.push('Nobody ever wrote that value.');
  else {
    sentences.push(written(reason.writer));
    const name = 'newer' in reason ? values.nameOf(reason.newer) : '';
    if (reason.kind === 'overwritten') {
      sentences.push(
        `But ${operationText(log, reason.newer)} wrote ${name} after that, and had returned before the get was called: the get had to see ${name}, or something newer.`,
      );
    } else if (reason.kind === 'went back') {
      sentences.push(
        `But ${operationText(log, reason.seenBy)} had seen ${name} already, which is newer, and had returned before this get was called.`,
      );
    } else if (reason.kind === 'from the future') sentences.push('But the get had returned before that was called.');
    else sentences.push('No order of the operations that overlap explains it.');
  }
  sentences.push(`${order.length} of ${rows.length} operations on key ${key} can be put in order before it.`);
  return sentences;
}

/** What is to be said of an operation that the check's words name. */
export function namedText(log: OperationLog, row: number): string {
  const entry = log.get(row, ENTRY);
  const again = log.get(row, ENTRY_AGAIN);
  const where =
    entry === 0 ? '' : `, which took effect at entry ${entry}${again === 0 ? '' : ` and again at ${again}`}`;
  const key = log.get(row, KEY);
  const of = key < 0 ? '' : ` on key ${key}`;
  return `${capital(operationText(log, row))}${of}, request ${log.get(row, SEQUENCE)}${where}.`;
}

/** Of an operation whose client had been told of something newer. */
export function toldText(log: OperationLog, before: number, row: number): string {
  const told = `revision ${log.get(before, REVISION)}, then revision ${log.get(row, REVISION)}`;
  return `Its client had been told the newer one by ${operationText(log, before)}: ${told}.`;
}

export function clientsText(
  clients: 'saw nothing wrong' | 'saw it' | 'unknown',
  hasComplaint: boolean,
  operations: number,
): string {
  if (clients === 'saw it') return 'Clients could see it: what they were told cannot be put in an order.';
  if (clients === 'unknown') {
    return `Whether what clients were told in ${operations} operations can be put in an order was not found out within the bound on steps.`;
  }
  const begin = hasComplaint ? 'Clients could not see it so far: what they' : 'What clients';
  return `${begin} were told in ${operations} operations can be put in an order, key by key.`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
