/** Whole clusters in a few words: times in ms, everything that a test does not name at its plainest. */
import { findEngine } from '../../engines/index.ts';
import { MILLISECOND } from '../../sim/clock.ts';
import { createRun, type Run } from '../../sim/cluster.ts';
import { Host } from '../../sim/nodes/host.ts';
import type { ParameterSpecs, ParameterValue, ParameterValues } from '../../sim/parameters.ts';
import type { RunResult } from '../../sim/result.ts';
import type {
  ClusterSpec,
  Condition,
  FaultSpec,
  Integrity,
  Liveness,
  RunSpec,
  WorkloadSpec,
} from '../../sim/run-spec.ts';

export interface Sketch {
  readonly seed?: number;
  readonly nodes?: number;
  readonly spares?: number;
  readonly strictReconfig?: boolean;
  /** One of the registry. */
  readonly engine?: string;
  readonly options?: ParameterValues;
  readonly machine?: 'raw' | 'mvcc';
  readonly disk?: string;
  readonly capacityBytes?: number;
  readonly raft?: Partial<ClusterSpec['raft']>;
  readonly wal?: Partial<ClusterSpec['wal']>;
  readonly backend?: Partial<ClusterSpec['backend']>;
  readonly network?: Partial<ClusterSpec['network']>;
  readonly clients?: number;
  readonly load?: WorkloadSpec['load'];
  readonly mix?: Partial<WorkloadSpec['mix']>;
  readonly keys?: Partial<WorkloadSpec['keys']>;
  readonly value?: number | WorkloadSpec['value'];
  readonly preload?: number;
  readonly timeoutMs?: number;
  readonly serializable?: boolean;
  readonly target?: 'leader' | 'all';
  readonly faults?: readonly FaultSpec[];
  /** Clients stop after so many operations, or (default) after `ms`. */
  readonly operations?: number;
  readonly ms?: number;
  readonly settleMs?: number;
  readonly liveness?: Liveness;
  readonly integrity?: Integrity;
  readonly eventsMax?: number;
}

export function clusterOf(sketch: Sketch = {}): RunSpec {
  const engine = sketch.engine ?? 'bolt';
  const { value = 128, ms = 3000, timeoutMs = 500 } = sketch;
  return {
    scenario: 'test',
    variant: engine,
    seed: sketch.seed ?? 1,
    cluster: {
      nodes: sketch.nodes ?? 3,
      ...(sketch.spares !== undefined && { spares: sketch.spares }),
      ...(sketch.strictReconfig !== undefined && { strictReconfig: sketch.strictReconfig }),
      engine: { name: engine, options: { ...defaultsOf(findEngine(engine)!.options), ...sketch.options } },
      stateMachine: sketch.machine ?? 'raw',
      disk: { profile: sketch.disk ?? 'nvme', pageCacheBytes: 1 << 30, capacityBytes: sketch.capacityBytes ?? 0 },
      cpu: { profile: 'etcd-2021', cores: 4 },
      network: {
        latencyNs: 100_000,
        jitterNs: 20_000,
        bandwidthBytesPerS: 1.25e9,
        queueBytes: 64 << 20,
        ...sketch.network,
      },
      raft: {
        electionTimeoutNs: 500 * MILLISECOND,
        heartbeatIntervalNs: 50 * MILLISECOND,
        preVote: true,
        checkQuorum: true,
        readOnly: 'safe',
        messageBytesMax: 1 << 20,
        inflightMessagesMax: 512,
        uncommittedBytesMax: 1 << 30,
        snapshotEntries: 100_000,
        catchUpEntries: 5000,
        applyLagMax: 5000,
        ...sketch.raft,
      },
      backend: { batchOperations: 10_000, batchIntervalNs: 100 * MILLISECOND, ...sketch.backend },
      wal: { segmentBytes: 64_000_000, segmentsMax: 5, ...sketch.wal },
      ...(sketch.integrity !== undefined && { storage: { integrity: sketch.integrity } }),
    },
    workload: {
      clients: sketch.clients ?? 5,
      load: sketch.load ?? { kind: 'closed', ratePerSMax: 300 },
      mix: { put: 1, get: 0, delete: 0, range: 0, ...sketch.mix },
      keys: { order: 'uniform', count: 200, bytes: 16, zipfianExponent: 0.99, ...sketch.keys },
      value: typeof value === 'number' ? { kind: 'fixed', bytes: value } : value,
      rangeKeys: 10,
      serializableReads: sketch.serializable ?? false,
      target: sketch.target ?? 'leader',
      timeoutNs: timeoutMs * MILLISECOND,
      backoff: { initialNs: 20 * MILLISECOND, maxNs: 200 * MILLISECOND },
      preloadKeys: sketch.preload ?? 0,
    },
    faults: sketch.faults ?? [],
    end: {
      operations: sketch.operations ?? 0,
      timeNs: ms * MILLISECOND,
      settleNs: (sketch.settleMs ?? 5000) * MILLISECOND,
      ...(sketch.liveness !== undefined && { liveness: sketch.liveness }),
      eventsMax: sketch.eventsMax ?? 20_000_000,
    },
  };
}

