/**
 * One member of one Raft group on a node, from the start of its process to its end: builds the parts,
 * recovers from the disk alone, and hands requests to the right thread.
 *
 * First of all it syncs what a killed process left in the page cache: what is recovered from must be durable, or a
 * power cut takes back what the node has since told others. PostgreSQL does so; etcd does not.
 *
 * Recovery order, as etcd: newest snapshot marker that the write-ahead log names; the log's entries
 * after it; the store directory that belongs to it; entries that the engine already holds are skipped
 * when they are applied again.
 */
import type { EngineDefinition } from '../../engines/engine.ts';
import { type Bugs, bugsOf } from '../bugs.ts';
import type { Connection, Side } from '../network/connection.ts';
import type { Network } from '../network/network.ts';
import type { Rng } from '../rng.ts';
import { type ClientRequest, DELETE, PUT } from '../rpc.ts';
import type { ClusterSpec } from '../run-spec.ts';
import type { Job } from '../storage-engine.ts';
import { Work } from '../work.ts';
import { ApplyThread } from './apply-thread.ts';
import { BackgroundWork, JOBS_MAX, type JobSource } from './background-work.ts';
import type { StateMachineDefinition } from './kv/state-machine.ts';
import { coverDamage, type RecoveredLog, recoverLog } from './log-recovery.ts';
import type { Machine } from './machine.ts';
import { machineOf } from './member-id.ts';
import type { NodeObserver } from './observer.ts';
import { GONE_BYTES, Gone, type PeerBundle, PeerStreams } from './peer-streams.ts';
import { PendingRequest, PendingRequests } from './pending-requests.ts';
import type { Process } from './process.ts';
import type { ConfChange } from './raft/conf-change.ts';
import { configurationAt } from './raft/membership.ts';
import { RaftNode } from './raft/ready.ts';
import { foundersOf, raftConfig } from './raft-config.ts';
import { RaftThread } from './raft-thread.ts';
import { leaseClock } from './raft-timers.ts';
import { ReadQueue } from './read-queue.ts';
import { ReplySender } from './reply-sender.ts';
import { SnapshotKeeper } from './snapshot-keeper.ts';
import { Store } from './store.ts';
import { SnapshotFiles } from './wal/snapshot-files.ts';
import type { WalOptions } from './wal/wal-options.ts';
import type { WriteAheadLog } from './wal/write-ahead-log.ts';

/** What a replica is made of; the same for every process of the node. */
export interface ReplicaBlueprint {
  readonly group: number;
  readonly spec: ClusterSpec;
  readonly engine: EngineDefinition;
  readonly stateMachine: StateMachineDefinition;
  readonly observer: NodeObserver;
  readonly rng: Rng;
  /** The stores of the founders hold something before the first entry: who joins gets an image. */
  readonly isPreloaded?: boolean;
}

/** Disk threads of a replica: Raft, apply, reads, background jobs. */
export const DISK_THREADS = 3 + JOBS_MAX;
/** Handlers of a replica in the trace. */
export const TRACE_IDS = 5;

export class Replica implements JobSource {
  readonly work = new Work();
  readonly applyThread: ApplyThread;
  readonly raftThread: RaftThread;
  readonly reads: ReadQueue;
  readonly background: BackgroundWork;
  readonly peers: PeerStreams;
  readonly snapshots: SnapshotKeeper;
  readonly store: Store;
  raft!: RaftNode;
  /** Why the replica could not start; '' if it could. */
  failure = '';
  /** Of a process that finds no log on its disk. */
  readonly #memberId: number;
  readonly #machine: Machine;
  readonly #blueprint: ReplicaBlueprint;
  readonly #root: string;
  readonly #pending = new PendingRequests();
  readonly #replies = new ReplySender();
  readonly #snapshotFiles: SnapshotFiles;
  readonly #bugs: Bugs;

