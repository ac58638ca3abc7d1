/**
 * What the leader knows about one member's log, and how it sends to it:
 *
 * - probe: position unknown; one append at a time, until one is accepted
 * - replicate: position known; appends stream optimistically within the inflight window
 * - snapshot: an image is on its way; no appends until the member reports its log
 */
import { immerable } from 'immer';
import { assert } from '../../assert.ts';
import type { Inflights } from './inflights.ts';

export const PROBE = 0;
export const REPLICATE = 1;
export const SNAPSHOT = 2;
export const PROGRESS_NAMES = ['StateProbe', 'StateReplicate', 'StateSnapshot'] as const;

export const VOTE_NONE = 0;
export const VOTE_GRANTED = 1;
export const VOTE_REJECTED = 2;

/** With lazy replication: what the next collection sends to this member. */
export const DUE_NOTHING = 0;
export const DUE_ENTRIES = 1;
export const DUE_EVEN_EMPTY = 2;

export class Progress {
  static readonly [immerable] = true;

  readonly id: number;
  isLearner: boolean;
  state = PROBE;
  /** Highest index known to be in the member's log. Always below `next`. */
  match = 0;
  next: number;
  /** Commit index that the last append or heartbeat carried. */
  sentCommit = 0;
  /** Index of the image on its way; 0 for none. */
  pendingSnapshot = 0;
  /** Heard of since the last quorum check. */
  recentActive: boolean;
  /** Probe sent, or window full: nothing but a heartbeat's answer or an acknowledgement wakes it up. */
  flowPaused = false;
  inflights: Inflights;
  /** Its answer in the election that this node runs. */
  vote = VOTE_NONE;
  /** Reads that its heartbeat answers have confirmed. */
  readAcked = 0;
  due = DUE_NOTHING;

  constructor(id: number, next: number, isLearner: boolean, inflights: Inflights) {
    this.id = id;
    this.next = next;
    this.isLearner = isLearner;
    // a member just added counts as heard of, or the next quorum check could come before its first answer
    this.recentActive = true;
    this.inflights = inflights;
  }

  /** As it starts a new term of this node. */
  reset(match: number, next: number): void {
    this.resetState(PROBE);
    this.match = match;
    this.next = next;
    this.sentCommit = 0;
    this.recentActive = false;
    this.vote = VOTE_NONE;
    this.readAcked = 0;
    this.due = DUE_NOTHING;
  }

  becomeProbe(): void {
    // after an image the log continues behind it, even if the member has not said so yet
    const after = this.state === SNAPSHOT ? Math.max(this.match, this.pendingSnapshot) : this.match;
    this.resetState(PROBE);
    this.next = after + 1;
    this.sentCommit = Math.min(this.sentCommit, after);
  }

  becomeReplicate(): void {
    this.resetState(REPLICATE);
    this.next = this.match + 1;
  }

  becomeSnapshot(index: number): void {
    this.resetState(SNAPSHOT);
    this.pendingSnapshot = index;
    this.next = index + 1;
    this.sentCommit = index;
  }

  /** An append with `count` entries of `bytes` payload went out. */
  sentEntries(count: number, bytes: number): void {
    if (this.state === REPLICATE) {
      if (count > 0) {
        this.next += count;
        this.inflights.add(this.next - 1, bytes);
      }
      this.flowPaused = this.inflights.full();
      return;
    }
    assert(this.state === PROBE, 'progress: append sent while a snapshot is on its way');
    if (count > 0) this.flowPaused = true;
  }

  /** Would an append that carries `commit` tell the member anything, even with what is in flight already? */
  canBumpCommit(commit: number): boolean {
    return commit > this.sentCommit && this.sentCommit < this.next - 1;
  }

  /** The member's log holds everything up to `index`. False if that is no news. */
  acknowledge(index: number): boolean {
    if (index <= this.match) return false;
    this.match = index;
    if (this.next <= index) this.next = index + 1;
    this.flowPaused = false;
    return true;
  }

  /** The member refused an append after `rejected` and suggests `hint`. False if the refusal is stale. */
  stepBack(rejected: number, hint: number): boolean {
    if (this.state === REPLICATE) {
      // it has acknowledged more than it refuses: reordered
      if (rejected <= this.match) return false;
      this.next = this.match + 1;
      this.sentCommit = Math.min(this.sentCommit, this.match);
      return true;
    }
    // a probe is one append at a time, so a refusal of another one is an old one
    if (this.next - 1 !== rejected) return false;
    this.next = Math.max(Math.min(rejected, hint + 1), this.match + 1);
    this.sentCommit = Math.min(this.sentCommit, this.next - 1);
    this.flowPaused = false;
    return true;
  }

  paused(): boolean {
    return this.flowPaused || this.state === SNAPSHOT;
  }

  /** For a configuration change to work on; the window stays shared, as nothing is sent meanwhile. */
  clone(): Progress {
    const copy = new Progress(this.id, this.next, this.isLearner, this.inflights);
    copy.state = this.state;
    copy.match = this.match;
    copy.sentCommit = this.sentCommit;
    copy.pendingSnapshot = this.pendingSnapshot;
    copy.recentActive = this.recentActive;
    copy.flowPaused = this.flowPaused;
    copy.vote = this.vote;
    copy.readAcked = this.readAcked;
    copy.due = this.due;
    return copy;
  }

  private resetState(state: number): void {
    this.flowPaused = false;
    this.pendingSnapshot = 0;
    this.state = state;
    this.inflights.reset();
  }
}
