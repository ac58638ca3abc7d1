/**
 * A recorded run as the page wants it: plain data, numbers in columns. Shown are all that was recorded, or of a longer
 * run the messages and operations nearest to what is to be looked at; a summary of the whole run stands beside.
 */
import { DISK_GROUPS, SYNCS, WRITTEN_AT, WRITTEN_BYTES, WRITTEN_NODE } from '../../sim/replay/disk-log.ts';
import { type Evidence, evidenceOf } from '../../sim/replay/evidence.ts';
import {
  BYTES,
  DETAIL,
  ENDED_AT,
  FATE,
  FROM,
  KIND,
  SENT_AT,
  TO,
  TYPE,
  UNDER_WAY,
} from '../../sim/replay/message-log.ts';
import {
  CHANGED_AT,
  CHANGED_NODE,
  CHANGED_ROLE,
  CHANGED_TERM,
  STEPPED_APPLIED,
  STEPPED_AT,
  STEPPED_COMMIT,
  STEPPED_NODE,
} from '../../sim/replay/node-log.ts';
import { MESSAGES_SENT, OPERATIONS_OK, type Recorder } from '../../sim/replay/recorder.ts';
import type { Rows } from '../../sim/replay/rows.ts';
import { subjectOf } from '../../sim/replay/subject.ts';
import type { ExcusedViolation, RunResult, Violation } from '../../sim/result.ts';
import { answerText } from './answer.ts';
import { ILLEGAL, NAMED, type OperationColumns, operationColumns, operationStory } from './operations.ts';
import { protocolTelling } from './protocol.ts';
import { isNothing, nearest, type StoryLine, storyOf } from './story.ts';
import { Values } from './values.ts';
import { clientsText, demandOf, namedText, reasonText, toldText } from './words.ts';

export const MESSAGES_MAX = 20_000;
/** Of those more of what led there than of what came after. */
const SHARE_BEFORE = 0.75;
/** Messages in the first view. */
const MESSAGES_IN_VIEW = 250;

export interface Lines {
  readonly run: string;
  readonly replay: string;
  readonly explain: string;
}

export interface Explanation {
  readonly version: string;
  readonly scenario: string;
  readonly why: string;
  readonly lines: Lines;
  readonly result: Pick<RunResult, 'variant' | 'engine' | 'seed' | 'events' | 'virtualTimeNs' | 'traceHash' | 'ended'>;
  readonly complaint: Complaint | undefined;
  /** Sentences. */
  readonly reason: readonly string[];
  readonly nodes: readonly string[];
  /** Recorded, of that to be looked at, and of that to be shown first; ns. */
  readonly window: readonly [number, number];
  readonly focus: readonly [number, number];
  readonly view: readonly [number, number];
  /** Messages that were sent in the run, and those in the page. */
  readonly sent: number;
  readonly faults: readonly { label: string; from: number; to: number; nodes: readonly number[] }[];
  readonly roles: Columns;
  readonly steps: Columns;
  readonly messages: Columns;
  readonly disk: Columns;
  readonly operations: OperationColumns;
  readonly overview: {
    readonly widthNs: number;
    readonly messages: readonly number[];
    readonly operations: readonly number[];
    readonly diskWidthNs: number;
    readonly disk: readonly number[];
  };
  readonly story: readonly StoryLine[];
  readonly storyLeft: number;
  /** What is picked at first: an operation's place; −1: nothing. */
  readonly pick: number;
}

interface Complaint {
  readonly check: string;
  readonly what: string;
  readonly demand: string;
  readonly at: number;
  readonly event: number;
  readonly roles: string;
  /** Nodes that its words name. */
  readonly nodes: readonly number[];
  /** Why it is no violation; '' if it is one. */
  readonly because: string;
}

type Columns = Readonly<Record<string, readonly number[]>>;

export interface About {
  readonly version: string;
  readonly scenario: string;
  readonly why: string;
  /** For the part of the run that is shown. */
  lines(from: number, to: number): Lines;
  /** Given by the user. */
  readonly window: { readonly from: number; readonly to: number } | undefined;
}

function complaintOf(result: RunResult): Violation | ExcusedViolation | undefined {
  return result.violations[0] ?? result.excused[0];
}

export function evidenceOfRun(recorder: Recorder, result: RunResult): Evidence {
  const preloaded = (key: number): number => recorder.run.preloadedMark(key);
  const lastStep = (node: number): number => recorder.nodes.appliedAt[node]!;
  return evidenceOf(recorder.operations, lastStep, complaintOf(result), preloaded, result.virtualTimeNs);
}

