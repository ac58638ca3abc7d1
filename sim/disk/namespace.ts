/**
 * Names, and the journal of changes to them that are not durable.
 *
 * Each directory's changes form an ordered sequence: a directory sync makes all of them so far durable,
 * and what a crash leaves is always a prefix of the sequence. Between directories there is no order,
 * except that a rename across two is one change in both: atomic, and carried out after what stands
 * before it in either. ext4 orders all directories in one journal, so that any fsync may make an earlier
 * rename elsewhere durable; programs must not rely on that, and here it does not happen.
 *
 * Directories are prefixes of names. They need no creation and are never lost (a simplification).
 * At `JOURNAL_MAX` changes the oldest half becomes durable by itself, as a journal commit would do.
 */
import { assert } from '../assert.ts';
import type { SimulatedFile } from './simulated-file.ts';
import type { Barriers } from './undo-log.ts';

export const CREATED = 0;
export const RENAMED = 1;
export const REMOVED = 2;

const JOURNAL_MAX = 1 << 16;

export interface NameChange {
  readonly kind: number;
  readonly sequence: number;
  readonly thread: number;
  readonly file: SimulatedFile;
  readonly name: string;
  /** RENAMED: the new name; otherwise `name`. */
  readonly to: string;
  /** What the new name meant before. */
  readonly displaced: SimulatedFile | undefined;
  isDurable: boolean;
}

/** The directory of a name: '' or a prefix that ends in '/'. */
export function directoryOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1);
}

export class Namespace {
  readonly names = new Map<string, SimulatedFile>();
  journal: NameChange[] = [];
  /** Of the journal what is not durable, by directory. */
  readonly #pending = new Map<string, NameChange[]>();
  readonly #creations = new Map<SimulatedFile, NameChange>();
  /** Told when the last journal entry that mentions a file is gone. */
  readonly #onForgotten: (file: SimulatedFile) => void;

  constructor(onForgotten: (file: SimulatedFile) => void) {
    this.#onForgotten = onForgotten;
  }

