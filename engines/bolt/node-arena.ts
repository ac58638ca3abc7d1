/**
 * Where the nodes of a transaction live: one arena for all, without an object for each.
 *
 * Node n has a slot in the small arrays below and `count[n]` records in `inodes` from `first[n]` on, of four
 * integers each:
 *
 *     0  where the key stands in `bytes`
 *     1  key length | element flags << 20
 *     2  leaf: index of the value in `inodes`          branch: page id of the child
 *     3  leaf: length of the real value                branch: the child's node + 1, or 0
 *
 * A value is four integers, in `inodes` too and near its node: where its literal bytes stand, how many, where the
 * fill goes, how much fill. What is overwritten or deleted stays in the arena until the transaction ends.
 *
 * A branch also has `heads`: of each key the four bytes behind the prefix that all its keys share, as one
 * number, so that a search compares numbers side by side. They are made when the page is taken apart: a branch
 * changes only in a commit, in which nobody searches it any more.
 *
 * Limits: 2 GiB of literal bytes and of records in one transaction, asserted.
 */
import { assert } from '../../sim/assert.ts';
import { grownIds } from './ids.ts';

export const RECORD = 4;
export const KEY_LENGTH_MASK = 0xfffff;
export const FLAGS_SHIFT = 20;

/** Go's `node` and `inode` with their slices' headers, and the node's place in the bucket's map. */
const NODE_BYTES = 176;
const RECORD_BYTES = 64;
/** An arena up to this size is kept from one transaction to the next. */
const KEPT_BYTES_MAX = 16_777_216;
const ARENA_BYTES_MAX = 2_147_483_647;

export const IS_LEAF = 1;
export const UNBALANCED = 2;
const SPILLED = 4;
const REMOVED = 8;
/** What its old page was: a root that collapses changes from branch to leaf. */
export const PAGE_IS_LEAF = 16;
/** Branch: but for the children's page ids it still is what its page says. */
export const AS_READ = 32;

export class NodeArena {
  nodeCount = 0;
  pgid: Int32Array = new Int32Array(64);
  /** Pages that the node's page has, overflow included, and the bytes in use on them. */
  pages: Int32Array = new Int32Array(64);
  usedBytes: Int32Array = new Int32Array(64);
  /** −1: a root. */
  parent: Int32Array = new Int32Array(64);
  first: Int32Array = new Int32Array(64);
  capacity: Int32Array = new Int32Array(64);
  count: Int32Array = new Int32Array(64);
  /** Spill: where the last spilled child stands. */
  childHint: Int32Array = new Int32Array(64);
  bucket: Int32Array = new Int32Array(64);
  /** Branch: where its heads are, and the length of the shared prefix. −1: it has none. */
  headsFrom: Int32Array = new Int32Array(64);
  prefixLength: Int32Array = new Int32Array(64);
  flags: Uint8Array = new Uint8Array(64);

  inodes: Int32Array = new Int32Array(1024);
  inodesEnd = 0;
  heads: Uint32Array = new Uint32Array(1024);
  headsEnd = 0;
  bytes: Uint8Array = new Uint8Array(4096);
  bytesEnd = 0;

  /** Whether the last search for a key found it. */
  exact = false;
  /** Bytes of keys and values put since the transaction began. */
  putBytes = 0;
  /** Keys that the searches since have looked at: taken by whoever counts work. */
  keysCompared = 0;

  /** Forgets everything; gives back most of an arena that an unusually large transaction has left. */
  reset(): void {
    if (isOversized(this.inodes.length * 4, this.inodesEnd * 4)) this.inodes = new Int32Array(this.inodesEnd * 2);
    if (isOversized(this.bytes.length, this.bytesEnd)) this.bytes = new Uint8Array(this.bytesEnd * 2);
    this.nodeCount = 0;
    this.putBytes = 0;
    this.inodesEnd = 0;
    this.headsEnd = 0;
    this.bytesEnd = 0;
  }

  /** What bbolt's nodes take: a struct each, one for each record, and the keys and values put. */
  get realBytes(): number {
    let records = 0;
    for (let node = 0; node < this.nodeCount; node++) records += this.count[node]!;
    return NODE_BYTES * this.nodeCount + RECORD_BYTES * records + this.putBytes;
  }
  isLeaf(node: number): boolean {
    return (this.flags[node]! & IS_LEAF) !== 0;
  }
  isUnbalanced(node: number): boolean {
    return (this.flags[node]! & UNBALANCED) !== 0;
  }
  isSpilled(node: number): boolean {
    return (this.flags[node]! & SPILLED) !== 0;
  }
  isRemoved(node: number): boolean {
    return (this.flags[node]! & REMOVED) !== 0;
  }
  pageIsLeaf(node: number): boolean {
    return (this.flags[node]! & PAGE_IS_LEAF) !== 0;
  }
  wasBranchPage(node: number): boolean {
    return this.headsFrom[node]! >= 0;
  }
  isAsRead(node: number): boolean {
    return (this.flags[node]! & AS_READ) !== 0;
  }
  setReshaped(node: number): void {
    this.flags[node]! &= ~AS_READ;
  }
  setBalanced(node: number): void {
    this.flags[node]! &= ~UNBALANCED;
  }
  setSpilled(node: number): void {
    this.flags[node]! |= SPILLED;
  }
  setRemoved(node: number): void {
    this.flags[node]! |= REMOVED;
  }
  takeRecords(records: number): number {
    const at = this.inodesEnd;
    const end = at + records * RECORD;
    if (end > this.inodes.length) {
      assert(end <= ARENA_BYTES_MAX / 4, 'bolt: more than 2 GiB of records in one transaction');
      this.inodes = grownIds(this.inodes, end);
    }
    this.inodesEnd = end;
    return at;
  }

  reserveBytes(count: number): number {
    const at = this.bytesEnd;
    const end = at + count;
    if (end > this.bytes.length) {
      assert(end <= ARENA_BYTES_MAX, 'bolt: more than 2 GiB of keys and literal values in one transaction');
      const grown = new Uint8Array(Math.min(ARENA_BYTES_MAX, Math.max(end, this.bytes.length * 2)));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
    }
    return at;
  }

  growNodes(): void {
    const size = this.pgid.length * 2;
    this.pgid = grownIds(this.pgid, size);
    this.pages = grownIds(this.pages, size);
    this.usedBytes = grownIds(this.usedBytes, size);
    this.parent = grownIds(this.parent, size);
    this.first = grownIds(this.first, size);
    this.capacity = grownIds(this.capacity, size);
    this.count = grownIds(this.count, size);
    this.childHint = grownIds(this.childHint, size);
    this.bucket = grownIds(this.bucket, size);
    this.headsFrom = grownIds(this.headsFrom, size);
    this.prefixLength = grownIds(this.prefixLength, size);
    const flags = new Uint8Array(size);
    flags.set(this.flags);
    this.flags = flags;
  }
}

function isOversized(capacityBytes: number, usedBytes: number): boolean {
  return capacityBytes > KEPT_BYTES_MAX && usedBytes > 0 && usedBytes * 4 < capacityBytes;
}
