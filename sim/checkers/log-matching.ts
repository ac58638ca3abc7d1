/**
 * Log matching: if two logs hold an entry of one index and term, it is the same entry and so is
 * every entry before it. By induction it is enough that, whoever appends (index, term), the payload
 * and the term of the entry before it are always the same.
 *
 * Does not compare entries further than 2^17 positions apart in time (see `entry-window.ts`), and
 * trusts what is reported as appended: damage to a log on disk shows when a restart reads it.
 */
import type { Entry } from '../nodes/raft/messages.ts';
import type { Checker, Report } from './checker.ts';
import { describeEntry, EntryWindow, sameEntry } from './entry-window.ts';

/** Several terms may put an entry at one index; all but the last seen wait here. Bounded: oldest go first. */
const OVERFLOW_MAX = 10_000;

interface Known {
  readonly entry: Entry;
  readonly previousTerm: number;
}

export class LogMatching implements Checker {
  readonly name = 'log-matching';
  readonly #report: Report;
  readonly #window = new EntryWindow();
  /** By index of the entry in the window: the term before it, where it is not the entry's own. One for each election. */
  readonly #previousTerms = new Map<number, number>();
  /** The highest index ever in there: spares a look for each entry that is appended. */
  #lastPreviousTerm = 0;
  readonly #overflow = new Map<string, Known>();

  constructor(report: Report) {
    this.#report = report;
  }

  onAppend(node: number, entry: Entry, previousTerm: number): void {
    const known = this.#window.get(entry.index);
    if (known === entry) {
      if (this.#previousTermOf(known) !== previousTerm)
        this.#mismatch(node, entry, previousTerm, this.#previousTermOf(known));
      return;
    }
    if (known === undefined || known.term !== entry.term) this.#otherTerm(node, entry, previousTerm, known);
    else this.#compare(node, entry, previousTerm, { entry: known, previousTerm: this.#previousTermOf(known) });
  }

  #otherTerm(node: number, entry: Entry, previousTerm: number, known: Entry | undefined): void {
    const older = this.#overflow.size > 0 ? this.#overflow.get(`${entry.index}/${entry.term}`) : undefined;
    if (older !== undefined) {
      this.#compare(node, entry, previousTerm, older);
      return;
    }
    if (known !== undefined) {
      this.#overflow.set(`${known.index}/${known.term}`, { entry: known, previousTerm: this.#previousTermOf(known) });
      this.#previousTerms.delete(known.index);
      if (this.#overflow.size > OVERFLOW_MAX) this.#overflow.delete(this.#overflow.keys().next().value!);
    }
    this.#window.set(entry);
    if (previousTerm !== entry.term) {
      this.#previousTerms.set(entry.index, previousTerm);
      if (entry.index > this.#lastPreviousTerm) this.#lastPreviousTerm = entry.index;
    }
    if (this.#previousTerms.size > OVERFLOW_MAX) this.#previousTerms.delete(this.#previousTerms.keys().next().value!);
  }

  #previousTermOf(entry: Entry): number {
    if (entry.index > this.#lastPreviousTerm) return entry.term;
    return this.#previousTerms.get(entry.index) ?? entry.term;
  }

  #compare(node: number, entry: Entry, previousTerm: number, known: Known): void {
    if (!sameEntry(entry, known.entry)) {
      this.#report(
        this.name,
        `n${node + 1} holds ${describeEntry(entry)}, another node a different one of that index and term`,
      );
    } else if (previousTerm !== known.previousTerm) this.#mismatch(node, entry, previousTerm, known.previousTerm);
  }

  #mismatch(node: number, entry: Entry, previousTerm: number, expected: number): void {
    this.#report(
      this.name,
      `before ${describeEntry(entry)}, n${node + 1} has an entry of term ${previousTerm}, another node one of term ${expected}`,
    );
  }
}