  constructor(
    machine: Machine,
    process: Process,
    network: Network,
    blueprint: ReplicaBlueprint,
    memberId = machine.node + 1,
  ) {
    this.#machine = machine;
    this.#memberId = memberId;
    this.#blueprint = blueprint;
    const { group, spec, observer } = blueprint;
    const bugs = bugsOf(spec.bugs ?? []);
    this.#bugs = bugs;
    const { work } = this;
    const { loop, node } = machine;
    this.#root = group === 0 ? '' : `group-${group}/`;
    const thread = group * DISK_THREADS;
    const traceId = (node * 64 + group) * 8 + 1000;
    this.#snapshotFiles = new SnapshotFiles(machine.disk, `${this.#root}snap/`, work);

    const reports = {
      reportUnreachable: (peer: number): void => this.raftThread.reportUnreachable(peer),
      reportSnapshot: (peer: number, ok: boolean): void => this.raftThread.reportSnapshot(peer, ok),
      onGone: (id: number): void => {
        // a stopped process hears of it when it speaks again
        if (id === this.raft.id && !process.paused) process.leave();
      },
    };
    const machines = spec.nodes + (spec.spares ?? 0);
    this.peers = new PeerStreams(loop, network, process, node, machines, group, traceId, reports);
    const shared = { machine, process, work, observer, pending: this.#pending };
    this.raftThread = new RaftThread(
      { ...shared, spec: spec.raft, rng: blueprint.rng, peers: this.peers },
      traceId + 1,
      thread,
    );
    this.applyThread = new ApplyThread({ ...shared, spec, replies: this.#replies }, traceId + 2, thread + 1);
    this.reads = new ReadQueue(machine, process, work, this.#replies, traceId + 3, thread + 2, bugs);
    this.background = new BackgroundWork(machine, process, work, traceId + 4, thread + 3);
    this.background.source = this;
    this.store = new Store(machine, blueprint, this.#root, work, bugs, () => this.#storeSwitched());
    this.snapshots = new SnapshotKeeper(
      machine.disk,
      this.#root,
      spec.raft,
      this.#snapshotFiles,
      this.store,
      thread + 1,
      () => this.raft,
      bugs,
    );
  }

  /** Reads the disk; the time that takes is left on the Raft and apply threads. False: see `failure`. */
  recover(): boolean {
    const { disk, node } = this.#machine;
    // what either thread goes on to do must not reach the disk before what it relies on
    for (const thread of [this.applyThread.diskThread, this.raftThread.diskThread]) {
      disk.thread = thread;
      if (!this.#bugs['recovered-without-sync'] && disk.syncAll(this.#root) !== 'ok') {
        this.failure = 'a sync before recovery failed';
        return false;
      }
    }
    const recovered = this.#recoverLog();
    if (typeof recovered === 'string') {
      this.failure = recovered;
      return false;
    }
    disk.thread = this.applyThread.diskThread;
    const needsImage = !this.store.open(recovered.snapshot.index);
    if (needsImage && !this.store.startEmpty()) {
      this.failure = this.store.failure;
      return false;
    }
    const { spec, observer, isPreloaded = false } = this.#blueprint;
    const { stateMachine } = this.store;
    const before = recovered.snapshot.configuration ?? foundersOf(spec);
    disk.thread = this.raftThread.diskThread;
    const covered = coverDamage(recovered, stateMachine, before, this.snapshots);
    if (covered === undefined) {
      this.failure = 'the snapshot marker could not be saved';
      return false;
    }
    const { snapshot, entries, damaged } = covered;
    this.snapshots.index = snapshot.index;
    const configuration = snapshot.configuration ?? before;
    this.snapshots.configuration = configurationAt(stateMachine.appliedIndex, configuration, entries);
    this.raft = new RaftNode(
      raftConfig(
        recovered.memberId,
        spec,
        this.#bugs,
        leaseClock(this.#machine.clock.read(this.#machine.loop.now)),
        isPreloaded,
      ),
      {
        term: recovered.term,
        vote: recovered.vote,
        commit: Math.max(recovered.commit, snapshot.index),
        snapshotIndex: snapshot.index,
        snapshotTerm: snapshot.term,
        configuration,
        entries,
        damaged,
        needsImage,
      },
      (peer) => this.snapshots.source(peer),
    );
    this.#connect(recovered.wal);
    observer.onRestart(node, stateMachine.appliedIndex);
    let previousTerm = snapshot.term;
    if (damaged.length > 0) this.raftThread.hideFrom(damaged[0]!);
    for (const entry of entries) {
      if (entry.index === damaged[0]) break;
      observer.onAppend(node, entry, previousTerm);
      previousTerm = entry.term;
    }
    return true;
  }

  /** The time of recovery has passed. */
  start(): void {
    this.applyThread.appliedIndex = this.store.stateMachine.appliedIndex;
    this.raftThread.start();
  }

  /** Over the connection that the sender has dialled. */
  receive({ messages }: PeerBundle, connection: Connection, side: Side): void {
    const { from } = messages[0]!;
    if (this.raftThread.configuration.hasRemoved(from)) {
      if (connection.isOpen(side)) connection.send(side, new Gone(from), GONE_BYTES);
      return;
    }
    this.raftThread.receive(messages);
  }

  /** Through this node's log if it leads, or through the leader's. */
  proposeChange(change: ConfChange): void {
    this.raftThread.proposeChange(change);
  }

  /** To be followed by `raftThread.wake`: what came in one message is taken in together. */
  request(request: ClientRequest, connection: Connection, side: Side, arrivedAt: number): void {
    const pending = new PendingRequest(request, connection, side, arrivedAt);
    if (request.operation === PUT || request.operation === DELETE) this.raftThread.propose(pending);
    else this.reads.read(pending);
  }

  /** Runs beside what the engine does by itself; false if it has no such task, nothing to do, or its hands full. */
  maintain(task: string, argument: number | undefined): boolean {
    const definition = this.#blueprint.engine.maintenance?.find(({ name }) => name === task);
    if (definition === undefined || !this.background.hasRoom) return false;
    const { disk } = this.#machine;
    disk.thread = this.applyThread.diskThread;
    const job = this.store.engine.maintain?.(task, argument ?? definition.argument?.default ?? 0);
    if (job !== undefined) this.background.start(job);
    return job !== undefined;
  }

  /** Payloads of the entries that the log keeps in memory. */
  raftLogBytes(): number {
    let bytes = 0;
    for (const entry of this.raft.state.log.entries) bytes += entry.encodedBytes;
    return bytes;
  }

  // ——— JobSource ———

  nextJob(): Job | undefined {
    return this.store.engine.background() ?? this.store.stateMachine.background();
  }

  onProgress(): void {
    this.applyThread.unstall();
  }

  // ——— recovery ———

  #recoverLog(): RecoveredLog | string {
    const { spec } = this.#blueprint;
    const options: WalOptions = {
      disk: this.#machine.disk,
      directory: `${this.#root}wal/`,
      segmentBytes: spec.wal.segmentBytes,
      segmentsMax: spec.wal.segmentsMax,
      work: this.work,
      bugs: this.#bugs,
      ...(spec.storage === undefined ? {} : { integrity: spec.storage.integrity, isAlone: spec.nodes === 1 }),
    };
    return recoverLog(options, this.#snapshotFiles.list(), this.#memberId);
  }

  #storeSwitched(): void {
    const { engine, stateMachine } = this.store;
    this.applyThread.machine = stateMachine;
    this.applyThread.engine = engine;
    this.reads.stateMachine = stateMachine;
    this.background.abandon();
  }

  #connect(wal: WriteAheadLog): void {
    const { raftThread, applyThread, reads, background, snapshots } = this;
    raftThread.node = this.raft;
    raftThread.wal = wal;
    raftThread.applyThread = applyThread;
    raftThread.reads = reads;
    raftThread.snapshots = snapshots;
    raftThread.replies = this.#replies;
    applyThread.raft = raftThread;
    applyThread.reads = reads;
    applyThread.snapshots = snapshots;
    applyThread.background = background;
    reads.raft = raftThread;
    reads.applyThread = applyThread;
    this.#replies.leader = () => machineOf(this.raft.leader);
  }
}
