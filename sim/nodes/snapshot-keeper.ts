/**
 * Raft snapshots of one replica. As in etcd the state lives in the storage engine, so a snapshot is
 * a marker: "the engine's files hold everything up to index i". Three occasions:
 *
 * - every `snapshotEntries` applied entries: engine commit, marker file, record in the write-ahead log;
 *   then the log before it may go, in memory but for `catchUpEntries`, on disk by whole segments
 * - a follower needs more than the leader's log holds: the engine's files as they are now, frozen
 *   copy-on-write, travel to it; not while the disk shows anything else than was written
 * - such files arrive: they are written beside the store in use, synced, marked, and take its place
 */
import type { Bugs } from '../bugs.ts';
import type { DiskImage } from '../disk/disk-image.ts';
import type { SimulatedDisk } from '../disk/simulated-disk.ts';
import type { RaftSpec } from '../run-spec.ts';
import type { StateMachine } from './kv/state-machine.ts';
import { nextConfiguration } from './raft/membership.ts';
import type { Configuration, Entry, Snapshot } from './raft/messages.ts';
import type { RaftNode } from './raft/ready.ts';
import type { SnapshotData } from './snapshot-transfer.ts';
import { removeStore, storeDirectory, storeIndices } from './store-directories.ts';
import type { SnapshotFiles } from './wal/snapshot-files.ts';
import type { SnapshotMark } from './wal/wal-entry.ts';
import type { WriteAheadLog } from './wal/write-ahead-log.ts';

/** etcd's --max-snapshots. */
const MARKERS_KEPT = 5;
const NO_DATA = new Uint8Array(0);

/** The part of the replica that opens a store; false if it cannot be. */
export interface StoreSwitch {
  readonly stateMachine: StateMachine;
  readonly directory: string;
  checkpoint(): readonly string[];
  switchTo(directory: string): boolean;
}

export class SnapshotKeeper {
  /** Of the newest marker. */
  index = 0;
  installed = 0;
  /** As of the entry that the store has applied last: what the protocol has in force may be ahead of it. */
  configuration!: Configuration;
  readonly #disk: SimulatedDisk;
  readonly #root: string;
  readonly #spec: RaftSpec;
  readonly #files: SnapshotFiles;
  readonly #store: StoreSwitch;
  readonly #applyDiskThread: number;
  readonly #node: () => RaftNode;
  readonly #bugs: Bugs;
  #due: SnapshotMark | undefined;
  /** Why the process must end; '' if it need not. */
  failure = '';
  /** Files on their way to a follower, by peer; released when the next is made. */
  readonly #outgoing = new Map<number, Snapshot>();
  /** Arrived and not yet written to this disk, or refused. */
  readonly #incoming = new Set<DiskImage>();

  constructor(
    disk: SimulatedDisk,
    root: string,
    spec: RaftSpec,
    files: SnapshotFiles,
    store: StoreSwitch,
    applyDiskThread: number,
    node: () => RaftNode,
    bugs: Bugs,
  ) {
    this.#disk = disk;
    this.#root = root;
    this.#spec = spec;
    this.#files = files;
    this.#store = store;
    this.#applyDiskThread = applyDiskThread;
    this.#node = node;
    this.#bugs = bugs;
  }

  // ——— the replica's own, every `snapshotEntries` ———

