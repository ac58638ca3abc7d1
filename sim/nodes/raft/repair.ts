/**
 * Repair of what a node's disk has lost, from its peers: after Alagappan et al., "Protocol-Aware Recovery for
 * Consensus-Based Storage", FAST 2018. Not part of etcd's library.
 *
 * A node that restarts knows index and term of each damaged entry, and not its payload. Until it is repaired it
 *
 * - votes, and follows, by those terms as if nothing were lost: nobody with less than it had is elected by it
 * - does not campaign, and acknowledges nothing at or behind its first damaged entry
 * - asks everybody (MsgRepair) at its start, at each heartbeat and at each election time-out
 *
 * An entry of one index and term has one content, so whoever has it may give it, whatever its role or term
 * (MsgRepairResp). Who has compacted it sends an image instead: a leader as ever; and if nobody leads, whoever has all
 * that it should have itself, in a MsgSnap without a term. An image is what was committed and applied, so that it is
 * the same from anybody; and were it the leader's alone to give, those whose stores are lost, with the longer logs,
 * and those with a store and too short a log would wait for each other. A damaged entry is discarded when
 *
 * - a leader overwrites it, as ever; or
 * - nobody leads, and a majority says in a term later than any this node knew at its restart that it does not hold it.
 *   What this node had acknowledged before was in an earlier term, in which none of that majority acknowledges any
 *   more; so it was not committed, and will only be by a leader who has it and replicates it here anew.
 *
 * If some hold it and all of them damaged, everybody waits: it may have been committed.
 *
 * Other than in the paper: there a leader may have damaged entries and repairs them first; here a node repairs its
 * own before it leads, which needs no restriction of what a leader may do.
 */
import { becomeFollower } from './election.ts';
import { handleSnapshot } from './membership.ts';
import { type Effects, EMPTY_DATA, Entry, Message, MSG_REPAIR, MSG_REPAIR_RESP, MSG_SNAP, NONE } from './messages.ts';
import { SNAPSHOT } from './progress.ts';
import { maybeSendSnapshot } from './replication.ts';
import { LEADER, type RaftState } from './state.ts';

/** Damaged entries asked for at a time. */
const ASKED_MAX = 64;

/** Entries without payload: which are wanted. `reject`: an image is. */
export function askForRepair(state: RaftState, effects: Effects): void {
  const { log } = state;
  const wanted: Entry[] = [];
  for (let i = 0; i < log.damaged.length && i < ASKED_MAX; i++) {
    const index = log.damaged[i]!;
    wanted.push(new Entry(log.term(index), index, log.entry(index)!.type, EMPTY_DATA));
  }
  // somebody else has begun a later term meanwhile: once more from the start
  if (state.repairTerm !== state.term) state.repairTerm = 0;
  const { progress } = state.tracker;
  for (let i = 0; i < progress.length; i++) {
    const { id } = progress[i]!;
    if (id === state.id) continue;
    // without a term it disturbs nobody; with one, whoever answers has entered it
    const message = new Message(MSG_REPAIR, id, state.id, state.repairTerm);
    message.entries = wanted;
    message.reject = log.needsImage;
    effects.messages.push(message);
  }
}

export function handleRepair(state: RaftState, message: Message, effects: Effects): void {
  const { log } = state;
  const { entries } = message;
  const found: Entry[] = [];
  let bytes = 0;
  for (let i = 0; i < entries.length; i++) {
    const own = log.entry(entries[i]!.index);
    if (own === undefined || own.term !== entries[i]!.term || log.damaged.includes(own.index)) continue;
    bytes += own.encodedBytes;
    if (bytes > state.maxSizePerMsg && found.length > 0) break;
    found.push(own);
  }
  const first = entries[0];
  const isCompacted = first !== undefined && first.index <= log.offset;
  if (message.reject || isCompacted) offerImage(state, message.from, effects);
  if (first === undefined) return;
  const answer = new Message(MSG_REPAIR_RESP, message.from, state.id, message.term === 0 ? 0 : state.term);
  answer.entries = found;
  answer.index = first.index;
  answer.logTerm = first.term;
  answer.reject = !isCompacted && log.snapshot === undefined && log.term(first.index) !== first.term;
  effects.messagesAfterAppend.push(answer);
}

function offerImage(state: RaftState, to: number, effects: Effects): void {
  const member = state.tracker.find(to);
  if (member === undefined) return;
  if (state.role !== LEADER) giveImage(state, to, effects);
  else if (member.state !== SNAPSHOT) {
    member.recentActive = true;
    maybeSendSnapshot(state, member, effects);
  }
}

/** At each request, as nobody tells this node what became of the one before: while nobody leads it is the same image. */
function giveImage(state: RaftState, to: number, effects: Effects): void {
  if (state.leader !== NONE || !state.log.isWhole || state.log.snapshot !== undefined) return;
  const snapshot = effects.snapshotFor(to);
  if (snapshot === undefined || snapshot.index === 0) return;
  const message = new Message(MSG_SNAP, to, state.id, 0);
  message.snapshot = snapshot;
  effects.messages.push(message);
}

/** Of somebody who does not lead: taken only by who asked for it. */
export function handleGivenImage(state: RaftState, message: Message, effects: Effects): void {
  if (!state.log.isWhole) handleSnapshot(state, message, effects);
}

export function handleRepairResponse(state: RaftState, message: Message): void {
  const { log } = state;
  const before = log.damaged[0];
  log.repairFrom(message.entries);
  const first = log.damaged[0];
  if (first !== before) state.repairMissing = [];
  if (!message.reject || first === undefined || message.index !== first || message.logTerm !== log.term(first)) return;
  const counts = state.repairTerm === 0 || message.term >= state.repairTerm;
  if (counts && !state.repairMissing.includes(message.from))
    state.repairMissing = [...state.repairMissing, message.from];
  if (state.repairTerm === 0 || first <= log.committed || !isMissingAtMajority(state)) return;
  log.discard(first);
  state.repairTerm = 0;
  state.repairMissing = [];
}

/** Nobody leads, and as far as anybody says a majority has not got the first damaged entry: from now on the question is asked in a new term. */
export function prepareDiscard(state: RaftState): void {
  const first = state.log.damaged[0];
  if (first === undefined || first <= state.log.committed || state.leader !== NONE) return;
  if (!isMissingAtMajority(state)) return;
  becomeFollower(state, state.term + 1, NONE);
  state.repairTerm = state.term;
  state.repairMissing = [];
}

function isMissingAtMajority(state: RaftState): boolean {
  const { voters, votersOutgoing } = state.tracker.configuration;
  const isMajority = (ids: readonly number[]): boolean =>
    ids.length === 0 || 2 * ids.filter((id) => state.repairMissing.includes(id)).length > ids.length;
  return voters.length > 0 && isMajority(voters) && isMajority(votersOutgoing);
}
