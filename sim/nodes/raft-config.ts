/** What a scenario says of Raft, in the protocol's terms. */
import type { Bugs } from '../bugs.ts';
import type { ClusterSpec } from '../run-spec.ts';
import type { Configuration } from './raft/messages.ts';
import type { RaftConfig } from './raft/state.ts';

/** Of `raft.clockDriftMax`. */
const CLOCK_DRIFT_MAX = 0.01;

/** `clock`: the reading at the start. */
export function raftConfig(
  id: number,
  { raft, nodes }: ClusterSpec,
  bugs: Bugs,
  clock: number,
  isPreloaded: boolean,
): RaftConfig {
  return {
    id,
    preVote: raft.preVote,
    checkQuorum: raft.checkQuorum,
    readOnly: raft.readOnly === 'lease' ? 'lease-based' : 'safe',
    clockDriftMax: raft.clockDriftMax ?? CLOCK_DRIFT_MAX,
    clock,
    maxSizePerMsg: raft.messageBytesMax,
    maxInflightMessages: raft.inflightMessagesMax,
    ...(raft.inflightBytesMax === undefined ? {} : { maxInflightBytes: raft.inflightBytesMax }),
    maxUncommittedSize: raft.uncommittedBytesMax,
    replication: 'lazy',
    electionTimeout: raft.electionTimeoutNs,
    heartbeatTimeout: raft.heartbeatIntervalNs,
    ...(isPreloaded ? { foundersMax: nodes } : {}),
    bugs,
  };
}

/** Before the first change: all nodes vote. */
export function foundersOf({ nodes }: ClusterSpec): Configuration {
  const voters = Array.from({ length: nodes }, (_, node) => node + 1);
  return { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
}
