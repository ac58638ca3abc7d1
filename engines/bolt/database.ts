/**
 * A bolt file that is open: one write transaction at a time, read transactions beside it.
 *
 * The read transactions hold pages back. When a write transaction begins, the freelist gets the pending pages that
 * no reader can reach: see `freelist.ts`. A reader is closed by whoever opened it; a crash or `close` ends all.
 *
 * A page that turns out damaged ends the service: the call says so, `corruption` names it, and every later
 * call fails.
 */
import { assert } from '../../sim/assert.ts';
import { type Bugs, NO_BUGS } from '../../sim/bugs.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import type { Fault, OpenOutcome, WriteOutcome } from '../../sim/storage-engine.ts';
import type { Work } from '../../sim/work.ts';
import type { Bucket } from './bucket.ts';
import { ROOT_BUCKET, type TreeWalk } from './check.ts';
import { commit } from './commit.ts';
import { removeUnfinishedCopy } from './defragment.ts';
import { NO_FREELIST, PAGE_HEADER_BYTES } from './format.ts';
import { LAST_TXID } from './freelist.ts';
import { FIRST_PAGES, initialise, openStore, readTrees, wasNeverCreated } from './opening.ts';
import type { BoltOptions } from './options.ts';
import { Pages } from './pages.ts';
import { type PageCensus, TransactionStats } from './statistics.ts';
import type { Store } from './store.ts';
import { Transaction } from './transaction.ts';
import { depthOf } from './walk.ts';
import { WriteTransaction } from './write-transaction.ts';

export class Database {
  readonly path: string;
  readonly disk: Disk;
  corruption: Fault | undefined;
  /** A copy is being made: no writes. */
  isDefragmenting = false;
  /** Over all files that have had the name. */
  readonly stats: TransactionStats;
  readonly #work: Work;
  readonly #options: BoltOptions;
  readonly #bugs: Bugs;
  readonly #tables: readonly Uint8Array[];
  #store: Store | undefined;
  #transaction: WriteTransaction | undefined;
  /** Oldest first. */
  readonly #readers: Transaction[] = [];
  #isServing = false;

  /** `tables`: buckets of the root that are kept open. */
  constructor(
    disk: Disk,
    path: string,
    work: Work,
    options: BoltOptions,
    tables: readonly Uint8Array[] = [],
    stats: TransactionStats = new TransactionStats(),
    bugs: Bugs = NO_BUGS,
  ) {
    this.disk = disk;
    this.stats = stats;
    this.path = path;
    this.#work = work;
    this.#options = options;
    this.#tables = tables;
    this.#bugs = bugs;
  }

  /** False once a damaged page was met, and after `close`. */
  get isServing(): boolean {
    return this.#isServing;
  }

