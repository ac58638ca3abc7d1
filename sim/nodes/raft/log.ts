/**
 * The replicated log of one node, in memory:
 *
 *     offset │ offset+1 … stable │ … saving │ … last       stable:  durable, the host said so
 *     compacted       durable      being saved   new       saving:  handed to the host for saving
 *
 *     applied ≤ applying ≤ committed ≤ last
 *
 * Entries up to `offset` are gone; of that one the term is remembered. The host keeps the durable
 * copy; this one always shows the newest state, so it need not ask for the host's.
 *
 * Entries whose payload the disk has lost (`damaged`) stand here with their term and without it: they count when logs
 * are compared, and are not applied, sent or acknowledged before they are repaired. The same goes for everything if
 * the store that the log goes on from is lost (`needsImage`). See `repair.ts`.
 *
 * After a snapshot was accepted the log is empty behind it, and nothing is applied until the host
 * reports it installed. Grows until the host compacts; what is uncommitted is limited by the leader.
 */
import { immerable } from 'immer';
import { assert } from '../../assert.ts';
import { type Entry, NO_ENTRIES, type Snapshot } from './messages.ts';

/** `term()` of an index that is compacted away or not there yet. */
export const UNKNOWN_TERM = -1;

export class RaftLog {
  static readonly [immerable] = true;

  /** entries[i] has index offset + 1 + i. */
  entries: Entry[] = [];
  offset: number;
  offsetTerm: number;
  stable: number;
  saving: number;
  committed: number;
  applying: number;
  applied: number;
  /** Accepted, not yet reported as installed. */
  snapshot: Snapshot | undefined = undefined;
  snapshotSaving = false;

  /** Indices, ascending: only after a restart on a damaged disk. */
  damaged: number[] = [];
  /** Were damaged, have their payload again, and are to be saved. */
  repaired: Entry[] = [];
  needsImage = false;

  /** Encoded bytes that may be applying at a time; see `acceptApplying`. */
  readonly applyingBytesMax: number;
  applyingBytes = 0;
  applyingPaused = false;

  constructor(offset: number, offsetTerm: number, entries: readonly Entry[], applyingBytesMax: number) {
    this.offset = offset;
    this.offsetTerm = offsetTerm;
    for (const entry of entries) {
      assert(entry.index === offset + 1 + this.entries.length, 'raft log: recovered entries have a gap');
      this.entries.push(entry);
    }
    this.stable = this.lastIndex();
    this.saving = this.stable;
    this.committed = offset;
    this.applying = offset;
    this.applied = offset;
    this.applyingBytesMax = applyingBytesMax;
  }

  firstIndex(): number {
    return this.offset + 1;
  }

  lastIndex(): number {
    return this.offset + this.entries.length;
  }

  lastTerm(): number {
    const { length } = this.entries;
    return length === 0 ? this.offsetTerm : this.entries[length - 1]!.term;
  }

  term(index: number): number {
    const at = index - this.offset - 1;
    if (at >= 0) return at < this.entries.length ? this.entries[at]!.term : UNKNOWN_TERM;
    return at === -1 ? this.offsetTerm : UNKNOWN_TERM;
  }

  entry(index: number): Entry | undefined {
    return this.entries[index - this.offset - 1];
  }

  /** Entries from `from` on, at least one if there is any, otherwise at most `bytesMax` encoded bytes; a new array. */
  slice(from: number, bytesMax: number): readonly Entry[] {
    const start = from - this.offset - 1;
    assert(start >= 0, 'raft log: slice of compacted entries');
    const end = this.limit(start, this.entries.length, bytesMax);
    if (end <= start) return NO_ENTRIES;
    if (end === start + 1) return [this.entries[start]!];
    return this.entries.slice(start, end);
  }

  /** Is a log that ends with (term, index) at least as new as this one? */
  isUpToDate(term: number, index: number): boolean {
    const ours = this.lastTerm();
    return term > ours || (term === ours && index >= this.lastIndex());
  }

  // ——— damage ———

  get isWhole(): boolean {
    return this.damaged.length === 0 && !this.needsImage;
  }

  /** Up to here entries have their payload. */
  wholeTo(): number {
    return this.damaged.length === 0 ? Number.POSITIVE_INFINITY : this.damaged[0]! - 1;
  }

  /** Takes what is damaged here from `entries`: of one index and term there is one content. */
  repairFrom(entries: readonly Entry[]): void {
    for (let i = 0; i < entries.length && this.damaged.length > 0; i++) {
      const entry = entries[i]!;
      const at = this.damaged.indexOf(entry.index);
      if (at < 0 || this.term(entry.index) !== entry.term) continue;
      this.damaged.splice(at, 1);
      this.entries[entry.index - this.offset - 1] = entry;
      this.repaired.push(entry);
    }
  }

  /** Drops entries from `from` on, which must not be committed. */
  discard(from: number): void {
    assert(from > this.committed, 'raft log: a committed entry is discarded');
    this.entries.length = from - this.offset - 1;
    if (from <= this.stable) this.stable = from - 1;
    if (from <= this.saving) this.saving = from - 1;
    this.forgetDamageFrom(from);
  }

  private forgetDamageFrom(from: number): void {
    if (this.damaged.length > 0) this.damaged = this.damaged.filter((index) => index < from);
    if (this.repaired.length > 0) this.repaired = this.repaired.filter(({ index }) => index < from);
  }

  // ——— growing ———

  append(entry: Entry): void {
    this.entries.push(entry);
  }

  /**
   * Of `incoming`, which follow an entry that matches: the first that this log lacks or has with
   * another term; 0 if all are here.
   */
  findConflict(incoming: readonly Entry[]): number {
    if (incoming.length === 0) return 0;
    if (incoming[0]!.index > this.lastIndex()) return incoming[0]!.index;
    for (let i = 0; i < incoming.length; i++) {
      const { index, term } = incoming[i]!;
      if (this.term(index) !== term) return index;
    }
    return 0;
  }

