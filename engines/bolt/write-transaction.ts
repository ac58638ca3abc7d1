/**
 * The write transaction: the nodes that it has changed, the buckets whose trees they form, and
 * the pages that it takes. `commit.ts`, `rebalance.ts` and `spill.ts` end it; `lookup.ts` and cursors read through it.
 *
 * There is one, used again and again: `begin`, then `reset` after the commit or rollback. The tables of an engine
 * are buckets that stay open over all of them; others are forgotten with the transaction.
 *
 * A method that meets a damaged page returns false, −1 or `NOTHING` and leaves the reason in `pages.fault`;
 * the transaction must then be rolled back.
 */
import { assert } from '../../sim/assert.ts';
import { writeU64LE } from '../../sim/bytes/fixed.ts';
import { Value } from '../../sim/bytes/value.ts';
import { BYTES_COPIED, ITEMS_MOVED, KEYS_COMPARED, NODES_MATERIALISED } from '../../sim/work.ts';
import { Arbitrary } from './arbitrary.ts';
import { type Bucket, nameOf } from './bucket.ts';
import { BRANCH_PAGE, BUCKET_ELEMENT, BUCKET_HEADER_BYTES, DEPTH_MAX } from './format.ts';
import { grownIds } from './ids.ts';
import { materialise } from './node-page.ts';
import { childIndex, lowerBound } from './node-search.ts';
import { INSERTED, NOTHING, Nodes, type PutResult } from './nodes.ts';
import { type Page, usedBytesOf } from './pages.ts';
import type { Store } from './store.ts';
import { Transaction } from './transaction.ts';
import { walkPages } from './walk.ts';

export class WriteTransaction extends Transaction {
  readonly store: Store;
  readonly pageSize: number;
  readonly tables: readonly Bucket[];
  readonly arbitrary = new Arbitrary();
  isOpen = false;
  readonly #header = new Uint8Array(BUCKET_HEADER_BYTES);
  readonly #value = new Value();
  #keysAtBegin = 0;
  #hasDroppedTrees = false;
  /** Nodes that lost a record and wait for `rebalance`. */
  unbalanced = 0;

  /** Pages that the commit writes, and the node that each shows. */
  writtenIds: Int32Array = new Int32Array(64);
  writtenNodes: Int32Array = new Int32Array(64);
  writtenCount = 0;

  constructor(store: Store, tables: readonly Uint8Array[], fillPercent: number) {
    super(store.pages, store.work, store.meta, new Nodes());
    this.store = store;
    this.pageSize = store.pageSize;
    this.tables = tables.map((name) => {
      const table = this.addBucket(name, 1);
      table.fillPercent = fillPercent;
      return table;
    });
  }

  override writer(): WriteTransaction {
    return this;
  }

  begin(): void {
    assert(!this.isOpen, 'bolt: one write transaction at a time');
    const { pageSize, root, sequence, freelist, highWater, txid } = this.store.meta;
    this.meta = { pageSize, root, sequence, freelist, highWater, txid: txid + 1 };
    this.isOpen = true;
    this.#keysAtBegin = this.store.census.keys;
    this.#hasDroppedTrees = false;
  }