export function explanationOf(recorder: Recorder, result: RunResult, evidence: Evidence, about: About): Explanation {
  const { version, scenario, why } = about;
  const { variant, engine, seed, events, virtualTimeNs, traceHash, ended } = result;
  const values = new Values(recorder.operations, (key) => recorder.run.preloadedMark(key));
  const [first, end] = shownMessages(recorder.messages.rows, evidence.to);
  const window = windowOf(recorder.messages.rows, first, end, about, virtualTimeNs);
  const view = about.window === undefined ? viewOf(recorder.messages.rows, evidence, window) : window;
  const { shown, left } = nearest(
    storyOf(recorder.nodes, result.faultWindows, ownLines(recorder, result, evidence, values), virtualTimeNs),
    evidence.to,
  );
  const operations = operationColumns(recorder.operations, evidence, values, window);
  return {
    version,
    scenario,
    why,
    lines: about.lines(view[0], view[1]),
    result: { variant, engine, seed, events, virtualTimeNs, traceHash, ended },
    complaint: complaintText(result),
    reason: sentences(recorder, result, evidence, values),
    nodes: recorder.run.diskCounters.map((_, node) => `n${node + 1}`),
    window,
    focus: [evidence.from, evidence.to],
    view,
    sent: recorder.traffic.lanes[MESSAGES_SENT]!.reduce((sum, count) => sum + count, 0),
    faults: faultsOf(result),
    roles: columnsOf(recorder.nodes.changes, WHOLE, {
      at: CHANGED_AT,
      node: CHANGED_NODE,
      role: CHANGED_ROLE,
      term: CHANGED_TERM,
    }),
    steps: columnsOf(recorder.nodes.steps, window, {
      at: STEPPED_AT,
      node: STEPPED_NODE,
      commit: STEPPED_COMMIT,
      applied: STEPPED_APPLIED,
    }),
    messages: messageColumns(recorder.messages.rows, first, end),
    disk: columnsOf(recorder.disks.writes, window, {
      at: WRITTEN_AT,
      node: WRITTEN_NODE,
      syncs: SYNCS,
      ...Object.fromEntries(DISK_GROUPS.map((group, i) => [group, WRITTEN_BYTES + i])),
    }),
    operations,
    overview: overviewOf(recorder),
    story: shown,
    storyLeft: left,
    pick: operations.part.findIndex((part) => part === ILLEGAL || part === NAMED),
  };
}

function faultsOf({ faultWindows }: RunResult): Explanation['faults'] {
  const hitting = faultWindows.filter(({ label }) => !isNothing(label));
  return hitting.map(({ label, fromNs: from, toNs: to }) => ({ label, from, to, nodes: subjectOf(label).nodes }));
}

const WHOLE: readonly [number, number] = [0, Number.MAX_SAFE_INTEGER];

function complaintText(result: RunResult): Complaint | undefined {
  const complaint = complaintOf(result);
  if (complaint === undefined) return undefined;
  const { check, what, timeNs: at, event, roles } = complaint;
  const because = 'reason' in complaint ? `${complaint.reason}: ${complaint.because}` : '';
  return { check, what, demand: demandOf(check), at, event, roles, nodes: subjectOf(what).nodes, because };
}

function sentences(recorder: Recorder, result: RunResult, evidence: Evidence, values: Values): string[] {
  const { operations: log } = recorder;
  const { history, named, toldBefore, clients } = evidence;
  const all = history === undefined ? [] : reasonText(log, history, values);
  if (all.length === 0) all.push(...named.map((row) => namedText(log, row)));
  if (history?.illegal === undefined && toldBefore !== undefined) all.push(toldText(log, toldBefore, named[0]!));
  const answered = history?.illegal ?? (toldBefore === undefined ? undefined : named[0]);
  const answer = answered === undefined ? '' : answerText(recorder, answered);
  if (answer !== '') all.push(answer);
  if (evidence.subject !== undefined) all.push(...protocolTelling(recorder, evidence.subject).sentences);
  all.push(clientsText(clients, complaintOf(result) !== undefined, log.count));
  if (log.isFull) all.push(`Only the first ${log.count} operations were looked at.`);
  return all;
}

