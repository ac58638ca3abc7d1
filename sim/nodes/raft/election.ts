/**
 * Who leads: the transitions between roles, campaigns, and votes cast and counted.
 *
 * Every transition into a term starts it from nothing: no leader known, no vote counted, nothing
 * assumed about the members' logs.
 */
import { type Effects, Message, MSG_PRE_VOTE, MSG_PRE_VOTE_RESP, MSG_VOTE, MSG_VOTE_RESP, NONE } from './messages.ts';
import { VOTE_GRANTED, VOTE_NONE, VOTE_REJECTED } from './progress.ts';
import { appendEmpty } from './proposal.ts';
import { VOTE_LOST, VOTE_WON } from './quorum.ts';
import { askForRepair } from './repair.ts';
import { broadcastAppend } from './replication.ts';
import { CANDIDATE, FOLLOWER, LEADER, PRE_CANDIDATE, promotable, type RaftState } from './state.ts';
import { isVoter } from './tracker.ts';

/** `context` of a vote request that the leader itself asked for: it overrides leases. */
export const CAMPAIGN_TRANSFER = 1;

// ——— roles ———

function reset(state: RaftState, term: number): void {
  if (state.term !== term) {
    state.term = term;
    state.vote = NONE;
  }
  state.leader = NONE;
  resetElectionTimer(state);
  state.heartbeatElapsed = 0;
  state.timeoutDraws++;
  state.leadTransferee = NONE;
  const last = state.log.lastIndex();
  const { progress } = state.tracker;
  for (let i = 0; i < progress.length; i++) {
    const member = progress[i]!;
    member.reset(member.id === state.id ? last : 0, last + 1);
  }
  state.replicationDue = false;
  state.pendingConfIndex = 0;
  state.uncommittedBytes = 0;
  state.readsConfirmed = 0;
  state.trustsLease = true;
  if (state.readsUnconfirmed.length > 0) state.readsUnconfirmed = [];
}

export function resetElectionTimer(state: RaftState): void {
  state.electionElapsed = 0;
  state.electionTimerResets++;
}

export function becomeFollower(state: RaftState, term: number, leader: number): void {
  reset(state, term);
  state.leader = leader;
  state.role = FOLLOWER;
}

function becomeCandidate(state: RaftState): void {
  reset(state, state.term + 1);
  state.vote = state.id;
  state.role = CANDIDATE;
}

/** Neither term nor vote change: a pre-candidate that gets no answer has disturbed nobody. */
function becomePreCandidate(state: RaftState): void {
  state.tracker.resetVotes();
  state.leader = NONE;
  state.role = PRE_CANDIDATE;
}

function becomeLeader(state: RaftState, effects: Effects): void {
  reset(state, state.term);
  state.leader = state.id;
  state.role = LEADER;
  const own = state.tracker.find(state.id)!;
  own.becomeReplicate();
  own.recentActive = true;
  // there may be a change of the configuration in the log's tail: wait until it is applied rather than look
  if (!state.bugs['membership-change-before-commit']) state.pendingConfIndex = state.log.lastIndex();
  appendEmpty(state, effects);
}

// ——— campaigns ———

/** Starts an election if this node may be elected. */
export function hup(state: RaftState, effects: Effects, transfer: boolean): void {
  if (!state.log.isWhole) askForRepair(state, effects);
  if (state.role === LEADER || !promotable(state) || hasUnappliedConfChange(state)) return;
  campaign(state, effects, state.preVote && !transfer, transfer);
}

/** Votes would be counted in a configuration that is no longer in force. */
function hasUnappliedConfChange(state: RaftState): boolean {
  const { log } = state;
  for (let index = log.applied + 1; index <= log.committed; index++) {
    // behind an installed snapshot that is not reported yet there is nothing to look at
    const entry = log.entry(index);
    if (entry !== undefined && entry.type !== 0) return true;
  }
  return false;
}

function campaign(state: RaftState, effects: Effects, pre: boolean, transfer: boolean): void {
  if (pre) becomePreCandidate(state);
  else becomeCandidate(state);
  const term = pre ? state.term + 1 : state.term;
  const { progress, configuration } = state.tracker;
  for (let i = 0; i < progress.length; i++) {
    const { id } = progress[i]!;
    if (!isVoter(configuration, id)) continue;
    if (id === state.id) {
      // counted when the own vote is durable
      effects.messagesAfterAppend.push(new Message(pre ? MSG_PRE_VOTE_RESP : MSG_VOTE_RESP, id, id, term));
      continue;
    }
    const message = new Message(pre ? MSG_PRE_VOTE : MSG_VOTE, id, state.id, term);
    message.index = state.log.lastIndex();
    message.logTerm = state.log.lastTerm();
    if (transfer) message.context = CAMPAIGN_TRANSFER;
    effects.messages.push(message);
  }
}

export function handleVoteResponse(state: RaftState, message: Message, effects: Effects): void {
  const voter = state.tracker.find(message.from);
  if (voter !== undefined && voter.vote === VOTE_NONE) voter.vote = message.reject ? VOTE_REJECTED : VOTE_GRANTED;
  const result = state.tracker.voteResult();
  if (result === VOTE_WON) {
    if (state.role === PRE_CANDIDATE) {
      campaign(state, effects, false, false);
    } else {
      becomeLeader(state, effects);
      broadcastAppend(state, effects);
    }
  } else if (result === VOTE_LOST) {
    // a pre-vote's answer may carry a later term; losing it is no reason to enter that
    becomeFollower(state, state.term, NONE);
  }
}

// ——— voting ———

/** Has this node heard from a leader so recently that nobody should be elected? */
export function inLease(state: RaftState): boolean {
  if (state.checkQuorum && state.leader !== NONE && state.electionElapsed < state.electionTimeout) return true;
  // promised by whatever this node answered, whether or not it still knows the leader
  return state.leaseDuration > 0 && state.heardAt > 0 && state.clock < state.heardAt + state.electionTimeout;
}

/** Learners vote too: they may have been promoted without knowing it yet. */
export function handleVoteRequest(state: RaftState, message: Message, effects: Effects): void {
  const pre = message.type === MSG_PRE_VOTE;
  const mayVote =
    state.vote === message.from || (state.vote === NONE && state.leader === NONE) || (pre && message.term > state.term);
  const type = pre ? MSG_PRE_VOTE_RESP : MSG_VOTE_RESP;
  if (mayVote && state.log.isUpToDate(message.logTerm, message.index)) {
    // with the request's term: a pre-vote is for one that this node has not entered
    effects.messagesAfterAppend.push(new Message(type, message.from, state.id, message.term));
    if (!pre) {
      resetElectionTimer(state);
      state.vote = message.from;
    }
    return;
  }
  rejectVote(state, type, message.from, effects);
}

export function rejectVote(state: RaftState, type: number, to: number, effects: Effects): void {
  const answer = new Message(type, to, state.id, state.term);
  answer.reject = true;
  effects.messagesAfterAppend.push(answer);
}
