/** What faults may do to the cluster: names resolved to nodes and machines, each effect with its way back. */
import type { Duration } from '../clock.ts';
import type { DiskFault } from '../disk/faults/index.ts';
import type { FaultTarget, ToxicRequest } from '../faults/fault.ts';
import type { EventLoop } from '../loop.ts';
import type { Disturbance } from '../network/interference.ts';
import type { Network } from '../network/network.ts';
import type { BlockedPairs } from '../network/partition.ts';
import type { Host } from '../nodes/host.ts';
import type { LinkName, OptionValues } from '../parameters.ts';
import type { ClusterSpec } from '../run-spec.ts';
import { FaultTimers } from './fault-timers.ts';
import { leaderOf } from './hosts.ts';
import { MemberOperator } from './member-operator.ts';

export class FaultPort implements FaultTarget {
  readonly nodeCount: number;
  snapshotsInstalled = 0;
  readonly operator: MemberOperator;
  readonly #timers: FaultTimers;
  readonly #founders: number;
  readonly #hosts: readonly Host[];
  readonly #network: Network;
  readonly #clients: readonly number[];
  /** By node: faults that hold it down, and that stop its process. They may overlap; the last one's end counts. */
  readonly #down: number[];
  readonly #paused: number[];
  readonly #faultyDisks = new Set<number>();
  #toxics = 0;

  constructor(
    loop: EventLoop,
    hosts: readonly Host[],
    cluster: ClusterSpec,
    network: Network,
    clients: readonly number[],
  ) {
    this.#timers = new FaultTimers(loop);
    this.#hosts = hosts;
    this.#network = network;
    this.#clients = clients;
    this.nodeCount = hosts.length;
    this.#down = hosts.map(() => 0);
    this.#paused = hosts.map(() => 0);
    this.#founders = cluster.nodes;
    this.operator = new MemberOperator(loop, this.#timers, hosts, cluster, (node) => this.#down[node]! > 0);
  }

  resolveNode(name: string): number {
    const leader = leaderOf(this.#hosts)?.node ?? -1;
    if (name === 'leader') return leader;
    if (name === 'follower') return this.#hosts.findIndex((host) => host.isUp && host.node !== leader);
    const node = Number(name.slice(1)) - 1;
    return Number.isInteger(node) && node >= 0 && node < this.nodeCount ? node : -1;
  }

  crash(node: number): void {
    this.#down[node]!++;
    this.#hosts[node]!.crash();
  }
  kill(node: number): void {
    this.#down[node]!++;
    this.#hosts[node]!.kill();
  }
  restart(node: number): void {
    this.#down[node]!--;
    if (this.#down[node] === 0) this.#hosts[node]!.restart();
  }
  pause(node: number): void {
    this.#paused[node]!++;
    this.#hosts[node]!.pause();
  }
  resume(node: number): void {
    this.#paused[node]!--;
    if (this.#paused[node] === 0) this.#hosts[node]!.resume();
  }

  maintain(node: number, task: string, argument: number | undefined): boolean {
    return this.#hosts[node]!.maintain(task, argument);
  }

  changeClock(node: number, driftPpm: number, jumpNs: Duration): void {
    this.#hosts[node]!.changeClock(driftPpm, jumpNs);
  }

  slowCpu(node: number, factor: number): () => void {
    return this.#hosts[node]!.machine.cpu.slow(factor);
  }

  get clientMachines(): readonly number[] {
    return this.#clients;
  }

  pairsOf(link: LinkName): BlockedPairs {
    return this.#proxies(link.from, link.to).map(({ from, to }) => [from, to]);
  }

  block(pairs: BlockedPairs, isClog = false): number {
    return this.#network.block(pairs, isClog);
  }
  unblock(handle: number): void {
    this.#network.unblock(handle);
  }

  disturb(pairs: BlockedPairs, disturbance: Disturbance): () => void {
    this.#network.disturb(pairs, disturbance);
    return () => this.#network.settle(pairs, disturbance);
  }

  addToxic({ type, stream, toxicity, link, attributes, rng }: ToxicRequest): () => void {
    const handles: number[] = [];
    for (const proxy of this.#proxies(link.from, link.to)) {
      // a name of its own: two faults of one kind may overlap on a proxy
      const name = `${type}_${stream}_${++this.#toxics}`;
      handles.push(
        this.#network.addToxic({
          proxy,
          type,
          stream: stream as 'upstream' | 'downstream',
          toxicity,
          attributes,
          name,
          rng,
        }),
      );
    }
    return () => {
      for (const handle of handles) this.#network.removeToxic(handle);
    };
  }

  /** Whether its disk has ever done something else than asked; slowness does not count. */
  hasFaultyDisk(node: number): boolean {
    return this.#faultyDisks.has(node);
  }

  addDiskFault(node: number, fault: DiskFault): () => void {
    const isOnlySlow = !(fault.onRead ?? fault.onContent ?? fault.onWrite ?? fault.onArrival ?? fault.onSync);
    if (!isOnlySlow) this.#faultyDisks.add(node);
    const { faults } = this.#hosts[node]!.machine.disk;
    faults.add(fault);
    return () => faults.remove(fault);
  }

  spareNode(): number {
    return this.operator.spare(this.#founders);
  }

  isMember(node: number): boolean {
    return this.operator.wanted(node) !== 0;
  }

  joinMember(node: number, asLearner: boolean): void {
    this.operator.join(node, !asLearner);
  }

  leaveMember(node: number): void {
    this.operator.leave(node);
  }

  wipeDisk(node: number): void {
    this.#faultyDisks.add(node);
    this.#hosts[node]!.wipe();
    this.#hosts[node]!.machine.disk.forgotten++;
  }

  setEngineOptions(node: number, options: OptionValues): void {
    this.#hosts[node]!.setEngineOptions(options);
  }

  committedIndex(): number {
    return leaderOf(this.#hosts)?.replicas[0]?.raft.state.log.committed ?? -1;
  }

  appliedIndex(node: number): number {
    const host = this.#hosts[node]!;
    return host.isUp ? host.replicas[0]!.store.stateMachine.appliedIndex : -1;
  }

  later(delayNs: Duration, action: () => void): () => void {
    return this.#timers.start(delayNs, action);
  }

  /** Whatever is down or paused when the faults are over comes back, and so does a node that had stopped by itself. */
  restore(isHealed: (node: number) => boolean): void {
    for (const host of this.#hosts) {
      const { node } = host;
      if (!isHealed(node) || !this.isMember(node)) continue;
      while (this.#paused[node]! > 0) this.resume(node);
      while (this.#down[node]! > 0) this.restart(node);
      if (!host.isAlive) {
        // what the process had under way when it ended is the page cache's now
        host.kill();
        host.restart();
      }
    }
  }

  #proxies(from: string, to: string): { readonly from: number; readonly to: number }[] {
    const acceptor = this.resolveNode(to);
    return acceptor < 0 ? [] : this.#diallers(from, acceptor).map((dialler) => ({ from: dialler, to: acceptor }));
  }

  #diallers(name: string, acceptor: number): readonly number[] {
    if (name === 'clients') return this.#clients;
    if (name === 'peers' || name === 'all') {
      const peers = this.#hosts.map((host) => host.node).filter((node) => node !== acceptor);
      return name === 'peers' ? peers : [...this.#clients, ...peers];
    }
    const node = this.resolveNode(name);
    return node < 0 ? [] : [node];
  }
}
