/**
 * State-machine safety, first half: once any node has learnt that an entry is committed, no node
 * ever learns of a different committed entry at that index.
 *
 * Does not check that the leader was entitled to commit; a wrong commit shows when a later leader
 * overwrites it, or as a lost write.
 */
import type { Entry } from '../nodes/raft/messages.ts';
import type { Checker, Report } from './checker.ts';
import { describeEntry, EntryWindow, sameEntry } from './entry-window.ts';

export class CommittedEntries implements Checker {
  readonly name = 'committed-entries';
  readonly #report: Report;
  readonly #window = new EntryWindow();

  constructor(report: Report) {
    this.#report = report;
  }

  onCommit(node: number, entry: Entry): void {
    const known = this.#window.get(entry.index);
    if (known === entry) return;
    if (known === undefined) this.#window.set(entry);
    else if (!sameEntry(known, entry)) {
      this.#report(
        this.name,
        `n${node + 1} learnt that ${describeEntry(entry)} is committed; before, it was ${describeEntry(known)}`,
      );
    }
  }
}
