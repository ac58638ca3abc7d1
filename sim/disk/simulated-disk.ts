/**
 * A node's disk: files, page cache, durability, accounting.
 *
 * Fault model. Until a sync's flush has finished, a crash decides what of it survives: by block, by
 * 512-byte sector, torn within a sector (`crash-model.ts`); lengths and names likewise (`namespace.ts`).
 * What a thread did after a request that had not finished has not happened at all. Bytes covered by a
 * finished sync always survive; a sector that is partly rewritten keeps the rest of its bytes. Errors,
 * slowness and damage beyond crashes are faults (`faults/`). What a flush of one file does for another
 * file that was written back before is not credited: only write-back's own flush makes that durable.
 * A sync doesn't wait for pages of its file that another thread's sync is writing at that moment.
 *
 * Not simulated: the file system's own metadata and journal writes (they cost no bytes here), block
 * allocation and fragmentation, read-ahead, permissions, hard links.
 */
import { assert } from '../assert.ts';
import type { SparseBuffer } from '../bytes/sparse-buffer.ts';
import type { Rng } from '../rng.ts';
import { type BlockStore, ZERO_BLOCK } from './block-store.ts';
import { type CrashOutcome, CrashRecovery } from './crash.ts';
import { type CrashModel, POWER_CUT } from './crash-model.ts';
import {
  BLOCK_BYTES,
  CATEGORIES,
  type Category,
  type DeviceRequest,
  type Disk,
  type DiskCounters,
  type DiskOutcome,
  type File,
  type ReadOutcome,
} from './disk.ts';
import type { DiskImage } from './disk-image.ts';
import { DiskFaults } from './faults/disk-fault.ts';
import { FileContent } from './file-content.ts';
import { FileImages } from './file-images.ts';
import { Namespace } from './namespace.ts';
import { Pages, WRITE_BACK_THREAD } from './pages.ts';
import { PendingSyncs, SYNC_DIRECTORY, SYNC_FILE, SYNC_NOTHING, SYNC_WRITE_BACK } from './pending-syncs.ts';
import { ProcessEnd } from './process-end.ts';
import { RequestQueues } from './request-queues.ts';
import { CATEGORY_SHIFT, SimulatedFile } from './simulated-file.ts';
import { Strays } from './strays.ts';
import { APPENDED, CUT, FILLED_HOLE, GREW, LOST, UndoLog } from './undo-log.ts';

export { WRITE_BACK_THREAD };

export interface DiskOptions {
  /** Shared by the disks of a cluster. */
  readonly store: BlockStore;
  /** The disk's own stream; only crashes draw from it. */
  readonly rng: Rng;
  readonly pageCacheBytes: number;
  /** Of all files' lengths together. */
  readonly capacityBytes: number;
  readonly crashModel?: CrashModel;
}

export class SimulatedDisk implements Disk {
  thread = 0;
  /** Sum of the lengths of all files that have a name or an open handle. */
  usedBytes = 0;
  readonly counters: DiskCounters = {
    writtenBytes: new Float64Array(CATEGORIES.length),
    writeCalls: new Float64Array(CATEGORIES.length),
    readBytes: new Float64Array(CATEGORIES.length),
    readCalls: new Float64Array(CATEGORIES.length),
    syncs: new Float64Array(CATEGORIES.length),
    deviceWrittenBytes: new Float64Array(CATEGORIES.length),
    deviceReadBytes: new Float64Array(CATEGORIES.length),
    directorySyncs: 0,
  };
  readonly faults = new DiskFaults();
  /** Restarts after which something may have been gone that a sync had reported as durable. */
  forgotten = 0;
  readonly store: BlockStore;
  readonly capacityBytes: number;

  readonly crashModel: CrashModel;
  readonly #rng: Rng;
  /** All files whose content may still matter, by id, in the order of creation. */
  readonly #files = new Map<number, SimulatedFile>();
  readonly #namespace: Namespace;
  readonly #undo = new UndoLog();
  readonly #content: FileContent;
  readonly #pages: Pages;
  readonly #queues = new RequestQueues();
  readonly #syncs = new PendingSyncs();
  readonly #images: FileImages;
  readonly #strays: Strays;
  #nextFileId = 1;
  /** Counts the calls that change something. */
  #sequence = 0;
  /** Its value at the last `writeBack`. */
  #agedSequence = 0;

