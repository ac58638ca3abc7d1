/**
 * The protocol: one step takes the state and one input, changes the state, and leaves messages.
 * No time, no randomness, no disk. Behaves as etcd's raft library does, which the transcripts under
 * test/raft hold it to; it writes no log lines.
 *
 * What is not here: votes are not counted in a configuration that is committed but not applied
 * (etcd's rule: a configuration is in force when it is applied); there are no witnesses.
 */
import {
  becomeFollower,
  CAMPAIGN_TRANSFER,
  handleVoteRequest,
  handleVoteResponse,
  hup,
  inLease,
  rejectVote,
  resetElectionTimer,
} from './election.ts';
import { handleHeartbeat } from './heartbeat.ts';
import { handleSnapshot } from './membership.ts';
import {
  type Effects,
  Message,
  MSG_APP,
  MSG_APP_RESP,
  MSG_FORGET_LEADER,
  MSG_HEARTBEAT,
  MSG_HEARTBEAT_RESP,
  MSG_HUP,
  MSG_PRE_VOTE,
  MSG_PRE_VOTE_RESP,
  MSG_PROP,
  MSG_READ_INDEX,
  MSG_READ_INDEX_RESP,
  MSG_REPAIR,
  MSG_REPAIR_RESP,
  MSG_SNAP,
  MSG_SNAP_STATUS,
  MSG_STORAGE_APPEND_RESP,
  MSG_STORAGE_APPLY_RESP,
  MSG_TIMEOUT_NOW,
  MSG_TRANSFER_LEADER,
  MSG_UNREACHABLE,
  MSG_VOTE,
  MSG_VOTE_RESP,
  NONE,
  type Snapshot,
} from './messages.ts';
import { PROBE, type Progress, REPLICATE } from './progress.ts';
import { maybeLeaveJoint, propose, releaseUncommitted } from './proposal.ts';
import { confirmReads, handleReadIndex } from './read-index.ts';
import { handleGivenImage, handleRepair, handleRepairResponse } from './repair.ts';
import { handleAppend, handleAppendResponse, handleSnapshotStatus, sendAppend, sendTimeoutNow } from './replication.ts';
import { CANDIDATE, FOLLOWER, LEADER, PRE_CANDIDATE, type RaftState } from './state.ts';

/** `dropped`: a proposal or a read that nobody will take care of; try again later or elsewhere. */
export type StepOutcome = 'ok' | 'dropped';

export function step(state: RaftState, message: Message, effects: Effects): StepOutcome {
  if (state.fatal !== '') return 'dropped';
  const { term, type } = message;
  if (term > state.term) {
    if (!enterTerm(state, message)) return 'ok';
  } else if (term !== 0 && term < state.term) {
    answerOldTerm(state, message, effects);
    return 'ok';
  }
  switch (type) {
    case MSG_HUP:
      hup(state, effects, false);
      return 'ok';
    case MSG_VOTE:
    case MSG_PRE_VOTE:
      handleVoteRequest(state, message, effects);
      return 'ok';
    case MSG_STORAGE_APPEND_RESP:
      appendSaved(state, message.term, message.logTerm, message.index, message.snapshot, effects);
      return 'ok';
    case MSG_STORAGE_APPLY_RESP:
      entriesApplied(state, message, effects);
      return 'ok';
    case MSG_REPAIR:
      handleRepair(state, message, effects);
      return 'ok';
    case MSG_REPAIR_RESP:
      handleRepairResponse(state, message);
      return 'ok';
    case MSG_SNAP:
      if (term !== 0) return stepInRole(state, message, effects);
      handleGivenImage(state, message, effects);
      return 'ok';
    default:
      return stepInRole(state, message, effects);
  }
}

function stepInRole(state: RaftState, message: Message, effects: Effects): StepOutcome {
  if (state.role === LEADER) return stepLeader(state, message, effects);
  if (state.role === FOLLOWER) return stepFollower(state, message, effects);
  return stepCandidate(state, message, effects);
}

