/**
 * What a leader takes into its log, and under which conditions: not while it hands over, not beyond
 * the limit of uncommitted bytes, and one configuration change at a time.
 */
import type { Value } from '../../bytes/value.ts';
import { decodeConfChange, leavesJoint } from './conf-change.ts';
import {
  type Effects,
  EMPTY_DATA,
  ENTRY_CONF_CHANGE_V2,
  ENTRY_NORMAL,
  Entry,
  Message,
  MSG_APP_RESP,
  NONE,
} from './messages.ts';
import { broadcastAppend, maybeCommit } from './replication.ts';
import { LEADER, type RaftState } from './state.ts';
import { isJoint } from './tracker.ts';

export type ProposeOutcome = 'ok' | 'dropped';

/** On the leader. Conf changes that may not follow now become empty entries, so that the proposer sees an index. */
export function propose(
  state: RaftState,
  types: readonly number[] | number,
  datas: readonly Value[] | Value,
  effects: Effects,
): ProposeOutcome {
  const { log } = state;
  // removed from the configuration while leading, or handing over
  if (state.tracker.find(state.id) === undefined || state.leadTransferee !== NONE) return 'dropped';
  if (typeof types === 'number') {
    const data = datas as Value;
    const entry = acceptable(state, new Entry(state.term, log.lastIndex() + 1, types, data));
    if (!reserve(state, entry.payloadBytes)) return 'dropped';
    log.append(entry);
  } else {
    const values = datas as readonly Value[];
    const first = log.lastIndex() + 1;
    const entries: Entry[] = [];
    let bytes = 0;
    for (let i = 0; i < types.length; i++) {
      const entry = acceptable(state, new Entry(state.term, first + i, types[i]!, values[i]!));
      bytes += entry.payloadBytes;
      entries.push(entry);
    }
    if (!reserve(state, bytes)) return 'dropped';
    for (let i = 0; i < entries.length; i++) log.append(entries[i]!);
  }
  acknowledgeOwn(state, effects);
  broadcastAppend(state, effects);
  return 'ok';
}

/** Without any check: what a new leader starts its term with. */
export function appendEmpty(state: RaftState, effects: Effects): void {
  const { log } = state;
  log.append(new Entry(state.term, log.lastIndex() + 1, ENTRY_NORMAL, EMPTY_DATA));
  acknowledgeOwn(state, effects);
}

/** The leader counts its own log like a follower's: when it is durable, so by a message to itself. */
function acknowledgeOwn(state: RaftState, effects: Effects): void {
  const { messagesAfterAppend } = effects;
  const index = state.log.lastIndex();
  if (state.bugs['acknowledged-before-saved'] && state.tracker.isSingleton()) {
    state.tracker.find(state.id)!.acknowledge(index);
    maybeCommit(state);
  }
  if (state.lazy && messagesAfterAppend.length > 0) {
    const last = messagesAfterAppend[messagesAfterAppend.length - 1]!;
    if (last.type === MSG_APP_RESP && last.to === state.id && last.term === state.term) {
      last.index = index;
      return;
    }
  }
  const message = new Message(MSG_APP_RESP, state.id, state.id, state.term);
  message.index = index;
  messagesAfterAppend.push(message);
}

function reserve(state: RaftState, bytes: number): boolean {
  // an empty tail takes any size; an empty payload is never refused: a leader's first entry, a leave-joint
  if (state.uncommittedBytes > 0 && bytes > 0 && state.uncommittedBytes + bytes > state.maxUncommittedSize)
    return false;
  state.uncommittedBytes += bytes;
  return true;
}

export function releaseUncommitted(state: RaftState, bytes: number): void {
  state.uncommittedBytes = Math.max(0, state.uncommittedBytes - bytes);
}

function acceptable(state: RaftState, entry: Entry): Entry {
  if (entry.type === ENTRY_NORMAL) return entry;
  const change = decodeConfChange(entry);
  const pending = state.pendingConfIndex > state.log.applied;
  const refused = change === undefined || pending || isJoint(state.tracker.configuration) !== leavesJoint(change);
  if (refused && (change === undefined || state.validatesConfChanges)) {
    return new Entry(entry.term, entry.index, ENTRY_NORMAL, EMPTY_DATA);
  }
  state.pendingConfIndex = entry.index;
  return entry;
}

/** The leader leaves an `autoLeave` joint configuration as soon as it is applied. */
export function maybeLeaveJoint(state: RaftState, effects: Effects): void {
  const { tracker, log } = state;
  if (tracker.configuration.autoLeave && log.applied >= state.pendingConfIndex && state.role === LEADER) {
    // dropped during a leader transfer; tried again with the next applied entry
    propose(state, ENTRY_CONF_CHANGE_V2, EMPTY_DATA, effects);
  }
}