  get store(): Store {
    assert(this.#store !== undefined, 'bolt: used before open');
    return this.#store;
  }

  /** The write transaction, open or not: what has been committed, and what it has changed since. */
  get transaction(): WriteTransaction {
    assert(this.#transaction !== undefined, 'bolt: used before open');
    return this.#transaction;
  }

  get readers(): readonly Transaction[] {
    return this.#readers;
  }

  open(): OpenOutcome {
    const { disk } = this;
    const { pageSize } = this.#options;
    removeUnfinishedCopy(disk, this.#temporaryPath);
    let file = disk.open(this.path);
    let outcome = file === undefined ? 'absent' : this.#load(file);
    if (outcome === 'corrupt' && wasNeverCreated(disk, file!, pageSize)) outcome = 'absent';
    const isFresh = outcome === 'absent';
    if (isFresh) {
      this.corruption = undefined;
      if (file !== undefined) disk.close(file);
      file = disk.create(this.path, 'page');
      if (initialise(disk, file, this.#work, pageSize) !== 'ok') return 'io-error';
      outcome = this.#load(file);
    }
    if (outcome === 'corrupt' || outcome === 'io-error') return outcome as OpenOutcome;
    this.#isServing = true;
    const { store } = this;
    if (isFresh) {
      store.space.grownBytes = FIRST_PAGES * pageSize;
      store.census.startEmpty(PAGE_HEADER_BYTES);
      this.transaction.root.depth = 1;
    }
    if (!this.#options.noFreelistSync && store.meta.freelist === NO_FREELIST) {
      this.begin();
      if (this.commit() !== 'ok') return 'io-error';
    }
    return isFresh ? 'fresh' : 'recovered';
  }

  /** The write transaction, begun; what no reader can reach any more may be used again. */
  begin(): WriteTransaction {
    const { transaction, store } = this;
    transaction.begin();
    const { freelist } = store;
    if (this.#readers.length === 0) {
      freelist.release(LAST_TXID);
      return transaction;
    }
    freelist.release(this.#readers[0]!.txid - 1);
    let begin = this.#readers[0]!.txid;
    for (const { txid } of this.#readers) {
      freelist.releaseRange(begin, txid - 1);
      begin = txid + 1;
    }
    freelist.releaseRange(begin, LAST_TXID);
    return transaction;
  }

  /**
   * Ends the write transaction; durable with the disk's answer to its last sync. After a failure it is as if it had
   * not been, but if only that sync failed: then it is there, and a crash may yet undo it.
   */
  commit(): WriteOutcome {
    const { transaction, store } = this;
    assert(transaction.isOpen, 'bolt: commit without a transaction');
    const outcome = commit(transaction);
    if (store.meta === transaction.meta) {
      transaction.reset();
      return outcome;
    }
    const isDamaged = store.pages.fault !== undefined;
    if (isDamaged) this.stop();
    else this.#restore();
    return outcome;
  }

  /** Ends the write transaction after pages were written that nothing refers to. */
  fail(outcome: WriteOutcome): WriteOutcome {
    this.#restore();
    return outcome;
  }

  /** Ends the write transaction without a trace. */
  rollback(): void {
    const { transaction, store } = this;
    if (!transaction.isOpen) return;
    store.freelist.rollback(transaction.txid);
    transaction.undoCounts();
    transaction.reset();
  }

  beginRead(): Transaction {
    const { store } = this;
    const pages = new Pages(this.disk, store.file, this.#work, store.pageSize, false);
    pages.highWater = store.meta.highWater;
    const reader = new Transaction(pages, this.#work, store.meta);
    this.#readers.push(reader);
    this.#readersChanged();
    return reader;
  }

  endRead(reader: Transaction): void {
    const at = this.#readers.indexOf(reader);
    assert(at >= 0, 'bolt: a read transaction ends once');
    this.#readers.splice(at, 1);
    this.#readersChanged();
  }

  close(): void {
    this.#isServing = false;
    this.#readers.length = 0;
    this.#transaction?.reset();
    if (this.#store !== undefined) this.disk.close(this.#store.file);
    this.#store = undefined;
  }

  /** A database for a copy of this one, beside it. */
  temporary(): Database {
    const { pageSize } = this.store;
    return new Database(this.disk, this.#temporaryPath, this.#work, { ...this.#options, pageSize }, [], this.stats);
  }

  get #temporaryPath(): string {
    return `${this.path}.tmp`;
  }

  /** Goes on with the file that has the name now, of which so much was counted; without readers and open transaction. */
  reload(census: PageCensus): void {
    const old = this.store.file;
    const file = this.disk.open(this.path);
    if (file === undefined || this.#load(file) !== 'ok') this.stop();
    this.disk.close(old);
    if (!this.#isServing) return;
    const { pages, census: own } = this.store;
    own.assign(census);
    for (const table of this.transaction.tables) {
      if (table.inline === undefined) table.depth = depthOf(pages, table.root);
    }
    if (pages.fault !== undefined) this.stop();
  }

  /** A page is damaged: nothing is served from here on. */
  stop(fault?: Fault): void {
    this.corruption ??= fault ?? this.store.pages.takeFault();
    this.#isServing = false;
    this.transaction.reset();
  }

  #readersChanged(): void {
    const { freelist, space } = this.store;
    freelist.setReaders(this.#readers.length > 0);
    space.hasReaders = this.#readers.length > 0;
  }

  /** Metas, freelist and root bucket. */
  #load(file: File): 'ok' | 'corrupt' | 'io-error' {
    const store = openStore(this.disk, file, this.#work, this.#options, this.stats, this.#bugs);
    if (store === undefined) return 'io-error';
    if ('what' in store) return this.#corrupt(store);
    const walk = readTrees(store);
    if ('what' in walk) return this.#corrupt(walk);
    this.#store = store;
    this.#transaction = new WriteTransaction(store, this.#tables, this.#options.fillPercent);
    this.#findTables(walk);
    return 'ok';
  }

  /** As bbolt's rollback: what is on the disk counts, but for the pages that readers hold back. */
  #restore(): void {
    const { store, transaction } = this;
    store.freelist.rollback(transaction.txid);
    store.space.highWater = store.meta.highWater;
    store.pages.forgetAll();
    store.census.forget();
    const walk = readTrees(store);
    transaction.reset();
    if ('what' in walk) {
      this.#corrupt(walk);
      this.#isServing = false;
      return;
    }
    this.#findTables(walk);
  }

  #findTables(walk: TreeWalk): void {
    const { transaction } = this;
    for (const table of transaction.tables) {
      const found = walk.buckets.find(({ parent, name }) => parent === ROOT_BUCKET && sameBytes(name, table.name));
      table.root = found?.root ?? 0;
      table.sequence = found?.sequence ?? 0;
      table.storedSequence = table.sequence;
      table.inline = found?.inline;
      table.depth = found?.inline === undefined ? Number.NaN : 1;
    }
    transaction.listTables();
    this.takeDepths(walk);
  }

  /** Takes over the depths of the tables' trees from a walk that has been through them. */
  takeDepths(walk: TreeWalk): void {
    walk.census.forEach(({ depth }, i) => {
      const { parent, name } = walk.buckets[i]!;
      const isIt = (table: Bucket): boolean => parent === ROOT_BUCKET && sameBytes(name, table.name);
      const table = this.transaction.tables.find(isIt);
      if (table !== undefined) table.depth = depth;
    });
  }

  #corrupt(fault: Fault): 'corrupt' {
    this.corruption = fault;
    return 'corrupt';
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
