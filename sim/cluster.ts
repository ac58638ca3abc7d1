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
import { buildHosts, rolesOf } from './cluster/hosts.ts';
import { metricsOf, seriesOf } from './cluster/metrics.ts';
import { Preload } from './cluster/preload.ts';
import type { PreloadProgress } from './cluster/preload-build.ts';
import { ReplicaView } from './cluster/replica-view.ts';
import type { Run } from './cluster/run.ts';
import { ByteSampler, STEPS } from './cluster/sampler.ts';
import { isSettled } from './cluster/settled.ts';
import { closeStore, type StoreFiles } from './cluster/stores.ts';
import { Timeline } from './cluster/timeline.ts';
import type { DiskCounters } from './disk/disk.ts';
import { FAULTS } from './faults/index.ts';
import { drawFaults } from './faults/nemesis.ts';
import { EventLoop } from './loop.ts';
import { Network } from './network/network.ts';
import type { MessageObserver } from './network/observer.ts';
import type { Host } from './nodes/host.ts';
import { findStateMachine } from './nodes/kv/index.ts';
import type { RaftNode } from './nodes/raft/ready.ts';
import type { RunResult } from './result.ts';
import { Rng } from './rng.ts';
import type { FaultSpec, RunSpec } from './run-spec.ts';
import { Trace } from './trace.ts';

/** Machines that the clients run on: each has one connection to each node, which its clients share. */
const CLIENT_MACHINES_MAX = 4;
const NETWORK_TRACE_ID = 1;
const LOAD_TRACE_ID = 3;

export type { Run } from './cluster/run.ts';

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
    assert(engine !== undefined && stateMachine !== undefined, 'cluster: engine or state machine not registered');

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
    this.#hosts = buildHosts(cluster, loop, this.#network, this.#checks, this.#preload, root);

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
    this.#faults = new FaultPort(loop, this.#hosts, cluster, this.#network, clients);
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
    else if (
      this.#phase === 'settling' &&
      (isSettled(this.#hosts, this.#faults, this.#healed, this.#excuses) || this.now >= this.#settleEnd)
    )
      this.#end('complete');
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
