/**
 * Time, as far as a protocol without a clock knows it. Two ways to drive it, never both:
 *
 * Ticks, as etcd: call `tick` at a fixed pace. It counts up to the configured time-outs. When
 * `timeoutDraws` has changed, set `randomizedElectionTimeout` to a new draw from [T, 2T).
 *
 * Deadlines: keep three timers and call in when one is due.
 * - election (not leading): at the randomised time-out after the last change of `electionTimerResets`
 *   call `electionTimeout`; draw anew when `timeoutDraws` has changed
 * - heartbeat (leading): call `heartbeatTimeout` at every interval
 * - quorum check (leading): at T after the last change of `electionTimerResets` call `checkQuorumTimeout`
 * Before a vote request is stepped in, set `electionElapsed` to the time since the last reset, in the
 * unit of the configured `electionTimeout`: leases compare the two. Nothing else reads it. Leases that end (see
 * `read-index.ts`) need `clock` set before every input, in the same unit.
 */
import { becomeFollower, hup, resetElectionTimer } from './election.ts';
import { broadcastHeartbeat } from './heartbeat.ts';
import { type Effects, NONE } from './messages.ts';
import { prepareDiscard } from './repair.ts';
import { LEADER, promotable, type RaftState } from './state.ts';

export function tick(state: RaftState, effects: Effects): void {
  if (state.role !== LEADER) {
    state.electionElapsed++;
    // who may not be elected goes on counting, and starts at once when that changes
    if (state.electionElapsed >= state.randomizedElectionTimeout && mayActOnTimeout(state))
      electionTimeout(state, effects);
    return;
  }
  state.heartbeatElapsed++;
  state.electionElapsed++;
  if (state.electionElapsed >= state.electionTimeout) checkQuorumTimeout(state);
  if (state.role === LEADER && state.heartbeatElapsed >= state.heartbeatTimeout) heartbeatTimeout(state, effects);
}

function mayActOnTimeout(state: RaftState): boolean {
  return promotable(state) || !state.log.isWhole;
}

/** Nothing was heard of a leader for the randomised time-out. */
export function electionTimeout(state: RaftState, effects: Effects): void {
  if (state.role === LEADER) return;
  resetElectionTimer(state);
  if (!state.log.isWhole) prepareDiscard(state);
  hup(state, effects, false);
}

export function heartbeatTimeout(state: RaftState, effects: Effects): void {
  if (state.role !== LEADER) return;
  state.heartbeatElapsed = 0;
  broadcastHeartbeat(state, effects);
}

/** A leader's election time-out: is there still a quorum, and did the hand-over succeed? */
export function checkQuorumTimeout(state: RaftState): void {
  if (state.role !== LEADER) return;
  resetElectionTimer(state);
  if (state.checkQuorum) checkQuorum(state);
  state.leadTransferee = NONE;
}

function checkQuorum(state: RaftState): void {
  if (!state.tracker.quorumActive()) becomeFollower(state, state.term, NONE);
  const { progress } = state.tracker;
  for (let i = 0; i < progress.length; i++) {
    const member = progress[i]!;
    if (member.id !== state.id) member.recentActive = false;
  }
}
