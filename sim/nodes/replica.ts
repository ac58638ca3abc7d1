/**
 * One member of one Raft group on a node, from the start of its process to its end: builds the parts,
 * recovers from the disk alone, and hands requests to the right thread.
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
import type { Job, StorageEngine } from '../storage-engine.ts';
import { Work } from '../work.ts';
import { ApplyThread } from './apply-thread.ts';
import { BackgroundWork, JOBS_MAX, type JobSource } from './background-work.ts';
import type { StateMachine, StateMachineDefinition } from './kv/state-machine.ts';
import type { Machine } from './machine.ts';
import { decodeMemberId, encodeMemberId, machineOf } from './member-id.ts';
import type { NodeObserver } from './observer.ts';
import { GONE_BYTES, Gone, type PeerBundle, PeerStreams } from './peer-streams.ts';
import { PendingRequest, PendingRequests } from './pending-requests.ts';
import type { Process } from './process.ts';
import { type ConfChange, decodeConfChange } from './raft/conf-change.ts';
import { nextConfiguration } from './raft/membership.ts';
import { type Configuration, ENTRY_NORMAL, Entry } from './raft/messages.ts';
import { RaftNode } from './raft/ready.ts';
import { RaftThread } from './raft-thread.ts';
import { leaseClock } from './raft-timers.ts';
import { ReadQueue } from './read-queue.ts';
import { ReplySender } from './reply-sender.ts';
import {
  emptyStoreDirectory,
  SnapshotKeeper,
  type StoreSwitch,
  storeDirectory,
  storeIndices,
} from './snapshot-keeper.ts';
import { openWriteAheadLog } from './wal/recovery.ts';
import { SnapshotFiles } from './wal/snapshot-files.ts';
import type { SnapshotMark } from './wal/wal-entry.ts';
import { createWriteAheadLog, type WalOptions, WriteAheadLog } from './wal/write-ahead-log.ts';

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
/** Of `raft.clockDriftMax`. */
const CLOCK_DRIFT_MAX = 0.01;
/** Handlers of a replica in the trace. */
export const TRACE_IDS = 5;

/** The log's start: nothing applied, all nodes voters. */
interface Recovered {
  readonly wal: WriteAheadLog;
  readonly memberId: number;
  readonly term: number;
  readonly vote: number;
  readonly commit: number;
  readonly snapshot: SnapshotMark;
  readonly entries: Entry[];
  /** Indices of entries that are damaged on disk; with redundant storage only. */
  readonly damaged: readonly number[];
}