  /** Appends those of `incoming` with an index of at least `from`, dropping what stood there and after. */
  truncateAndAppend(incoming: readonly Entry[], from: number): void {
    const { entries } = this;
    const at = from - this.offset - 1;
    assert(at >= 0 && at <= entries.length && from > this.committed, 'raft log: truncation out of range');
    if (at < entries.length) {
      entries.length = at;
      this.forgetDamageFrom(from);
      if (from <= this.stable) this.stable = from - 1;
      if (from <= this.saving) this.saving = from - 1;
    }
    for (let i = from - incoming[0]!.index; i < incoming.length; i++) entries.push(incoming[i]!);
  }

  /**
   * The largest index ≤ `index` at which this log could agree with one that has `term` there: going
   * down, the first whose term is not larger. Stops at what was compacted.
   */
  findAgreement(index: number, term: number): number {
    let at = index;
    // an unknown term stops the search too: it is smaller than every term
    while (at > 0 && this.term(at) > term) at--;
    return at;
  }

  /** False if `index` is not there: the log has lost what others rely on. */
  commitTo(index: number): boolean {
    if (index <= this.committed) return true;
    if (index > this.lastIndex()) return false;
    this.committed = index;
    return true;
  }

  // ——— saving ———

  /** Everything new was handed to the host. */
  acceptSaving(): void {
    this.saving = this.lastIndex();
    if (this.snapshot !== undefined) this.snapshotSaving = true;
  }

  /** Saved up to (term, index). Ignored if that entry was replaced since, or is known to be durable. */
  stableTo(term: number, index: number): void {
    if (index <= this.stable || index > this.lastIndex() || this.term(index) !== term) return;
    this.stable = index;
    if (this.saving < index) this.saving = index;
  }

  snapshotStable(index: number): void {
    if (this.snapshot === undefined || this.snapshot.index !== index) return;
    this.snapshot = undefined;
    this.snapshotSaving = false;
  }

  /** The snapshot takes the place of the whole log. */
  restore(snapshot: Snapshot): void {
    this.entries = [];
    this.offset = snapshot.index;
    this.offsetTerm = snapshot.term;
    this.stable = snapshot.index;
    this.saving = snapshot.index;
    this.committed = snapshot.index;
    this.snapshot = snapshot;
    this.snapshotSaving = false;
    this.forgetDamageFrom(0);
    this.needsImage = false;
  }

  /** The snapshot takes the place of the log up to its index, where they agree; what follows was acknowledged and stays. */
  restoreBefore(snapshot: Snapshot): void {
    const { index } = snapshot;
    this.entries = this.entries.slice(index - this.offset);
    this.offset = index;
    this.offsetTerm = snapshot.term;
    this.stable = Math.max(this.stable, index);
    this.saving = Math.max(this.saving, index);
    this.committed = Math.max(this.committed, index);
    this.snapshot = snapshot;
    this.snapshotSaving = false;
    this.damaged = this.damaged.filter((each) => each > index);
    this.repaired = this.repaired.filter((each) => each.index > index);
    this.needsImage = false;
  }

  /** Forgets entries up to `index`, which must be applied and durable. */
  compact(index: number): void {
    if (index <= this.offset) return;
    assert(index <= this.applied && index <= this.stable, 'raft log: compacting what is not applied and durable');
    this.offsetTerm = this.term(index);
    this.entries = this.entries.slice(index - this.offset);
    this.offset = index;
  }

  // ——— applying ———

  /** One past the last entry that may be handed out for applying now; at most `applying` + 1 if none. */
  appliableEnd(allowUnstable: boolean): number {
    if (this.applyingPaused || this.snapshot !== undefined) return this.applying + 1;
    const last = this.appliableLast(allowUnstable);
    if (last <= this.applying) return this.applying + 1;
    const start = this.applying - this.offset;
    const end = this.limit(start, last - this.offset, this.applyingBytesMax - this.applyingBytes);
    return this.offset + 1 + end;
  }

  hasAppliable(allowUnstable: boolean): boolean {
    return !this.applyingPaused && this.snapshot === undefined && this.applying < this.appliableLast(allowUnstable);
  }

  /** Entries up to `index` were handed out. If that was not all there is, or the limit is reached, no more until `appliedTo`. */
  acceptApplying(index: number, bytes: number, allowUnstable: boolean): void {
    this.applying = index;
    this.applyingBytes += bytes;
    this.applyingPaused = this.applyingBytes >= this.applyingBytesMax || index < this.appliableLast(allowUnstable);
  }

  appliedTo(index: number, bytes: number): void {
    assert(index <= this.committed && index >= this.applied, 'raft log: applied index out of range');
    this.applied = index;
    if (this.applying < index) this.applying = index;
    this.applyingBytes = Math.max(0, this.applyingBytes - bytes);
    this.applyingPaused = this.applyingBytes >= this.applyingBytesMax;
  }

  private appliableLast(allowUnstable: boolean): number {
    if (!this.isWhole) return this.needsImage ? this.applying : Math.min(this.committed, this.stable, this.wholeTo());
    return allowUnstable ? this.committed : Math.min(this.committed, this.stable);
  }

  /** The end of the longest run from `start` that fits into `bytesMax`, but of at least one entry. */
  private limit(start: number, end: number, bytesMax: number): number {
    const { entries } = this;
    let bytes = 0;
    for (let i = start; i < end; i++) {
      bytes += entries[i]!.encodedBytes;
      if (bytes > bytesMax && i > start) return i;
    }
    return end;
  }
}
