/**
 * Spilling: every node gets new pages, children before parents, and is split if it is too large.
 *
 * Nodes keep their records until `writePages` serialises them in page order; nothing changes
 * them in between, so the bytes are those that bbolt serialises at once.
 */
import { assert } from '../../sim/assert.ts';
import { writeU64LE } from '../../sim/bytes/fixed.ts';
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import { BYTES_COPIED, ITEMS_MOVED, NODES_SPLIT, PAGES_SERIALISED } from '../../sim/work.ts';
import type { Bucket } from './bucket.ts';
import {
  BUCKET_ELEMENT,
  BUCKET_HEADER_BYTES,
  DEPTH_MAX,
  ELEMENT_BYTES,
  FILL_PERCENT_MAX,
  FILL_PERCENT_MIN,
  KEYS_PER_PAGE_MIN,
  PAGE_HEADER_BYTES,
} from './format.ts';
import { grownIds } from './ids.ts';
import { RECORD } from './node-arena.ts';
import { serialise, updateImage } from './node-page.ts';
import { NOTHING } from './nodes.ts';
import { Page } from './pages.ts';
import type { WriteTransaction } from './write-transaction.ts';

/** A damaged page was met (`pages.fault` says which), or there is no page left to give. */
export type SpillOutcome = 'ok' | 'io-error' | 'no-space';

// children waiting to be spilled, of all levels at hand
let waiting: Int32Array = new Int32Array(1024);
let waitingEnd = 0;
const childValue = new Value();
/** Bytes of the node that `splitTwo` left whole, if it had to find out. */
let measuredBytes = -1;

/** Spills the root bucket, and before it all buckets inside of it. */
export function spillAll(transaction: WriteTransaction): SpillOutcome {
  waitingEnd = 0;
  return spillBucket(transaction, transaction.root);
}

/** The buckets inside first, whose headers change with their roots; then the bucket's own nodes. */
function spillBucket(transaction: WriteTransaction, bucket: Bucket): SpillOutcome {
  for (const child of bucket.children.values()) {
    const outcome = spillChild(transaction, bucket, child);
    if (outcome !== 'ok') return outcome;
  }
  return bucket.rootNode < 0 ? 'ok' : spillTree(transaction, bucket);
}

function spillChild(transaction: WriteTransaction, bucket: Bucket, child: Bucket): SpillOutcome {
  const value = childValue;
  if (isInlineable(transaction, child)) {
    if (!transaction.freePage(child.rootNode)) return 'io-error';
    child.root = 0;
    child.depth = 1;
    inlineValue(transaction, child, value);
  } else {
    const outcome = spillBucket(transaction, child);
    if (outcome !== 'ok') return outcome;
    if (child.rootNode < 0) return 'ok'; // nothing of it has changed
    child.inline = undefined;
    return transaction.writeHeader(bucket, child) ? 'ok' : 'io-error';
  }
  const { name } = child;
  child.storedSequence = child.sequence;
  return transaction.put(bucket, name, 0, name.length, value, BUCKET_ELEMENT) === NOTHING ? 'io-error' : 'ok';
}

/** Whether the bucket is one changed leaf without buckets in it that fits into a quarter page. */
function isInlineable(transaction: WriteTransaction, bucket: Bucket): boolean {
  const { nodes } = transaction;
  const root = bucket.rootNode;
  if (root < 0 || !nodes.isLeaf(root)) return false;
  const bytesMax = transaction.pageSize / 4;
  let bytes = PAGE_HEADER_BYTES;
  for (let i = 0; i < nodes.count[root]!; i++) {
    bytes += nodes.recordBytes(root, i);
    if (bytes > bytesMax || nodes.flagsAt(root, i) !== 0) return false;
  }
  return true;
}

