/**
 * One run: builds the cluster that a specification describes, drives it to its end, and sums it up.
 * Knows no file system and no terminal; the specification decides everything that happens.
 *
 * Two phases. Safety: faults strike while the clients run, until their operations or their time are used up. Liveness:
 * the faults freeze, the nodes to be healed are (`cluster/core.ts`), the clients drain, and the cluster settles until
 * these nodes have applied the same entries or the bound is over; checkers look at the final state.
 */
import { findEngine } from '../engines/index.ts';
import { assert } from './assert.ts';
import type { KeySpace } from './checkers/checker.ts';
import { CHECKERS, type CheckerMaker } from './checkers/index.ts';
import { keyIndex } from './clients/keys.ts';
import { LatencyRecorder } from './clients/latency-recorder.ts';
import { Load } from './clients/load.ts';
import type { OperationObserver } from './clients/observer.ts';
import { MILLISECOND, NEVER, type Time } from './clock.ts';
import { Checks } from './cluster/checks.ts';
import { healedNodes } from './cluster/core.ts';
import { Excuses } from './cluster/excuses.ts';
import { FaultPort } from './cluster/fault-port.ts';
import { metricsOf, seriesOf } from './cluster/metrics.ts';
import { Preload } from './cluster/preload.ts';
import type { PreloadProgress } from './cluster/preload-build.ts';
import { ReplicaView } from './cluster/replica-view.ts';
import { ByteSampler, STEPS } from './cluster/sampler.ts';
import { closeStore, type StoreFiles } from './cluster/stores.ts';
import { Timeline } from './cluster/timeline.ts';
import { findCostProfile } from './cost-profiles.ts';
import { CRASH_MODELS } from './disk/crash-model.ts';
import { Device } from './disk/device.ts';
import type { DiskCounters } from './disk/disk.ts';
import { findDeviceProfile } from './disk/profiles.ts';
import { SimulatedDisk } from './disk/simulated-disk.ts';
import { FAULTS } from './faults/index.ts';
import { drawFaults } from './faults/nemesis.ts';
import { EventLoop } from './loop.ts';
import { Network } from './network/network.ts';
import type { MessageObserver } from './network/observer.ts';
import { Cpu } from './nodes/cpu.ts';
import { Host } from './nodes/host.ts';
import { findStateMachine } from './nodes/kv/index.ts';
import { Machine } from './nodes/machine.ts';
import { memberId } from './nodes/member-id.ts';
import type { RaftNode } from './nodes/raft/ready.ts';
import type { RunResult } from './result.ts';
import { Rng } from './rng.ts';
import type { FaultSpec, RunSpec } from './run-spec.ts';
import { Trace } from './trace.ts';

/** Machines that the clients run on: each has one connection to each node, which its clients share. */
const CLIENT_MACHINES_MAX = 4;
const NETWORK_TRACE_ID = 1;
const LOAD_TRACE_ID = 3;

export interface Run {
  /** Handles at most so many events; true while unfinished. */
  advance(eventsMax: number): boolean;
  readonly now: Time;
  readonly events: number;
  /** Acknowledged so far. */
  readonly operations: number;
  /** 0 to 1. */
  readonly fractionDone: number;
  readonly trace: Trace;
  readonly loop: EventLoop;
  /** May be set before the first event: is told of every operation, and must change nothing. */
  operationObserver: Pick<OperationObserver, 'onInvoke' | 'onReply'> | undefined;
  /** May be set before the first event: is told of every message, and must change nothing. */
  set messageObserver(observer: MessageObserver | undefined);
  /** What each node's disk has taken and synced so far. */
  readonly diskCounters: readonly DiskCounters[];
  /** Mark of what a key held before the run, as `checkers/fingerprint.ts` has it; 0: nothing. */
  preloadedMark(key: number): number;
  /** By node; undefined while its process is down. */
  protocols(): readonly (RaftNode | undefined)[];
  /** Ends the run where it stands. */
  interrupt(): void;
  finish(): RunResult;
  /** After `finish`: the files of a node's store, by the node's index; undefined if it has none. */
  closeStore(node: number): StoreFiles | undefined;
}

