/**
 * From one configuration to the next: single-server changes, and entering and leaving a joint one.
 * Pure: works on copies and gives them back, or says why the change is refused.
 *
 * Invariants of a configuration, checked before and after every change:
 * - every id in it has a `Progress`
 * - learners are in neither half of the voters; learnersNext are outgoing voters and not yet learners
 * - outside of a joint configuration there are no learnersNext and no autoLeave
 */
import { ADD_LEARNER, ADD_NODE, type Change, REMOVE_NODE, UPDATE_NODE } from './conf-change.ts';
import { type Configuration, NONE } from './messages.ts';
import type { Progress } from './progress.ts';
import type { Tracker } from './tracker.ts';

export interface Membership {
  readonly configuration: Configuration;
  /** Ascending by id. */
  readonly progress: Progress[];
}

/** The new membership, or the reason for a refusal. */
export type Changed = Membership | string;

/** While it is being changed. Arrays are sets: each id once, any order. */
interface Draft {
  voters: number[];
  votersOutgoing: number[];
  learners: number[];
  learnersNext: number[];
  autoLeave: boolean;
  progress: Progress[];
}

/** Changes at most one voter, and any number of learners. */
export function changeSimply(tracker: Tracker, lastIndex: number, changes: readonly Change[]): Changed {
  const draft = copy(tracker);
  const fault = checkInvariants(draft);
  if (fault !== '') return fault;
  if (draft.votersOutgoing.length > 0) return "can't apply simple config change in joint config";
  const refusal = apply(draft, tracker, lastIndex, changes);
  if (refusal !== '') return refusal;
  if (differences(tracker.configuration.voters, draft.voters) > 1) {
    return 'more than one voter changed without entering joint config';
  }
  return finish(draft);
}

/** Both the old voters and the new must agree from now on. */
export function enterJoint(
  tracker: Tracker,
  lastIndex: number,
  autoLeave: boolean,
  changes: readonly Change[],
): Changed {
  const draft = copy(tracker);
  const fault = checkInvariants(draft);
  if (fault !== '') return fault;
  if (draft.votersOutgoing.length > 0) return 'config is already joint';
  if (draft.voters.length === 0) return "can't make a zero-voter config joint";
  draft.votersOutgoing = draft.voters.slice();
  const refusal = apply(draft, tracker, lastIndex, changes);
  if (refusal !== '') return refusal;
  draft.autoLeave = autoLeave;
  return finish(draft);
}

/** The new voters alone decide from now on. */
export function leaveJoint(tracker: Tracker): Changed {
  const draft = copy(tracker);
  const fault = checkInvariants(draft);
  if (fault !== '') return fault;
  if (draft.votersOutgoing.length === 0) return "can't leave a non-joint config";
  for (const id of draft.learnersNext) {
    add(draft.learners, id);
    draft.progress.find((member) => member.id === id)!.isLearner = true;
  }
  draft.learnersNext = [];
  draft.progress = draft.progress.filter(
    ({ id }) => !draft.votersOutgoing.includes(id) || draft.voters.includes(id) || draft.learners.includes(id),
  );
  draft.votersOutgoing = [];
  draft.autoLeave = false;
  return finish(draft);
}

/** The membership that a stored configuration describes, with nothing known about anybody's log. */
export function restoreMembership(tracker: Tracker, lastIndex: number, stored: Configuration): Changed {
  const draft: Draft = {
    voters: stored.voters.slice(),
    votersOutgoing: stored.votersOutgoing.slice(),
    learners: stored.learners.slice(),
    learnersNext: stored.learnersNext.slice(),
    autoLeave: stored.autoLeave,
    progress: [],
  };
  for (const ids of [draft.voters, draft.votersOutgoing, draft.learners]) {
    for (const id of ids) {
      if (draft.progress.some((member) => member.id === id)) continue;
      draft.progress.push(tracker.newProgress(id, lastIndex, draft.learners.includes(id)));
    }
  }
  return finish(draft);
}

