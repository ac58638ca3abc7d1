/**
 * Election safety: at most one node wins the election of a term.
 *
 * Does not check that anybody wins, nor how long a deposed leader goes on believing in itself:
 * leaders of different terms may overlap.
 */
import type { Checker, Report } from './checker.ts';

export class OneLeaderPerTerm implements Checker {
  readonly name = 'one-leader-per-term';
  readonly #report: Report;
  /** Node + 1 by term. Terms count elections: thousands at most. */
  readonly #winner = new Map<number, number>();

  constructor(report: Report) {
    this.#report = report;
  }

  onLeader(node: number, term: number): void {
    const winner = this.#winner.get(term);
    if (winner === undefined) this.#winner.set(term, node);
    else if (winner !== node) {
      this.#report(this.name, `n${winner + 1} and n${node + 1} both became leader of term ${term}`);
    }
  }
}
