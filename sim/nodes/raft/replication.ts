/**
 * The leader's side of the log: sending appends and images within each member's limits, and counting
 * acknowledgements; and the follower's side: accepting them.
 */
import { UNKNOWN_TERM } from './log.ts';
import {
  type Effects,
  type Entry,
  Message,
  MSG_APP,
  MSG_APP_RESP,
  MSG_SNAP,
  MSG_TIMEOUT_NOW,
  NO_ENTRIES,
} from './messages.ts';
import { DUE_ENTRIES, DUE_EVEN_EMPTY, DUE_NOTHING, PROBE, type Progress, REPLICATE, SNAPSHOT } from './progress.ts';
import { releasePostponedReads } from './read-index.ts';
import { LEADER, type RaftState } from './state.ts';

// ——— sending ———

/** To everybody, even if it is empty: there is news about the log or about the commit index. */
export function broadcastAppend(state: RaftState, effects: Effects): void {
  const { progress } = state.tracker;
  for (let i = 0; i < progress.length; i++) {
    const member = progress[i]!;
    if (member.id !== state.id) sendAppend(state, member, effects);
  }
}

/** To everybody who has something to get. */
export function probeMembers(state: RaftState, effects: Effects): void {
  const { progress } = state.tracker;
  for (let i = 0; i < progress.length; i++) {
    const member = progress[i]!;
    if (member.id === state.id) continue;
    if (state.lazy) markDue(state, member, DUE_ENTRIES);
    else maybeSendAppend(state, member, false, effects);
  }
}

export function sendAppend(state: RaftState, member: Progress, effects: Effects): void {
  if (state.lazy) markDue(state, member, DUE_EVEN_EMPTY);
  else maybeSendAppend(state, member, true, effects);
}

function sendWhilePossible(state: RaftState, member: Progress, effects: Effects): void {
  if (state.lazy) {
    markDue(state, member, DUE_ENTRIES);
    return;
  }
  // ends at the end of the log, or when the member's window is full
  while (maybeSendAppend(state, member, false, effects));
}

function markDue(state: RaftState, member: Progress, due: number): void {
  if (member.due >= due || member.paused()) return;
  if (due === DUE_ENTRIES && member.next > state.log.lastIndex()) return;
  member.due = due;
  state.replicationDue = true;
}

/** Lazy replication: sends what has come together since the last time. */
export function sendDueAppends(state: RaftState, effects: Effects): void {
  state.replicationDue = false;
  const { progress } = state.tracker;
  for (let i = 0; i < progress.length; i++) {
    const member = progress[i]!;
    if (member.due === DUE_NOTHING) continue;
    const evenEmpty = member.due === DUE_EVEN_EMPTY;
    member.due = DUE_NOTHING;
    if (state.role !== LEADER || member.id === state.id) continue;
    if (!maybeSendAppend(state, member, evenEmpty, effects)) continue;
    // a probe waits for its answer; a stream goes on while there is more
    while (member.next <= state.log.lastIndex() && maybeSendAppend(state, member, false, effects));
  }
}

/** One append, with as many entries as its limits allow; or an image if the log no longer reaches back. False if nothing was sent. */
function maybeSendAppend(state: RaftState, member: Progress, evenEmpty: boolean, effects: Effects): boolean {
  if (member.paused()) return false;
  const { log } = state;
  const previous = member.next - 1;
  const previousTerm = log.term(previous);
  const lacksStart = previous === 0 && member.id > state.foundersMax;
  if (previousTerm === UNKNOWN_TERM || lacksStart) return maybeSendSnapshot(state, member, effects);
  // with a full window an empty append still goes out: its answer is what frees a window whose messages were lost
  let entries = NO_ENTRIES;
  if (member.state !== REPLICATE || !member.inflights.full()) entries = entriesFrom(state, member.next, effects);
  if (entries.length === 0 && !evenEmpty) return false;
  const message = new Message(MSG_APP, member.id, state.id, state.term);
  message.index = previous;
  message.logTerm = previousTerm;
  message.entries = entries;
  message.commit = log.committed;
  effects.messages.push(message);
  let bytes = 0;
  for (let i = 0; i < entries.length; i++) bytes += entries[i]!.payloadBytes;
  member.sentEntries(entries.length, bytes);
  member.sentCommit = log.committed;
  return true;
}

