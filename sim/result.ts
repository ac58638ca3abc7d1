/** What one run yields: plain data, JSON-ready. `docs/result.md` and its JSON Schema describe the same for people. */
import type { Duration, Time } from './clock.ts';

export interface RunResult {
  readonly variant: string;
  readonly engine: string;
  readonly nodes: number;
  readonly seed: number;
  readonly traceHash: string;
  readonly events: number;
  readonly virtualTimeNs: Time;
  readonly violations: readonly Violation[];
  /** Complaints of checks that no correct cluster could have avoided: they are no violations. */
  readonly excused: readonly ExcusedViolation[];
  /** Objects (keys) of which the checkers proved neither that they are right nor that they are not. */
  readonly unproven: number;
  readonly metrics: Metrics;
  readonly series: Series;
  /** When each fault was in force, for shading. */
  readonly faultWindows: readonly FaultWindow[];
  /** Why the run ended: `complete`, `violation`, `excused`, `event budget`, `interrupted`. */
  readonly ended: string;
}

export interface Violation {
  /** Name in the checker registry, e.g. `one-leader-per-term`. */
  readonly check: string;
  readonly what: string;
  readonly timeNs: Time;
  /** Number of the event during which it was seen. */
  readonly event: number;
  /** What the nodes were at that moment, without their names: `leader, follower, down`. */
  readonly roles: string;
  /** The command line that shows it again. */
  readonly reproduce: string;
}

/** Names in `sim/cluster/excuses.ts`. */
export type ExcuseReason =
  | 'no quorum'
  | 'entry lost on every copy'
  | 'nobody may lead'
  | 'disk forgot'
  | 'unchecked damage';

export interface Excuse {
  readonly reason: ExcuseReason;
  /** The facts, for people. */
  readonly because: string;
}

export interface ExcusedViolation extends Violation, Excuse {}

export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  /** [percentile, ms] pairs in ascending order, dense towards 100: the percentile curve. */
  readonly curve: readonly (readonly [number, number])[];
}

export interface Metrics {
  readonly throughputOpsPerS: number;
  readonly operations: {
    readonly ok: number;
    readonly failed: number;
    readonly unknown: number;
    readonly retries: number;
  };
  /** By operation name; only operations that occurred. */
  readonly latencyMs: Readonly<Record<string, LatencySummary>>;
  /** Mean ms of an acknowledged operation by operation name, then by wait (`WAITS`); the waits add up to the mean. */
  readonly latencyWaitsMs: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly writeAmplification: {
    /** Bytes handed to the file system by all nodes ÷ bytes of acknowledged client writes. */
    readonly total: number;
    /** Of one copy of the data, i.e. ÷ (client bytes × nodes): raftLog, engine, and what reached the device. */
    readonly byBoundary: Readonly<Record<'raftLog' | 'engine' | 'snapshot' | 'fileSystem' | 'device', number>>;
    /** Over all nodes ÷ client bytes; adds up to the total. */
    readonly byCategory: Readonly<Record<string, number>>;
    /** n1 …: that node's bytes ÷ client bytes; adds up to the total. */
    readonly byNode: Readonly<Record<string, number>>;
  };
  readonly bytes: {
    /** Keys and values of acknowledged writes. */
    readonly client: number;
    readonly written: number;
    readonly read: number;
    readonly device: number;
    readonly network: number;
    readonly writtenByCategory: Readonly<Record<string, number>>;
  };
  readonly fsyncs: number;
  readonly fsyncsByCategory: Readonly<Record<string, number>>;
  /** Bytes of the engine's files ÷ bytes of live keys and values, mean over nodes, at the end. */
  readonly spaceAmplification: number;
  /** What the simulated process would hold, mean over nodes at the end, by owner. */
  readonly memoryBytes: { readonly total: number; readonly byOwner: Readonly<Record<string, number>> };
  /** Engine-specific figures at the end, mean over nodes. */
  readonly engineFigures: Readonly<Record<string, number>>;
  readonly raft: {
    readonly elections: number;
    readonly leaderChanges: number;
    readonly snapshotsInstalled: number;
    readonly restarts: number;
  };
  /** On all links, clients' among them. */
  readonly messages: {
    readonly sent: number;
    readonly lost: number;
    readonly retransmitted: number;
    readonly held: number;
    readonly duplicated: number;
    readonly reordered: number;
    readonly corrupted: number;
  };
  /** Longest span without an acknowledged write while clients ran. */
  readonly unavailableMsMax: number;
}

/** Sampled every `stepNs`; each array has one element a step. */
export interface Series {
  readonly stepNs: Duration;
  readonly okPerS: readonly number[];
  readonly failedPerS: readonly number[];
  /** Of acknowledged operations that ended in the step; null where there was none. */
  readonly latencyMsP50: readonly (number | null)[];
  readonly latencyMsP99: readonly (number | null)[];
  /** Bytes handed to the file system in the step. */
  readonly writtenBytesByCategory: Readonly<Record<string, readonly number[]>>;
  readonly writtenBytesByNode: Readonly<Record<string, readonly number[]>>;
  readonly clientBytes: readonly number[];
}

export interface FaultWindow {
  readonly fault: string;
  /** For people: `partition: n1 | n2 n3`. */
  readonly label: string;
  readonly fromNs: Time;
  readonly toNs: Time;
}

/** What became of one line of a scenario's `expect`: for one run, or for a comparison of two variants. */
export interface ExpectationOutcome {
  /** For people: `latencyMs.put.p99 ≤ 20`. */
  readonly text: string;
  readonly ok: boolean;
  /** null: the run has no such figure, which fails the expectation. */
  readonly actual: number | null;
  /** `≤ 20`, `≥ 1 and ≤ 3`, `= 0`. */
  readonly bound: string;
  /** The run's variant; of a comparison `<first> / <second>`. */
  readonly variant: string;
}