  wantsCommit(appliedIndex: number): boolean {
    if (this.#due !== undefined || appliedIndex - this.index < this.#spec.snapshotEntries) return false;
    if (!this.#bugs['snapshot-mark-before-commit']) return true;
    this.#becomeDue(this.#store.stateMachine.appliedIndex);
    return false;
  }

  /** The engine has committed everything up to `index`. */
  committed(index: number): void {
    if (index - this.index < this.#spec.snapshotEntries || this.#due !== undefined) return;
    if (this.#store.stateMachine.appliedIndex !== index) return; // a restore came in between
    this.#becomeDue(index);
  }

  #becomeDue(index: number): void {
    const { stateMachine } = this.#store;
    this.#due = { index, term: stateMachine.appliedTerm, configuration: this.configuration };
  }

  /** The store is about to apply this change. */
  changeConfiguration(entry: Entry): void {
    this.configuration = nextConfiguration(this.configuration, entry);
  }

  /** After a restart the store may hold what the protocol does not know to be committed yet: the mark waits for that. */
  get isDue(): boolean {
    return this.#due !== undefined && this.#due.index <= this.#node().state.log.applied;
  }

  /** On the Raft thread. False if the disk failed. */
  save(wal: WriteAheadLog, node: RaftNode): boolean {
    const mark = this.#due!;
    this.#due = undefined;
    if (!this.#mark(mark, wal)) return false;
    // a save that ended in a later term than it began in is noted with the next one only
    const target = Math.min(mark.index - this.#spec.catchUpEntries, node.state.log.stable);
    if (target > node.state.log.offset) node.compact(target);
    return true;
  }

  /** Before the protocol runs: the store, durable up to `mark`, stands in for damaged entries before it. */
  standIn(mark: SnapshotMark, wal: WriteAheadLog): boolean {
    return this.#mark(mark, wal);
  }

  #mark(mark: SnapshotMark, wal: WriteAheadLog): boolean {
    if (this.#files.save(mark, NO_DATA) !== 'ok') return false;
    if (wal.saveSnapshot(mark) !== 'ok') return false;
    this.index = mark.index;
    wal.releaseTo(mark.index);
    wal.purge();
    this.#files.purge(MARKERS_KEPT);
    return true;
  }

  // ——— for a follower ———

  /** The store as it is now. Its commit is charged to the apply thread. */
  source(peer: number): Snapshot | undefined {
    const { stateMachine } = this.#store;
    this.#disk.thread = this.#applyDiskThread;
    if (stateMachine.commit() !== 'ok') return undefined;
    const earlier = this.#outgoing.get(peer);
    // for want of a leader the same will be asked for again, while the first is still on its way
    if (earlier !== undefined && earlier.index === stateMachine.appliedIndex && !this.#node().isLeader) return earlier;
    if (earlier !== undefined) (earlier.data as SnapshotData).image.release();
    this.#outgoing.delete(peer);
    if (!this.#mayBeSent()) return undefined;
    const image = this.#disk.capture(this.#store.checkpoint());
    const data: SnapshotData = { image, directory: this.#store.directory, bytes: image.bytes };
    const { appliedIndex: index, appliedTerm: term } = stateMachine;
    const snapshot: Snapshot = { index, term, configuration: this.configuration, data };
    this.#outgoing.set(peer, snapshot);
    return snapshot;
  }

  /**
   * The disk shows what was written. If it does not the process ends: nobody who has fallen behind would ever come up
   * with a leader that cannot send its store.
   */
  #mayBeSent(): boolean {
    if (this.#bugs['snapshot-not-verified'] || this.#disk.showsWhatWasWritten(this.#store.checkpoint())) return true;
    this.failure = 'storage engine: the store does not read as it was written, and was to be sent';
    return false;
  }

  // ——— from the leader ———

  /** False: the sender has given these files up meanwhile, for newer ones or with its life; the message is void. */
  arrived(snapshot: Snapshot): boolean {
    const { image } = snapshot.data as SnapshotData;
    if (image.isReleased) return false;
    image.retain();
    this.#incoming.add(image);
    return true;
  }

  /** The protocol does not want it: this node has more. */
  refused(snapshot: Snapshot): void {
    this.#letGo((snapshot.data as SnapshotData).image);
  }

  #letGo(image: DiskImage): void {
    if (this.#incoming.delete(image)) image.release();
  }

  /** On the Raft thread: the files, synced, and the mark. False if the disk failed. */
  receive(snapshot: Snapshot, wal: WriteAheadLog): boolean {
    const data = snapshot.data as SnapshotData;
    const directory = storeDirectory(this.#root, snapshot.index);
    // a damaged store may stand there, as long as nothing better does
    if (directory !== this.#store.directory) removeStore(this.#disk, directory);
    const installed = this.#disk.install(data.image, data.directory, directory, 'snapshot');
    this.#letGo(data.image);
    if (installed !== 'ok') return false;
    if (!this.#bugs['snapshot-installed-unsynced'] && !this.#sync(directory)) return false;
    const { index, term, configuration } = snapshot;
    if (!this.#mark({ index, term, configuration }, wal)) return false;
    if (this.#bugs['snapshot-released-before-installed']) this.#releaseBelow(index);
    return true;
  }

  /** A planted mistake: a store below the newest may still wait for the apply thread. */
  #releaseBelow(index: number): void {
    const inUse = this.#store.directory;
    for (const older of storeIndices(this.#disk, this.#root)) {
      const directory = storeDirectory(this.#root, older);
      if (older < index && directory !== inUse) removeStore(this.#disk, directory);
    }
  }

  #sync(directory: string): boolean {
    for (const name of this.#disk.list(directory)) {
      const file = this.#disk.open(name)!;
      const synced = this.#disk.sync(file);
      this.#disk.close(file);
      if (synced !== 'ok') return false;
    }
    return this.#disk.syncDirectory(directory) === 'ok';
  }

  /** On the apply thread: the received store takes the place of the old one. False if it cannot be opened. */
  install(snapshot: Snapshot): boolean {
    const old = this.#store.directory;
    if (!this.#store.switchTo(storeDirectory(this.#root, snapshot.index))) return false;
    // an engine makes a new store of what is not there
    if (this.#store.stateMachine.appliedIndex < snapshot.index) return false;
    removeStore(this.#disk, old);
    this.configuration = snapshot.configuration;
    this.installed++;
    return true;
  }

  /** The process ends: nothing is on its way any more. */
  abandon(): void {
    for (const { data } of this.#outgoing.values()) (data as SnapshotData).image.release();
    this.#outgoing.clear();
    for (const image of this.#incoming) image.release();
    this.#incoming.clear();
  }
}