export function defaultsOf(options: ParameterSpecs): ParameterValues {
  const defaults: Record<string, ParameterValue> = {};
  for (const [name, option] of Object.entries(options)) {
    if ('default' in option && option.default !== undefined) defaults[name] = option.default;
  }
  return defaults;
}

// ——— faults ———

/** `forMs` 0: until the clients stop. */
export function at(atMs: number, forMs: number, fault: string, parameters: ParameterValues): FaultSpec {
  return {
    fault,
    trigger: { kind: 'time', atNs: atMs * MILLISECOND },
    durationNs: forMs * MILLISECOND,
    parameters,
  };
}

export function when(
  condition: Condition,
  afterMs: number,
  forMs: number,
  fault: string,
  parameters: ParameterValues,
): FaultSpec {
  const trigger = { kind: 'condition', when: condition, notBeforeNs: 0, delayNs: Math.round(afterMs * MILLISECOND) };
  return { fault, trigger: trigger as FaultSpec['trigger'], durationNs: forMs * MILLISECOND, parameters };
}

/** Several nodes lose power at one instant. */
export function powerCut(atMs: number, forMs: number, nodes: readonly string[]): FaultSpec[] {
  return nodes.map((node) => at(atMs, forMs, 'crash', { node }));
}

export const isolate = (atMs: number, forMs: number, node: string): FaultSpec =>
  at(atMs, forMs, 'partition', { shape: 'isolate', node });

// ——— running ———

export function runToEnd(run: Run): RunResult {
  while (run.advance(100_000));
  return run.finish();
}

export function play(sketch: Sketch): RunResult {
  return runToEnd(createRun(clusterOf(sketch)));
}

export interface Watched {
  readonly run: Run;
  /** By node, from 0. */
  readonly hosts: readonly Host[];
}

/** A run with its nodes in view. */
export function watch(sketch: Sketch): Watched {
  const hosts: Host[] = [];
  const { start } = Host.prototype;
  Host.prototype.start = function (this: Host): void {
    hosts.push(this);
    start.call(this);
  };
  try {
    return { run: createRun(clusterOf(sketch)), hosts };
  } finally {
    Host.prototype.start = start;
  }
}

/** Up to the first event at or after this time. */
export function advanceTo(run: Run, ms: number): void {
  while (run.now < ms * MILLISECOND && run.advance(1));
}

/** The node that leads the highest term, from 0; −1: none. */
export function leaderOf(hosts: readonly Host[]): number {
  let leader = -1;
  let term = -1;
  for (const host of hosts) {
    const raft = host.replicas[0]?.raft;
    if (!host.isUp || !raft?.isLeader || raft.term <= term) continue;
    leader = host.node;
    term = raft.term;
  }
  return leader;
}

/** What went wrong, one line each: empty for a run that ended well. */
export function complaints(result: RunResult): string[] {
  const lines = result.violations.map((violation) => `${violation.check}: ${violation.what}`);
  if (result.ended !== 'complete' && lines.length === 0) lines.push(`ended: ${result.ended}`);
  return lines;
}
