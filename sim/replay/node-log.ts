/**
 * What each node was: its role and term, looked at after every event; how far it knew the log to be committed and had
 * applied it; what it put into its log; and moments that stand out. Bounded: the last 2^17 changes of role, 2^18 of commit
 * and applied index, 2^18 entries put into a log, and the first 10,000 moments.
 */
import type { Time } from '../clock.ts';
import type { RaftNode } from '../nodes/raft/ready.ts';
import { Rows } from './rows.ts';

/** As the protocol numbers them, and one more. */
export const NODE_ROLES = ['follower', 'candidate', 'leader', 'pre-candidate', 'down'] as const;
export const DOWN = 4;

/** Fields of a change of role. */
export const CHANGED_AT = 0;
export const CHANGED_NODE = 1;
export const CHANGED_ROLE = 2;
export const CHANGED_TERM = 3;

/** Fields of a step of the log. */
export const STEPPED_AT = 0;
export const STEPPED_NODE = 1;
export const STEPPED_COMMIT = 2;
export const STEPPED_APPLIED = 3;

/** Fields of an entry that a node put into its log. */
export const APPENDED_AT = 0;
export const APPENDED_NODE = 1;
export const APPENDED_INDEX = 2;
export const APPENDED_TERM = 3;

const CHANGES_MAX = 2 ** 17;
const APPENDS_MAX = 2 ** 18;
const STEPS_MAX = 2 ** 18;
const MOMENTS_MAX = 10_000;

export interface Moment {
  readonly at: Time;
  readonly node: number;
  /** `elected`, `restarted` …, for people. */
  readonly what: string;
}

export class NodeLog {
  readonly changes = new Rows(4, CHANGES_MAX);
  readonly steps = new Rows(4, STEPS_MAX);
  readonly appends = new Rows(4, APPENDS_MAX);
  readonly moments: Moment[] = [];
  /** Of each node, as last seen. */
  readonly #roles: number[];
  readonly #terms: number[];
  readonly #commits: number[];
  readonly #applied: number[];
  readonly #appliedSeen: number[];
  readonly #wasUp: boolean[];
  /** When each node last applied an entry. */
  readonly appliedAt: Time[];

  constructor(nodes: number) {
    this.#roles = new Array(nodes).fill(-1);
    this.#terms = new Array(nodes).fill(0);
    this.#commits = new Array(nodes).fill(0);
    this.#applied = new Array(nodes).fill(0);
    this.#appliedSeen = new Array(nodes).fill(0);
    this.#wasUp = new Array(nodes).fill(false);
    this.appliedAt = new Array(nodes).fill(0);
  }

  /** After an event of that time. */
  look(time: Time, protocols: readonly (RaftNode | undefined)[]): void {
    for (let node = 0; node < this.#roles.length; node++) {
      const raft = protocols[node];
      const role = raft === undefined ? DOWN : raft.state.role;
      const term = raft === undefined ? this.#terms[node]! : raft.term;
      if (raft !== undefined && this.#roles[node] === DOWN && this.#wasUp[node]) {
        this.note(time, node, `is up again, its log up to entry ${raft.state.log.lastIndex()}`);
      }
      if (raft !== undefined) this.#wasUp[node] = true;
      if (role !== this.#roles[node] || term !== this.#terms[node]) this.#change(time, node, role, term);
      const commit = raft === undefined ? this.#commits[node]! : raft.commit;
      if (commit !== this.#commits[node] || this.#applied[node] !== this.#appliedSeen[node])
        this.#step(time, node, commit);
    }
  }

  onAppend(time: Time, node: number, index: number, term: number): void {
    const at = this.appends.add();
    const { values } = this.appends;
    values[at + APPENDED_AT] = time;
    values[at + APPENDED_NODE] = node;
    values[at + APPENDED_INDEX] = index;
    values[at + APPENDED_TERM] = term;
  }

  onApply(node: number, index: number): void {
    this.#applied[node] = index;
  }

  note(at: Time, node: number, what: string): void {
    if (this.moments.length < MOMENTS_MAX) this.moments.push({ at, node, what });
  }

  #change(time: Time, node: number, role: number, term: number): void {
    this.#roles[node] = role;
    this.#terms[node] = term;
    const at = this.changes.add();
    const { values } = this.changes;
    values[at + CHANGED_AT] = time;
    values[at + CHANGED_NODE] = node;
    values[at + CHANGED_ROLE] = role;
    values[at + CHANGED_TERM] = term;
  }

  #step(time: Time, node: number, commit: number): void {
    this.#commits[node] = commit;
    if (this.#appliedSeen[node] !== this.#applied[node]) this.appliedAt[node] = time;
    this.#appliedSeen[node] = this.#applied[node]!;
    const at = this.steps.add();
    const { values } = this.steps;
    values[at + STEPPED_AT] = time;
    values[at + STEPPED_NODE] = node;
    values[at + STEPPED_COMMIT] = commit;
    values[at + STEPPED_APPLIED] = this.#applied[node]!;
  }
}
