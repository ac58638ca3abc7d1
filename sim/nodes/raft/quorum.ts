/**
 * Majorities and joint majorities: which index is committed, who has won a vote.
 * An empty configuration agrees to everything, so that a plain majority is a joint one with an empty half.
 */

export const VOTE_PENDING = 0;
export const VOTE_LOST = 1;
export const VOTE_WON = 2;
export type VoteResult = typeof VOTE_PENDING | typeof VOTE_LOST | typeof VOTE_WON;

/**
 * The largest index that a majority of `count` voters has reached. `acked[0, count)` holds what each
 * acknowledged, 0 for nothing; it is sorted in place. Infinity if there is no voter.
 */
export function majorityCommitted(acked: number[], count: number): number {
  if (count === 0) return Number.POSITIVE_INFINITY;
  // insertion sort: at most a handful of voters, and usually nearly in order
  for (let i = 1; i < count; i++) {
    const value = acked[i]!;
    let at = i;
    while (at > 0 && acked[at - 1]! > value) {
      acked[at] = acked[at - 1]!;
      at--;
    }
    acked[at] = value;
  }
  return acked[(count - 1) >> 1]!;
}

/** The outcome with `granted` yes and `missing` unknown among `count` voters. */
export function majorityVote(granted: number, missing: number, count: number): VoteResult {
  if (count === 0) return VOTE_WON;
  const needed = (count >> 1) + 1;
  if (granted >= needed) return VOTE_WON;
  return granted + missing >= needed ? VOTE_PENDING : VOTE_LOST;
}

/** Both halves must agree; one that has lost decides. */
export function jointVote(incoming: VoteResult, outgoing: VoteResult): VoteResult {
  if (incoming === outgoing) return incoming;
  return incoming === VOTE_LOST || outgoing === VOTE_LOST ? VOTE_LOST : VOTE_PENDING;
}
