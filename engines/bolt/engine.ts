/**
 * The `bolt` engine: bbolt 1.3.6's copy-on-write B+tree in one file. FORMAT.md has the layout and the
 * steps of a commit.
 *
 * `write` puts into the open write transaction, which the first write after a commit begins;
 * reads see it. `sync` is its commit: two cache flushes, after which it is durable as a whole. A
 * crash before leaves the commit before. `close` commits nothing, as in bbolt.
 *
 * Simplified: no read transaction outlives a call; tables are buckets of the root, without buckets
 * inside. Limits: keys of 1 to 32,768 bytes, 2^31 pages, 2 GiB of keys and values in one
 * transaction, both asserted; whoever writes bounds the transaction by calling `sync`.
 *
 * A page that turns out damaged ends the engine's service: the call says so (a read finds
 * nothing), `corruption` names it, and every later call fails.
 */
import { assert } from '../../sim/assert.ts';
import type { Batch } from '../../sim/batch.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { File } from '../../sim/disk/disk.ts';
import type {
  EngineStats,
  Fault,
  Job,
  OpenOutcome,
  Pressure,
  StorageEngine,
  Visitor,
  WriteOutcome,
} from '../../sim/storage-engine.ts';
import { BYTES_HASHED, SYSTEM_CALLS } from '../../sim/work.ts';
import type { EngineContext } from '../engine.ts';
import { type BucketCensus, checkEveryPage, checkFreelistPage, TreeWalk } from './check.ts';
import {
  BUCKET_ELEMENT,
  BUCKET_HEADER_BYTES,
  FREELIST_PAGE,
  KEY_BYTES_MAX,
  LEAF_PAGE,
  META_BYTES,
  type Meta,
  NO_FREELIST,
  PAGE_HEADER_BYTES,
  VALUE_BYTES_MAX,
  writeMetaPage,
  writePageHeader,
} from './format.ts';
import { Freelist } from './freelist.ts';
import { ArrayFreePages } from './freelist-array.ts';
import { HashmapFreePages } from './freelist-hashmap.ts';
import { readFreelistPage, writeFreelistPage } from './freelist-page.ts';
import { sortIds } from './ids.ts';
import * as lookup from './lookup.ts';
import { newerMeta, readMetas, sameMeta } from './metas.ts';
import { Page, Pages } from './pages.ts';
import { rebalanceAll } from './rebalance.ts';
import { Space } from './space.ts';
import { spillAll, writeNode } from './spill.ts';
import { Bucket, PageCensus, Transaction, TransactionStats } from './transaction.ts';

export interface BoltOptions {
  readonly freelist: 'array' | 'hashmap';
  readonly noFreelistSync: boolean;
  readonly fillPercent: number;
  readonly initialMmapSize: number;
  readonly pageSize: number;
}

/** The root bucket's; bbolt's default. */
const ROOT_FILL_PERCENT = 0.5;
const FIRST_FREELIST = 2;
const FIRST_ROOT = 3;
const FIRST_PAGES = 4;
const META_PAGES = 2;
/** Stands for the freelist where a page's node is listed. */
const FREELIST_NODE = -1;

export class BoltEngine implements StorageEngine {
  corruption: Fault | undefined;
  readonly delayedBytesPerS: number = Number.MAX_SAFE_INTEGER;
  readonly transactionStats = new TransactionStats();
  readonly #context: EngineContext;
  readonly #options: BoltOptions;
  readonly #path: string;
  readonly #root = new Bucket(0, new Uint8Array(0), ROOT_FILL_PERCENT);
  readonly #tables: readonly Bucket[];
  readonly #out = new SparseBuffer(8192);
  readonly #value = new Value();
  #file: File | undefined;
  #meta: Meta = { pageSize: 0, root: 0, sequence: 0, freelist: 0, highWater: 0, txid: 0 };
  /** Pages of the stored freelist. */
  #freelistPages = 0;
  /** The other meta page was found torn, and is about to be overwritten by the next commit. */
  #spareMetaIsTorn = false;
  #transaction: Transaction | undefined;
  #isOpen = false;
  #inTransaction = false;