/** The next entries to send; the same array for every member that is at the same place. */
function entriesFrom(state: RaftState, from: number, effects: Effects): readonly Entry[] {
  const { log } = state;
  const last = log.lastIndex();
  if (from > last) return NO_ENTRIES;
  const sent = effects.sentEntries;
  const { length } = sent;
  // an entry at one index and of one term has one history: same ends, same list
  if (length > 0 && sent[0] === log.entry(from) && sent[length - 1] === log.entry(last)) return sent;
  const entries = log.slice(from, state.maxSizePerMsg);
  effects.sentEntries = entries;
  return entries;
}

export function maybeSendSnapshot(state: RaftState, member: Progress, effects: Effects): boolean {
  // an image is dear: not for somebody who does not answer
  if (!member.recentActive) return false;
  const snapshot = state.log.snapshot ?? effects.snapshotFor(member.id);
  if (snapshot === undefined || snapshot.index === 0) return false;
  member.becomeSnapshot(snapshot.index);
  const message = new Message(MSG_SNAP, member.id, state.id, state.term);
  message.snapshot = snapshot;
  effects.messages.push(message);
  return true;
}

export function sendTimeoutNow(state: RaftState, to: number, effects: Effects): void {
  effects.messages.push(new Message(MSG_TIMEOUT_NOW, to, state.id, state.term));
}

// ——— acknowledgements, on the leader ———

/** Only entries of the leader's own term are committed by counting; earlier ones with them. */
export function maybeCommit(state: RaftState): boolean {
  const { log } = state;
  const index = state.tracker.committed();
  if (index <= log.committed) return false;
  if (log.term(index) !== state.term && !state.bugs['figure-8']) return false;
  log.committed = index;
  return true;
}

export function handleAppendResponse(state: RaftState, member: Progress, message: Message, effects: Effects): void {
  const { log } = state;
  member.recentActive = true;
  if (message.reject) {
    let hint = message.rejectHint;
    // skips whole terms: below the hint the follower has no larger term than the one it names
    if (message.logTerm > 0) hint = log.findAgreement(hint, message.logTerm);
    if (!member.stepBack(message.index, hint)) return;
    if (member.state === REPLICATE) member.becomeProbe();
    sendAppend(state, member, effects);
    return;
  }
  const isNews = member.acknowledge(message.index);
  // an old index still ends a probe: the position is confirmed
  if (!isNews && !(member.match === message.index && member.state === PROBE)) return;
  if (member.state === PROBE) member.becomeReplicate();
  else if (member.state === REPLICATE) member.inflights.freeUpTo(message.index);
  else if (member.state === SNAPSHOT && member.match + 1 >= log.firstIndex()) {
    // wherever the image came from: the log reaches it now
    member.becomeProbe();
    member.becomeReplicate();
  }
  const isOther = member.id !== state.id;
  if (maybeCommit(state)) {
    releasePostponedReads(state, effects);
    broadcastAppend(state, effects);
  } else if (isOther && member.canBumpCommit(log.committed)) {
    sendAppend(state, member, effects);
  }
  if (!isOther) return;
  sendWhilePossible(state, member, effects);
  if (member.id === state.leadTransferee && member.match === log.lastIndex()) {
    sendTimeoutNow(state, member.id, effects);
  }
}

export function handleSnapshotStatus(member: Progress, failed: boolean): void {
  if (member.state !== SNAPSHOT) return;
  if (failed) member.pendingSnapshot = 0;
  member.becomeProbe();
  // after success wait for the member's own word, after failure for the next heartbeat
  member.flowPaused = true;
}

// ——— following ———

export function handleAppend(state: RaftState, message: Message, effects: Effects): void {
  const { log } = state;
  const { entries } = message;
  const answer = new Message(MSG_APP_RESP, message.from, state.id, state.term);
  if (!log.isWhole) log.repairFrom(entries);
  if (message.index < log.committed) {
    answer.index = Math.min(log.committed, log.wholeTo());
    effects.messagesAfterAppend.push(answer);
    return;
  }
  if (log.term(message.index) === message.logTerm) {
    const last = message.index + entries.length;
    const conflict = log.findConflict(entries);
    // never at or below the commit index: the entries start behind it
    if (conflict !== 0) log.truncateAndAppend(entries, conflict);
    log.commitTo(Math.min(message.commit, last));
    answer.index = Math.min(last, log.wholeTo());
    effects.messagesAfterAppend.push(answer);
    return;
  }
  // the largest index at which both logs could agree, judged by the term that the leader has at its end
  const hint = log.findAgreement(Math.min(message.index, log.lastIndex()), message.logTerm);
  answer.index = message.index;
  answer.reject = true;
  answer.rejectHint = hint;
  answer.logTerm = Math.max(0, log.term(hint));
  effects.messagesAfterAppend.push(answer);
}
