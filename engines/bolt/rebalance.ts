/**
 * Rebalancing: what deletions left too small is merged with a sibling, before the nodes are
 * spilled. A node is too small with at most a quarter page of bytes, or too few records.
 */
import { assert } from '../../sim/assert.ts';
import { ITEMS_MOVED } from '../../sim/work.ts';
import { grownIds } from './ids.ts';
import type { WriteTransaction } from './write-transaction.ts';

let waiting: Int32Array = new Int32Array(64);

/** Rebalances every node that lost a record, in an arbitrary order as bbolt does. */
export function rebalanceAll(transaction: WriteTransaction): boolean {
  const count = transaction.unbalanced;
  if (count === 0) return true;
  const { nodes } = transaction;
  if (waiting.length < count) waiting = grownIds(waiting, count);
  let found = 0;
  for (let node = 0; node < nodes.nodeCount; node++) if (nodes.isUnbalanced(node)) waiting[found++] = node;
  assert(found === count, 'bolt: unbalanced nodes were not counted');
  for (let left = count; left > 0; left--) {
    const chosen = transaction.arbitrary.below(left);
    const node = waiting[chosen]!;
    waiting[chosen] = waiting[left - 1]!;
    if (!nodes.isRemoved(node) && !rebalance(transaction, node)) return false;
  }
  return true;
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
