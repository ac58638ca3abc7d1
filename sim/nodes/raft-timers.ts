/**
 * The election and the heartbeat timer of a Raft loop: deadlines on the node's own clock that are moved, not polled.
 * A deadline that moves back costs nothing, since the timer then fires early and is set again. Their events go to
 * the Raft thread, which asks here what is due.
 */
import type { Duration, Time } from '../clock.ts';
import type { EventId, EventLoop, Handler } from '../loop.ts';
import type { RaftThreadLinks, RaftThreadParts } from './raft-thread-parts.ts';

export const ELECTION = 3;
export const HEARTBEAT = 4;

/** 13 days: what the clock shows stays above 0 after any jump back. */
const LEASE_CLOCK_OFFSET = 2 ** 50;

/** A reading of the node's clock, as the protocol's leases have it. */
export function leaseClock(reading: Time): number {
  return reading + LEASE_CLOCK_OFFSET;
}

export class RaftTimers {
  readonly #parts: RaftThreadParts;
  readonly #thread: Handler & RaftThreadLinks;
  readonly #loop: EventLoop;
  // readings of the node's clock: when the timers are due, and since when the election timer runs
  #election: EventId = 0;
  #electionAt: Time = 0;
  #electionDeadline: Time = 0;
  #randomTimeout: Duration = 0;
  #resetsSeen = -1;
  #drawsSeen = -1;
  #resetAt: Time = 0;
  #heartbeat: EventId = 0;
  #heartbeatAt: Time = 0;

  constructor(parts: RaftThreadParts, thread: Handler & RaftThreadLinks) {
    this.#parts = parts;
    this.#thread = thread;
    this.#loop = parts.machine.loop;
  }

  /** Looks whether the protocol has reset its election timer or changed role. */
  watch(): void {
    const { node } = this.#thread;
    const { spec, rng } = this.#parts;
    const now = this.#clock();
    if (node.timeoutDraws !== this.#drawsSeen) {
      this.#drawsSeen = node.timeoutDraws;
      this.#randomTimeout = spec.electionTimeoutNs + rng.int(0, spec.electionTimeoutNs - 1);
    }
    if (node.electionTimerResets !== this.#resetsSeen) {
      this.#resetsSeen = node.electionTimerResets;
      this.#resetAt = now;
    }
    this.#electionDeadline = this.#resetAt + (node.isLeader ? spec.electionTimeoutNs : this.#randomTimeout);
    if (this.#election !== 0 && this.#electionAt > this.#electionDeadline) {
      this.#loop.cancel(this.#election);
      this.#election = 0;
    }
    if (this.#election === 0) this.#armElection();
    if (node.isLeader && this.#heartbeat === 0) {
      this.#heartbeatAt = now + spec.heartbeatIntervalNs;
      this.#armHeartbeat();
    }
  }

  /** What the timers wait for comes sooner or later than it seemed. */
  onClockChange(): void {
    if (this.#election !== 0) {
      this.#loop.cancel(this.#election);
      this.#armElection();
    }
    if (this.#heartbeat !== 0) {
      this.#loop.cancel(this.#heartbeat);
      this.#armHeartbeat();
    }
  }

  /** Since the election timer was reset. */
  get electionElapsed(): Duration {
    return this.#clock() - this.#resetAt;
  }

  /** The protocol's leases have a clock only where there are any. */
  tellTime(): void {
    if (this.#parts.spec.readOnly === 'lease') this.#thread.node.clock = leaseClock(this.#clock());
  }

  /** False if the deadline has moved on. */
  electionDue(): boolean {
    const now = this.#clock();
    const { node } = this.#thread;
    this.#election = 0;
    if (now < this.#electionDeadline) {
      this.#armElection();
      return false;
    }
    if (node.isLeader) node.checkQuorumTimeout();
    else node.electionTimeout();
    // a node that may not be elected, whose timer is not reset, counts on from here
    this.#resetAt = now;
    this.watch();
    return true;
  }

  /** False if the node does not lead any more. */
  heartbeatDue(): boolean {
    const { node } = this.#thread;
    this.#heartbeat = 0;
    if (!node.isLeader) return false;
    this.tellTime();
    node.heartbeatTimeout();
    this.watch();
    return true;
  }

  #clock(): Time {
    return this.#parts.machine.clock.read(this.#loop.now);
  }

  #armHeartbeat(): void {
    const at = this.#parts.machine.clock.when(this.#heartbeatAt, this.#loop.now);
    this.#heartbeat = this.#loop.schedule(at, this.#thread, HEARTBEAT);
  }

  #armElection(): void {
    this.#electionAt = Math.max(this.#clock(), this.#electionDeadline);
    const at = this.#parts.machine.clock.when(this.#electionAt, this.#loop.now);
    this.#election = this.#loop.schedule(at, this.#thread, ELECTION);
  }
}
