/** What of the protocol bears on a complaint: the life of the entry that it names, and the votes of the term. */
import { MSG_VOTE_RESP } from '../../sim/nodes/raft/messages.ts';
import {
  DELIVERED,
  DETAIL,
  ENDED_AT,
  FATE,
  FROM,
  KIND,
  MESSAGE_KINDS,
  SENT_AT,
  TO,
  TYPE,
} from '../../sim/replay/message-log.ts';
import {
  APPENDED_AT,
  APPENDED_INDEX,
  APPENDED_NODE,
  APPENDED_TERM,
  type NodeLog,
  STEPPED_AT,
  STEPPED_COMMIT,
  STEPPED_NODE,
} from '../../sim/replay/node-log.ts';
import type { Recorder } from '../../sim/replay/recorder.ts';
import type { Subject } from '../../sim/replay/subject.ts';
import type { StoryLine } from './story.ts';

export interface Telling {
  readonly story: readonly StoryLine[];
  readonly sentences: readonly string[];
}

export function protocolTelling(recorder: Recorder, { entry, term, applied, nodes }: Subject): Telling {
  const entries = entry === undefined ? NOTHING : entryTelling(recorder.nodes, entry);
  const votes = term === undefined ? NOTHING : voteTelling(recorder, term);
  const stuck = applied === undefined ? NOTHING : stuckTelling(recorder.nodes, nodes[0]!, applied);
  const all = [entries, votes, stuck];
  return { story: all.flatMap(({ story }) => story), sentences: all.flatMap(({ sentences }) => sentences) };
}

const NOTHING: Telling = { story: [], sentences: [] };

/** Who put which version of the entry into its log, and who learnt that it is committed. */
function entryTelling({ appends, steps }: NodeLog, index: number): Telling {
  const story: StoryLine[] = [];
  const termOf = new Map<number, number>();
  const holders = new Map<number, Set<number>>();
  for (let row = appends.first; row < appends.next; row++) {
    const from = appends.at(row);
    if (appends.values[from + APPENDED_INDEX] !== index) continue;
    const at = appends.values[from + APPENDED_AT]!;
    const node = appends.values[from + APPENDED_NODE]!;
    const term = appends.values[from + APPENDED_TERM]!;
    const before = termOf.get(node);
    termOf.set(node, term);
    holders.set(term, (holders.get(term) ?? new Set()).add(node));
    const how = before === undefined || before === term ? 'has' : `puts in place of that of term ${before}`;
    story.push({ at, kind: 'entry', text: `n${node + 1} ${how} entry ${index} of term ${term}`, node });
  }
  const commits = commitsOf(steps, index);
  for (const { at, node } of commits) {
    story.push({ at, kind: 'entry', text: `n${node + 1} knows entry ${index} to be committed`, node });
  }
  const sentences = [...holders].map(
    ([term, nodes]) => `Entry ${index} of term ${term} came into the log of ${namesOf([...nodes])}.`,
  );
  const first = commits[0];
  if (first !== undefined) {
    sentences.push(`n${first.node + 1} was the first to know entry ${index} to be committed, at ${seconds(first.at)}.`);
  }
  return { story, sentences };
}

function commitsOf(steps: NodeLog['steps'], index: number): { at: number; node: number }[] {
  const commits: { at: number; node: number }[] = [];
  const known = new Map<number, number>();
  for (let row = steps.first; row < steps.next; row++) {
    const from = steps.at(row);
    const node = steps.values[from + STEPPED_NODE]!;
    const commit = steps.values[from + STEPPED_COMMIT]!;
    const isNews = (known.get(node) ?? 0) < index && commit >= index;
    if (isNews) commits.push({ at: steps.values[from + STEPPED_AT]!, node });
    known.set(node, commit);
  }
  return commits;
}

function stuckTelling({ appliedAt }: NodeLog, node: number, applied: number): Telling {
  const at = appliedAt[node]!;
  const text = `n${node + 1} applies entries up to ${applied}, and none after that`;
  return { story: [{ at, kind: 'entry', text, node }], sentences: [`${text}, at ${seconds(at)}.`] };
}

/** A vote that was given and heard. */
function voteTelling({ messages: { rows } }: Recorder, term: number): Telling {
  const story: StoryLine[] = [];
  const votes: string[] = [];
  for (let row = rows.first; row < rows.next; row++) {
    const at = rows.at(row);
    const { values } = rows;
    if (values[at + TYPE] !== MSG_VOTE_RESP || values[at + KIND] !== VOTE || values[at + DETAIL] !== term) continue;
    if (values[at + DETAIL + REJECT] === 1 || values[at + FATE] !== DELIVERED) continue;
    const [node, candidate] = [values[at + FROM]!, values[at + TO]!];
    const text = `n${node + 1} votes for n${candidate + 1} in term ${term}`;
    story.push({ at: values[at + SENT_AT]!, kind: 'entry', text, node });
    votes.push(`n${node + 1} for n${candidate + 1} (heard at ${seconds(values[at + ENDED_AT]!)})`);
  }
  const sentences =
    votes.length === 0 ? [] : [`Votes in term ${term}, beside the candidates' own: ${votes.join(', ')}.`];
  return { story, sentences };
}

const VOTE = MESSAGE_KINDS.indexOf('vote');
/** Place among a message's details. */
const REJECT = 5;

function seconds(ns: number): string {
  return `${(ns / 1e9).toFixed(6)} s`;
}

function namesOf(nodes: readonly number[]): string {
  return nodes.map((node) => `n${node + 1}`).join(', ');
}