/** Of the operations in question, and the violation. */
function ownLines(recorder: Recorder, result: RunResult, evidence: Evidence, values: Values): StoryLine[] {
  const lines = operationStory(recorder.operations, evidence, values);
  if (evidence.subject !== undefined) lines.push(...protocolTelling(recorder, evidence.subject).story);
  const complaint = complaintOf(result);
  if (complaint !== undefined) {
    const { timeNs: at, check, what } = complaint;
    lines.push({ at, kind: 'violation', text: `${check}: ${what}` });
  }
  return lines;
}

/** First and end row of the messages to be shown. */
function shownMessages(rows: Rows, at: number): [number, number] {
  const { first, next } = rows;
  if (next - first <= MESSAGES_MAX) return [first, next];
  let row = first;
  while (row < next && rows.values[rows.at(row) + SENT_AT]! <= at) row++;
  const from = Math.max(first, Math.min(row - Math.floor(MESSAGES_MAX * SHARE_BEFORE), next - MESSAGES_MAX));
  return [from, from + MESSAGES_MAX];
}

function windowOf(rows: Rows, first: number, end: number, about: About, endNs: number): [number, number] {
  const sentAt = (row: number): number => rows.values[rows.at(row) + SENT_AT]!;
  const from = first === 0 ? (about.window?.from ?? 0) : sentAt(first);
  const to = end === rows.next ? Math.min(about.window?.to ?? endNs, endNs) : sentAt(end - 1);
  return [from, Math.max(to, from + 1)];
}

/** What is in question with its surroundings: as many messages as can be told apart. */
function viewOf(rows: Rows, { from, to }: Evidence, window: readonly [number, number]): [number, number] {
  let row = rows.next - 1;
  while (row > rows.first && rows.values[rows.at(row) + SENT_AT]! > to) row--;
  const before = Math.max(rows.first, row - MESSAGES_IN_VIEW);
  const earliest = row < 0 ? from : Math.min(from, rows.values[rows.at(before) + SENT_AT]!);
  const margin = Math.max(1e6, (to - earliest) * 0.08);
  return [Math.max(window[0], Math.floor(earliest - margin)), Math.min(window[1], Math.ceil(to + margin))];
}

/** Of the rows within the window. */
function columnsOf(rows: Rows, window: readonly [number, number], fields: Readonly<Record<string, number>>): Columns {
  const columns: Record<string, number[]> = Object.fromEntries(Object.keys(fields).map((name) => [name, []]));
  for (let row = rows.first; row < rows.next; row++) {
    const from = rows.at(row);
    const at = rows.values[from]!;
    if (at < window[0] || at > window[1]) continue;
    for (const [name, field] of Object.entries(fields)) columns[name]!.push(rows.values[from + field]!);
  }
  return columns;
}

/** `sent`: ns since the message before; `took`: ns, −1 for what never arrived nor was lost. */
function messageColumns(rows: Rows, first: number, end: number): Columns {
  const names = { fate: FATE, from: FROM, to: TO, kind: KIND, type: TYPE, bytes: BYTES };
  const details = { a: DETAIL, b: DETAIL + 1, c: DETAIL + 2, d: DETAIL + 3, e: DETAIL + 4, f: DETAIL + 5 };
  const columns: Record<string, number[]> = { sent: [], took: [] };
  const fields = Object.entries({ ...names, ...details });
  for (const [name] of fields) columns[name] = [];
  let previous = 0;
  for (let row = first; row < end; row++) {
    const at = rows.at(row);
    const sent = rows.values[at + SENT_AT]!;
    columns.sent!.push(sent - previous);
    columns.took!.push(rows.values[at + FATE] === UNDER_WAY ? -1 : rows.values[at + ENDED_AT]! - sent);
    previous = sent;
    for (const [name, field] of fields) columns[name]!.push(rows.values[at + field]!);
  }
  return columns;
}

function overviewOf({ traffic, disks }: Recorder): Explanation['overview'] {
  const lane = (of: number): number[] => [...traffic.lanes[of]!.subarray(0, traffic.count)];
  const { bytes } = disks;
  const disk = Array.from({ length: bytes.count }, (_, bin) => bytes.lanes.reduce((sum, each) => sum + each[bin]!, 0));
  return {
    widthNs: traffic.widthNs,
    messages: lane(MESSAGES_SENT),
    operations: lane(OPERATIONS_OK),
    diskWidthNs: bytes.widthNs,
    disk,
  };
}