/**
 * A store to be preloaded is built before this returns; `onPreload` hears how far that is. Fewer `checkers` than all
 * are for measuring what the checkers cost: they change nothing in what happens.
 */
export function createRun(
  spec: RunSpec,
  onPreload?: PreloadProgress,
  checkers: readonly CheckerMaker[] = CHECKERS,
): Run {
  return new ClusterRun(spec, onPreload, checkers);
}

type Phase = 'running' | 'draining' | 'settling' | 'over';

class ClusterRun implements Run {
  readonly trace = new Trace();
  readonly loop = new EventLoop(this.trace);
  operationObserver: Run['operationObserver'];
  readonly #spec: RunSpec;
  readonly #hosts: Host[];
  readonly #network: Network;
  readonly #load: Load;
  readonly #recorder: LatencyRecorder;
  readonly #sampler: ByteSampler;
  readonly #checks: Checks;
  readonly #timeline: Timeline;
  readonly #faults: FaultPort;
  readonly #excuses: Excuses;
  /** By node, from the end of the clients on: whether it is to take part in what follows. */
  #healed: readonly boolean[] = [];
  readonly #liveness: Rng;
  readonly #preload: Preload;
  #phase: Phase = 'running';
  #ended = 'complete';
  #time: Time = 0;
  readonly #clientsStart: Time;
  #clientsEnd: Time = NEVER;
  #settleEnd: Time = NEVER;
  #elections = 0;
  #leaderChanges = 0;
  #lastLeader = -1;

