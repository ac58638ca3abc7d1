/** Finding a key in a bucket: through nodes where the open transaction has some, through pages elsewhere. */
import type { Value } from '../../sim/bytes/value.ts';
import { KEYS_COMPARED } from '../../sim/work.ts';
import type { Bucket } from './bucket.ts';
import { DEPTH_MAX, LEAF_PAGE } from './format.ts';
import { childIndex, lowerBound } from './node-search.ts';
import { childOf, exact, flagsOf, locate, searchPage, valueAt, valueLength } from './page-search.ts';
import type { Page } from './pages.ts';
import type { Transaction } from './transaction.ts';

export const ABSENT = 0;
export const VALUE = 1;
/** The key names a bucket, whose header and inline page are the value. */
export const BUCKET = 2;
/** See `pages.fault`. */
export const DAMAGED = 3;

/** What the key stands for; sets `into` unless it is absent. */
export function find(transaction: Transaction, bucket: Bucket, key: Uint8Array, into: Value): number {
  const { nodes, pages, work } = transaction;
  let node = bucket.rootNode;
  let id = bucket.root;
  let page: Page | undefined;
  for (let depth = 0; depth <= DEPTH_MAX; depth++) {
    if (node >= 0) {
      if (nodes.isLeaf(node)) {
        const index = lowerBound(nodes, node, key, 0, key.length);
        takeComparisons(transaction);
        if (!nodes.exact) return ABSENT;
        nodes.value(node, index, into);
        return nodes.flagsAt(node, index) === 0 ? VALUE : BUCKET;
      }
      const index = childIndex(nodes, node, key, 0, key.length);
      id = nodes.childPage(node, index);
      node = nodes.childNode(node, index);
      continue;
    }
    takeComparisons(transaction);
    page = id === 0 && depth === 0 ? bucket.inline : pages.tree(id);
    if (page === undefined) return damaged(transaction, id, 'an inline bucket without its page');
    const index = searchPage(page, key);
    if (index < 0) return damaged(transaction, page.id, 'an element points outside of its page');
    work.counts[KEYS_COMPARED]! += 32 - Math.clz32(page.count);
    if (page.flags === LEAF_PAGE) {
      if (!exact) return ABSENT;
      locate(page, index);
      page.buffer.valueAt(valueAt, valueAt + valueLength, into);
      return flagsOf(page, index) === 0 ? VALUE : BUCKET;
    }
    id = childOf(page, exact || index === 0 ? index : index - 1);
    if (id < 0) return damaged(transaction, page.id, 'child page number out of range');
  }
  return damaged(transaction, id, `the tree is deeper than ${DEPTH_MAX} levels: a cycle`);
}

export function takeComparisons(transaction: Transaction): void {
  const { nodes, work } = transaction;
  work.counts[KEYS_COMPARED]! += nodes.keysCompared;
  nodes.keysCompared = 0;
}

function damaged(transaction: Transaction, id: number, what: string): typeof DAMAGED {
  transaction.pages.fail(id, what);
  return DAMAGED;
}