function apply(draft: Draft, tracker: Tracker, lastIndex: number, changes: readonly Change[]): string {
  for (const { type, nodeId } of changes) {
    // a change that was withdrawn after it was proposed
    if (nodeId === NONE) continue;
    if (type === ADD_NODE) addVoter(draft, tracker, lastIndex, nodeId);
    else if (type === ADD_LEARNER) addLearner(draft, tracker, lastIndex, nodeId);
    else if (type === REMOVE_NODE) remove(draft, nodeId);
    else if (type !== UPDATE_NODE) return `unexpected conf type ${type}`;
  }
  return draft.voters.length === 0 ? 'removed all voters' : '';
}

function addVoter(draft: Draft, tracker: Tracker, lastIndex: number, id: number): void {
  const member = draft.progress.find((one) => one.id === id);
  if (member === undefined) draft.progress.push(tracker.newProgress(id, lastIndex, false));
  else member.isLearner = false;
  drop(draft.learners, id);
  drop(draft.learnersNext, id);
  add(draft.voters, id);
}

function addLearner(draft: Draft, tracker: Tracker, lastIndex: number, id: number): void {
  const member = draft.progress.find((one) => one.id === id);
  if (member === undefined) {
    draft.progress.push(tracker.newProgress(id, lastIndex, true));
    add(draft.learners, id);
    return;
  }
  if (member.isLearner) return;
  drop(draft.voters, id);
  drop(draft.learnersNext, id);
  // an outgoing voter still votes: it becomes a learner only when the joint configuration is left
  if (draft.votersOutgoing.includes(id)) {
    add(draft.learnersNext, id);
  } else {
    member.isLearner = true;
    add(draft.learners, id);
  }
}

function remove(draft: Draft, id: number): void {
  drop(draft.voters, id);
  drop(draft.learners, id);
  drop(draft.learnersNext, id);
  if (!draft.votersOutgoing.includes(id)) draft.progress = draft.progress.filter((member) => member.id !== id);
}

function copy(tracker: Tracker): Draft {
  const { configuration } = tracker;
  return {
    voters: configuration.voters.slice(),
    votersOutgoing: configuration.votersOutgoing.slice(),
    learners: configuration.learners.slice(),
    learnersNext: configuration.learnersNext.slice(),
    autoLeave: configuration.autoLeave,
    progress: tracker.progress.map((member) => member.clone()),
  };
}

function finish(draft: Draft): Changed {
  const fault = checkInvariants(draft);
  if (fault !== '') return fault;
  draft.progress.sort((a, b) => a.id - b.id);
  return {
    configuration: {
      voters: draft.voters.sort(ascending),
      votersOutgoing: draft.votersOutgoing.sort(ascending),
      learners: draft.learners.sort(ascending),
      learnersNext: draft.learnersNext.sort(ascending),
      autoLeave: draft.autoLeave,
    },
    progress: draft.progress,
  };
}

function checkInvariants(draft: Draft): string {
  const { voters, votersOutgoing, learners, learnersNext, progress } = draft;
  for (const ids of [voters, votersOutgoing, learners, learnersNext]) {
    for (const id of ids) if (!progress.some((member) => member.id === id)) return `no progress for ${id}`;
  }
  const isLearner = (id: number): boolean => progress.some((member) => member.id === id && member.isLearner);
  for (const id of learnersNext) {
    if (!votersOutgoing.includes(id)) return `${id} is in LearnersNext, but not Voters[1]`;
    if (isLearner(id)) return `${id} is in LearnersNext, but is already marked as learner`;
  }
  for (const id of learners) {
    if (votersOutgoing.includes(id)) return `${id} is in Learners and Voters[1]`;
    if (voters.includes(id)) return `${id} is in Learners and Voters[0]`;
    if (!isLearner(id)) return `${id} is in Learners, but is not marked as learner`;
  }
  if (votersOutgoing.length === 0) {
    if (learnersNext.length > 0) return 'cfg.LearnersNext must be nil when not joint';
    if (draft.autoLeave) return 'AutoLeave must be false when not joint';
  }
  return '';
}

function ascending(a: number, b: number): number {
  return a - b;
}

function add(ids: number[], id: number): void {
  if (!ids.includes(id)) ids.push(id);
}

function drop(ids: number[], id: number): void {
  const at = ids.indexOf(id);
  if (at >= 0) ids.splice(at, 1);
}

function differences(a: readonly number[], b: readonly number[]): number {
  return a.filter((id) => !b.includes(id)).length + b.filter((id) => !a.includes(id)).length;
}