export class Replica implements StoreSwitch, JobSource {
  readonly work = new Work();
  readonly applyThread: ApplyThread;
  readonly raftThread: RaftThread;
  readonly reads: ReadQueue;
  readonly background: BackgroundWork;
  readonly peers: PeerStreams;
  readonly snapshots: SnapshotKeeper;
  raft!: RaftNode;
  engine!: StorageEngine;
  stateMachine!: StateMachine;
  directory = '';
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
    this.raftThread = new RaftThread(
      {
        machine,
        process,
        spec: spec.raft,
        rng: blueprint.rng,
        work,
        observer,
        peers: this.peers,
        pending: this.#pending,
      },
      traceId + 1,
      thread,
    );
    this.applyThread = new ApplyThread(
      { machine, process, spec, work, observer, pending: this.#pending, replies: this.#replies },
      traceId + 2,
      thread + 1,
    );
    this.reads = new ReadQueue(machine, process, work, this.#replies, traceId + 3, thread + 2, bugs);
    this.background = new BackgroundWork(machine, process, work, traceId + 4, thread + 3);
    this.background.source = this;
    this.snapshots = new SnapshotKeeper(
      machine.disk,
      this.#root,
      spec.raft,
      this.#snapshotFiles,
      this,
      thread + 1,
      () => this.raft,
      bugs,
    );
  }

  /** Reads the disk; the time that takes is left on the Raft and apply threads. False: see `failure`. */
  recover(): boolean {
    const { disk, node } = this.#machine;
    disk.thread = this.raftThread.diskThread;
    const recovered = this.#recoverLog();
    if (recovered === undefined) return false;
    disk.thread = this.applyThread.diskThread;
    const needsImage = !this.#openStore(recovered.snapshot.index);
    if (needsImage && !this.#startEmpty()) return false;
    const { snapshot, entries, damaged } = this.#coverDamage(recovered);
    if (this.failure !== '') return false;
    this.snapshots.index = snapshot.index;

    const { spec, observer, isPreloaded = false } = this.#blueprint;
    const configuration = (snapshot.configuration as Configuration | undefined) ?? everybody(spec.nodes);
    this.snapshots.configuration = this.#configurationAt(this.stateMachine.appliedIndex, configuration, entries);
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
    observer.onRestart(node, this.stateMachine.appliedIndex);
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
    this.applyThread.appliedIndex = this.stateMachine.appliedIndex;
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
    const job = this.engine.maintain?.(task, argument ?? definition.argument?.default ?? 0);
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
    return this.engine.background() ?? this.stateMachine.background();
  }

  onProgress(): void {
    this.applyThread.unstall();
  }

  // ——— StoreSwitch ———

  checkpoint(): readonly string[] {
    return this.engine.checkpoint();
  }

  switchTo(directory: string): boolean {
    const { engine: definition, stateMachine: machine, spec } = this.#blueprint;
    const { disk, loop: clock } = this.#machine;
    const { work } = this;
    const rng = this.#blueprint.rng.fork(`engine/${clock.now}`);
    const bugs = this.#bugs;
    const context = { disk, directory, tables: machine.tables, work, clock, rng, bugs };
    const engine = definition.create(context, spec.engine.options);
    const stateMachine = machine.create(engine, work, undefined, bugs);
    const outcome = stateMachine.open();
    // an engine may open and only then find, read for the index of mvcc, what it cannot read
    const fault = stateMachine.corruption;
    if (outcome === 'corrupt' || outcome === 'io-error' || fault !== undefined) {
      this.failure = `storage engine: ${outcome === 'recovered' ? 'unreadable' : outcome}${fault === undefined ? '' : ` at ${fault.where}: ${fault.what}`}`;
      return false;
    }
    this.engine = engine;
    this.stateMachine = stateMachine;
    this.directory = directory;
    this.applyThread.machine = stateMachine;
    this.applyThread.engine = engine;
    this.reads.stateMachine = stateMachine;
    this.background.abandon();
    return true;
  }

  // ——— recovery ———

  /** False: see `failure`. */
  #openStore(snapshotIndex: number): boolean {
    if (!this.switchTo(this.#chooseStore(snapshotIndex))) return false;
    const { appliedIndex } = this.stateMachine;
    if (appliedIndex >= snapshotIndex) return true;
    this.failure = `storage engine: holds entries up to ${appliedIndex}, the log begins after ${snapshotIndex}`;
    return false;
  }

  /**
   * With redundant storage a store that cannot be opened is no reason to stay down: the node follows without one
   * until the leader sends its own. The damaged one stays until then, so that a restart finds it as it was.
   */
  #startEmpty(): boolean {
    if (!this.#isRedundant || this.#blueprint.spec.nodes === 1) return false;
    const { disk } = this.#machine;
    const directory = emptyStoreDirectory(this.#root);
    for (const name of disk.list(directory)) disk.remove(name);
    this.failure = '';
    return this.switchTo(directory);
  }

  /** Damaged entries that the store holds already need no repair: it stands in for them, as a snapshot of its own. */
  #coverDamage(recovered: Recovered): Pick<Recovered, 'snapshot' | 'entries' | 'damaged'> {
    const { wal, entries, damaged } = recovered;
    const { appliedIndex: index, appliedTerm: term } = this.stateMachine;
    if (damaged.length === 0 || damaged[0]! > index) return recovered;
    // a change of the configuration among the damaged entries is missed: nothing else tells what it was
    const before = recovered.snapshot.configuration ?? everybody(this.#blueprint.spec.nodes);
    const snapshot = { index, term, configuration: this.#configurationAt(index, before, entries) };
    const commit = Math.max(recovered.commit, index);
    this.#machine.disk.thread = this.raftThread.diskThread;
    const isSaved =
      this.snapshots.standIn(snapshot, wal) &&
      wal.save({ term: recovered.term, vote: recovered.vote, commit }, []) === 'ok' &&
      wal.sync() === 'ok';
    if (!isSaved) this.failure = 'the snapshot marker could not be saved';
    return {
      snapshot,
      entries: entries.filter((entry) => entry.index > index),
      damaged: damaged.filter((each) => each > index),
    };
  }

  /** The store holds entries up to `index`, so that they are committed. */
  #configurationAt(index: number, before: Configuration, entries: readonly Entry[]): Configuration {
    let configuration = before;
    for (const entry of entries) {
      if (entry.type === ENTRY_NORMAL || entry.index > index) continue;
      const change = decodeConfChange(entry);
      if (change !== undefined) configuration = nextConfiguration(configuration, change);
    }
    return configuration;
  }

  get #isRedundant(): boolean {
    return this.#blueprint.spec.storage?.integrity === 'redundant';
  }

  #recoverLog(): Recovered | undefined {
    const { spec } = this.#blueprint;
    const { disk } = this.#machine;
    const options: WalOptions = {
      disk,
      directory: `${this.#root}wal/`,
      segmentBytes: spec.wal.segmentBytes,
      segmentsMax: spec.wal.segmentsMax,
      work: this.work,
      bugs: this.#bugs,
      ...(spec.storage === undefined ? {} : { integrity: spec.storage.integrity, isAlone: spec.nodes === 1 }),
    };
    const makeEntry = (term: number, index: number, type: number, data: Entry['data']): Entry =>
      new Entry(term, index, type, data);
    const opening = openWriteAheadLog<Entry>(options, this.#snapshotFiles.list(), makeEntry);
    if (opening.outcome === 'ok') {
      const { log, metadata, state, snapshot, entries, damaged } = opening;
      const memberId = decodeMemberId(metadata) || this.#memberId;
      return {
        wal: log,
        memberId,
        term: state.term,
        vote: state.vote,
        commit: state.commit,
        snapshot,
        entries,
        damaged,
      };
    }
    if (opening.outcome === 'missing') {
      const memberId = this.#memberId;
      const wal = createWriteAheadLog(options, encodeMemberId(memberId));
      if (wal instanceof WriteAheadLog) {
        return {
          wal,
          memberId,
          term: 0,
          vote: 0,
          commit: 0,
          snapshot: { index: 0, term: 0 },
          entries: [],
          damaged: [],
        };
      }
      this.failure = `write-ahead log: ${wal}`;
    } else if (opening.outcome === 'corrupt') {
      this.failure = `write-ahead log: corrupt at ${opening.corruption.where}: ${opening.corruption.what}`;
    } else this.failure = `write-ahead log: ${opening.outcome}`;
    return undefined;
  }

  /** The newest store that the log knows of; copies that were never finished, and older stores, are removed. */
  #chooseStore(snapshotIndex: number): string {
    const { disk } = this.#machine;
    let chosen = 0;
    for (const index of storeIndices(disk, this.#root)) if (index <= snapshotIndex) chosen = index;
    for (const index of storeIndices(disk, this.#root)) {
      if (index === chosen) continue;
      for (const name of disk.list(storeDirectory(this.#root, index))) disk.remove(name);
    }
    return storeDirectory(this.#root, chosen);
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

function everybody(nodes: number): Configuration {
  const voters = Array.from({ length: nodes }, (_, node) => node + 1);
  return { voters, votersOutgoing: [], learners: [], learnersNext: [], autoLeave: false };
}

function raftConfig(
  id: number,
  spec: ClusterSpec,
  bugs: Bugs,
  clock: number,
  isPreloaded: boolean,
): ConstructorParameters<typeof RaftNode>[0] {
  const { raft } = spec;
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
    ...(isPreloaded ? { foundersMax: spec.nodes } : {}),
    bugs,
  };
}
