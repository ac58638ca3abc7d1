/**
 * Rebalancing: what deletions left too small is merged with a sibling, before the nodes are
 * spilled. A node is too small with at most a quarter page of bytes, or too few records.
 */
import { assert } from '../../sim/assert.ts';
import { ITEMS_MOVED } from '../../sim/work.ts';
import { grownIds } from './ids.ts';
import { orderAsMap } from './map-order.ts';
import type { WriteTransaction } from './write-transaction.ts';

/** The nodes of the transaction, bucket by bucket. */
let waiting: Int32Array = new Int32Array(64);
let bucketEnds: Int32Array = new Int32Array(64);

/**
 * Rebalances every node that lost a record: bucket after bucket, the nodes of each in the order of a loop over the
 * Go map in which bbolt keeps them.
 */
export function rebalanceAll(transaction: WriteTransaction): boolean {
  if (transaction.unbalanced === 0) return true;
  const { nodes } = transaction;
  const count = nodes.nodeCount;
  const buckets = groupByBucket(transaction);
  let from = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const to = bucketEnds[bucket]!;
    orderAsMap(waiting, from, to, transaction.arbitrary);
    from = to;
  }
  for (let i = 0; i < count; i++) {
    const node = waiting[i]!;
    if (nodes.isUnbalanced(node) && !nodes.isRemoved(node) && !rebalance(transaction, node)) return false;
  }
  transaction.unbalanced = 0;
  return true;
}

/** Fills `waiting` with all nodes, each bucket's in the order in which they became nodes; returns how many buckets. */
function groupByBucket(transaction: WriteTransaction): number {
  const { nodes } = transaction;
  const { nodeCount } = nodes;
  const buckets = transaction.buckets.length;
  if (waiting.length < nodeCount) waiting = grownIds(waiting, nodeCount);
  if (bucketEnds.length < buckets + 1) bucketEnds = grownIds(bucketEnds, buckets + 1);
  bucketEnds.fill(0, 0, buckets + 1);
  for (let node = 0; node < nodeCount; node++) bucketEnds[nodes.bucket[node]! + 1]!++;
  for (let bucket = 1; bucket <= buckets; bucket++) bucketEnds[bucket]! += bucketEnds[bucket - 1]!;
  // bucketEnds[b] is where bucket b begins, and moves on to where it ends
  for (let node = 0; node < nodeCount; node++) waiting[bucketEnds[nodes.bucket[node]!]!++] = node;
  return buckets;
}

/** False: a page could not be read. */
function rebalance(transaction: WriteTransaction, start: number): boolean {
  const { nodes } = transaction;
  // a merge takes a record from the parent, which then is next
  for (let node = start; nodes.isUnbalanced(node); node = nodes.parent[node]!) {
    nodes.setBalanced(node);
    transaction.store.stats.rebalance++;
    const isLeaf = nodes.isLeaf(node);
    const keysMin = isLeaf ? 1 : 2;
    if (nodes.count[node]! > keysMin && nodes.size(node) > transaction.pageSize / 4) return true;
    const parent = nodes.parent[node]!;
    if (parent < 0) return isLeaf || nodes.count[node] !== 1 || collapseRoot(transaction, node);
    const index = nodes.indexOfChild(parent, node, 0);
    assert(index >= 0, 'bolt: node missing in its parent');
    if (nodes.count[node] === 0) {
      if (!drop(transaction, node, index)) return false;
      continue;
    }
    if (nodes.count[parent]! < 2) {
      transaction.pages.fail(nodes.pgid[parent]!, 'branch page with a single child');
      return false;
    }
    const siblingIndex = index === 0 ? 1 : index - 1;
    const sibling = transaction.child(parent, siblingIndex);
    if (sibling < 0) return false;
    const left = index === 0 ? node : sibling;
    const right = index === 0 ? sibling : node;
    if (nodes.isLeaf(left) !== nodes.isLeaf(right)) {
      transaction.pages.fail(nodes.pgid[right]!, 'branch and leaf pages side by side');
      return false;
    }
    adopt(transaction, right, left);
    transaction.work.counts[ITEMS_MOVED]! += nodes.count[right]!;
    nodes.appendRecords(left, right);
    if (!drop(transaction, right, Math.max(index, siblingIndex))) return false;
  }
  return true;
}

/** A root with a single child takes that child's place. */
function collapseRoot(transaction: WriteTransaction, root: number): boolean {
  const { nodes } = transaction;
  const child = transaction.child(root, 0);
  if (child < 0) return false;
  adopt(transaction, child, root);
  nodes.replaceRecords(root, child);
  transaction.buckets[nodes.bucket[root]!]!.depth--;
  return remove(transaction, child);
}

/** Takes the node at `index` out of its parent and frees its page. */
function drop(transaction: WriteTransaction, node: number, index: number): boolean {
  const { nodes } = transaction;
  nodes.removeRecord(nodes.parent[node]!, index);
  return remove(transaction, node);
}

function remove(transaction: WriteTransaction, node: number): boolean {
  const { nodes } = transaction;
  nodes.setRemoved(node);
  nodes.setReshaped(node);
  return transaction.freePage(node);
}

/** Makes the children of `from` that are nodes the children of `to`. */
function adopt(transaction: WriteTransaction, from: number, to: number): void {
  const { nodes } = transaction;
  if (nodes.isLeaf(from)) return;
  const count = nodes.count[from]!;
  for (let i = 0; i < count; i++) {
    const child = nodes.childNode(from, i);
    if (child >= 0) nodes.parent[child] = to;
  }
}
