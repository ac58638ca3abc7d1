/** Signs of life, which also carry the commit index and the number of reads that an answer confirms. */
import { type Effects, Message, MSG_HEARTBEAT, MSG_HEARTBEAT_RESP } from './messages.ts';
import { askForRepair } from './repair.ts';
import type { RaftState } from './state.ts';

/**
 * What an answer confirms: the running number of the last read that waits; 0 if none does. With leases that end: that
 * the leader was heard of at this reading of its clock.
 */
export function heartbeatContext(state: RaftState): number {
  if (state.leaseDuration > 0) return state.clock;
  const waiting = state.readsUnconfirmed.length;
  return waiting === 0 ? 0 : state.readsConfirmed + waiting;
}

export function broadcastHeartbeat(state: RaftState, effects: Effects): void {
  const { progress } = state.tracker;
  const context = heartbeatContext(state);
  for (let i = 0; i < progress.length; i++) {
    const member = progress[i]!;
    if (member.id === state.id) continue;
    const message = new Message(MSG_HEARTBEAT, member.id, state.id, state.term);
    // never more than what the member is known to hold: it takes the index without looking
    message.commit = Math.min(member.match, state.log.committed);
    message.context = context;
    effects.messages.push(message);
    member.sentCommit = message.commit;
  }
}

export function handleHeartbeat(state: RaftState, message: Message, effects: Effects): void {
  if (!state.log.commitTo(message.commit)) {
    state.fatal = 'commit beyond the log';
    return;
  }
  const answer = new Message(MSG_HEARTBEAT_RESP, message.from, state.id, state.term);
  answer.context = message.context;
  effects.messages.push(answer);
  if (!state.log.isWhole) askForRepair(state, effects);
}