/** Makes `into` the bucket's header and image, and keeps the image for reads. */
function inlineValue(transaction: WriteTransaction, bucket: Bucket, into: Value): void {
  const page = bucket.inline ?? new Page();
  serialise(transaction.nodes, bucket.rootNode, 0, 0, page.buffer.reset());
  const image = page.buffer.toBytes();
  const bytes = new Uint8Array(BUCKET_HEADER_BYTES + image.length);
  writeU64LE(bytes, 8, bucket.sequence);
  bytes.set(image, BUCKET_HEADER_BYTES);
  into.set(bytes, 0, bytes.length, bytes.length, 0);
  transaction.pages.adoptInline(page);
  bucket.inline = page;
}

function spillTree(transaction: WriteTransaction, bucket: Bucket): SpillOutcome {
  const { nodes } = transaction;
  const outcome = spill(transaction, bucket, bucket.rootNode, 0);
  if (outcome !== 'ok') return outcome;
  while (nodes.parent[bucket.rootNode]! >= 0) {
    bucket.rootNode = nodes.parent[bucket.rootNode]!;
    bucket.depth++;
  }
  bucket.root = nodes.pgid[bucket.rootNode]!;
  return 'ok';
}

function spill(transaction: WriteTransaction, bucket: Bucket, start: number, depth: number): SpillOutcome {
  const { nodes, store, work } = transaction;
  if (nodes.isSpilled(start)) return 'ok';
  if (depth > DEPTH_MAX) {
    transaction.pages.fail(nodes.pgid[start]!, 'the tree is too deep: a cycle');
    return 'io-error';
  }
  const base = waitingEnd;
  if (!nodes.isLeaf(start)) collectChildren(transaction, start);
  for (let i = base; i < waitingEnd; i++) {
    const outcome = spill(transaction, bucket, waiting[i]!, depth + 1);
    if (outcome !== 'ok') return outcome;
  }
  waitingEnd = base;

  const oldId = nodes.pgid[start]!;
  const hasImage = nodes.isAsRead(start);
  if (!transaction.freePage(start)) return 'io-error';
  let node = start;
  for (let isLast = false; !isLast; ) {
    const next = splitTwo(transaction, bucket, node);
    isLast = next < 0;
    const bytes = measuredBytes >= 0 ? measuredBytes : nodes.size(node);
    const pages = Math.floor((bytes + transaction.pageSize - 1) / transaction.pageSize);
    const id = transaction.allocate(pages, node);
    if (id === 0) return 'no-space';
    if (transaction.store.space.remapped) copyBorrowed(transaction);
    if (node === start && hasImage) moveImage(transaction, node, oldId, id);
    nodes.pgid[node] = id;
    nodes.pages[node] = pages;
    nodes.usedBytes[node] = bytes;
    nodes.setSpilled(node);
    store.census.change(bucket.index === 0, nodes.isLeaf(node), pages, bytes, 1);
    store.stats.dataPages += pages;
    store.stats.spill++;
    // where bbolt serialises; ours does when it writes the page
    work.counts[PAGES_SERIALISED]!++;
    work.counts[BYTES_COPIED]! += bytes;
    const parent = nodes.parent[node]!;
    if (parent >= 0) enterIntoParent(transaction, parent, node, node !== start);
    node = next;
  }
  const parent = nodes.parent[start]!;
  if (parent >= 0 && nodes.pgid[parent] === 0) return spill(transaction, bucket, parent, depth + 1);
  return 'ok';
}

/** Lets the kept image of a branch follow it to its new page, if only page ids in it have changed. */
function moveImage(transaction: WriteTransaction, node: number, oldId: number, id: number): void {
  const { nodes, pages } = transaction;
  if (nodes.isAsRead(node) && pages.renameBranch(oldId, id)) return;
  nodes.setReshaped(node);
  pages.forget(oldId);
}

/** Puts the children that are nodes on the waiting list, in key order. */
function collectChildren(transaction: WriteTransaction, node: number): void {
  const { nodes } = transaction;
  const { inodes } = nodes;
  const count = nodes.count[node]!;
  if (waitingEnd + count > waiting.length) waiting = grownIds(waiting, waitingEnd + count);
  let record = nodes.first[node]! + 3;
  for (let i = 0; i < count; i++, record += RECORD)
    if (inodes[record]! > 0) waiting[waitingEnd++] = inodes[record]! - 1;
}