  constructor(context: EngineContext, options: BoltOptions) {
    this.#context = context;
    this.#options = options;
    this.#path = `${context.directory}db`;
    const encoder = new TextEncoder();
    this.#tables = context.tables.map(
      (name, index) => new Bucket(index + 1, encoder.encode(name), options.fillPercent),
    );
  }

  // ——— opening ———

  open(): OpenOutcome {
    const { disk } = this.#context;
    this.#file = disk.open(this.#path);
    let outcome = this.#file === undefined ? 'absent' : this.#load(this.#file);
    if (outcome === 'corrupt' && this.#wasNeverCreated(this.#file!)) outcome = 'absent';
    const isFresh = outcome === 'absent';
    if (isFresh) {
      this.corruption = undefined;
      if (this.#file !== undefined) disk.close(this.#file);
      this.#file = disk.create(this.#path, 'page');
      if (this.#initialise(this.#file) !== 'ok') return 'io-error';
      outcome = this.#load(this.#file);
    }
    if (outcome === 'corrupt' || outcome === 'io-error') return outcome;
    this.#isOpen = true;
    if (isFresh) {
      const { census, space } = this.#require();
      space.grownBytes = FIRST_PAGES * this.#meta.pageSize;
      census.startEmpty();
    }
    if (!this.#options.noFreelistSync && this.#meta.freelist === NO_FREELIST) {
      this.#begin();
      if (this.sync() !== 'ok') return 'io-error';
    }
    if (this.#createMissingTables() !== 'ok') return this.corruption === undefined ? 'io-error' : 'corrupt';
    return isFresh ? 'fresh' : 'recovered';
  }

  /**
   * Whether the file is what a crash during its creation left: the first commit would have made it longer,
   * and have been transaction 2.
   */
  #wasNeverCreated(file: File): boolean {
    if (file.length > FIRST_PAGES * this.#options.pageSize) return false;
    const metas = readMetas(this.#context.disk, file, this.#options.pageSize, this.#out);
    return metas?.every((meta) => typeof meta === 'string' || meta.txid < 2) ?? false;
  }

  #initialise(file: File): WriteOutcome {
    const { pageSize } = this.#options;
    const { disk, work } = this.#context;
    const out = this.#out.reset();
    const meta = {
      pageSize,
      root: FIRST_ROOT,
      sequence: 0,
      freelist: FIRST_FREELIST,
      highWater: FIRST_PAGES,
      txid: 0,
    };
    writeMetaPage(out, meta);
    writeMetaPage(out, { ...meta, txid: 1 });
    writePageHeader(out, FIRST_FREELIST, FREELIST_PAGE, 0, 0);
    out.run(0, pageSize - PAGE_HEADER_BYTES);
    writePageHeader(out, FIRST_ROOT, LEAF_PAGE, 0, 0);
    out.run(0, pageSize - PAGE_HEADER_BYTES);
    work.counts[SYSTEM_CALLS]! += 2;
    const written = disk.write(file, 0, out, 0, out.length, 'meta');
    return written === 'ok' ? disk.sync(file) : written;
  }

  /** Reads metas, freelist and root bucket. */
  #load(file: File): 'ok' | 'corrupt' | 'io-error' {
    const { disk, work } = this.#context;
    const metas = readMetas(this.#context.disk, file, this.#options.pageSize, this.#out);
    if (metas === undefined) return 'io-error';
    const meta = newerMeta(metas);
    if (meta === undefined) return this.#corrupt({ where: `${file.name} metas`, what: String(metas[0]) });
    if (!(meta.pageSize >= 512 && meta.pageSize <= 65536)) {
      return this.#corrupt({ where: `${file.name} meta`, what: `page size ${meta.pageSize}` });
    }
    this.#meta = { ...meta };
    this.#spareMetaIsTorn = typeof metas[1 - (meta.txid % 2)] === 'string';
    const pages = new Pages(disk, file, work, meta.pageSize);
    pages.highWater = meta.highWater;
    const freelist = new Freelist(
      this.#options.freelist === 'array' ? new ArrayFreePages(work) : new HashmapFreePages(work),
      work,
    );
    const space = new Space(disk, file, work, freelist, meta.pageSize);
    space.highWater = meta.highWater;
    space.map(this.#options.initialMmapSize);
    const walk = new TreeWalk(pages);
    const rootCensus = walk.walkRoot(meta.root);
    const census = new PageCensus();
    if (meta.freelist === NO_FREELIST) {
      walk.walkBuckets();
      loadUnreachable(freelist, walk);
      census.countUnknown(rootCensus, walk.census);
      this.#freelistPages = 0;
    } else {
      const stored = readFreelistPage(pages, meta.freelist);
      if (stored === undefined) return this.#corrupt(pages.fault!);
      freelist.load(stored.ids, stored.count);
      this.#freelistPages = stored.pages;
    }
    if (walk.faults.length > 0) return this.#corrupt(walk.faults[0]!);
    this.#root.root = meta.root;
    this.#root.sequence = meta.sequence;
    this.#findTables(walk);
    const root = this.#root;
    this.#transaction = new Transaction(
      pages,
      space,
      freelist,
      work,
      root,
      this.#tables,
      this.transactionStats,
      census,
    );
    this.#transaction.reset();
    return 'ok';
  }

  #findTables(walk: TreeWalk): void {
    for (const table of this.#tables) {
      const found = walk.buckets.find((bucket) => sameBytes(bucket.name, table.name));
      table.root = found?.root ?? 0;
      table.sequence = found?.sequence ?? 0;
      table.inline = found?.inline;
    }
  }

  #createMissingTables(): WriteOutcome {
    const transaction = this.#require();
    const empty = new SparseBuffer();
    empty.bytes(new Uint8Array(BUCKET_HEADER_BYTES));
    writePageHeader(empty, 0, LEAF_PAGE, 0, 0);
    const value = Value.of(empty.toBytes());
    for (const table of this.#tables) {
      if (table.root !== 0 || table.inline !== undefined) continue;
      this.#begin();
      if (!transaction.put(this.#root, table.name, 0, table.name.length, value, BUCKET_ELEMENT)) return this.#damaged();
      table.inline = new Page();
      writePageHeader(table.inline.buffer, 0, LEAF_PAGE, 0, 0);
      transaction.pages.adoptInline(table.inline);
    }
    return this.sync();
  }

  // ——— reading and writing ———

  get(table: number, key: Uint8Array, into: Value): boolean {
    if (!this.#isOpen) return false;
    const transaction = this.#require();
    if (lookup.get(transaction, this.#tables[table]!, key, into)) return true;
    if (transaction.pages.fault !== undefined) this.#damaged();
    return false;
  }

  scan(table: number, from: Uint8Array, to: Uint8Array | undefined, visit: Visitor): void {
    if (!this.#isOpen) return;
    if (!lookup.scan(this.#require(), this.#tables[table]!, from, to, visit, this.#value)) this.#damaged();
  }

  write(batch: Batch): WriteOutcome {
    if (!this.#isOpen) return 'io-error';
    const transaction = this.#require();
    this.#begin();
    const value = this.#value;
    const { count, table, keyFrom, keyTo, isDelete, bytes } = batch;
    for (let i = 0; i < count; i++) {
      const bucket = this.#tables[table[i]!];
      assert(bucket !== undefined, 'bolt: unknown table');
      const from = keyFrom[i]!;
      const to = keyTo[i]!;
      assert(to > from && to - from <= KEY_BYTES_MAX, 'bolt: keys have 1 to 32768 bytes');
      let isDone: boolean;
      if (isDelete[i] === 1) {
        isDone = this.#delete(bucket, bytes, from, to);
      } else {
        batch.value(i, value);
        assert(value.length <= VALUE_BYTES_MAX, 'bolt: value too large');
        isDone = transaction.put(bucket, bytes, from, to, value, 0);
      }
      if (!isDone) return this.#damaged();
    }
    return 'ok';
  }

  /** A key that is not there leaves the tree's pages alone. */
  #delete(bucket: Bucket, bytes: Uint8Array, from: number, to: number): boolean {
    const transaction = this.#require();
    const key = bytes.subarray(from, to);
    if (lookup.get(transaction, bucket, key, this.#value)) return transaction.delete(bucket, bytes, from, to);
    return transaction.pages.fault === undefined;
  }

  #begin(): void {
    if (this.#inTransaction) return;
    this.#require().begin();
    this.#inTransaction = true;
  }

  // ——— commit ———

  sync(): WriteOutcome {
    if (!this.#isOpen) return 'io-error';
    if (!this.#inTransaction) return 'ok';
    const outcome = this.#commit();
    this.#require().reset();
    this.#inTransaction = false;
    if (outcome === 'ok') return 'ok';
    if (this.#require().pages.fault !== undefined) return this.#damaged();
    // as bbolt's rollback: what is on the disk counts
    if (this.#load(this.#file!) !== 'ok') this.#isOpen = false;
    return outcome;
  }

  #commit(): WriteOutcome {
    const transaction = this.#require();
    const { space, freelist, pages, stats } = transaction;
    const meta: Meta = { ...this.#meta, txid: this.#meta.txid + 1 };
    if (!rebalanceAll(transaction)) return 'io-error';
    const spilled = spillAll(transaction);
    if (spilled !== 'ok') return spilled;
    meta.root = this.#root.root;
    if (meta.freelist !== NO_FREELIST && !freelist.free(meta.freelist, this.#freelistPages)) {
      pages.fail(meta.freelist, 'the freelist page is free');
      return 'io-error';
    }
    let freelistPages = 0;
    meta.freelist = NO_FREELIST;
    if (!this.#options.noFreelistSync) {
      freelistPages = Math.floor(freelist.serializedBytes() / meta.pageSize) + 1;
      const highWater = space.highWater;
      meta.freelist = transaction.allocate(freelistPages, FREELIST_NODE);
      if (meta.freelist === 0) return 'no-space';
      if (space.highWater > highWater) {
        const grown = space.grow();
        if (grown !== 'ok') return grown;
      }
    }
    meta.highWater = space.highWater;
    const written = this.#writePages(transaction, freelistPages);
    if (written !== 'ok') return written;
    const committed = this.#writeMeta(meta);
    if (committed !== 'ok') return committed;
    this.#meta = meta;
    this.#freelistPages = freelistPages;
    this.#spareMetaIsTorn = false;
    pages.highWater = meta.highWater;
    stats.commits++;
    stats.freelistPages += freelistPages;
    // bbolt counts free pages twice more for its statistics
    freelist.pages.chargeCount();
    freelist.pages.chargeCount();
    return 'ok';
  }

  #writePages(transaction: Transaction, freelistPages: number): WriteOutcome {
    const { disk, work } = this.#context;
    const { writtenIds, writtenNodes, writtenCount, pageSize } = transaction;
    const file = this.#file!;
    const out = this.#out;
    sortIds(writtenIds, writtenNodes, writtenCount);
    for (let i = 0; i < writtenCount; i++) {
      const id = writtenIds[i]!;
      const node = writtenNodes[i]!;
      out.reset();
      if (node === FREELIST_NODE) writeFreelistPage(transaction.freelist, id, freelistPages, pageSize, out);
      else writeNode(transaction, node, out);
      const category = node === FREELIST_NODE ? 'freelist' : 'page';
      const written = disk.write(file, id * pageSize, out, 0, out.length, category);
      if (written !== 'ok') return written;
    }
    transaction.stats.writes += writtenCount;
    work.counts[SYSTEM_CALLS]! += writtenCount + 1;
    return disk.sync(file);
  }

  #writeMeta(meta: Meta): WriteOutcome {
    const { disk, work } = this.#context;
    const out = this.#out.reset();
    writeMetaPage(out, meta);
    this.transactionStats.writes++;
    work.counts[SYSTEM_CALLS]! += 2;
    work.counts[BYTES_HASHED]! += META_BYTES;
    const written = disk.write(this.#file!, (meta.txid % 2) * meta.pageSize, out, 0, out.length, 'meta');
    return written === 'ok' ? disk.sync(this.#file!) : written;
  }

  // ——— everything else ———

  /** Bolt has no background work: all of it is done in the commit. */
  background(): Job | undefined {
    return undefined;
  }

  pressure(): Pressure {
    return 'none';
  }

  /** The file only ever shows the last commit. */
  checkpoint(): readonly string[] {
    return [this.#path];
  }

  check(): Fault[] {
    if (this.corruption !== undefined) return [this.corruption];
    const transaction = this.#require();
    const { pages, freelist } = transaction;
    const walk = new TreeWalk(pages);
    this.#checkMetas(walk);
    const rootCensus = walk.walkRoot(this.#meta.root);
    walk.walkBuckets();
    if (walk.faults.length === 0 && !this.#inTransaction) transaction.census.countUnknown(rootCensus, walk.census);
    if (this.#meta.freelist !== NO_FREELIST) checkFreelistPage(walk, pages, this.#meta.freelist, freelist);
    checkEveryPage(walk, freelist);
    for (const id of pages.staleBranches(walk.reachable)) walk.fault(`page ${id}`, 'differs from the copy in memory');
    pages.takeFault();
    return walk.faults;
  }

  #checkMetas(walk: TreeWalk): void {
    const path = this.#path;
    const metas = readMetas(this.#context.disk, this.#file!, this.#meta.pageSize, new SparseBuffer());
    if (metas === undefined) {
      walk.fault(path, 'the meta pages cannot be read');
      return;
    }
    for (let slot = 0; slot < 2; slot++) {
      const meta = metas[slot]!;
      const isInUse = slot === this.#meta.txid % 2;
      if (typeof meta === 'string') {
        if (isInUse || !this.#spareMetaIsTorn) walk.fault(`${path} meta ${slot}`, meta);
      } else if (isInUse && !sameMeta(meta, this.#meta)) {
        walk.fault(`${path} meta ${slot}`, 'is not the last one that was committed');
      } else if (!isInUse && meta.txid >= this.#meta.txid) {
        walk.fault(`${path} meta ${slot}`, `transaction ${meta.txid} is not older than ${this.#meta.txid}`);
      }
    }
  }

  /** By table: what its tree consists of as of the last commit. Walks everything. */
  tableCensus(): BucketCensus[] {
    const walk = new TreeWalk(this.#require().pages);
    walk.walkRoot(this.#meta.root);
    walk.walkBuckets();
    const isTable = (name: Uint8Array, table: Bucket): boolean => sameBytes(name, table.name);
    return this.#tables.map((table) => {
      return walk.census[walk.buckets.findIndex((bucket) => isTable(bucket.name, table))]!;
    });
  }

  stats(): EngineStats {
    const { nodes, pages, freelist, census, space } = this.#require();
    const stats = this.transactionStats;
    const { pageSize, highWater, txid } = this.#meta;
    // also known where the census is not, after opening a file that has its freelist: all but metas, free pages, freelist
    const treePages = highWater - META_PAGES - freelist.count - this.#freelistPages;
    return {
      memoryBytes: { nodes: nodes.memoryBytes, branchPages: pages.memoryBytes, freelist: freelist.memoryBytes },
      fileBytes: this.#file!.length,
      liveKeys: census.keys,
      figures: {
        pageSize,
        txid,
        highWaterPages: highWater,
        leafPages: census.leafPages,
        leafOverflowPages: census.leafOverflowPages,
        branchPages: census.branchPages,
        branchOverflowPages: census.branchOverflowPages,
        treePages,
        freePages: freelist.pages.count,
        pendingPages: freelist.pendingCount,
        freelistPages: this.#freelistPages,
        mapBytes: space.mapBytes,
        commits: stats.commits,
        pagesAllocated: stats.pageCount,
        dataPagesWritten: stats.dataPages,
        freelistPagesWritten: stats.freelistPages,
        nodesMaterialised: stats.nodeCount,
        rebalances: stats.rebalance,
        splits: stats.split,
        spills: stats.spill,
        pageWrites: stats.writes,
        fileGrowths: space.growths,
      },
    };
  }

  /** The open transaction is rolled back. */
  close(): WriteOutcome {
    this.#isOpen = false;
    this.#inTransaction = false;
    this.#transaction?.reset();
    if (this.#file !== undefined) this.#context.disk.close(this.#file);
    this.#file = undefined;
    return 'ok';
  }

  #require(): Transaction {
    assert(this.#transaction !== undefined, 'bolt: used before open');
    return this.#transaction;
  }

  #damaged(): 'io-error' {
    this.corruption ??= this.#transaction?.pages.takeFault();
    this.#isOpen = false;
    this.#inTransaction = false;
    this.#transaction?.reset();
    return 'io-error';
  }

  #corrupt(fault: Fault): 'corrupt' {
    this.corruption = fault;
    return 'corrupt';
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Frees every page that the walk has not met. */
function loadUnreachable(freelist: Freelist, walk: TreeWalk): void {
  const ids = new Int32Array(walk.reachable.length);
  let count = 0;
  for (let id = 2; id < walk.reachable.length; id++) if (walk.reachable[id] === 0) ids[count++] = id;
  freelist.load(ids, count);
}
