/** From a validated body to what the simulator runs: everything named, in base units, nothing left out. */
import type { OptionValues, ParameterValue, ParameterValues } from '../sim/parameters.ts';
import type { FaultSpec, NemesisSpec, RunSpec, Trigger, ValueSpec, WorkloadSpec } from '../sim/run-spec.ts';
import type { Catalogue } from './catalogue.ts';
import { readChangedOptions } from './changed-options.ts';
import type { Lenient } from './lenient.ts';
import type { Body, FaultBody, NemesisBody } from './schema.ts';

/** A RunSpec but for the seed. */
export type RunPlan = Omit<RunSpec, 'seed'>;

const SECOND = 1e9;
const DEFAULT_END_NS = 10 * SECOND;
/** With a bound on operations only: time after which the clients stop all the same. */
const OPERATIONS_END_NS = 3600 * SECOND;

/** The fields of a fault that say when; the other one names it. */
export const FAULT_TIMING: readonly string[] = ['at', 'when', 'from', 'after', 'for'];

export function endTimeNs(end: Lenient<Body['end']>): number {
  return end.after ?? (end.operations === undefined ? DEFAULT_END_NS : OPERATIONS_END_NS);
}

/** `proxied`: what Toxiproxy's file comes to. */
export function resolve(
  scenario: string,
  variant: string,
  body: Body,
  catalogue: Catalogue,
  proxied: readonly FaultSpec[],
): RunPlan {
  const { cluster, end } = body;
  const { timeline, nemesis } = faultsOf(body.faults);
  const engine = cluster.engine as { name: string; options: ParameterValues };
  return {
    scenario,
    variant,
    cluster: {
      nodes: cluster.nodes,
      ...(cluster.spares === 0 ? {} : { spares: cluster.spares }),
      ...(cluster.strictReconfig ? {} : { strictReconfig: false }),
      engine: { name: engine.name, options: engine.options },
      stateMachine: cluster.stateMachine,
      disk: {
        profile: cluster.disk.profile,
        pageCacheBytes: cluster.disk.pageCache,
        capacityBytes: cluster.disk.capacity,
        crash: cluster.disk.crash,
      },
      cpu: cluster.cpu,
      network: {
        latencyNs: cluster.network.latency,
        jitterNs: cluster.network.jitter,
        bandwidthBytesPerS: cluster.network.bandwidth,
        queueBytes: cluster.network.queue,
      },
      raft: {
        electionTimeoutNs: cluster.raft.electionTimeout,
        heartbeatIntervalNs: cluster.raft.heartbeatInterval,
        preVote: cluster.raft.preVote,
        checkQuorum: cluster.raft.checkQuorum,
        readOnly: cluster.raft.readOnly,
        ...(cluster.raft.clockDriftMax === undefined ? {} : { clockDriftMax: cluster.raft.clockDriftMax }),
        messageBytesMax: cluster.raft.messageMax,
        inflightMessagesMax: cluster.raft.inflightMessages,
        ...(cluster.raft.inflightBytes === undefined ? {} : { inflightBytesMax: cluster.raft.inflightBytes }),
        uncommittedBytesMax: cluster.raft.uncommittedMax,
        snapshotEntries: cluster.raft.snapshotEntries,
        catchUpEntries: cluster.raft.catchUpEntries,
        applyLagMax: cluster.raft.applyLagMax,
      },
      backend: {
        batchOperations: cluster.backend.batchOperations,
        batchIntervalNs: cluster.backend.batchInterval,
      },
      wal: { segmentBytes: cluster.wal.segment, segmentsMax: cluster.wal.segmentsMax },
      ...(cluster.storage.integrity === 'checksum' ? {} : { storage: { integrity: cluster.storage.integrity } }),
      ...(cluster.bugs.length === 0 ? {} : { bugs: cluster.bugs }),
    },
    workload: resolveWorkload(body.workload),
    faults: [...proxied, ...timeline.map((fault) => resolveFault(fault, engine.name, catalogue))],
    ...(nemesis !== undefined && { nemesis: resolveNemesis(nemesis, endTimeNs(end)) }),
    end: {
      operations: end.operations ?? 0,
      timeNs: endTimeNs(end),
      settleNs: end.settle,
      ...(end.liveness === 'all' ? {} : { liveness: end.liveness }),
      eventsMax: end.events,
    },
  };
}

/** Without `keys.count`: as many different keys, or as many as are preloaded by bytes. */
const DEFAULT_KEYS = 100_000;