/**
 * Cuts off what does not fit, into a new node that is returned; −1 if the node stays whole. A root gets a parent.
 * A node is cut where the next record would exceed the fill percent, but both parts keep two records.
 */
function splitTwo(transaction: WriteTransaction, bucket: Bucket, node: number): number {
  const { nodes, pageSize } = transaction;
  const count = nodes.count[node]!;
  measuredBytes = -1;
  if (count <= 2 * KEYS_PER_PAGE_MIN) return -1;
  const size = nodes.sizeBelow(node, pageSize);
  if (size >= 0) {
    measuredBytes = size;
    return -1;
  }
  const fillPercent = Math.min(FILL_PERCENT_MAX, Math.max(FILL_PERCENT_MIN, bucket.fillPercent));
  const threshold = Math.floor(pageSize * fillPercent);
  let bytes = PAGE_HEADER_BYTES;
  let index = 0;
  for (let i = 0; i < count - KEYS_PER_PAGE_MIN; i++) {
    index = i;
    const recordBytes = nodes.recordBytes(node, i);
    if (i >= KEYS_PER_PAGE_MIN && bytes + recordBytes > threshold) break;
    bytes += recordBytes;
  }
  if (nodes.parent[node]! < 0) {
    const root = nodes.create(bucket.index, -1, false, 8); // first: it may replace the array of parents
    nodes.parent[node] = root;
  }
  transaction.store.stats.split++;
  transaction.work.counts[NODES_SPLIT]!++;
  return nodes.splitOff(node, index, nodes.parent[node]!);
}

/** Enters a spilled node's first key and page into its parent: in place of its old entry, or after its left part. */
function enterIntoParent(transaction: WriteTransaction, parent: number, node: number, isSplitOff: boolean): void {
  const { nodes } = transaction;
  transaction.work.counts[ITEMS_MOVED]!++;
  const hint = nodes.childHint[parent]!;
  let index = isSplitOff ? -1 : nodes.indexOfChild(parent, node, hint);
  if (index < 0) {
    // a root's new parent has no entry for its first child
    assert(isSplitOff || nodes.count[parent] === 0, 'bolt: node missing in its parent');
    index = isSplitOff ? hint + 1 : 0;
    nodes.insertRecord(parent, index);
  }
  nodes.setChild(parent, index, node);
  nodes.childHint[parent] = index;
}

/** What bbolt does when it replaces the memory map: keys and values that nodes borrowed from it are copied. */
function copyBorrowed(transaction: WriteTransaction): void {
  const { nodes } = transaction;
  transaction.store.space.remapped = false;
  let bytes = 0;
  for (let node = 0; node < nodes.nodeCount; node++) {
    if (!nodes.isRemoved(node)) bytes += nodes.size(node) - PAGE_HEADER_BYTES - nodes.count[node]! * ELEMENT_BYTES;
  }
  transaction.work.counts[BYTES_COPIED]! += bytes;
}

/** Serialises a spilled node as whole pages. */
export function writeNode(transaction: WriteTransaction, node: number, out: SparseBuffer): void {
  const { nodes, pageSize } = transaction;
  const pages = nodes.pages[node]!;
  const id = nodes.pgid[node]!;
  const image = nodes.isAsRead(node) ? transaction.pages.branchImage(id) : undefined;
  if (image !== undefined) {
    updateImage(nodes, node, id, image);
    out.bytes(image, 0, transaction.pages.branchImageLength(id));
  } else {
    serialise(nodes, node, id, pages - 1, out);
    // most of those that were split off will never be looked at again if keys ascend
    if (pages === 1 && !nodes.isLeaf(node) && nodes.wasBranchPage(node)) transaction.pages.keepBranch(id, out);
  }
  out.run(0, pages * pageSize - out.length);
}
