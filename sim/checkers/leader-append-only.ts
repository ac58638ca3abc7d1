/**
 * Leader append-only: a leader never overwrites or removes an entry of its own log, it only appends.
 *
 * Does not check followers, whose logs are overwritten rightly, nor whether what is appended is the leader's to append.
 */
import type { Entry } from '../nodes/raft/messages.ts';
import type { Checker, Report } from './checker.ts';

/** Not leading. */
const NOBODY = 0;

export class LeaderAppendOnly implements Checker {
  readonly name = 'leader-append-only';
  readonly #report: Report;
  /** By node: the term that it leads, and its last entry's index. */
  readonly #leads: number[];
  readonly #last: number[];

  constructor(report: Report, nodes: number) {
    this.#report = report;
    this.#leads = new Array(nodes).fill(NOBODY);
    this.#last = new Array(nodes).fill(0);
  }

  onLeader(node: number, term: number): void {
    this.#leads[node] = term;
  }

  onDeposed(node: number): void {
    this.#leads[node] = NOBODY;
  }

  onRestart(node: number): void {
    this.#leads[node] = NOBODY;
    this.#last[node] = 0;
  }

  onAppend(node: number, entry: Entry): void {
    const last = this.#last[node]!;
    const leads = this.#leads[node]!;
    this.#last[node] = entry.index;
    if (leads === NOBODY || entry.index > last) return;
    this.#report(
      this.name,
      `n${node + 1} leads term ${leads} and put entry ${entry.index} of term ${entry.term} where its log already had one (up to ${last})`,
    );
  }
}
