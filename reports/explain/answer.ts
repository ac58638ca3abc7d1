/** Who answered an operation, what that node was then, and who was farther. */
import { DELIVERED, DETAIL, ENDED_AT, FATE, FROM, KIND, MESSAGE_KINDS, SENT_AT } from '../../sim/replay/message-log.ts';
import {
  CHANGED_AT,
  CHANGED_NODE,
  CHANGED_ROLE,
  CHANGED_TERM,
  NODE_ROLES,
  STEPPED_APPLIED,
  STEPPED_AT,
  STEPPED_NODE,
} from '../../sim/replay/node-log.ts';
import { ENDED_AT_CLIENT, SEQUENCE, SESSION } from '../../sim/replay/operation-log.ts';
import type { Recorder } from '../../sim/replay/recorder.ts';
import type { Rows } from '../../sim/replay/rows.ts';

interface NodeState {
  readonly node: number;
  readonly role: string;
  readonly term: number;
  readonly applied: number;
}

/** One sentence; '' if nobody's answer is remembered. */
export function answerText(recorder: Recorder, operation: number): string {
  const reply = replyTo(recorder, operation);
  if (reply === undefined) return '';
  const { node, at } = reply;
  const states = recorder.run.diskCounters.map((_, each) => stateOf(recorder, each, at));
  const own = states[node]!;
  const others = states.filter((each) => each.node !== node);
  const leader = others.find(({ role, term }) => role === 'leader' && term > own.term);
  const farthest = others.reduce((most, each) => (each.applied > most.applied ? each : most), own);
  const facts = [
    `n${node + 1} answered it as ${own.role} of term ${own.term}, having applied entries up to ${own.applied}`,
  ];
  if (leader !== undefined) facts.push(`n${leader.node + 1} led term ${leader.term} by then`);
  if (farthest !== own) facts.push(`n${farthest.node + 1} had applied up to ${farthest.applied}`);
  return `${facts.join('; ')}.`;
}

/** The last one sent before the client knew. */
function replyTo({ messages, operations }: Recorder, operation: number): { node: number; at: number } | undefined {
  const session = operations.get(operation, SESSION);
  const sequence = operations.get(operation, SEQUENCE);
  const ended = operations.get(operation, ENDED_AT_CLIENT);
  const { rows } = messages;
  const reply = MESSAGE_KINDS.indexOf('reply');
  for (let row = rows.next - 1; row >= rows.first; row--) {
    const at = rows.at(row);
    const { values } = rows;
    if (values[at + KIND] !== reply || values[at + DETAIL] !== session || values[at + DETAIL + 1] !== sequence)
      continue;
    if (values[at + FATE] !== DELIVERED || values[at + ENDED_AT] !== ended) continue;
    return { node: values[at + FROM]!, at: values[at + SENT_AT]! };
  }
  return undefined;
}

function stateOf({ nodes }: Recorder, node: number, at: number): NodeState {
  const change = lastOf(nodes.changes, CHANGED_AT, CHANGED_NODE, node, at);
  const step = lastOf(nodes.steps, STEPPED_AT, STEPPED_NODE, node, at);
  return {
    node,
    role: NODE_ROLES[nodes.changes.values[change + CHANGED_ROLE]!] ?? 'down',
    term: nodes.changes.values[change + CHANGED_TERM] ?? 0,
    applied: step < 0 ? 0 : nodes.steps.values[step + STEPPED_APPLIED]!,
  };
}

/** Where the node's last row up to the moment begins; −1: there is none. */
function lastOf(rows: Rows, atField: number, nodeField: number, node: number, until: number): number {
  for (let row = rows.next - 1; row >= rows.first; row--) {
    const at = rows.at(row);
    if (rows.values[at + nodeField] === node && rows.values[at + atField]! <= until) return at;
  }
  return -1;
}