/** A message from a later term usually ends what this node was doing. False if it is to be ignored. */
function enterTerm(state: RaftState, message: Message): boolean {
  const { type, term } = message;
  const asksForVote = type === MSG_VOTE || type === MSG_PRE_VOTE;
  if (asksForVote && message.context !== CAMPAIGN_TRANSFER && inLease(state)) return false;
  // a pre-vote asks about a term that nobody has entered yet, and its consent is about that term too
  if (type === MSG_PRE_VOTE || (type === MSG_PRE_VOTE_RESP && !message.reject)) return true;
  const fromLeader = type === MSG_APP || type === MSG_HEARTBEAT || type === MSG_SNAP;
  becomeFollower(state, term, fromLeader ? message.from : NONE);
  return true;
}

function answerOldTerm(state: RaftState, message: Message, effects: Effects): void {
  const { type } = message;
  if ((state.checkQuorum || state.preVote) && (type === MSG_HEARTBEAT || type === MSG_APP)) {
    // somebody leads an old term and this node's candidacies are being ignored: the answer's term frees it
    effects.messagesAfterAppend.push(new Message(MSG_APP_RESP, message.from, state.id, state.term));
  } else if (type === MSG_PRE_VOTE) {
    rejectVote(state, MSG_PRE_VOTE_RESP, message.from, effects);
  } else if (type === MSG_REPAIR) {
    // its term is what whoever asks must learn
    effects.messagesAfterAppend.push(new Message(MSG_REPAIR_RESP, message.from, state.id, state.term));
  } else if (type === MSG_STORAGE_APPEND_RESP) {
    appendSaved(state, message.term, message.logTerm, message.index, message.snapshot, effects);
  }
}

// ——— storage ———

/** Durable up to (logTerm, index); an old term's word counts for the snapshot only, as entries may have been replaced. */
export function appendSaved(
  state: RaftState,
  term: number,
  logTerm: number,
  index: number,
  snapshot: Snapshot | undefined,
  effects: Effects,
): void {
  const { log } = state;
  if (index !== 0 && term >= state.term) log.stableTo(logTerm, index);
  if (snapshot === undefined) return;
  log.snapshotStable(snapshot.index);
  applied(state, snapshot.index, 0, effects);
}

function entriesApplied(state: RaftState, message: Message, effects: Effects): void {
  const { entries } = message;
  if (entries.length === 0) return;
  let encodedBytes = 0;
  let payloadBytes = 0;
  for (let i = 0; i < entries.length; i++) {
    encodedBytes += entries[i]!.encodedBytes;
    payloadBytes += entries[i]!.payloadBytes;
  }
  applied(state, entries[entries.length - 1]!.index, encodedBytes, effects);
  releaseUncommitted(state, payloadBytes);
}

export function applied(state: RaftState, index: number, encodedBytes: number, effects: Effects): void {
  const { log } = state;
  log.appliedTo(Math.max(index, log.applied), encodedBytes);
  maybeLeaveJoint(state, effects);
}

// ——— by role ———

function stepLeader(state: RaftState, message: Message, effects: Effects): StepOutcome {
  const { type } = message;
  switch (type) {
    case MSG_PROP:
      return stepProposal(state, message, effects);
    case MSG_READ_INDEX:
      return handleReadIndex(state, message, effects);
    case MSG_FORGET_LEADER:
      return 'ok';
  }
  const member = state.tracker.find(message.from);
  if (member === undefined) return 'ok';
  switch (type) {
    case MSG_APP_RESP:
      handleAppendResponse(state, member, message, effects);
      break;
    case MSG_HEARTBEAT_RESP:
      member.recentActive = true;
      member.flowPaused = false;
      // a full window may have been lost, and a probe may have got no answer: an append, if empty, gets one
      if (member.match < state.log.lastIndex() || member.state === PROBE) sendAppend(state, member, effects);
      if ((state.leaseReads && state.leaseDuration === 0) || message.context === 0) break;
      if (message.context > member.readAcked) member.readAcked = message.context;
      confirmReads(state, effects);
      break;
    case MSG_SNAP_STATUS:
      handleSnapshotStatus(member, message.reject);
      break;
    case MSG_UNREACHABLE:
      // an append was probably lost: stop streaming
      if (member.state === REPLICATE) member.becomeProbe();
      break;
    case MSG_TRANSFER_LEADER:
      transferLeader(state, member, effects);
      break;
  }
  return 'ok';
}