  constructor(options: DiskOptions) {
    assert(CATEGORIES.length <= 65536 >>> CATEGORY_SHIFT, 'disk: more categories than a page has bits for');
    this.store = options.store;
    this.#rng = options.rng.fork('crash');
    this.capacityBytes = options.capacityBytes;
    this.crashModel = options.crashModel ?? POWER_CUT;
    this.#content = new FileContent(options.store, this.#undo);
    this.#strays = new Strays(options.store);
    this.#pages = new Pages(options.pageCacheBytes, this.#files, this.#queues, this.counters);
    this.#namespace = new Namespace((file) => this.#releaseIfForgotten(file));
    this.#images = new FileImages(options.store, this.#namespace.names, this.#content, this.faults);
  }

  // ——— names ———

  create(name: string, category: Category): File {
    const file = new SimulatedFile(this.#nextFileId++, name, category);
    this.#files.set(file.id, file);
    file.isNamed = true;
    file.handles = 1;
    const displaced = this.#namespace.create(name, file, this.thread, ++this.#sequence);
    if (displaced !== undefined) this.#unname(displaced);
    return file;
  }

  open(name: string): File | undefined {
    const file = this.#namespace.names.get(name);
    if (file !== undefined) file.handles++;
    return file;
  }

  close(file: File): void {
    const closed = this.#live(file);
    closed.handles--;
    if (!closed.isNamed && closed.handles === 0) this.#makeUnreachable(closed);
  }

  /** Fails with `io-error` if there is no such file. */
  rename(from: string, to: string): DiskOutcome {
    const file = this.#namespace.names.get(from);
    if (file === undefined) return 'io-error';
    if (from === to) return 'ok';
    const displaced = this.#namespace.rename(file, to, this.thread, ++this.#sequence);
    file.name = to;
    if (displaced !== undefined) this.#unname(displaced);
    return 'ok';
  }

  /** Fails with `io-error` if there is no such file. */
  remove(name: string): DiskOutcome {
    const file = this.#namespace.names.get(name);
    if (file === undefined) return 'io-error';
    this.#namespace.remove(file, this.thread, ++this.#sequence);
    this.#unname(file);
    return 'ok';
  }

  list(prefix: string): string[] {
    return this.#namespace.list(prefix);
  }

  syncDirectory(directory: string): DiskOutcome {
    assert(directory === '' || directory.endsWith('/'), 'disk: not the name of a directory');
    let kind = SYNC_DIRECTORY;
    if (this.faults.count > 0) {
      const fate = this.faults.syncFate(undefined);
      if (fate === 'io-error' || fate === 'io-error-clean') return 'io-error';
      if (fate === 'ok-volatile') kind = SYNC_NOTHING;
    }
    this.counters.directorySyncs++;
    const sync = this.#syncs.add(kind, undefined, directory, this.#sequence);
    this.#queues.of(this.thread).flush(sync, this.#sequence);
    return 'ok';
  }

  // ——— content ———

  read(file: File, offset: number, length: number, into: SparseBuffer): ReadOutcome {
    const source = this.#live(file);
    assert(offset >= 0 && length >= 0, 'disk: read of a negative range');
    into.reset();
    if (this.faults.count > 0 && this.faults.readOutcome(file, offset, length) !== 'ok') return 'io-error';
    const category = source.categoryIndex;
    this.counters.readCalls[category]++;
    const end = Math.min(offset + length, source.length);
    if (end <= offset) return 'ok';
    this.counters.readBytes[category] += end - offset;
    let block = Math.floor(offset / BLOCK_BYTES);
    let inFrom = offset - block * BLOCK_BYTES;
    for (let left = end - offset; left > 0; block++) {
      const inTo = Math.min(BLOCK_BYTES, inFrom + left);
      this.#pages.read(source, block, this.thread, this.#sequence);
      this.#content.readBlock(source, block, into, inFrom, inTo);
      left -= inTo - inFrom;
      inFrom = 0;
    }
    if (this.faults.count > 0) this.faults.contentRead(file, offset, into);
    return 'ok';
  }

  /** All or nothing: `no-space` if the files would grow beyond the capacity. */
  write(
    file: File,
    offset: number,
    data: SparseBuffer,
    from = 0,
    to = data.length,
    category: Category | undefined = undefined,
  ): DiskOutcome {
    const target = this.#live(file);
    const count = to - from;
    assert(offset >= 0 && from >= 0 && count >= 0 && to <= data.length, 'disk: write of a bad range');
    if (this.faults.count > 0) {
      const outcome = this.faults.writeOutcome(file, offset, count);
      if (outcome !== 'ok') return outcome;
    }
    const oldLength = target.length;
    const end = offset + count;
    if (end > oldLength && this.usedBytes + end - oldLength > this.capacityBytes) return 'no-space';
    const categoryIndex = category === undefined ? target.categoryIndex : CATEGORIES.indexOf(category);
    this.counters.writeCalls[categoryIndex]++;
    if (count === 0) return 'ok';
    this.counters.writtenBytes[categoryIndex] += count;
    const sequence = ++this.#sequence;
    const arrival = this.faults.count > 0 ? this.faults.arrival(file, offset, count) : 'arrives';
    const firstBlock = Math.floor(offset / BLOCK_BYTES);
    const endBlock = Math.ceil(end / BLOCK_BYTES);
    if (this.#strays.count > 0) this.#strays.overwritten(target, firstBlock, endBlock);
    if (arrival !== 'arrives') {
      this.#undo.addedAs = LOST;
      target.hasLost = true;
    } else if (target.hasLost) this.#undo.mend(target, firstBlock, endBlock);
    this.#content.write(target, offset, data, from, to, this.thread, sequence);
    this.#undo.addedAs = 0;
    if (typeof arrival === 'number') {
      this.#content.seal(target);
      this.#strays.add(arrival, this.#files.values(), target.block(firstBlock));
    }
    this.#pages.written(target, firstBlock, endBlock, categoryIndex, sequence);
    if (end > oldLength) {
      // after the overwritten part of a block that straddles the old end: its state is what both wrote
      if (arrival !== 'arrives') {
        // the length is the file system's: that arrives
        this.#undo.add(target, GREW, this.thread, sequence, oldLength, end, ZERO_BLOCK);
        this.#undo.addedAs = LOST;
        this.#undo.add(target, FILLED_HOLE, this.thread, sequence, Math.max(offset, oldLength), end, ZERO_BLOCK);
        this.#undo.addedAs = 0;
      } else if (offset > oldLength) {
        this.#undo.add(target, GREW, this.thread, sequence, oldLength, end, ZERO_BLOCK);
        this.#undo.add(target, FILLED_HOLE, this.thread, sequence, offset, end, ZERO_BLOCK);
      } else {
        this.#undo.add(target, APPENDED, this.thread, sequence, oldLength, end, ZERO_BLOCK);
      }
      target.length = end;
      this.usedBytes += end - oldLength;
    }
    return 'ok';
  }

  /** `no-space` if extending goes beyond the capacity. */
  truncate(file: File, length: number): DiskOutcome {
    const target = this.#live(file);
    assert(length >= 0, 'disk: truncate to a negative length');
    const oldLength = target.length;
    if (length === oldLength) return 'ok';
    if (length > oldLength && this.usedBytes + length - oldLength > this.capacityBytes) return 'no-space';
    const sequence = ++this.#sequence;
    if (length < oldLength && this.#content.cut(target, length, this.thread, sequence)) {
      const last = Math.floor(length / BLOCK_BYTES);
      this.#pages.written(target, last, last + 1, target.categoryIndex, sequence);
    }
    const kind = length > oldLength ? GREW : CUT;
    this.#undo.add(target, kind, this.thread, sequence, oldLength, length, ZERO_BLOCK);
    target.length = length;
    this.usedBytes += length - oldLength;
    return 'ok';
  }

  sync(file: File): DiskOutcome {
    return this.#sync(this.#live(file));
  }

  /** Syncs each file below the prefix, and each directory, of which something is not durable. The first failure ends it. */
  syncAll(prefix: string): DiskOutcome {
    for (const name of this.list(prefix)) {
      const file = this.#namespace.names.get(name)!;
      if (file.firstRecord < 0) continue;
      const outcome = this.#sync(file);
      if (outcome !== 'ok') return outcome;
    }
    for (const directory of this.#namespace.unsettled(prefix)) {
      const outcome = this.syncDirectory(directory);
      if (outcome !== 'ok') return outcome;
    }
    return 'ok';
  }

  #sync(target: SimulatedFile): DiskOutcome {
    let kind = SYNC_FILE;
    if (this.faults.count > 0) {
      const fate = this.faults.syncFate(target);
      if (fate === 'io-error') return 'io-error';
      if (fate === 'io-error-clean') {
        this.#pages.drop(target);
        this.#undo.lose(target);
        return 'io-error';
      }
      if (fate === 'ok-volatile') kind = SYNC_NOTHING;
    }
    this.counters.syncs[target.categoryIndex]++;
    this.#pages.clean(target, target.dirtyCount, this.thread, this.#sequence);
    this.#queues.of(this.thread).flush(this.#syncs.add(kind, target, '', this.#sequence), this.#sequence);
    return 'ok';
  }

  /**
   * Periodic write-back, called by the host on a deadline: what was dirty at the last call and still is
   * goes to the device on `WRITE_BACK_THREAD`, and is durable when the flush after it has finished, with
   * every change of length and name of that age. Linux looks every 5 s for pages older than 30 s.
   */
  writeBack(): void {
    let isDue = this.#namespace.journal.length > 0 && this.#namespace.journal[0].sequence <= this.#agedSequence;
    for (const file of this.#files.values()) {
      const first = file.firstRecord;
      if (first >= 0 && this.#undo.sequence[first] <= this.#agedSequence) isDue = true;
      if (file.agedCount > 0) this.#pages.clean(file, file.agedCount, WRITE_BACK_THREAD, this.#sequence);
      file.agedCount = file.dirtyCount;
    }
    if (isDue) {
      const sync = this.#syncs.add(SYNC_WRITE_BACK, undefined, '', this.#agedSequence);
      this.#queues.of(WRITE_BACK_THREAD).flush(sync, this.#sequence);
    }
    this.#agedSequence = this.#sequence;
  }

  // ——— images ———

  /** The files as the process sees them now, with what faults make of them; every name must exist. */
  capture(names: readonly string[]): DiskImage {
    return this.#images.capture(names);
  }

  /** Whether reads of these files show what was written, as checksums kept beside each block would tell. */
  showsWhatWasWritten(names: readonly string[]): boolean {
    return this.#images.showWhatWasWritten(names);
  }

  /**
   * Writes the image's files, `fromPrefix` of their names replaced by `toPrefix`: counted, dirty and
   * not durable, like any write. All or nothing if there is `no-space`.
   */
  install(image: DiskImage, fromPrefix: string, toPrefix: string, category: Category): DiskOutcome {
    if (this.usedBytes + image.bytes > this.capacityBytes) return 'no-space';
    for (let i = 0; i < image.names.length; i++) {
      const file = this.#createFrom(image, i, fromPrefix, toPrefix, category);
      this.counters.writeCalls[file.categoryIndex]++;
      this.counters.writtenBytes[file.categoryIndex] += file.length;
      this.#undo.add(file, APPENDED, this.thread, this.#sequence, 0, file.length, ZERO_BLOCK);
      this.#pages.written(file, 0, file.blockCount, file.categoryIndex, this.#sequence);
    }
    return 'ok';
  }

  /** Puts the image's files there as if they always had been: durable, not counted, not in the page cache. */
  preload(image: DiskImage, fromPrefix: string, toPrefix: string, category: Category): DiskOutcome {
    if (this.usedBytes + image.bytes > this.capacityBytes) return 'no-space';
    for (let i = 0; i < image.names.length; i++) this.#createFrom(image, i, fromPrefix, toPrefix, category);
    this.#namespace.settleAll(this.#sequence, this.#queues);
    return 'ok';
  }

  release(image: DiskImage): void {
    image.release();
  }

  /** The exact bytes of a file, for tests and small exports. */
  exportFile(name: string): Uint8Array {
    const out = new Uint8Array(this.#images.lengthOf(name));
    let at = 0;
    for (const chunk of this.exportChunks(name)) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }

  /** The same piece by piece; a piece is valid until the next one is asked for. */
  exportChunks(name: string): Generator<Uint8Array, void> {
    return this.#images.chunks(name);
  }

  // ——— time ———

  /** Kind of the request that `takeRequest` would give; −1 if there is none. */
  nextRequestKind(thread: number): number {
    return this.#queues.nextKind(thread);
  }

  takeRequest(thread: number, into: DeviceRequest): boolean {
    return this.#queues.take(thread, into);
  }

  /** Requests of the thread that are not complete, taken or not. */
  waitingRequests(thread: number): number {
    return this.#queues.waiting(thread);
  }

  complete(thread: number): void {
    const id = this.#queues.of(thread).complete();
    if (id < 0) return;
    const { kind, file, directory, sequence } = this.#syncs.take(id);
    if (file !== undefined && file.promisedTo < sequence) file.promisedTo = sequence;
    if (kind === SYNC_FILE) {
      const synced = file!;
      if (!this.#files.has(synced.id)) return;
      this.#undo.settle(synced, sequence, this.#queues, this.store);
      this.#namespace.settleCreation(synced, sequence, this.#queues);
    } else if (kind === SYNC_DIRECTORY) {
      this.#namespace.settleDirectory(directory, sequence, this.#queues);
    } else if (kind === SYNC_WRITE_BACK) {
      for (const each of this.#files.values()) this.#undo.settle(each, sequence, this.#queues, this.store);
      this.#namespace.settleAll(sequence, this.#queues);
    }
  }

  settle(): void {
    const { threads } = this.#queues;
    for (let i = 0; i < threads.length; i++) {
      while (this.#queues.take(threads[i], DISCARDED)) {
        // each is completed below
      }
      while (this.#queues.waiting(threads[i]) > 0) this.complete(threads[i]);
    }
  }

  /**
   * The process dies and the machine goes on: what its threads had not come to never happened, and what they had done
   * stays in the page cache, whence periodic write-back takes it to the device. Every handle is dead. Nobody waits
   * for syncs that were under way: what they would have made durable waits for the next one (a simplification).
   */
  endProcess(): void {
    this.#content.coolAll();
    const end = new ProcessEnd(this.#undo, this.store, this.#queues);
    for (const file of this.#files.values()) end.takeBack(file);
    this.#namespace.takeBack(this.#queues);
    for (const file of this.#files.values()) {
      file.isNamed = false;
      file.handles = 0;
    }
    this.usedBytes = 0;
    for (const [name, file] of this.#namespace.names) {
      file.isNamed = true;
      file.name = name;
      this.usedBytes += file.length;
    }
    for (const file of [...this.#files.values()]) {
      if (file.isNamed) continue;
      this.#pages.forget(file);
      if (file.journalReferences === 0) this.#release(file);
    }
    for (const thread of this.#queues.threads) {
      if (thread === WRITE_BACK_THREAD) continue;
      const queue = this.#queues.of(thread);
      for (const sync of queue.syncs()) this.#syncs.take(sync);
      queue.clear();
    }
  }

  /**
   * The power fails: what no finished sync covers is decided by the model, what threads had not come to
   * never happened, the page cache and all requests are gone, and every handle is dead. A fresh process
   * opens what is left by name. What faults made a write or a sync lose is gone with the page cache.
   */
  crash(model: CrashModel = this.crashModel): CrashOutcome {
    const outcome: CrashOutcome = {
      blocksKept: 0,
      blocksLost: 0,
      blocksMixed: 0,
      sectorsTorn: 0,
      namesLost: 0,
      filesForgotten: 0,
    };
    const rng = this.#rng;
    this.#content.coolAll();
    const { names } = this.#namespace;
    outcome.namesLost = this.#namespace.recover(this.#queues, (count) =>
      rng.chance(model.newestNames) ? count : rng.int(0, count),
    );
    const nameOf = new Map<SimulatedFile, string>();
    for (const [name, file] of names) nameOf.set(file, name);
    names.clear();
    const keepsAll = model.blockKept === 1;
    const successors = new Map<SimulatedFile, SimulatedFile>();
    const recovery = new CrashRecovery(this.#undo, this.store, this.#queues, rng, model, outcome);
    const survivors: SimulatedFile[] = [];
    for (const file of this.#files.values()) {
      const name = nameOf.get(file);
      if (name !== undefined) {
        const fresh = new SimulatedFile(this.#nextFileId++, name, file.category);
        if (this.#undo.hasOpen(file, file.promisedTo, keepsAll)) outcome.filesForgotten++;
        recovery.recover(file, fresh);
        successors.set(file, fresh);
        survivors.push(fresh);
      }
      this.#dropContent(file);
    }
    if (this.#strays.count > 0) outcome.filesForgotten += this.#strays.land(successors);
    if (outcome.filesForgotten > 0) this.forgotten++;
    this.#files.clear();
    this.usedBytes = 0;
    for (const file of survivors) {
      file.isNamed = true;
      names.set(file.name, file);
      this.#files.set(file.id, file);
      this.usedBytes += file.length;
    }
    this.#pages.clear();
    this.#queues.clear();
    this.#syncs.clear();
    this.#agedSequence = this.#sequence;
    return outcome;
  }

  /** An empty disk takes the place of one whose machine has crashed. Its figures go on. */
  wipe(): void {
    assert(this.#namespace.journal.length === 0, 'disk: wiped under a running machine');
    this.#namespace.names.clear();
    for (const file of this.#files.values()) this.#dropContent(file);
    this.#files.clear();
    this.usedBytes = 0;
    this.#pages.clear();
  }

  /** Memory of this disk's tables; the content itself is in the shared store. */
  get memoryBytes(): number {
    let sum = this.#undo.memoryBytes + this.#pages.memoryBytes;
    for (const file of this.#files.values()) sum += file.tableBytes;
    return sum;
  }

  // ——— life and death of files ———

  #createFrom(
    image: DiskImage,
    index: number,
    fromPrefix: string,
    toPrefix: string,
    category: Category,
  ): SimulatedFile {
    assert(!image.isReleased, 'disk: use of a released image');
    const from = image.names[index];
    assert(from.startsWith(fromPrefix), 'disk: an image holds a name outside of its prefix');
    const file = this.create(toPrefix + from.slice(fromPrefix.length), category) as SimulatedFile;
    file.handles = 0;
    file.length = image.lengths[index];
    this.usedBytes += file.length;
    file.cover(Math.ceil(file.length / BLOCK_BYTES));
    const table = image.blocks[index];
    for (let block = 0; block < table.length; block++) file.blocks[block] = this.store.share(table[block]);
    return file;
  }

  #live(file: File): SimulatedFile {
    const live = file as SimulatedFile;
    assert(!live.isDead && live.handles > 0, 'disk: a file handle that is closed or of a dead process');
    return live;
  }

  #unname(file: SimulatedFile): void {
    file.isNamed = false;
    if (file.handles === 0) this.#makeUnreachable(file);
  }

  /** No name and no handle: the space is free, though a crash may yet bring the name back. */
  #makeUnreachable(file: SimulatedFile): void {
    this.#content.cool(file);
    this.#pages.forget(file);
    this.usedBytes -= file.length;
    if (file.journalReferences === 0) this.#release(file);
  }

  #releaseIfForgotten(file: SimulatedFile): void {
    if (!file.isNamed && file.handles === 0) this.#release(file);
  }

  #release(file: SimulatedFile): void {
    if (this.#files.delete(file.id)) this.#dropContent(file);
  }

  #dropContent(file: SimulatedFile): void {
    this.#undo.discard(file, this.store);
    for (let block = 0; block < file.blockCount; block++) this.store.release(file.blocks[block]);
    file.blockCount = 0;
    file.isDead = true;
  }
}

const DISCARDED: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
