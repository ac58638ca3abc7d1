/**
 * A place in a bucket, and the way down to it. Moves over keys and nested buckets alike, in both directions.
 *
 * As in bbolt, a cursor that was moved past the last element stays on it, and one on an empty leaf goes on to the
 * next leaf. Writing to the bucket makes a cursor stale: seek again. `isDamaged` after a move that failed.
 */
import { Value } from '../../sim/bytes/value.ts';
import type { Bucket, BucketFailure } from './bucket.ts';
import { BUCKET_ELEMENT, DEPTH_MAX, LEAF_PAGE } from './format.ts';
import { takeComparisons } from './lookup.ts';
import { childIndex, lowerBound } from './node-search.ts';
import { childOf, exact, flagsOf, keyAt, keyLength, locate, searchPage, valueAt, valueLength } from './page-search.ts';
import { Page } from './pages.ts';
import type { Transaction } from './transaction.ts';

/** One level of the way: a node, or if that is −1 a page. */
class Level {
  node = -1;
  page: Page;
  /** The cursor's own buffer, into which pages are read. */
  readonly own = new Page();
  index = 0;

  constructor() {
    this.page = this.own;
  }
}

export class Cursor {
  /** Where the current key stands, borrowed until the cursor moves or the transaction writes. */
  keyBytes: Uint8Array = new Uint8Array(0);
  keyFrom = 0;
  keyTo = 0;
  /** The current value; header and inline page if it is a bucket. */
  readonly value = new Value();
  isBucket = false;
  isDamaged = false;
  readonly #transaction: Transaction;
  readonly #bucket: Bucket;
  /** Reused; the first `#depth` of them are the way to the current element. */
  readonly #levels: Level[] = [];
  #depth = 0;

  constructor(transaction: Transaction, bucket: Bucket) {
    this.#transaction = transaction;
    this.#bucket = bucket;
  }

