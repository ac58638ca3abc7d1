/**
 * Whoever administers the membership, as an operator with etcdctl: knows who should be a member on which machine, looks
 * at the leader every `POLL_NS` as long as that is not so, and takes the next step of each machine by itself:
 *
 *     remove   propose it; the process ends when it learns of it
 *     add      empty the machine; propose the new member as a learner; start it; when it has caught up, propose it as a
 *              voter
 *
 * Nobody answers a proposal. One that shows no effect within `RETRY_NS` is made again: as after a time-out, it may have
 * come about twice. With `strictReconfig`, as etcd does by default, nothing is proposed that would leave a quorum to
 * members that the leader does not hear.
 *
 * Simplified: sees what the leader has in force without asking it over the network.
 */
import { type Duration, MILLISECOND, type Time } from '../clock.ts';
import type { EventLoop } from '../loop.ts';
import type { Host } from '../nodes/host.ts';
import { machineOf, memberId } from '../nodes/member-id.ts';
import { ADD_LEARNER, ADD_NODE, REMOVE_NODE, TRANSITION_AUTO } from '../nodes/raft/conf-change.ts';
import type { RaftNode } from '../nodes/raft/ready.ts';
import type { ClusterSpec } from '../run-spec.ts';
import type { FaultTimers } from './fault-timers.ts';
import { leaderOf } from './hosts.ts';

const POLL_NS: Duration = 20 * MILLISECOND;
const RETRY_NS: Duration = 500 * MILLISECOND;
/** A learner is promoted when it holds so much of the leader's log: etcd's. */
const READY_SHARE = 0.9;

/** What is wanted of one machine, and how far it is. */
interface Place {
  readonly host: Host;
  /** Id of the member that it should hold; 0: none. */
  wanted: number;
  /** It comes in as a voter at once, without being a learner before. */
  isDirect: boolean;
  /** How often it has joined. */
  incarnations: number;
  /** The process of this member has been started. */
  started: number;
  retryAt: Time;
  /** The member that is wanted votes, as far as was last seen. */
  votes: boolean;
}

export class MemberOperator {
  readonly #loop: EventLoop;
  readonly #timers: FaultTimers;
  readonly #hosts: readonly Host[];
  readonly #places: readonly Place[];
  /** Held down by a fault, so that it is not to be started. */
  readonly #isHeldDown: (node: number) => boolean;
  readonly #isStrict: boolean;
  #isWatching = false;

  constructor(
    loop: EventLoop,
    timers: FaultTimers,
    hosts: readonly Host[],
    { nodes, strictReconfig = true }: ClusterSpec,
    isHeldDown: (node: number) => boolean,
  ) {
    this.#loop = loop;
    this.#hosts = hosts;
    this.#isStrict = strictReconfig;
    this.#timers = timers;
    this.#isHeldDown = isHeldDown;
    this.#places = hosts.map((host, machine) => {
      const id = machine < nodes ? memberId(machine, 0) : 0;
      return {
        host,
        wanted: id,
        isDirect: false,
        incarnations: id === 0 ? 0 : 1,
        started: id,
        retryAt: 0,
        votes: id !== 0,
      };
    });
  }

  /** Id of the member that the machine should hold; 0: none. */
  wanted(machine: number): number {
    return this.#places[machine]!.wanted;
  }

  /** Votes, as far as was last seen. */
  isVoter(machine: number): boolean {
    return this.#places[machine]!.votes;
  }

  /** The machine holds no member and never was a founder's: the lowest-numbered; −1: there is none. */
  spare(founders: number): number {
    return this.#places.findIndex(({ wanted }, machine) => machine >= founders && wanted === 0);
  }

  /** A new member on the machine, emptied; in place of the one that is there. `isDirect`: a voter at once. */
  join(machine: number, isDirect: boolean): void {
    const place = this.#places[machine]!;
    place.wanted = memberId(machine, place.incarnations++);
    place.isDirect = isDirect;
    this.#begin(place);
  }

  leave(machine: number): void {
    const place = this.#places[machine]!;
    place.wanted = 0;
    this.#begin(place);
  }

  /** Looks once more, since an earlier proposal may have come about late: true if all is as wanted for the leader. */
  isSettled(): boolean {
    if (!this.#isWatching) this.#look();
    return !this.#isWatching;
  }

  #begin(place: Place): void {
    place.retryAt = 0;
    place.votes = false;
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#look();
  }

  #look(): void {
    const leader = leaderOf(this.#hosts, isMember);
    let isDone = leader !== undefined;
    if (leader !== undefined) {
      // what is proposed may be what its disk fails on, and the end of it
      for (const place of this.#places) if (!leader.isUp || !this.#step(place, leader)) isDone = false;
    }
    this.#isWatching = !isDone;
    if (!isDone) this.#timers.start(POLL_NS, () => this.#look());
  }

  /** The machine's next step; true if there is none. */
  #step(place: Place, leader: Host): boolean {
    const { host, wanted } = place;
    const { raft } = leader.replicas[0]!;
    const { voters } = raft.configuration;
    const present = memberOn(raft, host.node);
    if (present !== wanted && present !== 0) {
      this.#propose(place, leader, REMOVE_NODE, present);
      return false;
    }
    if (wanted === 0) return true;
    if (present === 0) {
      if (host.memberId !== wanted) host.assign(wanted);
      this.#propose(place, leader, place.isDirect ? ADD_NODE : ADD_LEARNER, wanted);
      return false;
    }
    this.#startOnce(place);
    place.votes = voters.includes(wanted);
    if (place.votes) return true;
    if (hasCaughtUp(raft, wanted)) this.#propose(place, leader, ADD_NODE, wanted);
    return false;
  }

  #startOnce(place: Place): void {
    if (place.started === place.wanted || this.#isHeldDown(place.host.node)) return;
    place.started = place.wanted;
    place.host.restart();
  }

  #propose(place: Place, leader: Host, type: number, id: number): void {
    const { now } = this.#loop;
    const replica = leader.replicas[0]!;
    if (now < place.retryAt || (this.#isStrict && !keepsQuorum(replica.raft, type, id))) return;
    place.retryAt = now + RETRY_NS;
    replica.proposeChange({ version: 2, transition: TRANSITION_AUTO, changes: [{ type, nodeId: id }] });
  }
}

/** Not one that has removed itself and goes on for a moment: it takes no proposals. */
function isMember(raft: RaftNode): boolean {
  return raft.state.tracker.find(raft.id) !== undefined;
}

/** Of the configuration that the leader has in force. */
function memberOn(raft: RaftNode, machine: number): number {
  const { voters, votersOutgoing, learners } = raft.configuration;
  for (const ids of [voters, votersOutgoing, learners]) for (const id of ids) if (machineOf(id) === machine) return id;
  return 0;
}

function hasCaughtUp(raft: RaftNode, id: number): boolean {
  const { tracker, log } = raft.state;
  const member = tracker.find(id);
  return member !== undefined && member.match > 0 && member.match >= READY_SHARE * log.lastIndex();
}

/** Does the leader hear a majority of those that will vote? A new voter that starts empty is not heard yet. */
function keepsQuorum(raft: RaftNode, type: number, id: number): boolean {
  if (type === ADD_LEARNER) return true;
  const { tracker } = raft.state;
  const before = tracker.configuration.voters;
  const voters = type === REMOVE_NODE ? before.filter((voter) => voter !== id) : [...before, id];
  if (voters.length === 0) return false;
  const heard = voters.filter((voter) => voter === raft.id || tracker.find(voter)?.recentActive === true);
  return 2 * heard.length > voters.length;
}
