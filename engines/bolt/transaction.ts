/**
 * The write transaction: the nodes that it has changed, the buckets whose trees they form, and
 * the pages that it takes. `rebalance.ts` and `spill.ts` are its commit; `lookup.ts` reads through it.
 *
 * A method that meets a damaged page returns false or −1 and leaves the reason in `pages.fault`;
 * the transaction must then be rolled back.
 */
import type { Value } from '../../sim/bytes/value.ts';
import { ITEMS_MOVED, KEYS_COMPARED, NODES_MATERIALISED, type Work } from '../../sim/work.ts';
import { Arbitrary } from './arbitrary.ts';
import type { BucketCensus } from './check.ts';
import type { Freelist } from './freelist.ts';
import { grownIds } from './ids.ts';
import { Nodes } from './nodes.ts';
import type { Page, Pages } from './pages.ts';
import type { Space } from './space.ts';

/** A tree deeper than this is a cycle in a damaged file: 64 levels of at least 2 children. */
export const DEPTH_MAX = 64;

export class Bucket {
  readonly index: number;
  readonly name: Uint8Array;
  readonly fillPercent: number;
  /** Page of the root as of the last commit; 0: inline. */
  root = 0;
  sequence = 0;
  /** The root once it is a node; −1 before. */
  rootNode = -1;
  /** The whole bucket if it is inline. */
  inline: Page | undefined;

  constructor(index: number, name: Uint8Array, fillPercent: number) {
    this.index = index;
    this.name = name;
    this.fillPercent = fillPercent;
  }
}

/** Sums since the engine was made; the names are those of bbolt's TxStats where it has them. */
export class TransactionStats {
  commits = 0;
  pageCount = 0;
  nodeCount = 0;
  rebalance = 0;
  split = 0;
  spill = 0;
  /** Write calls for pages and metas. */
  writes = 0;
  dataPages = 0;
  freelistPages = 0;
}

/** Pages of the trees now; NaN while unknown: from opening a file that has its freelist to the first `check`. */
export class PageCensus {
  leafPages = Number.NaN;
  leafOverflowPages = Number.NaN;
  branchPages = Number.NaN;
  branchOverflowPages = Number.NaN;
  keys = Number.NaN;

  /** A new file: one leaf for the root bucket. */
  startEmpty(): void {
    this.leafPages = 1;
    this.leafOverflowPages = 0;
    this.branchPages = 0;
    this.branchOverflowPages = 0;
    this.keys = 0;
  }

  /** Takes over what a walk has counted, if nobody has counted yet. */
  countUnknown(root: BucketCensus, tables: readonly BucketCensus[]): void {
    if (!Number.isNaN(this.keys)) return;
    this.startEmpty();
    this.leafPages = 0;
    for (const table of tables) this.keys += table.keys;
    for (const bucket of [root, ...tables]) {
      if (bucket.isInline) continue;
      this.leafPages += bucket.leafPages;
      this.leafOverflowPages += bucket.leafOverflowPages;
      this.branchPages += bucket.branchPages;
      this.branchOverflowPages += bucket.branchOverflowPages;
    }
  }

  change(isLeaf: boolean, pages: number, sign: number): void {
    if (isLeaf) {
      this.leafPages += sign;
      this.leafOverflowPages += sign * (pages - 1);
    } else {
      this.branchPages += sign;
      this.branchOverflowPages += sign * (pages - 1);
    }
  }
}

export class Transaction {
  readonly nodes = new Nodes();
  readonly pages: Pages;
  readonly space: Space;
  readonly freelist: Freelist;
  readonly work: Work;
  readonly stats: TransactionStats;
  readonly census: PageCensus;
  readonly root: Bucket;
  readonly tables: readonly Bucket[];
  readonly pageSize: number;
  readonly arbitrary = new Arbitrary();
  /** Nodes that lost a record and wait for `rebalance`. */
  unbalanced = 0;

  /** Pages that the commit writes, and the node that each shows. */
  writtenIds: Int32Array = new Int32Array(64);
  writtenNodes: Int32Array = new Int32Array(64);
  writtenCount = 0;

  constructor(
    pages: Pages,
    space: Space,
    freelist: Freelist,
    work: Work,
    root: Bucket,
    tables: readonly Bucket[],
    stats: TransactionStats,
    census: PageCensus,
  ) {
    this.pages = pages;
    this.space = space;
    this.freelist = freelist;
    this.work = work;
    this.root = root;
    this.tables = tables;
    this.pageSize = pages.pageSize;
    this.stats = stats;
    this.census = census;
  }

  /** bbolt's Begin(true): what the last transaction freed may be used now. */
  begin(): void {
    this.freelist.release();
  }

