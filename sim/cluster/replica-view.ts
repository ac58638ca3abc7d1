/** A replica at the end of a run, as the checkers see it. */
import type { Host } from '../nodes/host.ts';
import type { Configuration } from '../nodes/raft/messages.ts';
import type { RaftNode } from '../nodes/raft/ready.ts';
import type { Fault } from '../storage-engine.ts';
import type { KeyVisitor, WalkableReplica } from './checks.ts';

export class ReplicaView implements WalkableReplica {
  readonly node: number;
  readonly up: boolean;
  readonly leads: boolean;
  readonly isDown: boolean;
  readonly wantedMember: number;
  readonly configuration: Configuration | undefined;
  readonly appliedIndex: number;
  readonly storeBytes: number;
  /** Of all keys and values, once they were walked. */
  liveBytes = Number.NaN;
  readonly #host: Host;

  constructor(host: Host, isHealed: boolean, wantedMember: number) {
    this.#host = host;
    this.node = host.node;
    this.wantedMember = wantedMember;
    const replica = host.isUp ? host.replicas[0] : undefined;
    const isMember = replica !== undefined && isMemberAs(replica.raft, wantedMember);
    this.configuration = replica?.raft.configuration;
    this.up =
      isHealed && isMember && replica.store.stateMachine.corruption === undefined && !waitsForRepair(replica.raft);
    this.isDown = wantedMember !== 0 && !this.up;
    this.leads = replica?.raft.isLeader ?? false;
    this.appliedIndex = host.replicas[0]?.applyThread.appliedIndex ?? 0;
    this.storeBytes = this.up ? (host.replicas[0]?.store.engine.stats().fileBytes ?? 0) : 0;
  }

  /** Reads that nobody in the simulation makes: they leave the disk's counters as they were. */
  checkStore(): readonly Fault[] {
    const { readBytes, readCalls, deviceReadBytes } = this.#host.machine.disk.counters;
    const counters = [readBytes, readCalls, deviceReadBytes];
    const before = counters.map((counter) => counter.slice());
    const faults = this.#undisturbed(() => this.#host.replicas[0]!.store.engine.check());
    for (const [i, counter] of counters.entries()) counter.set(before[i]!);
    return faults;
  }

  walk(visit: KeyVisitor): void {
    const { stateMachine } = this.#host.replicas[0]!.store;
    let bytes = 0;
    this.#undisturbed(() =>
      stateMachine.walk((keyBytes, keyFrom, keyTo, value) => {
        bytes += keyTo - keyFrom + value.length;
        visit(keyBytes, keyFrom, keyTo, value);
        return true;
      }),
    );
    this.liveBytes = bytes;
  }

  /** Judged is what the replica has, not what damage to its disk, still in force, would show of it. */
  #undisturbed<T>(look: () => T): T {
    const { faults } = this.#host.machine.disk;
    faults.areSuspended = true;
    const seen = look();
    faults.areSuspended = false;
    return seen;
  }
}

/** Runs as the member that the machine should hold, and knows that it is one. */
function isMemberAs(raft: RaftNode, wanted: number): boolean {
  return raft.id === wanted && raft.state.tracker.find(wanted) !== undefined;
}

/** A node that lost part of its log or store and knows of no leader has no state to be judged: it needs the others. */
function waitsForRepair(raft: RaftNode): boolean {
  return !raft.state.log.isWhole && raft.leader === 0;
}
