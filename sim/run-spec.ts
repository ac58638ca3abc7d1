/**
 * What decides a run: plain data, all units resolved (ns, bytes, operations per s), all
 * defaults filled in. A scenario file expands into one RunSpec for each variant and seed.
 * Version + RunSpec determine everything that happens.
 */
import type { Duration, Time } from './clock.ts';
import type { ParameterValues } from './parameters.ts';

export interface RunSpec {
  readonly scenario: string;
  readonly variant: string;
  readonly seed: number;
  readonly cluster: ClusterSpec;
  readonly workload: WorkloadSpec;
  readonly faults: readonly FaultSpec[];
  /** Left out: only the faults listed. */
  readonly nemesis?: NemesisSpec;
  readonly end: EndSpec;
}

/**
 * What a node does about damage to what it stored. `none`: reads its log unchecked. `checksum`: etcd's, finds it and
 * does not start. `redundant`: knows what was damaged and has it repaired by its peers.
 */
export const INTEGRITIES = ['none', 'checksum', 'redundant'] as const;
export type Integrity = (typeof INTEGRITIES)[number];

export interface ClusterSpec {
  /** 1 to 64; node k is called n<k>, counting from 1. */
  readonly nodes: number;
  /** Machines without a member at the start, for faults that add one: n<nodes + 1> …; with the nodes at most 64. Left out: none. */
  readonly spares?: number;
  /** False: members are changed even if the leader does not hear a majority of those that will vote. Left out: true. */
  readonly strictReconfig?: boolean;
  readonly engine: { readonly name: string; readonly options: ParameterValues };
  readonly stateMachine: 'raw' | 'mvcc';
  readonly disk: {
    readonly profile: string;
    readonly pageCacheBytes: number;
    readonly capacityBytes: number;
    /** What a power failure does to unsynced writes: a name in `CRASH_MODELS`; left out: power-cut. */
    readonly crash?: string;
  };
  readonly cpu: { readonly profile: string; readonly cores: number };
  readonly network: LinkSpec;
  readonly raft: RaftSpec;
  readonly backend: { readonly batchOperations: number; readonly batchIntervalNs: Duration };
  readonly wal: { readonly segmentBytes: number; readonly segmentsMax: number };
  /** What a node does about damage to its log and store; left out: `checksum`, as etcd. See docs/durable-storage.md. */
  readonly storage?: { readonly integrity: Integrity };
  /** Names of known mistakes that are planted: see `bugs.ts`; left out: none. */
  readonly bugs?: readonly string[];
}

/** One direction of a link between two machines. Latency = base + exponential with mean jitter. */
export interface LinkSpec {
  readonly latencyNs: Duration;
  readonly jitterNs: Duration;
  readonly bandwidthBytesPerS: number;
  /** Bytes that may wait for the link before senders block. */
  readonly queueBytes: number;
}

export interface RaftSpec {
  readonly electionTimeoutNs: Duration;
  readonly heartbeatIntervalNs: Duration;
  readonly preVote: boolean;
  readonly checkQuorum: boolean;
  readonly readOnly: 'safe' | 'lease';
  /** Share by which leases allow clocks to be fast or slow; left out: 1 %. */
  readonly clockDriftMax?: number;
  readonly messageBytesMax: number;
  readonly inflightMessagesMax: number;
  /** Left out: no bound, as in etcd. */
  readonly inflightBytesMax?: number;
  readonly uncommittedBytesMax: number;
  /** Applied entries between two Raft snapshots, and entries kept behind one for slow followers. */
  readonly snapshotEntries: number;
  readonly catchUpEntries: number;
  /** Committed but unapplied entries above which proposals are refused. */
  readonly applyLagMax: number;
}

export interface WorkloadSpec {
  readonly clients: number;
  readonly load:
    | { readonly kind: 'closed' /** Over all clients; 0: no limit. */; readonly ratePerSMax: number }
    | { readonly kind: 'open'; readonly ratePerS: number; readonly arrivals: 'poisson' | 'uniform' };
  /** Weights, not all 0. */
  readonly mix: { readonly put: number; readonly get: number; readonly delete: number; readonly range: number };
  readonly keys: {
    readonly order: 'sequential' | 'uniform' | 'zipfian' | 'latest';
    readonly count: number;
    /** Length of a key: 'k' and decimal digits, at least 8. */
    readonly bytes: number;
    readonly zipfianExponent: number;
  };
  readonly value: ValueSpec;
  readonly rangeKeys: number;
  readonly serializableReads: boolean;
  readonly target: 'leader' | 'all';
  readonly timeoutNs: Duration;
  readonly backoff: { readonly initialNs: Duration; readonly maxNs: Duration };
  /** Keys 0 … preload−1 exist before time 0, each with one value; built into every store directly. */
  readonly preloadKeys: number;
  /** Left out: as the clients' values. */
  readonly preloadValue?: ValueSpec;
  /** Left out: none. `share` of the preloaded keys are deleted again, `runKeys` neighbours at a time, evenly spread. */
  readonly preloadHoles?: { readonly share: number; readonly runKeys: number };
  /** When the clients begin; left out: at once. Throughput and gaps count from here. */
  readonly startNs?: Time;
}

export type ValueSpec =
  | { readonly kind: 'fixed'; readonly bytes: number }
  | { readonly kind: 'uniform'; readonly bytesMin: number; readonly bytesMax: number }
  | { readonly kind: 'exponential'; readonly bytesMean: number; readonly bytesMax: number };

/** The clients stop at whichever comes first; faults must lie before `timeNs`. 0 operations: no limit. */
export interface EndSpec {
  readonly operations: number;
  readonly timeNs: Time;
  /** After the clients have stopped and all faults are healed: how long until all replicas must agree. */
  readonly settleNs: Duration;
  /** Who is healed then; left out: all. */
  readonly liveness?: Liveness;
  readonly eventsMax: number;
}

/** `quorum`: a majority of the nodes; what strikes only one of the others stays in force. */
export const LIVENESSES = ['all', 'quorum'] as const;
export type Liveness = (typeof LIVENESSES)[number];

export type Trigger =
  | { readonly kind: 'time'; readonly atNs: Time }
  /** The first time the condition holds at or after `notBeforeNs`, plus `delayNs`. */
  | { readonly kind: 'condition'; readonly when: Condition; readonly notBeforeNs: Time; readonly delayNs: Duration };
export const CONDITIONS = ['leader elected', 'leader changed', 'snapshot installed', 'node restarted'] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Which faults may come together: only what a correct cluster must survive, or any. See `sim/faults/atlas.ts`. */
export const ATLASES = ['survivable', 'beyond'] as const;
export type Atlas = (typeof ATLASES)[number];

/** Draws faults for each run anew; see `sim/faults/nemesis.ts`. */
export interface NemesisSpec {
  readonly fromNs: Time;
  /** At most the end of the clients. */
  readonly untilNs: Time;
  /** Mean time from one fault to the next, and mean length of one; both exponential. */
  readonly everyNs: Duration;
  readonly forNs: Duration;
  /** `beyond`: nothing is held back. Left out: `survivable`. */
  readonly atlas?: Atlas;
  /** By kind of fault; empty: the kinds' own. */
  readonly weights: Readonly<Record<string, number>>;
  readonly swarm: boolean;
}

export interface FaultSpec {
  /** Name in the fault registry: partition, toxic, crash … */
  readonly fault: string;
  readonly trigger: Trigger;
  /** Until it is lifted; 0: until the end of the run (crash: the node stays down until then). */
  readonly durationNs: Duration;
  readonly parameters: ParameterValues;
}
