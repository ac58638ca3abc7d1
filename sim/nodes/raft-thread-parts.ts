/** What a Raft loop and its parts are given and share. */
import type { Rng } from '../rng.ts';
import type { RaftSpec } from '../run-spec.ts';
import type { Work } from '../work.ts';
import type { ApplyThread } from './apply-thread.ts';
import type { Machine } from './machine.ts';
import type { NodeObserver } from './observer.ts';
import type { PeerStreams } from './peer-streams.ts';
import type { PendingRequests } from './pending-requests.ts';
import type { Process } from './process.ts';
import type { RaftNode } from './raft/ready.ts';
import type { ReadQueue } from './read-queue.ts';
import type { ReplySender } from './reply-sender.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import type { WriteAheadLog } from './wal/write-ahead-log.ts';

export interface RaftThreadParts {
  readonly machine: Machine;
  readonly process: Process;
  readonly spec: RaftSpec;
  readonly rng: Rng;
  readonly work: Work;
  readonly observer: NodeObserver;
  readonly peers: PeerStreams;
  readonly pending: PendingRequests;
}

/** There from the moment that the replica has recovered. */
export interface RaftThreadLinks {
  readonly node: RaftNode;
  readonly wal: WriteAheadLog;
  readonly applyThread: ApplyThread;
  readonly reads: ReadQueue;
  readonly snapshots: SnapshotKeeper;
  readonly replies: ReplySender;
}