  /** Takes back what was counted since `begin`; only before a commit has begun. */
  undoCounts(): void {
    const { census } = this.store;
    if (this.#hasDroppedTrees) census.forget();
    else census.keys = this.#keysAtBegin;
    for (const table of this.tables) table.sequence = table.storedSequence;
  }

  /** Forgets all nodes and all buckets but the tables. Freelist and space are the caller's affair. */
  reset(): void {
    this.isOpen = false;
    this.nodes.reset();
    this.root.rootNode = -1;
    this.root.root = this.store.meta.root;
    for (const table of this.tables) table.rootNode = -1;
    if (this.buckets.length > 1 + this.tables.length || this.root.children.size !== this.tables.length) {
      this.buckets.length = 1 + this.tables.length;
      for (const table of this.tables) table.children.clear();
      this.listTables();
    }
    this.unbalanced = 0;
    this.writtenCount = 0;
  }

  /** Makes the tables that exist the open buckets of the root. */
  listTables(): void {
    const { children } = this.root;
    children.clear();
    for (const table of this.tables) {
      if (table.root !== 0 || table.inline !== undefined) children.set(nameOf(table.name), table);
    }
  }

  isTable(bucket: Bucket): boolean {
    return bucket.index > 0 && bucket.index <= this.tables.length;
  }

  put(bucket: Bucket, key: Uint8Array, from: number, to: number, value: Value, flags: number): PutResult {
    const leaf = this.#leafFor(bucket, key, from, to);
    if (leaf < 0) return NOTHING;
    const { nodes, work } = this;
    const result = nodes.put(leaf, key, from, to, value, flags);
    if (result === INSERTED && flags === 0) this.store.census.keys++;
    work.counts[KEYS_COMPARED]! += nodes.keysCompared;
    work.counts[ITEMS_MOVED]!++;
    nodes.keysCompared = 0;
    return result;
  }

  /** Removes a key or a bucket's name. Whoever calls knows that it is there: else its leaf becomes a node for nothing. */
  delete(bucket: Bucket, key: Uint8Array, from: number, to: number): boolean {
    const leaf = this.#leafFor(bucket, key, from, to);
    if (leaf < 0) return false;
    const { nodes, work } = this;
    const index = lowerBound(nodes, leaf, key, from, to);
    if (nodes.exact) {
      if (nodes.flagsAt(leaf, index) === 0) this.store.census.keys--;
      if (!nodes.isUnbalanced(leaf)) this.unbalanced++;
      nodes.removeRecord(leaf, index);
    }
    work.counts[KEYS_COMPARED]! += nodes.keysCompared;
    work.counts[ITEMS_MOVED]!++;
    nodes.keysCompared = 0;
    return true;
  }

  /** Frees all pages of a bucket's tree, and forgets its nodes; `keys` of its records go with it. */
  dropTree(bucket: Bucket, keys: number): boolean {
    const { nodes, store } = this;
    for (let node = 0; node < nodes.nodeCount; node++) {
      if (nodes.bucket[node] !== bucket.index || nodes.isRemoved(node)) continue;
      if (nodes.isUnbalanced(node)) this.unbalanced--;
      nodes.setBalanced(node);
      nodes.setRemoved(node);
    }
    store.census.keys -= keys;
    this.#hasDroppedTrees = true;
    if (bucket.root === 0) return true;
    return walkPages(this.pages, bucket.root, (page) => {
      if (!store.freelist.free(this.txid, page.id, page.overflow + 1)) {
        return this.pages.fail(page.id, 'is in use and in the freelist');
      }
      const isLeaf = page.flags !== BRANCH_PAGE;
      store.census.change(false, isLeaf, page.overflow + 1, usedBytesOf(page), -1);
      this.pages.forget(page.id);
      return true;
    });
  }

  /** Enters root page and sequence of a bucket that is not inline into its parent. */
  writeHeader(parent: Bucket, bucket: Bucket): boolean {
    const { name } = bucket;
    writeU64LE(this.#header, 0, bucket.root);
    writeU64LE(this.#header, 8, bucket.sequence);
    bucket.storedSequence = bucket.sequence;
    this.#value.set(this.#header, 0, BUCKET_HEADER_BYTES, BUCKET_HEADER_BYTES, 0);
    return this.put(parent, name, 0, name.length, this.#value, BUCKET_ELEMENT) !== NOTHING;
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
    const { store } = this;
    const id = store.space.allocate(this.txid, pages);
    if (id === 0) return 0;
    if (this.writtenCount === this.writtenIds.length) {
      this.writtenIds = grownIds(this.writtenIds, this.writtenCount + 1);
      this.writtenNodes = grownIds(this.writtenNodes, this.writtenCount + 1);
    }
    this.writtenIds[this.writtenCount] = id;
    this.writtenNodes[this.writtenCount++] = node;
    store.stats.pageCount += pages;
    // a buffer of one page is used again; Go clears a larger one, a pass over cold memory
    if (pages > 1) this.work.counts[BYTES_COPIED]! += pages * this.pageSize;
    return id;
  }

  /**
   * Frees the page that a node was read from; false if it was free already. The kept image of a branch goes
   * too, unless the branch is as it was read: then whoever frees it decides what becomes of the image.
   */
  freePage(node: number): boolean {
    const { nodes, store } = this;
    const id = nodes.pgid[node]!;
    if (id === 0) return true;
    const pages = nodes.pages[node]!;
    if (!store.freelist.free(this.txid, id, pages)) return this.pages.fail(id, 'is in use and in the freelist');
    const isLeaf = nodes.pageIsLeaf(node);
    store.census.change(nodes.bucket[node] === 0, isLeaf, pages, nodes.usedBytes[node]!, -1);
    if (!isLeaf && !nodes.isAsRead(node)) this.pages.forget(id);
    nodes.pgid[node] = 0;
    return true;
  }

  #leafFor(bucket: Bucket, key: Uint8Array, from: number, to: number): number {
    const { nodes } = this;
    let node = bucket.rootNode >= 0 ? bucket.rootNode : this.rootNode(bucket);
    for (let depth = 0; node >= 0 && !nodes.isLeaf(node); depth++) {
      const index = childIndex(nodes, node, key, from, to);
      const known = nodes.childNode(node, index);
      if (depth === DEPTH_MAX) return this.#tooDeep(nodes.childPage(node, index));
      node = known >= 0 ? known : this.child(node, index);
    }
    return node;
  }

  #materialise(bucket: number, parent: number, page: Page): number {
    const node = materialise(this.nodes, bucket, parent, page);
    if (node < 0) {
      this.pages.fail(page.id, 'an element points outside of its page');
      return -1;
    }
    this.store.stats.nodeCount++;
    this.work.counts[NODES_MATERIALISED]!++;
    this.work.counts[ITEMS_MOVED]! += page.count;
    return node;
  }

  #tooDeep(id: number): number {
    this.pages.fail(id, `the tree is deeper than ${DEPTH_MAX} levels: a cycle`);
    return -1;
  }
}
