/**
 * The members as this node sees them: the configuration in force and one `Progress` each, in
 * ascending order of id. Quorums are asked by position in that list, so that the hot path looks
 * nothing up by name. Not meant for hundreds of members: finding one is a linear search.
 */
import { immerable } from 'immer';
import { type Bugs, NO_BUGS } from '../../bugs.ts';
import { Inflights } from './inflights.ts';
import type { Configuration } from './messages.ts';
import { Progress, VOTE_GRANTED, VOTE_NONE } from './progress.ts';
import { jointVote, majorityCommitted, majorityVote, VOTE_WON, type VoteResult } from './quorum.ts';

export const NO_MEMBERS: Configuration = {
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
};

export function isJoint(configuration: Configuration): boolean {
  return configuration.votersOutgoing.length > 0;
}

/** Voter of the incoming or of the outgoing half. */
export function isVoter(configuration: Configuration, id: number): boolean {
  return configuration.voters.includes(id) || configuration.votersOutgoing.includes(id);
}

/** Reused by every quorum question: nothing in here outlives one. */
const acked: number[] = [];

export class Tracker {
  static readonly [immerable] = true;

  readonly inflightMessagesMax: number;
  readonly inflightBytesMax: number;
  readonly bugs: Bugs;
  configuration: Configuration = NO_MEMBERS;
  progress: Progress[] = [];
  /** Positions of the voters in `progress`. */
  incoming: number[] = [];
  outgoing: number[] = [];

  constructor(inflightMessagesMax: number, inflightBytesMax: number, bugs: Bugs = NO_BUGS) {
    this.inflightMessagesMax = inflightMessagesMax;
    this.inflightBytesMax = inflightBytesMax;
    this.bugs = bugs;
  }

  /** `progress` must be ascending by id and hold every id of the configuration. */
  become(configuration: Configuration, progress: Progress[]): void {
    this.configuration = configuration;
    this.progress = progress;
    this.incoming = positions(configuration.voters, progress);
    this.outgoing = positions(configuration.votersOutgoing, progress);
  }

  find(id: number): Progress | undefined {
    const { progress } = this;
    for (let i = 0; i < progress.length; i++) if (progress[i]!.id === id) return progress[i];
    return undefined;
  }

  newProgress(id: number, lastIndex: number, isLearner: boolean): Progress {
    // starting at the last entry, not after it: the new member is probed at once instead of after a refusal
    const next = Math.max(lastIndex, 1);
    const inflights = new Inflights(this.inflightMessagesMax, this.inflightBytesMax, this.bugs);
    return new Progress(id, next, isLearner, inflights);
  }

  isSingleton(): boolean {
    return this.incoming.length === 1 && this.outgoing.length === 0;
  }

  /** The index that quorums of both halves hold. */
  committed(): number {
    const incoming = this.matched(this.incoming);
    return this.outgoing.length === 0 ? incoming : Math.min(incoming, this.matched(this.outgoing));
  }

  /** How many reads quorums of both halves have confirmed. */
  readsConfirmed(): number {
    const incoming = this.readsAcked(this.incoming);
    return this.outgoing.length === 0 ? incoming : Math.min(incoming, this.readsAcked(this.outgoing));
  }

  resetVotes(): void {
    for (let i = 0; i < this.progress.length; i++) this.progress[i]!.vote = VOTE_NONE;
  }

  voteResult(): VoteResult {
    return jointVote(this.voted(this.incoming), this.voted(this.outgoing));
  }

  /** Have quorums of both halves been heard of since the last check? */
  quorumActive(): boolean {
    return jointVote(this.active(this.incoming), this.active(this.outgoing)) === VOTE_WON;
  }

  private matched(slots: readonly number[]): number {
    for (let i = 0; i < slots.length; i++) acked[i] = this.progress[slots[i]!]!.match;
    return majorityCommitted(acked, slots.length);
  }

  private readsAcked(slots: readonly number[]): number {
    for (let i = 0; i < slots.length; i++) acked[i] = this.progress[slots[i]!]!.readAcked;
    return majorityCommitted(acked, slots.length);
  }

  private voted(slots: readonly number[]): VoteResult {
    let granted = 0;
    let missing = 0;
    for (let i = 0; i < slots.length; i++) {
      const { vote } = this.progress[slots[i]!]!;
      if (vote === VOTE_NONE) missing++;
      else if (vote === VOTE_GRANTED) granted++;
    }
    return majorityVote(granted, missing, slots.length);
  }

  private active(slots: readonly number[]): VoteResult {
    let active = 0;
    for (let i = 0; i < slots.length; i++) if (this.progress[slots[i]!]!.recentActive) active++;
    return majorityVote(active, 0, slots.length);
  }
}

function positions(ids: readonly number[], progress: readonly Progress[]): number[] {
  return ids.map((id) => progress.findIndex((member) => member.id === id));
}
