/**
 * Leader completeness: the log of whoever wins an election holds every entry that had been committed by then under
 * leaders of earlier terms.
 *
 * It is enough to look at the last of them: what stands before it is log matching's business. Does not look at entries
 * further than 2^17 positions behind the newest, nor at what a snapshot stands for.
 */
import type { Entry } from '../nodes/raft/messages.ts';
import type { Checker, Report } from './checker.ts';

const WINDOW = 1 << 17;
/** Elections remembered: older ones have no candidates under way any more. */
const TERMS_MAX = 1_000;

/** One node's log as far as it was told: the terms of its last entries, a ring that grows up to the window. */
class LogTerms {
  /** Index of the last entry; everything up to `snapshotIndex` is in a snapshot. */
  last = 0;
  snapshotIndex = 0;
  #isEmpty = true;
  #terms = new Int32Array(1024);

  /** What the disk held follows, entry by entry; without any, all is in the store up to `appliedIndex`. */
  restart(appliedIndex: number): void {
    this.#isEmpty = true;
    this.snapshotIndex = appliedIndex;
    this.last = appliedIndex;
  }

  /** A snapshot is in use: entries that were appended behind it since it was saved stay. */
  restore(index: number): void {
    if (this.#isEmpty || this.last <= index) this.restart(index);
    else this.snapshotIndex = Math.max(this.snapshotIndex, index);
  }

  append(index: number, term: number): void {
    if (this.#isEmpty) {
      this.snapshotIndex = index - 1;
      this.#isEmpty = false;
    }
    const held = index - this.snapshotIndex;
    while (held > this.#terms.length && this.#terms.length < WINDOW) this.#grow();
    this.last = index;
    this.#terms[index & (this.#terms.length - 1)] = term;
  }

  /** 0: not in the log; −1: not known. */
  term(index: number): number {
    if (index > this.last) return 0;
    if (index <= this.snapshotIndex || index + this.#terms.length <= this.last) return -1;
    return this.#terms[index & (this.#terms.length - 1)]!;
  }

  #grow(): void {
    const old = this.#terms;
    const mask = old.length - 1;
    this.#terms = new Int32Array(old.length * 2);
    for (let index = Math.max(1, this.last - mask); index <= this.last; index++) {
      this.#terms[index & (this.#terms.length - 1)] = old[index & mask]!;
    }
  }
}

export class LeaderCompleteness implements Checker {
  readonly name = 'leader-completeness';
  readonly #report: Report;
  readonly #logs: readonly LogTerms[];
  #term = 0;
  #committed = 0;
  #committedTerm = 0;
  /** By term of the newest leader: the last entry committed while it was that. */
  readonly #byTerm = new Map<number, { readonly index: number; readonly term: number }>();

  constructor(report: Report, nodes: number) {
    this.#report = report;
    this.#logs = Array.from({ length: nodes }, () => new LogTerms());
  }

  onAppend(node: number, entry: Entry): void {
    this.#logs[node]!.append(entry.index, entry.term);
  }

  onCommit(_node: number, entry: Entry): void {
    if (entry.index <= this.#committed) return;
    this.#committed = entry.index;
    this.#committedTerm = entry.term;
  }

  onRestore(node: number, index: number): void {
    this.#logs[node]!.restore(index);
  }

  onRestart(node: number, appliedIndex: number): void {
    this.#logs[node]!.restart(appliedIndex);
  }

  onLeader(node: number, term: number): void {
    if (term > this.#term) {
      this.#byTerm.set(this.#term, { index: this.#committed, term: this.#committedTerm });
      if (this.#byTerm.size > TERMS_MAX) this.#byTerm.delete(this.#byTerm.keys().next().value!);
      this.#term = term;
      this.#judge(node, term, this.#committed, this.#committedTerm);
      return;
    }
    // won an election that others have left behind: only what was committed before counts
    let before = { index: 0, term: 0 };
    for (const [newest, last] of this.#byTerm) if (newest < term && last.index > before.index) before = last;
    this.#judge(node, term, before.index, before.term);
  }

  #judge(node: number, term: number, index: number, entryTerm: number): void {
    const held = this.#logs[node]!.term(index);
    if (index === 0 || held === -1 || held === entryTerm) return;
    const instead = held === 0 ? `ends at entry ${this.#logs[node]!.last}` : `holds one of term ${held} there`;
    this.#report(
      this.name,
      `n${node + 1} became leader of term ${term} without entry ${index} of term ${entryTerm}, which is committed: its log ${instead}`,
    );
  }
}
