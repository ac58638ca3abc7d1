/**
 * Linearizable reads without a log entry. The leader notes its commit index, makes sure that it is
 * still the leader, and answers with the index: the reader waits until it has applied so far.
 *
 * Safe: a round of heartbeats confirms all reads that came before it, by their running number.
 * Lease-based, as etcd: no round; the leader answers for as long as it leads. That is up to two election time-outs after
 * the last answer of a quorum, and another may have been elected after one: stale reads, even by perfect clocks.
 * Lease-based with `clockDriftMax`: heartbeats carry the reading of the leader's clock. Who answers one promises not to
 * vote for an election time-out by its own clock, a restart included; so the leader's lease ends that long after it sent
 * what a quorum has answered, less what clocks may drift. A read that finds no lease waits for a round. Right as long as
 * clocks are off by no more than that, and do not jump.
 *
 * A new leader does not know its predecessors' commit index until it has committed an entry of its
 * own, so reads wait for that. At most `maxPendingReads` wait in all; others are dropped.
 */
import { broadcastHeartbeat, heartbeatContext } from './heartbeat.ts';
import { type Effects, Message, MSG_READ_INDEX_RESP, NONE } from './messages.ts';
import type { RaftState } from './state.ts';

export interface ReadRequest {
  readonly from: number;
  readonly context: number;
  readonly index: number;
  /** With leases that end: the leader's clock. */
  readonly askedAt: number;
}

export type ReadOutcome = 'ok' | 'dropped';

export function handleReadIndex(state: RaftState, message: Message, effects: Effects): ReadOutcome {
  const { log } = state;
  if (state.tracker.isSingleton()) {
    answer(state, message.from, message.context, log.committed, effects);
    return 'ok';
  }
  if (state.readsPostponed.length + state.readsUnconfirmed.length >= state.maxPendingReads) return 'dropped';
  if (log.term(log.committed) !== state.term && !state.bugs['read-index-before-commit']) {
    state.readsPostponed.push(message);
    return 'ok';
  }
  startRead(state, message, effects);
  return 'ok';
}

/** The leader has just committed in its term. */
export function releasePostponedReads(state: RaftState, effects: Effects): void {
  if (state.readsPostponed.length === 0) return;
  const postponed = state.readsPostponed;
  state.readsPostponed = [];
  for (let i = 0; i < postponed.length; i++) startRead(state, postponed[i]!, effects);
}

function startRead(state: RaftState, message: Message, effects: Effects): void {
  const index = state.log.committed;
  const own = state.tracker.find(state.id);
  if (state.leaseDuration > 0 && own !== undefined) own.readAcked = state.clock;
  if (state.leaseReads && hasLease(state)) {
    answer(state, message.from, message.context, index, effects);
    return;
  }
  state.readsUnconfirmed.push({ from: message.from, context: message.context, index, askedAt: state.clock });
  if (own !== undefined) own.readAcked = heartbeatContext(state);
  broadcastHeartbeat(state, effects);
}

/** Could nobody have been elected yet, whoever has not been heard of since? */
function hasLease(state: RaftState): boolean {
  if (state.leaseDuration === 0) return true;
  const duration = state.bugs['lease-ignores-drift'] ? state.electionTimeout : state.leaseDuration;
  return state.trustsLease && state.clock < state.tracker.readsConfirmed() + duration;
}

/** After a heartbeat's answer was noted in the members' `readAcked`. */
export function confirmReads(state: RaftState, effects: Effects): void {
  const { readsUnconfirmed } = state;
  if (state.leaseDuration > 0) {
    confirmReadsByTime(state, effects);
    return;
  }
  const confirmed = Math.min(state.tracker.readsConfirmed(), state.readsConfirmed + readsUnconfirmed.length);
  const count = confirmed - state.readsConfirmed;
  if (count <= 0) return;
  for (let i = 0; i < count; i++) {
    const { from, context, index } = readsUnconfirmed[i]!;
    answer(state, from, context, index, effects);
  }
  state.readsUnconfirmed = readsUnconfirmed.slice(count);
  state.readsConfirmed = confirmed;
}

/** A quorum has answered what was sent when the read was there, or later. */
function confirmReadsByTime(state: RaftState, effects: Effects): void {
  const { readsUnconfirmed } = state;
  const own = state.tracker.find(state.id);
  if (readsUnconfirmed.length === 0) return;
  if (own !== undefined) own.readAcked = state.clock;
  const heardAt = state.tracker.readsConfirmed();
  let count = 0;
  while (count < readsUnconfirmed.length && readsUnconfirmed[count]!.askedAt <= heardAt) {
    const { from, context, index } = readsUnconfirmed[count++]!;
    answer(state, from, context, index, effects);
  }
  if (count > 0) state.readsUnconfirmed = readsUnconfirmed.slice(count);
}

function answer(state: RaftState, from: number, context: number, index: number, effects: Effects): void {
  if (from === NONE || from === state.id) {
    effects.readStates.push({ index, context });
    return;
  }
  const message = new Message(MSG_READ_INDEX_RESP, from, state.id, state.term);
  message.index = index;
  message.context = context;
  effects.messages.push(message);
}
