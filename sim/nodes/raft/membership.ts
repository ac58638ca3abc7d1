/** What follows from a new configuration: applied from the log, or brought by a snapshot. */
import { type ConfChange, decodeConfChange, entersJoint, leavesJoint, TRANSITION_EXPLICIT } from './conf-change.ts';
import { type Changed, changeSimply, enterJoint, leaveJoint, restoreMembership } from './configuration.ts';
import { becomeFollower } from './election.ts';
import {
  type Configuration,
  type Effects,
  ENTRY_NORMAL,
  type Entry,
  Message,
  MSG_APP_RESP,
  NONE,
  type Snapshot,
} from './messages.ts';
import { broadcastAppend, maybeCommit, probeMembers } from './replication.ts';
import { FOLLOWER, LEADER, type RaftState } from './state.ts';
import { isVoter, Tracker } from './tracker.ts';

/** A committed change is being applied; gives the configuration now in force. */
export function applyConfChange(state: RaftState, change: ConfChange, effects: Effects): Configuration {
  const { tracker, log } = state;
  const changed = changedBy(tracker, log.lastIndex(), change);
  if (typeof changed === 'string') {
    // only with validation off: all replicas come to the same end
    state.fatal = 'impossible configuration change';
    return tracker.configuration;
  }
  tracker.become(changed.configuration, changed.progress);
  afterChange(state, effects);
  return tracker.configuration;
}

/** What `configuration` becomes by a committed entry, whatever the node has in force. */
export function nextConfiguration(configuration: Configuration, entry: Entry): Configuration {
  const change = entry.type === ENTRY_NORMAL ? undefined : decodeConfChange(entry);
  if (change === undefined) return configuration;
  const tracker = new Tracker(1, 0);
  const before = restoreMembership(tracker, 0, configuration);
  if (typeof before === 'string') return configuration;
  tracker.become(before.configuration, before.progress);
  const changed = changedBy(tracker, 0, change);
  return typeof changed === 'string' ? configuration : changed.configuration;
}

/** What `before` has become at `index`, up to which the entries are committed. */
export function configurationAt(index: number, before: Configuration, entries: readonly Entry[]): Configuration {
  let configuration = before;
  for (const entry of entries) if (entry.index <= index) configuration = nextConfiguration(configuration, entry);
  return configuration;
}

function changedBy(tracker: Tracker, lastIndex: number, change: ConfChange): Changed {
  if (leavesJoint(change)) return leaveJoint(tracker);
  if (!entersJoint(change)) return changeSimply(tracker, lastIndex, change.changes);
  return enterJoint(tracker, lastIndex, change.transition !== TRANSITION_EXPLICIT, change.changes);
}

function afterChange(state: RaftState, effects: Effects): void {
  const { tracker } = state;
  if (state.role !== LEADER) return;
  const own = tracker.find(state.id);
  if (own === undefined || own.isLearner) {
    // without stepping down it goes on leading until the members elect somebody else
    if (state.stepDownOnRemoval) becomeFollower(state, state.term, NONE);
    return;
  }
  if (tracker.configuration.voters.length === 0) return;
  // a smaller quorum may have committed more; new members should not wait for a heartbeat
  if (maybeCommit(state)) broadcastAppend(state, effects);
  else probeMembers(state, effects);
  if (state.leadTransferee !== NONE && !isVoter(tracker.configuration, state.leadTransferee)) {
    state.leadTransferee = NONE;
  }
}

/** The membership that a node starts with. False if what was stored makes no sense. */
export function restoreConfiguration(state: RaftState, stored: Configuration): boolean {
  const { inflightMessagesMax, inflightBytesMax, bugs } = state.tracker;
  const tracker = new Tracker(inflightMessagesMax, inflightBytesMax, bugs);
  const changed = restoreMembership(tracker, state.log.lastIndex(), stored);
  if (typeof changed === 'string') return false;
  tracker.become(changed.configuration, changed.progress);
  state.tracker = tracker;
  return true;
}

export function handleSnapshot(state: RaftState, message: Message, effects: Effects): void {
  const accepted = message.snapshot !== undefined && restore(state, message.snapshot);
  const answer = new Message(MSG_APP_RESP, message.from, state.id, state.term);
  const { log } = state;
  // what follows an image that only replaced what was damaged is not known to be the leader's
  answer.index = Math.min(accepted ? log.offset : log.committed, log.wholeTo());
  effects.messagesAfterAppend.push(answer);
}

/** False if the image brings nothing: it is old, its end is in the log already, or it is not for this node. */
function restore(state: RaftState, snapshot: Snapshot): boolean {
  const { log } = state;
  const repairs = state.role === FOLLOWER && (log.needsImage || log.wholeTo() < snapshot.index);
  if (repairs ? snapshot.index < log.offset : snapshot.index <= log.committed || state.role !== FOLLOWER) return false;
  const { configuration } = snapshot;
  if (!isVoter(configuration, state.id) && !configuration.learners.includes(state.id)) return false;
  if (repairs && log.term(snapshot.index) === snapshot.term) {
    log.restoreBefore(snapshot);
    if (!restoreConfiguration(state, configuration)) state.fatal = 'impossible configuration change';
    return true;
  }
  if (log.term(snapshot.index) === snapshot.term) {
    log.commitTo(snapshot.index);
    return false;
  }
  log.restore(snapshot);
  if (!restoreConfiguration(state, configuration)) state.fatal = 'impossible configuration change';
  return true;
}