  /** Forgets all nodes. Freelist and space are the caller's affair. */
  reset(): void {
    this.nodes.reset();
    this.root.rootNode = -1;
    for (const table of this.tables) table.rootNode = -1;
    this.unbalanced = 0;
    this.writtenCount = 0;
  }

  put(bucket: Bucket, key: Uint8Array, from: number, to: number, value: Value, flags: number): boolean {
    const leaf = this.#leafFor(bucket, key, from, to);
    if (leaf < 0) return false;
    const { nodes, work } = this;
    const isNew = nodes.put(leaf, key, from, to, value, flags);
    if (isNew && flags === 0) this.census.keys++;
    work.counts[KEYS_COMPARED]! += nodes.keysCompared;
    work.counts[ITEMS_MOVED]!++;
    nodes.keysCompared = 0;
    return true;
  }

  /** Removes a key; a key that is not there materialises nothing, as in bbolt, if `isThere` says so beforehand. */
  delete(bucket: Bucket, key: Uint8Array, from: number, to: number): boolean {
    const leaf = this.#leafFor(bucket, key, from, to);
    if (leaf < 0) return false;
    const { nodes, work } = this;
    const index = nodes.lowerBound(leaf, key, from, to);
    if (nodes.exact) {
      if (!nodes.isUnbalanced(leaf)) this.unbalanced++;
      nodes.removeRecord(leaf, index);
      this.census.keys--;
    }
    work.counts[KEYS_COMPARED]! += nodes.keysCompared;
    work.counts[ITEMS_MOVED]!++;
    nodes.keysCompared = 0;
    return true;
  }

  /** The bucket's root as a node. */
  rootNode(bucket: Bucket): number {
    if (bucket.rootNode >= 0) return bucket.rootNode;
    const page = bucket.root === 0 ? bucket.inline : this.pages.tree(bucket.root);
    if (page === undefined) return -1;
    bucket.rootNode = this.#materialise(bucket.index, -1, page);
    return bucket.rootNode;
  }

  /** The child at `index` as a node. */
  child(node: number, index: number): number {
    const { nodes } = this;
    const known = nodes.childNode(node, index);
    if (known >= 0) return known;
    const page = this.pages.tree(nodes.childPage(node, index));
    if (page === undefined) return -1;
    const child = this.#materialise(nodes.bucket[node]!, node, page);
    if (child >= 0) nodes.setChildNode(node, index, child);
    return child;
  }

  /** Contiguous pages for a node, or for the freelist (node −1); 0: the file is full. */
  allocate(pages: number, node: number): number {
    const id = this.space.allocate(pages);
    if (id === 0) return 0;
    if (this.writtenCount === this.writtenIds.length) {
      this.writtenIds = grownIds(this.writtenIds, this.writtenCount + 1);
      this.writtenNodes = grownIds(this.writtenNodes, this.writtenCount + 1);
    }
    this.writtenIds[this.writtenCount] = id;
    this.writtenNodes[this.writtenCount++] = node;
    this.stats.pageCount += pages;
    return id;
  }

  /**
   * Frees the page that a node was read from; false if it was free already. The kept image of a branch goes
   * too, unless the branch is as it was read: then whoever frees it decides what becomes of the image.
   */
  freePage(node: number): boolean {
    const { nodes } = this;
    const id = nodes.pgid[node]!;
    if (id === 0) return true;
    const pages = nodes.pages[node]!;
    if (!this.freelist.free(id, pages)) return this.pages.fail(id, 'is in use and in the freelist');
    this.census.change(nodes.pageIsLeaf(node), pages, -1);
    if (!nodes.pageIsLeaf(node) && !nodes.isAsRead(node)) this.pages.forget(id);
    nodes.pgid[node] = 0;
    return true;
  }

  #leafFor(bucket: Bucket, key: Uint8Array, from: number, to: number): number {
    const { nodes } = this;
    let node = bucket.rootNode >= 0 ? bucket.rootNode : this.rootNode(bucket);
    for (let depth = 0; node >= 0 && !nodes.isLeaf(node); depth++) {
      const index = nodes.childIndex(node, key, from, to);
      const known = nodes.childNode(node, index);
      if (depth === DEPTH_MAX) return this.#tooDeep(nodes.childPage(node, index));
      node = known >= 0 ? known : this.child(node, index);
    }
    return node;
  }

  #materialise(bucket: number, parent: number, page: Page): number {
    const node = this.nodes.materialise(bucket, parent, page);
    if (node < 0) {
      this.pages.fail(page.id, 'an element points outside of its page');
      return -1;
    }
    this.stats.nodeCount++;
    this.work.counts[NODES_MATERIALISED]!++;
    this.work.counts[ITEMS_MOVED]! += page.count;
    return node;
  }

  #tooDeep(id: number): number {
    this.pages.fail(id, `the tree is deeper than ${DEPTH_MAX} levels: a cycle`);
    return -1;
  }
}