/** Keys preloaded; undefined where what decides it did not validate. */
export function preloadKeys({ preload, value }: Lenient<Body['workload']>): number | undefined {
  if (preload?.bytes === undefined) return preload?.keys;
  const size = preload.value ?? value;
  if (size === undefined) return undefined;
  const [from, to] = typeof size === 'number' ? [size, size] : 'mean' in size ? [size.mean, size.mean] : bounds(size);
  return from === undefined || to === undefined ? undefined : Math.floor(preload.bytes / Math.max(1, (from + to) / 2));
}

function bounds(size: { readonly min?: number | undefined; readonly max?: number | undefined }) {
  return [size.min, size.max];
}

/** Different keys of the workload. */
export function keyCount(workload: Lenient<Body['workload']>): number {
  const { keys, preload } = workload;
  if (keys?.count !== undefined) return keys.count;
  return (preload?.bytes === undefined ? undefined : preloadKeys(workload)) ?? DEFAULT_KEYS;
}

function resolveWorkload(workload: Body['workload']): WorkloadSpec {
  const { load, value, keys, preload } = workload;
  return {
    clients: workload.clients,
    load:
      load === 'closed'
        ? { kind: 'closed', ratePerSMax: workload.rateLimit ?? 0 }
        : { kind: 'open', ratePerS: load.open, arrivals: load.arrivals },
    mix: workload.mix,
    keys: { order: keys.order, count: keyCount(workload), bytes: keys.size, zipfianExponent: keys.zipfianExponent },
    value: resolveValue(value),
    rangeKeys: workload.rangeKeys,
    serializableReads: workload.reads === 'serializable',
    target: workload.target,
    timeoutNs: workload.timeout,
    backoff: { initialNs: workload.backoff.initial, maxNs: workload.backoff.max },
    preloadKeys: preloadKeys(workload)!,
    ...(preload.value === undefined ? {} : { preloadValue: resolveValue(preload.value) }),
    ...(preload.holes === 0 ? {} : { preloadHoles: { share: preload.holes, runKeys: preload.holeKeys } }),
    startNs: workload.start,
  };
}

function resolveValue(value: Body['workload']['value']): ValueSpec {
  if (typeof value === 'number') return { kind: 'fixed', bytes: value };
  if ('mean' in value) return { kind: 'exponential', bytesMean: value.mean, bytesMax: value.max };
  return { kind: 'uniform', bytesMin: value.min, bytesMax: value.max };
}

/** Both forms of `faults` as one: a list is a timeline. */
function faultsOf(faults: Body['faults']): { readonly timeline: readonly FaultBody[]; readonly nemesis?: NemesisBody } {
  if (isList(faults)) return { timeline: faults };
  return { timeline: faults.timeline, ...(faults.nemesis !== undefined && { nemesis: faults.nemesis }) };
}

/** `Array.isArray` says nothing of a read-only array's type. */
export function isList<T, U>(value: readonly T[] | U): value is readonly T[] {
  return Array.isArray(value);
}

/** The fault that an entry of the timeline names, with its parameters; `semantics.ts` has seen to it that there is one. */
export function namedFaults(fault: Partial<FaultBody>): readonly [name: string, parameters: ParameterValues][] {
  return Object.entries(fault)
    .filter(([key, value]) => !FAULT_TIMING.includes(key) && value !== undefined)
    .map(([key, value]) => [key, value as unknown as ParameterValues]);
}

function resolveNemesis(nemesis: NemesisBody, endNs: number): NemesisSpec {
  const weights = Object.entries(nemesis.weights as Readonly<Record<string, number | undefined>>);
  return {
    fromNs: nemesis.from,
    untilNs: nemesis.until ?? endNs,
    everyNs: nemesis.every,
    forNs: nemesis.for,
    ...(nemesis.atlas === 'survivable' ? {} : { atlas: nemesis.atlas }),
    weights: Object.fromEntries(weights.filter((entry): entry is [string, number] => entry[1] !== undefined)),
    swarm: nemesis.swarm,
  };
}

function resolveFault(fault: FaultBody, engineName: string, catalogue: Catalogue): FaultSpec {
  const [name, written] = namedFaults(fault)[0]!;
  const parameters: Record<string, ParameterValue> = { ...written };
  for (const [key, spec] of Object.entries(catalogue.faults.find((entry) => entry.name === name)!.parameters)) {
    if (spec.kind !== 'engine-options' || parameters[key] === undefined) continue;
    const engine = catalogue.engines.find((entry) => entry.name === engineName)!;
    parameters[key] = readChangedOptions(engine, parameters[key] as OptionValues).values;
  }
  const trigger: Trigger =
    fault.when === undefined
      ? { kind: 'time', atNs: fault.at ?? 0 }
      : { kind: 'condition', when: fault.when, notBeforeNs: fault.from ?? 0, delayNs: fault.after ?? 0 };
  return { fault: name, trigger, durationNs: fault.for ?? 0, parameters };
}
