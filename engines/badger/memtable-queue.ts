/**
 * The active memtable's way to the queue of full ones, and its log if it has one of its own.
 *
 * Full: a memtable that is full becomes immutable when the next write comes, unless as many as
 * `num_memtables` wait for their flush; the host must hold writers then (`isFull`), and a write all the same goes into the
 * full one. At four times its size we assert.
 */
import { assert } from '../../sim/assert.ts';
import type { DiskOutcome } from '../../sim/disk/disk.ts';
import type { MemtableList } from './memtable-list.ts';
import { MemtableLog } from './memtable-log.ts';
import type { Store } from './store.ts';

const OVERFULL = 4;

export class MemtableQueue {
  protected readonly store: Store;
  protected readonly memtables: MemtableList;
  /** A flush is running: the oldest immutable memtable does not wait any more. */
  flushing = false;
  /** A memtable was switched by the call at hand, whose requests have not finished. */
  switched = false;
  // pointer to the last entry written
  headFile = 0;
  headOffset = 0;
  headLength = 0;
  log: MemtableLog | undefined;
  nextLog = 1;

  constructor(store: Store, memtables: MemtableList) {
    this.store = store;
    this.memtables = memtables;
  }

  /** The memtable should become immutable, and the queue has a place for it. */
  get maySwitch(): boolean {
    return this.#wantsRoom() && !this.#isQueueFull();
  }

  /** Writers must wait: the memtable is full and so is the queue. */
  get isFull(): boolean {
    return this.#wantsRoom() && this.#isQueueFull();
  }

  setHead(file: number, offset: number, length: number): void {
    this.headFile = file;
    this.headOffset = offset;
    this.headLength = length;
  }

  /** Makes a full memtable immutable if the queue has a place. */
  makeRoom(): DiskOutcome {
    const { options, valueLog } = this.store;
    const { active } = this.memtables;
    if (!this.#wantsRoom()) return 'ok';
    if (this.#isQueueFull()) {
      const limit = options.tableBytesMax * OVERFULL;
      assert(active.arena.usedBytes < limit, 'badger: written to while pressure() said stop');
      return 'ok';
    }
    valueLog.rotations = 0;
    // What the memtable points to is durable before the memtable's table can be. Older files are already.
    const outcome = this.headFile === valueLog.newest ? valueLog.sync() : 'ok';
    if (outcome !== 'ok' || active.entries === 0) return outcome;
    return this.switchMemtable();
  }

  switchMemtable(): DiskOutcome {
    this.switched = true;
    // Only the newest log may end in the middle of a transaction.
    const isLeftOut = this.store.bugs['badger-full-memtable-not-synced'];
    const outcome = this.log === undefined || isLeftOut ? 'ok' : this.log.sync();
    return outcome === 'ok' ? this.pushMemtable() : outcome;
  }

  /** The active memtable becomes immutable; its logs must be durable, or be synced by the same thread before. */
  pushMemtable(): DiskOutcome {
    this.memtables.push(this.headFile, this.headOffset, this.headLength, this.log);
    return this.log === undefined ? 'ok' : this.startLog();
  }

  /** Begins the log of the active memtable. */
  startLog(): DiskOutcome {
    const { disk, directory, work } = this.store;
    const log = MemtableLog.create(disk, directory, this.nextLog++, work);
    if (!(log instanceof MemtableLog)) return log;
    this.log = log;
    return 'ok';
  }

  /** The active memtable holds what this log holds. `flush` makes a place in the queue. */
  adoptLog(log: MemtableLog, flush: () => void): void {
    if (this.memtables.active.entries === 0) {
      log.remove();
      return;
    }
    if (this.#isQueueFull()) flush();
    this.memtables.push(this.headFile, this.headOffset, this.headLength, log);
  }

  /** A clean stop: the log of an empty memtable goes. */
  dropEmptyLog(): void {
    if (this.log === undefined || this.memtables.active.entries > 0) return;
    this.log.remove();
    this.log = undefined;
  }

  /** Of all memtables, oldest first. */
  logs(): MemtableLog[] {
    const logs: MemtableLog[] = [];
    for (const { log } of this.memtables.immutables) if (log !== undefined) logs.push(log);
    if (this.log !== undefined) logs.push(this.log);
    return logs;
  }

  #wantsRoom(): boolean {
    const { options, valueLog } = this.store;
    if (valueLog.rotations >= options.logRotatesToFlush) return true;
    if (this.log !== undefined && this.log.file.length >= options.tableBytesMax) return true;
    return this.memtables.active.arena.usedBytes >= options.tableBytesMax;
  }

  #isQueueFull(): boolean {
    const waiting = this.memtables.immutables.length - (this.flushing ? 1 : 0);
    return waiting >= this.store.options.memtablesMax;
  }
}