function stepProposal(state: RaftState, message: Message, effects: Effects): StepOutcome {
  const { entries } = message;
  if (entries.length === 1) return propose(state, entries[0]!.type, entries[0]!.data, effects);
  const types = entries.map((entry) => entry.type);
  const datas = entries.map((entry) => entry.data);
  return propose(state, types, datas, effects);
}

function transferLeader(state: RaftState, member: Progress, effects: Effects): void {
  if (member.isLearner || member.id === state.leadTransferee) return;
  state.leadTransferee = NONE;
  if (member.id === state.id) return;
  // to be finished within one election time-out
  resetElectionTimer(state);
  state.leadTransferee = member.id;
  state.trustsLease = false;
  if (member.match === state.log.lastIndex()) sendTimeoutNow(state, member.id, effects);
  else sendAppend(state, member, effects);
}

/** Candidates and pre-candidates. */
function stepCandidate(state: RaftState, message: Message, effects: Effects): StepOutcome {
  const { type } = message;
  switch (type) {
    case MSG_PROP:
      return 'dropped';
    case MSG_APP:
      state.heardAt = state.clock;
      becomeFollower(state, message.term, message.from);
      handleAppend(state, message, effects);
      break;
    case MSG_HEARTBEAT:
      state.heardAt = state.clock;
      becomeFollower(state, message.term, message.from);
      handleHeartbeat(state, message, effects);
      break;
    case MSG_SNAP:
      state.heardAt = state.clock;
      becomeFollower(state, message.term, message.from);
      handleSnapshot(state, message, effects);
      break;
    case MSG_VOTE_RESP:
      if (state.role === CANDIDATE) handleVoteResponse(state, message, effects);
      break;
    case MSG_PRE_VOTE_RESP:
      // as a candidate: a late answer to the poll before
      if (state.role === PRE_CANDIDATE) handleVoteResponse(state, message, effects);
      break;
    case MSG_READ_INDEX:
      return 'dropped';
  }
  return 'ok';
}

function stepFollower(state: RaftState, message: Message, effects: Effects): StepOutcome {
  switch (message.type) {
    case MSG_APP:
      state.heardAt = state.clock;
      resetElectionTimer(state);
      state.leader = message.from;
      handleAppend(state, message, effects);
      break;
    case MSG_HEARTBEAT:
      state.heardAt = state.clock;
      resetElectionTimer(state);
      state.leader = message.from;
      handleHeartbeat(state, message, effects);
      break;
    case MSG_SNAP:
      state.heardAt = state.clock;
      resetElectionTimer(state);
      state.leader = message.from;
      handleSnapshot(state, message, effects);
      break;
    case MSG_PROP:
      if (state.leader === NONE || !state.forwardsProposals) return 'dropped';
      forward(state, message, 0, effects);
      break;
    case MSG_READ_INDEX:
      if (state.leader === NONE) return 'dropped';
      forward(state, message, 0, effects);
      break;
    case MSG_READ_INDEX_RESP:
      effects.readStates.push({ index: message.index, context: message.context });
      break;
    case MSG_TRANSFER_LEADER:
      if (state.leader !== NONE) forward(state, message, state.term, effects);
      break;
    case MSG_FORGET_LEADER:
      // who trusts leases must not be talked out of one
      if (!state.leaseReads) state.leader = NONE;
      break;
    case MSG_TIMEOUT_NOW:
      // the leader steps aside: no need to ask twice, and no lease to respect
      hup(state, effects, true);
      break;
  }
  return 'ok';
}

/** Messages are immutable, so the leader gets a copy. */
function forward(state: RaftState, message: Message, term: number, effects: Effects): void {
  const copy = new Message(message.type, state.leader, message.from === NONE ? state.id : message.from, term);
  copy.entries = message.entries;
  copy.context = message.context;
  effects.messages.push(copy);
}
