/** Messages, entries and Readies for people, in the notation of etcd's transcripts. */
import { decodeConfChange } from './conf-change.ts';
import {
  APPEND_THREAD,
  APPLY_THREAD,
  type Configuration,
  ENTRY_NAMES,
  ENTRY_NORMAL,
  type Entry,
  MESSAGE_NAMES,
  type Message,
  NONE,
  type Snapshot,
} from './messages.ts';
import { PROGRESS_NAMES, type Progress } from './progress.ts';
import type { Ready } from './ready.ts';
import { ROLE_NAMES } from './state.ts';

const CHANGE_LETTERS = 'vrul';

export function describeTarget(id: number): string {
  if (id === NONE) return 'None';
  if (id === APPEND_THREAD) return 'AppendThread';
  if (id === APPLY_THREAD) return 'ApplyThread';
  return id.toString(16);
}

export function describeEntry(entry: Entry): string {
  let content: string;
  if (entry.type === ENTRY_NORMAL) content = quote(entry.data.toBytes());
  else {
    const change = decodeConfChange(entry);
    const changes = change?.changes.map(({ type, nodeId }) => `${CHANGE_LETTERS[type] ?? 'unknown'}${nodeId}`);
    content = changes === undefined ? '<malformed>' : changes.join(' ');
  }
  return `${entry.term}/${entry.index} ${ENTRY_NAMES[entry.type]}${content === '' ? '' : ` ${content}`}`;
}

export function describeMessage(message: Message, indent = ''): string {
  const { entries, responses, snapshot } = message;
  let text = `${indent}${describeTarget(message.from)}->${describeTarget(message.to)} ${MESSAGE_NAMES[message.type]}`;
  text += ` Term:${message.term} Log:${message.logTerm}/${message.index}`;
  if (message.reject) text += ` Rejected (Hint: ${message.rejectHint})`;
  if (message.commit !== 0) text += ` Commit:${message.commit}`;
  if (message.vote !== NONE) text += ` Vote:${message.vote}`;
  if (entries.length === 1) text += ` Entries:[${describeEntry(entries[0]!)}]`;
  else if (entries.length > 1) {
    text += ` Entries:[${entries.map((entry) => `\n${indent}  ${describeEntry(entry)}`).join('')}\n${indent}]`;
  }
  if (snapshot !== undefined) text += `\n${indent}  Snapshot: ${describeSnapshot(snapshot)}`;
  if (responses.length > 0) {
    text += ` Responses:[${responses.map((one) => `\n${describeMessage(one, `${indent}  `)}`).join('')}\n${indent}]`;
  }
  return text;
}

export function describeSnapshot(snapshot: Snapshot): string {
  const { index, term, configuration } = snapshot;
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration;
  const list = (ids: readonly number[]): string => `[${ids.join(' ')}]`;
  return (
    `Index:${index} Term:${term} ConfState:Voters:${list(voters)} VotersOutgoing:${list(votersOutgoing)}` +
    ` Learners:${list(learners)} LearnersNext:${list(learnersNext)} AutoLeave:${autoLeave}`
  );
}

export function describeConfiguration(configuration: Configuration): string {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration;
  const set = (ids: readonly number[]): string => `(${ids.map((id) => id.toString(16)).join(' ')})`;
  let text = `voters=${set(voters)}`;
  if (votersOutgoing.length > 0) text += `&&${set(votersOutgoing)}`;
  if (learners.length > 0) text += ` learners=${set(learners)}`;
  if (learnersNext.length > 0) text += ` learners_next=${set(learnersNext)}`;
  return autoLeave ? `${text} autoleave` : text;
}

export function describeProgress(member: Progress): string {
  const { inflights } = member;
  let text = `${PROGRESS_NAMES[member.state]} match=${member.match} next=${member.next}`;
  if (member.isLearner) text += ' learner';
  if (member.paused()) text += ' paused';
  if (member.pendingSnapshot > 0) text += ` pendingSnap=${member.pendingSnapshot}`;
  if (!member.recentActive) text += ' inactive';
  if (inflights.count > 0) text += ` inflight=${inflights.count}${inflights.full() ? '[full]' : ''}`;
  return text;
}

export function describeReady(ready: Ready): string {
  const lines: string[] = [];
  if (ready.softStateChanged) lines.push(`Lead:${ready.leader} State:${ROLE_NAMES[ready.role]}`);
  if (ready.hardStateChanged) {
    const vote = ready.vote === NONE ? '' : ` Vote:${ready.vote}`;
    lines.push(`HardState Term:${ready.term}${vote} Commit:${ready.commit}`);
  }
  for (const { index, context } of ready.readStates) lines.push(`ReadState Index:${index} Context:${context}`);
  if (ready.entries.length > 0) lines.push('Entries:', ...ready.entries.map(describeEntry));
  if (ready.snapshot !== undefined) lines.push(`Snapshot ${describeSnapshot(ready.snapshot)}`);
  if (ready.committed.length > 0) lines.push('CommittedEntries:', ...ready.committed.map(describeEntry));
  const messages = [...ready.messages, ...ready.messagesAfterSave];
  if (messages.length > 0) lines.push('Messages:', ...messages.map((message) => describeMessage(message)));
  if (lines.length === 0) return '<empty Ready>';
  return [`Ready MustSync=${ready.mustSync}:`, ...lines, ''].join('\n');
}

/** Printable ASCII as it is, other bytes as \xhh. */
function quote(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else text += byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `"${text}"`;
}