  /** Each move: true if there is an element, and key and value show it. */
  first(): boolean {
    if (!this.#enterRoot() || !this.#descend(false)) return false;
    if (this.#count(this.#depth - 1) === 0) return this.next();
    return this.#show();
  }

  last(): boolean {
    if (!this.#enterRoot()) return false;
    this.#levels[0]!.index = this.#count(0) - 1;
    if (!this.#descend(true)) return false;
    return this.#count(this.#depth - 1) > 0 && this.#show();
  }

  next(): boolean {
    for (;;) {
      let depth = this.#depth - 1;
      while (depth >= 0 && this.#levels[depth]!.index >= this.#count(depth) - 1) depth--;
      if (depth < 0) return false;
      this.#levels[depth]!.index++;
      if (depth === this.#depth - 1) return this.#show(); // the usual case: within a leaf
      this.#depth = depth + 1;
      if (!this.#descend(false)) return false;
      if (this.#count(this.#depth - 1) > 0) return this.#show();
    }
  }

  prev(): boolean {
    let depth = this.#depth - 1;
    while (depth >= 0 && this.#levels[depth]!.index <= 0) depth--;
    this.#depth = depth + 1;
    if (depth < 0) return false;
    this.#levels[depth]!.index--;
    return this.#descend(true) && this.#count(this.#depth - 1) > 0 && this.#show();
  }

  /** To `key`, or the next one after it. */
  seek(key: Uint8Array): boolean {
    if (!this.#enterRoot()) return false;
    const { nodes } = this.#transaction;
    for (;;) {
      const level = this.#levels[this.#depth - 1]!;
      const isLeaf = this.#isLeaf(level);
      if (level.node >= 0) {
        const { node } = level;
        level.index = isLeaf
          ? lowerBound(nodes, node, key, 0, key.length)
          : childIndex(nodes, node, key, 0, key.length);
      } else {
        const index = searchPage(level.page, key);
        if (index < 0) return this.#damaged(level.page, 'an element points outside of its page');
        level.index = isLeaf || exact || index === 0 ? index : index - 1;
      }
      if (isLeaf) break;
      if (!this.#enterChild(level)) return false;
    }
    takeComparisons(this.#transaction);
    const leaf = this.#depth - 1;
    return this.#levels[leaf]!.index >= this.#count(leaf) ? this.next() : this.#show();
  }

  /** Deletes the current element; the cursor is stale afterwards. */
  delete(): 'ok' | BucketFailure {
    return this.isBucket ? 'incompatible-value' : this.#bucket.delete(this.key());
  }

  /** A copy of the current key. */
  key(): Uint8Array {
    return this.keyBytes.slice(this.keyFrom, this.keyTo);
  }

  #enterRoot(): boolean {
    this.#depth = 0;
    const { rootNode, root, inline } = this.#bucket;
    if (rootNode < 0 && root === 0) {
      if (inline === undefined) return false;
      const level = this.#level(0);
      level.node = -1;
      level.page = inline;
      level.index = 0;
      this.#depth = 1;
      return true;
    }
    return this.#enter(rootNode, root);
  }

  #enterChild(level: Level): boolean {
    const { nodes } = this.#transaction;
    if (level.node >= 0) {
      return this.#enter(nodes.childNode(level.node, level.index), nodes.childPage(level.node, level.index));
    }
    const child = childOf(level.page, level.index);
    return child < 0 ? this.#damaged(level.page, 'child page number out of range') : this.#enter(-1, child);
  }

  #enter(node: number, id: number): boolean {
    const { pages } = this.#transaction;
    if (this.#depth > DEPTH_MAX) {
      pages.fail(id, `the tree is deeper than ${DEPTH_MAX} levels: a cycle`);
      this.isDamaged = true;
      return false;
    }
    const level = this.#level(this.#depth);
    level.node = node;
    level.index = 0;
    if (node < 0) {
      level.page = level.own;
      if (!pages.read(id, level.own)) {
        this.isDamaged = true;
        return false;
      }
    }
    this.#depth++;
    return true;
  }

  /** Down to a leaf, along the first or the last children. */
  #descend(toLast: boolean): boolean {
    for (;;) {
      const level = this.#levels[this.#depth - 1]!;
      if (this.#isLeaf(level)) return true;
      if (!this.#enterChild(level)) return false;
      if (toLast) this.#levels[this.#depth - 1]!.index = Math.max(0, this.#count(this.#depth - 1) - 1);
    }
  }

  #show(): boolean {
    const level = this.#levels[this.#depth - 1]!;
    const { index } = level;
    if (level.node >= 0) {
      const { nodes } = this.#transaction;
      this.keyBytes = nodes.bytes;
      this.keyFrom = nodes.keyFrom(level.node, index);
      this.keyTo = nodes.keyTo(level.node, index);
      nodes.value(level.node, index, this.value);
      this.isBucket = nodes.flagsAt(level.node, index) === BUCKET_ELEMENT;
      return true;
    }
    const { page } = level;
    if (!locate(page, index)) return this.#damaged(page, 'an element points outside of its page');
    this.keyBytes = page.buffer.literal;
    this.keyFrom = keyAt;
    this.keyTo = keyAt + keyLength;
    this.isBucket = flagsOf(page, index) !== 0;
    page.buffer.valueAt(valueAt, valueAt + valueLength, this.value);
    return true;
  }

  #isLeaf(level: Level): boolean {
    return level.node >= 0 ? this.#transaction.nodes.isLeaf(level.node) : level.page.flags === LEAF_PAGE;
  }

  #count(depth: number): number {
    const { node, page } = this.#levels[depth]!;
    return node >= 0 ? this.#transaction.nodes.count[node]! : page.count;
  }

  #level(depth: number): Level {
    const known = this.#levels[depth];
    if (known !== undefined) return known;
    const level = new Level();
    this.#levels.push(level);
    return level;
  }

  #damaged(page: Page, what: string): false {
    this.isDamaged = true;
    return this.#transaction.pages.fail(page.id, what);
  }
}
