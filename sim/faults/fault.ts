/**
 * What a fault on the timeline is, and what it may do to a cluster. A fault is an overlay: `inject`
 * puts it in force and returns how to lift it; lifting restores what was there.
 */
import type { Duration } from '../clock.ts';
import type { DiskFault } from '../disk/faults/index.ts';
import type { Disturbance } from '../network/interference.ts';
import type { BlockedPairs } from '../network/partition.ts';
import type { LinkName, OptionValues, ParameterSpecs, ParameterValues } from '../parameters.ts';
import type { Rng } from '../rng.ts';

/** The cluster as faults see it. Nodes are numbered from 0; n1 is node 0. */
export interface FaultTarget {
  /** Machines: members and spares. */
  readonly nodeCount: number;
  /** `n2`, `leader` or `follower` (the lowest-numbered one that is up) now; −1 where there is none. */
  resolveNode(name: string): number;
  /** Power failure; `kill`: only the process dies. Either way `restart` is due once for each call. */
  crash(node: number): void;
  kill(node: number): void;
  restart(node: number): void;
  pause(node: number): void;
  resume(node: number): void;
  /** Work takes `factor` (a whole number) times as long; of several the largest counts. Returns how to lift it. */
  slowCpu(node: number, factor: number): () => void;
  /** Adds to the rate of its clock, in parts per million, and to what it shows. */
  changeClock(node: number, driftPpm: number, jumpNs: Duration): void;
  /** Machines that clients run on; nodes are the machines 0 to nodeCount − 1. */
  readonly clientMachines: readonly number[];
  /** From each machine that dials over the link to the one that accepts, as names stand now. */
  pairsOf(link: LinkName): BlockedPairs;
  /** Blocks directed pairs of machines; `isClog`: what is caught is kept, not lost. Returns a handle for `unblock`. */
  block(pairs: BlockedPairs, isClog?: boolean): number;
  unblock(handle: number): void;
  /** What comes over these pairs is kept, doubled or spoilt, message by message; returns how to lift it. */
  disturb(pairs: BlockedPairs, disturbance: Disturbance): () => void;
  /** Returns how to lift it. */
  addToxic(toxic: ToxicRequest): () => void;
  /** Starts a task of the node's engine; `argument` absent: the engine's default. False if it has no such task, or nothing to do. */
  maintain(node: number, task: string, argument: number | undefined): boolean;
  /** Returns how to lift it. */
  addDiskFault(node: number, fault: DiskFault): () => void;
  /** The first machine without a member that was none of the founders'; −1: there is none. */
  spareNode(): number;
  /** Is the machine meant to hold a member? */
  isMember(node: number): boolean;
  /** A new member on the machine, emptied, in place of one that is there; `asLearner`: a voter only when it has caught up. */
  joinMember(node: number, asLearner: boolean): void;
  leaveMember(node: number): void;
  /** Of a node that is down. */
  wipeDisk(node: number): void;
  /** Options of its engine, in place of those that it had, for its processes from the next one on. */
  setEngineOptions(node: number, options: OptionValues): void;
  /** Index up to which entries are committed, as the leader knows it; −1: nobody leads. */
  committedIndex(): number;
  /** Index up to which the node has applied entries; −1: it is not up. */
  appliedIndex(node: number): number;
  /** Calls `action` after `delayNs`; returns how to call it off. For what a fault does while it is in force. */
  later(delayNs: Duration, action: () => void): () => void;
}

export interface ToxicRequest {
  readonly type: string;
  readonly stream: string;
  readonly toxicity: number;
  readonly link: LinkName;
  readonly attributes: ParameterValues;
  /** The fault's own stream: what the toxic draws must not depend on other toxics. */
  readonly rng: Rng;
}

/** In force until `lift`. `label` is for people and the report's shading. */
export interface ActiveFault {
  readonly label: string;
  lift(): void;
}

export interface ParameterProblem {
  readonly parameter: string;
  /** Continues the parameter's name. */
  readonly what: string;
}

/** What a nemesis needs to know of a kind of fault. */
export interface DrawnFault {
  /**
   * `node`: one node is away while it lasts, so that no more than a minority may be hit at a time. `disk`: the node may
   * not come back, so that it counts as away for good. `each`: at every moment some node may be away, any one.
   * `links`: nobody is away for longer than it lasts.
   */
  readonly hits: 'node' | 'disk' | 'each' | 'links';
  /** Relative frequency where the scenario names no kinds; 0: only if it is named. */
  readonly weight: number;
  /** The same beyond what the cluster must survive; left out: as `weight`. */
  readonly weightBeyond?: number;
  /** What of the node begins anew when it is lifted, or meanwhile. A `process` may find what a sync had failed to write. */
  readonly restarts?: 'process' | 'machine';
  /**
   * After such a beginning, and perhaps a power cut, the node may lack what it had acknowledged, without knowing: Raft
   * allows for no such node. `process`: only if the machine goes on; `any`.
   */
  readonly forgets?: 'process' | 'any';
  /** For how long after its end the node still counts as away. */
  readonly recoveryNs?: Duration;
  /** Makes sense only in a cluster with spare machines. */
  readonly needsSpare?: boolean;
  /** `node`, the name of one, is the nemesis' choice. */
  parameters(rng: Rng, node: string, nodeCount: number, isBeyond: boolean): ParameterValues;
}

export interface FaultDefinition {
  readonly name: string;
  readonly summary: string;
  readonly parameters: ParameterSpecs;
  /** What it has done to a disk stays when the faults in force are lifted at the end; left out: nothing stays. */
  readonly isDamage?: boolean;
  /** Whether it touches nothing but the node that its parameter `node` names; left out: if there is such a parameter. */
  isOfOneNode?(parameters: ParameterValues): boolean;
  /** Why parameters that are fine one by one make no sense together, or in a cluster of this size (without its spares). */
  check?(parameters: ParameterValues, nodeCount: number, spareCount: number): ParameterProblem | undefined;
  /** How a nemesis draws one; without it the fault is only injected where a scenario says so. */
  readonly drawn?: DrawnFault;
  /** undefined: there was nothing to hit (no leader at the moment); the run notes it and goes on. */
  inject(cluster: FaultTarget, parameters: ParameterValues, rng: Rng): ActiveFault | undefined;
}

export function nodeName(node: number): string {
  return `n${node + 1}`;
}