  list(prefix: string): string[] {
    const found: string[] = [];
    for (const name of this.names.keys()) if (name.startsWith(prefix)) found.push(name);
    return found.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** Each returns the file that lost its name, if one did. */
  create(name: string, file: SimulatedFile, thread: number, sequence: number): SimulatedFile | undefined {
    assert(name !== '' && !name.endsWith('/'), 'disk: not the name of a file');
    const displaced = this.names.get(name);
    this.#append({ kind: CREATED, sequence, thread, file, name, to: name, displaced, isDurable: false });
    this.names.set(name, file);
    return displaced;
  }

  rename(file: SimulatedFile, to: string, thread: number, sequence: number): SimulatedFile | undefined {
    assert(to !== '' && !to.endsWith('/'), 'disk: not the name of a file');
    const { name } = file;
    const displaced = this.names.get(to);
    this.#append({ kind: RENAMED, sequence, thread, file, name, to, displaced, isDurable: false });
    this.names.delete(name);
    this.names.set(to, file);
    return displaced;
  }

  remove(file: SimulatedFile, thread: number, sequence: number): void {
    const { name } = file;
    this.#append({ kind: REMOVED, sequence, thread, file, name, to: name, displaced: undefined, isDurable: false });
    this.names.delete(name);
  }

  /** Directories below the prefix with changes that are not durable, in ascending code-unit order. */
  unsettled(prefix: string): string[] {
    return [...this.#pending.keys()]
      .filter((directory) => directory.startsWith(prefix))
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  }

  /** Everything that happened directly in `directory` up to `sequence` is durable. */
  settleDirectory(directory: string, sequence: number, barriers: Barriers): void {
    this.#settleUpTo(directory, sequence, barriers);
    this.#prune();
  }

  /** The same for the creation of `file` and what came before it in its directory. */
  settleCreation(file: SimulatedFile, sequence: number, barriers: Barriers): void {
    const creation = this.#creations.get(file);
    if (creation === undefined) return;
    if (creation.sequence > sequence || creation.sequence > barriers.barrier(creation.thread)) return;
    this.#settleUpTo(directoryOf(creation.name), creation.sequence, barriers);
    this.#prune();
  }

  /** A rename out of the directory, or into it, takes along what came before it in the other one. */
  #settleUpTo(directory: string, sequence: number, barriers: Barriers): void {
    const pending = this.#pending.get(directory);
    if (pending === undefined) return;
    for (const change of pending) {
      if (change.sequence > sequence) break;
      if (change.isDurable || change.sequence > barriers.barrier(change.thread)) continue;
      change.isDurable = true;
      const from = directoryOf(change.name);
      const to = directoryOf(change.to);
      if (from !== to) this.#settleUpTo(from === directory ? to : from, change.sequence, barriers);
    }
    const left = pending.filter((change) => !change.isDurable);
    if (left.length > 0) this.#pending.set(directory, left);
    else this.#pending.delete(directory);
  }

  settleAll(sequence: number, barriers: Barriers): void {
    for (const change of this.journal) {
      if (change.sequence <= sequence && change.sequence <= barriers.barrier(change.thread)) change.isDurable = true;
    }
    this.#findPending();
    this.#prune();
  }

  /** Takes out what the threads had not come to; what else is not durable stays so. Who has a name is for the caller to see. */
  takeBack(barriers: Barriers): void {
    const happened = this.journal.filter((change) => this.#happened(change, barriers));
    if (happened.length === this.journal.length) return;
    const { journal, names } = this;
    for (let i = journal.length - 1; i >= 0; i--) this.#revert(journal[i]);
    for (const { file, displaced } of journal) {
      file.journalReferences--;
      if (displaced !== undefined) displaced.journalReferences--;
    }
    this.#creations.clear();
    this.journal = [];
    for (const change of happened) {
      // its file may have another name without what is taken out, or none
      if (change.kind !== CREATED && names.get(change.name) !== change.file) continue;
      const displaced = change.kind === REMOVED ? undefined : names.get(change.to);
      this.#redo(change);
      this.#enter({ ...change, displaced });
    }
    this.#findPending();
  }

  #happened(change: NameChange, barriers: Barriers): boolean {
    return change.isDurable || change.sequence <= barriers.barrier(change.thread);
  }

  /**
   * Leaves the names that survive a crash: of each directory's changes that happened and are not durable,
   * `keep(count)` says how many of the oldest do. Returns how many were lost. The journal is empty then.
   */
  recover(barriers: Barriers, keep: (count: number) => number): number {
    const { journal } = this;
    for (let i = journal.length - 1; i >= 0; i--) this.#revert(journal[i]);
    const left = new Map<string, number>();
    for (const change of journal) {
      if (change.isDurable || change.sequence > barriers.barrier(change.thread)) continue;
      const from = directoryOf(change.name);
      const to = directoryOf(change.to);
      left.set(from, (left.get(from) ?? 0) + 1);
      if (to !== from) left.set(to, (left.get(to) ?? 0) + 1);
    }
    for (const [directory, count] of left) left.set(directory, keep(count));
    let lost = 0;
    for (const change of journal) {
      if (!change.isDurable) {
        if (change.sequence > barriers.barrier(change.thread)) continue;
        const from = directoryOf(change.name);
        const to = directoryOf(change.to);
        // a change across two directories that one of them lost ends the other's sequence as well
        const isKept = left.get(from)! > 0 && left.get(to)! > 0;
        left.set(from, isKept ? left.get(from)! - 1 : 0);
        if (to !== from) left.set(to, isKept ? left.get(to)! - 1 : 0);
        if (!isKept) {
          lost++;
          continue;
        }
      }
      this.#redo(change);
    }
    this.journal = [];
    this.#pending.clear();
    this.#creations.clear();
    return lost;
  }

  /** Unless its file has another name by now, or none. */
  #redo({ kind, file, name, to }: NameChange): void {
    const { names } = this;
    if (kind === CREATED) names.set(name, file);
    else if (names.get(name) === file) {
      names.delete(name);
      if (kind === RENAMED) names.set(to, file);
    }
  }

  #revert(change: NameChange): void {
    const { names } = this;
    if (change.kind !== REMOVED) {
      if (change.displaced === undefined) names.delete(change.to);
      else names.set(change.to, change.displaced);
    }
    if (change.kind !== CREATED) names.set(change.name, change.file);
  }

  #findPending(): void {
    this.#pending.clear();
    for (const change of this.journal) if (!change.isDurable) this.#addPending(change);
  }

  #addPending(change: NameChange): void {
    const from = directoryOf(change.name);
    const to = directoryOf(change.to);
    for (const directory of from === to ? [from] : [from, to]) {
      const pending = this.#pending.get(directory);
      if (pending === undefined) this.#pending.set(directory, [change]);
      else pending.push(change);
    }
  }

  #append(change: NameChange): void {
    if (this.journal.length >= JOURNAL_MAX) {
      for (let i = 0; i < JOURNAL_MAX / 2; i++) this.journal[i].isDurable = true;
      this.#findPending();
      this.#prune();
    }
    this.#enter(change);
    this.#addPending(change);
  }

  #enter(change: NameChange): void {
    this.journal.push(change);
    if (change.kind === CREATED) this.#creations.set(change.file, change);
    change.file.journalReferences++;
    if (change.displaced !== undefined) change.displaced.journalReferences++;
  }

  /** Forgets the durable changes that no undurable one precedes. */
  #prune(): void {
    let kept = 0;
    while (kept < this.journal.length && this.journal[kept].isDurable) kept++;
    if (kept === 0) return;
    const gone = this.journal.splice(0, kept);
    for (const change of gone) {
      this.#forget(change.file);
      if (change.displaced !== undefined) this.#forget(change.displaced);
    }
  }

  #forget(file: SimulatedFile): void {
    file.journalReferences--;
    if (file.journalReferences > 0) return;
    this.#creations.delete(file);
    this.#onForgotten(file);
  }
}
