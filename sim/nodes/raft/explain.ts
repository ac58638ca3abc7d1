/**
 * The microscope: runs one input on a draft of a node's state and tells what it would change and
 * send, line by line. The node itself stays as it is, so the same input can then be given for real,
 * or not at all.
 *
 * The functions are those of the live loop, unchanged: immer hands them a draft that records writes.
 * That takes tens of microseconds a step, so it is for people, not for runs. Counters that only tell
 * the host to set a timer again are left out.
 */
import { enablePatches, Immer, type Patch } from 'immer';
import { describeEntry, describeMessage } from './describe.ts';
import { Effects, Entry, type Message, NONE } from './messages.ts';
import { PROGRESS_NAMES } from './progress.ts';
import { step } from './raft.ts';
import type { RaftNode } from './ready.ts';
import { LEADER, type RaftState, ROLE_NAMES } from './state.ts';

enablePatches();
// the base is a live node's state: it must not be frozen
const microscope = new Immer({ autoFreeze: false });

export interface Explanation {
  /** `path: old → new`, in the order in which the state lists its fields. */
  readonly changes: readonly string[];
  /** What leaves at once, then what waits for the disk. */
  readonly sends: readonly string[];
  /** The state after the step; the one before is untouched. */
  readonly after: RaftState;
}

export type Input = (state: RaftState, effects: Effects) => void;

const WHEN_DURABLE = ' (when durable)';
const VOTE_WORDS = ['none', 'granted', 'rejected'];
const TIMER_COUNTERS = ['electionTimerResets', 'timeoutDraws'];

/** What `message` would do to `node`. */
export function explainMessage(node: RaftNode, message: Message): Explanation {
  return explain(node, (state, effects) => {
    step(state, message, effects);
  });
}

/** What any input would do: a time-out from `timers.ts`, a configuration change, … */
export function explain(node: RaftNode, input: Input): Explanation {
  const { state } = node;
  const effects = new Effects(node.effects.snapshotFor);
  const [after, patches] = microscope.produceWithPatches(state, (draft) => {
    // the type of a draft leaves out private methods; the draft itself has them
    input(draft as unknown as RaftState, effects);
  });
  const fields = Object.keys(state);
  const shown = patches.filter(isShown).sort((a, b) => comparePaths(a.path, b.path, fields));
  const changes = shown.map((patch) => describePatch(state, after, patch));
  const sends = [
    ...effects.messages.map((message) => describeMessage(message) + (after.role === LEADER ? '' : WHEN_DURABLE)),
    ...effects.messagesAfterAppend.map((message) => describeMessage(message) + WHEN_DURABLE),
    ...effects.readStates.map(({ index, context }) => `read ${context} may be served at index ${index}`),
  ];
  return { changes, sends, after };
}

function isShown(patch: Patch): boolean {
  return !TIMER_COUNTERS.includes(String(patch.path[0]));
}

/** immer lists what it finalises first: put that in the order of the state's fields, then by name or number. */
function comparePaths(a: Patch['path'], b: Patch['path'], fields: readonly string[]): number {
  if (a[0] !== b[0]) return fields.indexOf(String(a[0])) - fields.indexOf(String(b[0]));
  for (let i = 1; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y) continue;
    if (typeof x === 'number' && typeof y === 'number') return x - y;
    return String(x) < String(y) ? -1 : 1;
  }
  return a.length - b.length;
}

function describePatch(before: RaftState, after: RaftState, patch: Patch): string {
  const { path, op } = patch;
  const field = path[path.length - 1]!;
  const name = describePath(after, path);
  if (field === 'length') return `${name}: cut`;
  const old = valueAt(before, path);
  if (field === 'vote' && path.length > 1) {
    return `${name}: ${VOTE_WORDS[old as number] ?? 'new'} → ${VOTE_WORDS[patch.value as number]}`;
  }
  if (op === 'add' || old === undefined) return `${name}: + ${describeValue(field, patch.value)}`;
  if (op === 'remove') return `${name}: − ${describeValue(field, old)}`;
  return `${name}: ${describeValue(field, old)} → ${describeValue(field, patch.value)}`;
}

/** Members by their id and entries by their index, not by their place in an array. */
function describePath(after: RaftState, path: readonly (string | number)[]): string {
  const words: string[] = [];
  for (let i = 0; i < path.length; i++) {
    const key = path[i]!;
    const inside = path[i - 1];
    if (typeof key === 'number' && inside === 'progress') {
      words.pop();
      words.push(`member ${after.tracker.progress[key]?.id ?? key}`);
    } else if (typeof key === 'number' && inside === 'entries') {
      words.pop();
      words.push(`entry ${after.log.offset + 1 + key}`);
    } else if (key !== 'tracker') words.push(String(key));
  }
  return words.join(' ');
}

function valueAt(state: RaftState, path: readonly (string | number)[]): unknown {
  let value: unknown = state;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

function describeValue(field: string | number, value: unknown): string {
  if (field === 'role') return ROLE_NAMES[value as number]!.slice('State'.length);
  if (field === 'state') return PROGRESS_NAMES[value as number]!.slice('State'.length);
  if ((field === 'leader' || field === 'vote' || field === 'leadTransferee') && value === NONE) return 'none';
  if (value instanceof Entry) return describeEntry(value);
  if (Array.isArray(value)) return `${value.length} elements`;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