  constructor(spec: RunSpec, onPreload: PreloadProgress | undefined, checkers: readonly CheckerMaker[]) {
    this.#spec = spec;
    const { cluster, workload, end } = spec;
    this.#clientsStart = workload.startNs ?? 0;
    const root = new Rng(spec.seed);
    const engine = findEngine(cluster.engine.name);
    const stateMachine = findStateMachine(cluster.stateMachine);
    const device = findDeviceProfile(cluster.disk.profile);
    const costs = findCostProfile(cluster.cpu.profile);
    assert(engine !== undefined && stateMachine !== undefined, 'cluster: engine or state machine not registered');
    assert(device !== undefined && costs !== undefined, 'cluster: profile not registered');
    const crashModel = CRASH_MODELS[cluster.disk.crash ?? 'power-cut'];
    assert(crashModel !== undefined, 'cluster: crash model not registered');

    const { loop } = this;
    const machineCount = cluster.nodes + (cluster.spares ?? 0);
    this.#preload = new Preload(spec, engine, stateMachine, root.fork('preload'), onPreload);
    this.#checks = new Checks(
      loop,
      checkers,
      { nodes: machineCount, keys: this.#keySpace(), progressBoundNs: end.settleNs },
      reproduceLine(spec),
    );
    const clientMachines = Math.min(CLIENT_MACHINES_MAX, workload.clients);
    const nodes = Array.from({ length: machineCount }, (_, node) => node);
    const clients = Array.from({ length: clientMachines }, (_, i) => machineCount + i);
    this.#network = new Network(loop, root.fork('network'), {
      machines: machineCount + clientMachines,
      link: cluster.network,
      traceId: NETWORK_TRACE_ID,
      machineNames: [...nodes.map((node) => `n${node + 1}`), ...clients.map((_, i) => `clients${i + 1}`)],
    });
    this.#hosts = nodes.map((node) => {
      const stream = root.fork(`node/${node}`);
      const disk = new SimulatedDisk({
        store: this.#preload.store,
        rng: stream.fork('disk'),
        pageCacheBytes: cluster.disk.pageCacheBytes,
        capacityBytes: cluster.disk.capacityBytes > 0 ? cluster.disk.capacityBytes : device.capacityBytes,
        crashModel,
      });
      const { image, directory } = this.#preload;
      const isFounder = node < cluster.nodes;
      if (image !== undefined && isFounder) disk.preload(image, directory, directory, 'other');
      const played = new Device(device, stream.fork('device'), disk.faults);
      const machine = new Machine(node, loop, new Cpu(cluster.cpu.cores), disk, played, costs);
      const blueprint = {
        group: 0,
        spec: cluster,
        engine,
        stateMachine: this.#preload.machine,
        observer: this.#checks,
        rng: stream.fork('raft'),
        isPreloaded: image !== undefined,
      };
      return new Host(machine, this.#network, this.#checks, [blueprint], isFounder ? memberId(node, 0) : 0);
    });

    const stepNs = Math.max(MILLISECOND, Math.ceil(end.timeNs / STEPS / MILLISECOND) * MILLISECOND);
    this.#recorder = new LatencyRecorder(stepNs, this.#clientsStart);
    this.#sampler = new ByteSampler(
      stepNs,
      this.#hosts.map((host) => host.machine.disk),
    );
    this.#load = new Load(loop, this.#network, root.fork('clients'), {
      workload,
      clientMachines: clients,
      nodeMachines: nodes,
      nodesAtStart: cluster.nodes,
      observer: this.#operationObserver(),
      recorder: this.#recorder,
      operationsMax: end.operations,
      traceId: LOAD_TRACE_ID,
    });
    this.#faults = new FaultPort(loop, this.#hosts, cluster.nodes, this.#network, clients);
    this.#liveness = root.fork('liveness');
    this.#excuses = new Excuses(this.#hosts, {
      isMember: (node) => this.#faults.isMember(node),
      hasFaultyDisk: (node) => this.#faults.hasFaultyDisk(node),
      engine: engine.name,
      storeHasChecksums: engine.hasChecksums,
      logHasChecksums: cluster.storage?.integrity !== 'none',
    });
    this.#timeline = new Timeline(loop, faultsOf(spec), this.#faults, root.fork('faults'));
    this.#watch();
    for (const host of this.#hosts) if (host.memberId !== 0) host.start();
    this.#load.start(this.#clientsStart);
  }

  get now(): Time {
    return Math.max(this.#time, this.loop.now);
  }

  get events(): number {
    return this.loop.eventCount;
  }

  get operations(): number {
    return this.#load.counts.ok;
  }

  get fractionDone(): number {
    const { end } = this.#spec;
    if (this.#phase === 'over') return 1;
    const byTime = this.now / (end.timeNs + end.settleNs);
    const byOperations = end.operations > 0 ? (0.98 * this.#load.counts.ok) / end.operations : 0;
    return Math.min(0.99, Math.max(byTime, byOperations));
  }

  advance(eventsMax: number): boolean {
    const budget = this.loop.eventCount + eventsMax;
    while (this.#phase !== 'over' && this.loop.eventCount < budget) this.#step(budget - this.loop.eventCount);
    return this.#phase !== 'over';
  }

  set messageObserver(observer: MessageObserver | undefined) {
    this.#network.observer = observer;
  }

  get diskCounters(): readonly DiskCounters[] {
    return this.#hosts.map((host) => host.machine.disk.counters);
  }

  preloadedMark(key: number): number {
    return this.#preload.fingerprint(key);
  }

  protocols(): readonly (RaftNode | undefined)[] {
    return this.#hosts.map((host) => (host.isUp ? host.replicas[0]?.raft : undefined));
  }

  interrupt(): void {
    if (this.#phase !== 'over') this.#end('interrupted');
  }

  finish(): RunResult {
    assert(this.#phase === 'over', 'cluster: finished before its end');
    const { cluster } = this.#spec;
    const now = this.now;
    const isWhole = this.#ended === 'complete';
    const replicas = this.#hosts.map(
      (host) => new ReplicaView(host, this.#healed[host.node] ?? true, this.#faults.operator.wanted(host.node)),
    );
    const firstUp = replicas.find((replica) => replica.up);
    if (isWhole) this.#checks.finish(replicas, now);
    else if (this.#ended === 'interrupted') firstUp?.walk(() => {});
    const { violations, excused } = this.#checks;
    const end = Math.min(this.#clientsEnd, now);
    const metrics = metricsOf({
      hosts: this.#hosts,
      network: this.#network,
      load: this.#load,
      recorder: this.#recorder,
      clientsStart: this.#clientsStart,
      clientsEnd: end,
      elections: this.#elections,
      leaderChanges: this.#leaderChanges,
      snapshotsInstalled: this.#faults.snapshotsInstalled,
      liveBytes: firstUp?.liveBytes ?? Number.NaN,
    });
    if (isWhole) this.#checks.checkStores(replicas);
    return {
      variant: this.#spec.variant,
      engine: cluster.engine.name,
      nodes: cluster.nodes,
      seed: this.#spec.seed,
      traceHash: this.trace.digest(),
      events: this.loop.eventCount,
      virtualTimeNs: now,
      violations,
      excused,
      unproven: this.#checks.unproven,
      metrics,
      series: seriesOf(this.#recorder, this.#sampler, this.#sampler.next - this.#sampler.stepNs),
      faultWindows: this.#timeline.windows(now),
      ended: violations.length > 0 ? 'violation' : excused.length > 0 ? 'excused' : this.#ended,
    };
  }

  closeStore(node: number): StoreFiles | undefined {
    assert(this.#phase === 'over', 'cluster: a store closed before the end');
    return closeStore(this.#hosts[node]!);
  }

  // ——— driving ———

  /** Up to the next moment at which something outside the event queue has to be looked at. */
  #step(eventsMax: number): void {
    const { end } = this.#spec;
    const limit = this.#phase === 'running' ? end.timeNs : this.#settleEnd;
    const until = Math.min(this.#sampler.next, limit);
    const left = end.eventsMax - this.loop.eventCount;
    const why = this.loop.run(until, Math.min(eventsMax, left));
    if (this.#checks.hasComplaints) {
      this.#end('violation');
      return;
    }
    if (why === 'budget') {
      if (this.loop.eventCount >= end.eventsMax) this.#end('event budget');
      return;
    }
    if (why !== 'stopped') {
      this.#time = until;
      if (until === this.#sampler.next) {
        this.#sampler.sample();
        this.#checks.checkProgress(until, this.#load.outstanding > 0);
      }
    }
    this.#nextPhase();
  }

  #nextPhase(): void {
    const { end } = this.#spec;
    if (this.#phase === 'running') {
      const usedUp = this.#load.isDrained;
      if (!usedUp && this.now < end.timeNs) return;
      this.#phase = 'draining';
      this.#load.stop();
      // an operation may be tried for a while yet, and what was cut off has to come together again
      this.#settleEnd = this.now + end.settleNs + GIVE_UP_TIMEOUTS * this.#spec.workload.timeoutNs;
      this.#freeze();
    }
    if (this.#phase === 'draining' && this.#load.isDrained) {
      this.#clientsEnd = this.now;
      this.#phase = 'settling';
      this.#settleEnd = this.now + end.settleNs;
    }
    if (this.#checks.hasComplaints) this.#end('violation');
    else if (this.#phase === 'settling' && (this.#isSettled() || this.now >= this.#settleEnd)) this.#end('complete');
    else if (this.#phase === 'draining' && this.now >= this.#settleEnd) {
      this.#clientsEnd = this.now;
      this.#end('complete');
    }
  }

  #freeze(): void {
    const { end, cluster } = this.#spec;
    this.#healed = healedNodes(end.liveness ?? 'all', cluster.nodes, this.#liveness, (node) => {
      const harms = [
        !this.#faults.operator.isVoter(node),
        this.#faults.hasFaultyDisk(node),
        this.#excuses.isLost(node),
      ];
      return harms.filter((isSo) => isSo).length;
    });
    const isHealed = (node: number): boolean => this.#healed[node] ?? true;
    this.#timeline.freeze(isHealed);
    this.#faults.restore(isHealed);
    this.#checks.healed(this.now);
  }

  /**
   * Every healed member that has not given up has applied all that the leader's log holds, and those are members that
   * should be. Equal applied indices alone would not do: after a
   * power cut nobody knows what is committed until there is a leader again.
   */
  #isSettled(): boolean {
    let last = -1;
    let term = -1;
    for (const host of this.#hosts) {
      const raft = host.replicas[0]?.raft;
      if (raft === undefined || !raft.isLeader || raft.term <= term) continue;
      term = raft.term;
      last = raft.state.log.lastIndex();
    }
    const { operator } = this.#faults;
    if (last < 0 || !operator.isSettled()) return false;
    for (const host of this.#hosts) {
      if (!this.#faults.isMember(host.node)) continue;
      if (this.#healed[host.node] === false || this.#excuses.isLost(host.node)) continue;
      const replica = host.replicas[0];
      if (!host.isUp || replica === undefined) return false;
      if (replica.raft.term !== term || replica.applyThread.appliedIndex !== last) return false;
    }
    return true;
  }

  #end(why: string): void {
    this.#ended = why;
    this.#phase = 'over';
    if (this.#clientsEnd === NEVER) this.#clientsEnd = this.now;
  }

  // ——— wiring ———

  #watch(): void {
    const { end } = this.#spec;
    this.#checks.roles = () => rolesOf(this.#hosts);
    this.#checks.hasFaultyDisk = (node) => this.#faults.hasFaultyDisk(node);
    this.#checks.excuse = (check) => this.#excuses.excuse(check);
    this.#checks.onGaveUp = (node, reason) => {
      this.#excuses.onStopped(node, reason);
      this.#timeline.note('node-failure', `n${node + 1} stopped by itself: ${reason}`);
    };
    this.#checks.onRemoved = (node) => this.#timeline.note('node-removed', `n${node + 1} left the cluster`);
    this.#checks.onElected = (node) => {
      this.#elections++;
      this.#timeline.happened('leader elected');
      if (this.#lastLeader >= 0 && this.#lastLeader !== node) {
        this.#leaderChanges++;
        this.#timeline.happened('leader changed');
      }
      this.#lastLeader = node;
    };
    this.#checks.onRestored = () => {
      this.#faults.snapshotsInstalled++;
      this.#timeline.happened('snapshot installed');
    };
    this.#checks.onRestarted = (node) => {
      this.#excuses.onRestarted(node);
      if (this.loop.now > 0) this.#timeline.happened('node restarted');
    };
    // while the clients still run for a while: progress is due from here on
    this.#timeline.onAllLifted = () => {
      if (this.loop.now < end.timeNs) this.#checks.healed(this.loop.now);
    };
  }

  #operationObserver(): OperationObserver {
    return {
      onInvoke: (session, sequence, operation, key, request, now) => {
        this.operationObserver?.onInvoke(session, sequence, operation, key, request, now);
        this.#checks.onInvoke(request, key);
      },
      onReply: (session, sequence, operation, key, request, outcome, reply, intended, now) => {
        this.operationObserver?.onReply(session, sequence, operation, key, request, outcome, reply, intended, now);
        this.#checks.onOutcome(request, key, outcome, reply);
      },
      onDrained: () => this.loop.stop(),
    };
  }

  #keySpace(): KeySpace {
    const { keys } = this.#spec.workload;
    return {
      count: Math.max(keys.count, this.#spec.workload.preloadKeys),
      indexOf: (bytes, from, to) => keyIndex(bytes, from, to),
      preloaded: (index) => this.#preload.fingerprint(index),
    };
  }
}

/** How long the clients try one operation, in their own time-outs. */
const GIVE_UP_TIMEOUTS = 4;

/** Of each node, in alphabetical order, so that two runs in the same plight say the same whoever leads. */
function rolesOf(hosts: readonly Host[]): string {
  const roles = hosts.map((host) => (host.isUp ? (host.replicas[0]?.raft.roleName ?? 'down') : 'down'));
  return roles.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join(', ');
}

/** Those that the scenario lists, then those that its nemesis draws for the seed. */
export function faultsOf(spec: RunSpec): readonly FaultSpec[] {
  const { nemesis, cluster, end, faults, seed } = spec;
  if (nemesis === undefined) return faults;
  const rng = new Rng(seed).fork('nemesis');
  const drawn = drawFaults(nemesis, FAULTS, cluster.nodes, end.timeNs, rng, cluster.spares ?? 0);
  return [...faults, ...drawn];
}

function reproduceLine(spec: RunSpec): string {
  return `raftlab run ${spec.scenario} --seed ${spec.seed} --variant '${spec.variant}'`;
}
