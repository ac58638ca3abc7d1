/**
 * Linearizable reads without a log entry. The leader notes its commit index, makes sure that it is
 * still the leader, and answers with the index: the reader waits until it has applied so far.
 *
 * Safe: a round of heartbeats confirms all reads that came before it, by their running number.
 * Lease-based: no round; right only as long as clocks drift less than the check of the quorum allows.
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
  if (state.leaseReads) {
    answer(state, message.from, message.context, index, effects);
    return;
  }
  state.readsUnconfirmed.push({ from: message.from, context: message.context, index });
  const own = state.tracker.find(state.id);
  if (own !== undefined) own.readAcked = heartbeatContext(state);
  broadcastHeartbeat(state, effects);
}

/** After a heartbeat's answer was noted in the members' `readAcked`. */
export function confirmReads(state: RaftState, effects: Effects): void {
  const { readsUnconfirmed } = state;
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
