/**
 * The nodes of the transaction at hand: tree pages taken apart, so that they can change.
 *
 * One arena holds them all, without an object for each. Node n has a slot in the small arrays below and
 * `count[n]` records in `inodes` from `first[n]` on, of four integers each:
 *
 *     0  where the key stands in `bytes`
 *     1  key length | element flags << 20
 *     2  leaf: index of the value in `inodes`          branch: page id of the child
 *     3  leaf: length of the real value                branch: the child's node + 1, or 0
 *
 * A branch also has `heads`: of each key the four bytes behind the prefix that all its keys share, as one
 * number, so that a search compares numbers side by side. They are made when the page is taken apart: a branch
 * changes only in a commit, in which nobody searches it any more.
 *
 * A value is four integers, in `inodes` too and near its node: where its literal bytes stand, how many, where the fill goes, how much
 * fill. What is overwritten or deleted stays in the arena until the transaction ends.
 *
 * Limits: 2 GiB of literal bytes and of records in one transaction, asserted.
 */
import { assert } from '../../sim/assert.ts';
import { compareRanges } from '../../sim/bytes/compare.ts';
import { readU32LE, writeU32LE } from '../../sim/bytes/fixed.ts';
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { FILL, type Value } from '../../sim/bytes/value.ts';
import { BRANCH_PAGE, ELEMENT_BYTES, LEAF_PAGE, PAGE_HEADER_BYTES, writePageHeader } from './format.ts';
import { grownIds } from './ids.ts';
import { flatten, type Page } from './pages.ts';

export const RECORD = 4;
export const KEY_LENGTH_MASK = 0xfffff;
export const FLAGS_SHIFT = 20;
/** Free records that a node gets beyond what it holds. */
const LEAF_SLACK = 2;
const BRANCH_SLACK = 8;
/** Concurrent clients' ascending keys arrive out of order by less than this. */
const NEWEST_RECORDS = 128;
/** An arena up to this size is kept from one transaction to the next. */
const KEPT_BYTES_MAX = 16_777_216;
const ARENA_BYTES_MAX = 2_147_483_647;

const IS_LEAF = 1;
const UNBALANCED = 2;
const SPILLED = 4;
const REMOVED = 8;
/** What its old page was: a root that collapses changes from branch to leaf. */
const PAGE_IS_LEAF = 16;
/** Branch: but for the children's page ids it still is what its page says. */
const AS_READ = 32;

export class Nodes {
  nodeCount = 0;
  pgid: Int32Array = new Int32Array(64);
  /** Pages that the node's page has, overflow included. */
  pages: Int32Array = new Int32Array(64);
  /** −1: a root. */
  parent: Int32Array = new Int32Array(64);
  first: Int32Array = new Int32Array(64);
  capacity: Int32Array = new Int32Array(64);
  count: Int32Array = new Int32Array(64);
  /** Spill: where the last spilled child stands. */
  childHint: Int32Array = new Int32Array(64);
  bucket: Int32Array = new Int32Array(64);
  /** Branch: where its heads are, and the length of the shared prefix. −1: it has none. */
  #headsFrom: Int32Array = new Int32Array(64);
  #prefixLength: Int32Array = new Int32Array(64);
  #flags = new Uint8Array(64);

  inodes: Int32Array = new Int32Array(1024);
  #inodesEnd = 0;
  #heads = new Uint32Array(1024);
  #headsEnd = 0;
  bytes = new Uint8Array(4096);
  #bytesEnd = 0;

  /** Whether the last `lowerBound` found the key itself. */
  exact = false;
  /** Keys that the searches since have looked at: taken by whoever counts work. */
  keysCompared = 0;

  /** Forgets everything; gives back most of an arena that an unusually large transaction has left. */
  reset(): void {
    if (isOversized(this.inodes.length * 4, this.#inodesEnd * 4)) this.inodes = new Int32Array(this.#inodesEnd * 2);
    if (isOversized(this.bytes.length, this.#bytesEnd)) this.bytes = new Uint8Array(this.#bytesEnd * 2);
    this.nodeCount = 0;
    this.#inodesEnd = 0;
    this.#headsEnd = 0;
    this.#bytesEnd = 0;
  }

  get memoryBytes(): number {
    return (
      10 * this.pgid.byteLength +
      this.#flags.byteLength +
      this.inodes.byteLength +
      this.#heads.byteLength +
      this.bytes.byteLength
    );
  }

  isLeaf(node: number): boolean {
    return (this.#flags[node]! & IS_LEAF) !== 0;
  }
  isUnbalanced(node: number): boolean {
    return (this.#flags[node]! & UNBALANCED) !== 0;
  }
  isSpilled(node: number): boolean {
    return (this.#flags[node]! & SPILLED) !== 0;
  }
  isRemoved(node: number): boolean {
    return (this.#flags[node]! & REMOVED) !== 0;
  }
  pageIsLeaf(node: number): boolean {
    return (this.#flags[node]! & PAGE_IS_LEAF) !== 0;
  }
  wasBranchPage(node: number): boolean {
    return this.#headsFrom[node]! >= 0;
  }
  isAsRead(node: number): boolean {
    return (this.#flags[node]! & AS_READ) !== 0;
  }
  setReshaped(node: number): void {
    this.#flags[node]! &= ~AS_READ;
  }
  setBalanced(node: number): void {
    this.#flags[node]! &= ~UNBALANCED;
  }
  setSpilled(node: number): void {
    this.#flags[node]! |= SPILLED;
  }
  setRemoved(node: number): void {
    this.#flags[node]! |= REMOVED;
  }

  /** A node without records. */
  create(bucket: number, parent: number, isLeaf: boolean, records: number): number {
    if (this.nodeCount === this.pgid.length) this.#growNodes();
    const node = this.nodeCount++;
    this.pgid[node] = 0;
    this.pages[node] = 0;
    this.parent[node] = parent;
    this.count[node] = 0;
    this.childHint[node] = 0;
    this.bucket[node] = bucket;
    this.#headsFrom[node] = -1;
    this.#flags[node] = isLeaf ? IS_LEAF : 0;
    this.capacity[node] = records;
    this.first[node] = this.#takeRecords(records);
    return node;
  }

  /** The second part of a node that is split before record `index`: shares its place. */
  splitOff(node: number, index: number, parent: number): number {
    const next = this.create(this.bucket[node]!, parent, this.isLeaf(node), 0);
    this.first[next] = this.first[node]! + index * RECORD;
    this.count[next] = this.count[node]! - index;
    this.capacity[next] = this.capacity[node]! - index;
    this.count[node] = index;
    this.capacity[node] = index;
    this.setReshaped(node);
    return next;
  }

  /** Takes a page apart. −1: an element is out of place, see `what`. */
  materialise(bucket: number, parent: number, page: Page): number {
    const isLeaf = page.flags === LEAF_PAGE;
    const { count } = page;
    const node = this.create(bucket, parent, isLeaf, count + (isLeaf ? LEAF_SLACK : BRANCH_SLACK));
    this.pgid[node] = page.id;
    this.pages[node] = page.overflow + 1;
    this.#flags[node]! |= isLeaf ? PAGE_IS_LEAF : AS_READ;
    this.count[node] = count;
    let failure = isLeaf ? this.#readLeaf(node, page) : this.#readBranch(node, page);
    if (failure === RETRY_FLAT) {
      flatten(page.buffer);
      failure = isLeaf ? this.#readLeaf(node, page) : this.#readBranch(node, page);
    }
    if (failure !== SOUND) return -1;
    if (!isLeaf) this.#makeHeads(node);
    return node;
  }

  #makeHeads(node: number): void {
    const count = this.count[node]!;
    const from = this.#headsEnd;
    if (from + count > this.#heads.length) {
      const grown = new Uint32Array(Math.max(from + count, this.#heads.length * 2));
      grown.set(this.#heads.subarray(0, from));
      this.#heads = grown;
    }
    this.#headsEnd = from + count;
    this.#headsFrom[node] = from;
    const { inodes, bytes } = this;
    const heads = this.#heads;
    const first = this.first[node]!;
    const last = first + (count - 1) * RECORD;
    const a = inodes[first]!;
    const b = inodes[last]!;
    const shortest = Math.min(inodes[first + 1]! & KEY_LENGTH_MASK, inodes[last + 1]! & KEY_LENGTH_MASK);
    let prefix = 0;
    while (prefix < shortest && bytes[a + prefix] === bytes[b + prefix]) prefix++;
    this.#prefixLength[node] = prefix;
    for (let i = 0, record = first; i < count; i++, record += RECORD) {
      const at = inodes[record]!;
      heads[from + i] = headOf(bytes, at + prefix, at + (inodes[record + 1]! & KEY_LENGTH_MASK));
    }
  }

  /** Appends all literal bytes behind the elements to the arena; returns what to add to their index to find them there. */
  #copyData(page: Page): number {
    const { literal, literalLength } = page.buffer;
    const from = PAGE_HEADER_BYTES + page.count * ELEMENT_BYTES;
    const length = literalLength - from;
    const at = this.#reserveBytes(length);
    const { bytes } = this;
    if (length <= 192) for (let i = 0; i < length; i++) bytes[at + i] = literal[from + i]!;
    else bytes.set(literal.subarray(from, literalLength), at);
    this.#bytesEnd = at + length;
    return at - from;
  }

  #readBranch(node: number, page: Page): number {
    const { buffer, count } = page;
    const { literal } = buffer;
    const shift = this.#copyData(page);
    const { inodes } = this;
    const dataFrom = PAGE_HEADER_BYTES + count * ELEMENT_BYTES;
    const literalTo = buffer.runCount === 0 ? buffer.length : buffer.runStart[0]!;
    let record = this.first[node]!;
    for (let i = 0, element = PAGE_HEADER_BYTES; i < count; i++, element += ELEMENT_BYTES, record += RECORD) {
      const key = element + readU32LE(literal, element);
      const keyLength = readU32LE(literal, element + 4);
      if (keyLength === 0 || key < dataFrom || key + keyLength > buffer.length) return BAD_ELEMENT;
      if (key + keyLength > literalTo) return RETRY_FLAT;
      if (readU32LE(literal, element + 12) !== 0) return BAD_ELEMENT;
      inodes[record] = key + shift;
      inodes[record + 1] = keyLength & KEY_LENGTH_MASK;
      inodes[record + 2] = readU32LE(literal, element + 8);
      inodes[record + 3] = 0;
    }
    return SOUND;
  }

  #readLeaf(node: number, page: Page): number {
    const { buffer, count } = page;
    const { literal, runCount, runStart, runLength, runByte, runAt } = buffer;
    const shift = this.#copyData(page);
    const valuesFrom = this.#takeRecords(count);
    const { inodes } = this;
    const dataFrom = PAGE_HEADER_BYTES + count * ELEMENT_BYTES;
    let record = this.first[node]!;
    let value = valuesFrom;
    let run = 0; // the first run that ends after the position at hand
    let base = 0; // logical offset − literal index before that run
    let position = dataFrom;
    for (let i = 0, element = PAGE_HEADER_BYTES; i < count; i++, element += ELEMENT_BYTES, record += RECORD) {
      const key = element + readU32LE(literal, element + 4);
      const keyLength = readU32LE(literal, element + 8);
      const valueLength = readU32LE(literal, element + 12);
      const valueFrom = key + keyLength;
      const valueTo = valueFrom + valueLength;
      if (keyLength === 0 || key < position || valueTo > buffer.length) return BAD_ELEMENT;
      position = valueTo;
      while (run < runCount && runStart[run]! + runLength[run]! <= key) {
        base = runStart[run]! + runLength[run]! - runAt[run]!;
        run++;
      }
      if (run < runCount && runStart[run]! < valueFrom) return RETRY_FLAT;
      let literalBytes = valueLength;
      let fillAt = valueLength;
      let fillLength = 0;
      if (run < runCount && runStart[run]! < valueTo) {
        const runEnd = runStart[run]! + runLength[run]!;
        const another = run + 1 < runCount && runStart[run + 1]! < valueTo;
        if (another || runEnd > valueTo || runByte[run] !== FILL) return RETRY_FLAT;
        fillAt = runStart[run]! - valueFrom;
        fillLength = runLength[run]!;
        literalBytes = valueLength - fillLength;
      }
      const keyAt = key - base + shift;
      inodes[record] = keyAt;
      inodes[record + 1] = (keyLength & KEY_LENGTH_MASK) | (readU32LE(literal, element) << FLAGS_SHIFT);
      inodes[record + 2] = value;
      inodes[record + 3] = valueLength;
      inodes[value] = keyAt + keyLength;
      inodes[value + 1] = literalBytes;
      inodes[value + 2] = fillAt;
      inodes[value + 3] = fillLength;
      value += RECORD;
    }
    return SOUND;
  }

  /** Index of the first record whose key is not below key[from, to); `exact` says whether it is that key. */
  lowerBound(node: number, key: Uint8Array, from: number, to: number): number {
    return this.#lowerBoundAmong(node, 0, this.count[node]!, key, from, to);
  }

  /** The same, known to lie within [low, high]. */
  #lowerBoundAmong(node: number, low: number, high: number, key: Uint8Array, from: number, to: number): number {
    const { inodes, bytes } = this;
    const first = this.first[node]!;
    const length = to - from;
    // bytes that the key is known to share with the records on either side
    let lowShared = 0;
    let highShared = 0;
    let exact = false;
    let compared = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const record = first + middle * RECORD;
      const at = inodes[record]!;
      const recordLength = inodes[record + 1]! & KEY_LENGTH_MASK;
      const common = Math.min(recordLength, length);
      let i = Math.min(lowShared, highShared);
      while (i < common && bytes[at + i] === key[from + i]) i++;
      compared++;
      const below = i < common ? bytes[at + i]! < key[from + i]! : recordLength < length;
      if (below) {
        low = middle + 1;
        lowShared = i;
      } else {
        high = middle;
        highShared = i;
        if (i === length && recordLength === length) exact = true;
      }
    }
    this.exact = exact;
    this.keysCompared += compared;
    return low;
  }

  /** Index of the child that holds the key. */
  childIndex(node: number, key: Uint8Array, from: number, to: number): number {
    const headsFrom = this.#headsFrom[node]!;
    const prefix = this.#prefixLength[node]!;
    const count = this.count[node]!;
    if (headsFrom < 0 || to - from < prefix) return this.#childIndexAmong(node, 0, count, key, from, to);
    const { bytes } = this;
    const start = this.inodes[this.first[node]!]!;
    for (let i = 0; i < prefix; i++) {
      const difference = key[from + i]! - bytes[start + i]!;
      if (difference !== 0) return difference < 0 ? 0 : count - 1;
    }
    const heads = this.#heads;
    const head = headOf(key, from + prefix, to);
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (heads[headsFrom + middle]! < head) low = middle + 1;
      else high = middle;
    }
    this.keysCompared += 32 - Math.clz32(count);
    if (low === count || heads[headsFrom + low] !== head) return low === 0 ? 0 : low - 1;
    let equalTo = low + 1;
    while (equalTo < count && heads[headsFrom + equalTo] === head) equalTo++;
    return this.#childIndexAmong(node, low, equalTo, key, from, to);
  }

  #childIndexAmong(node: number, low: number, high: number, key: Uint8Array, from: number, to: number): number {
    const index = this.#lowerBoundAmong(node, low, high, key, from, to);
    return this.exact || index === 0 ? index : index - 1;
  }

  /** Gives a leaf the key and value; returns true if the key is new. */
  put(node: number, key: Uint8Array, from: number, to: number, value: Value, flags: number): boolean {
    const index = this.#placeFor(node, key, from, to);
    const isNew = !this.exact;
    if (isNew) this.insertRecord(node, index);
    const keyLength = to - from;
    const literalBytes = value.literalLength;
    const at = this.#reserveBytes(keyLength + literalBytes);
    copyBytes(key, from, to, this.bytes, at);
    copyBytes(value.bytes, value.start, value.start + literalBytes, this.bytes, at + keyLength);
    this.#bytesEnd = at + keyLength + literalBytes;
    const record = this.first[node]! + index * RECORD;
    const slot = isNew ? this.#takeRecords(1) : this.inodes[record + 2]!;
    const { inodes } = this;
    inodes[slot] = at + keyLength;
    inodes[slot + 1] = literalBytes;
    inodes[slot + 2] = value.fillAt;
    inodes[slot + 3] = value.fillLength;
    inodes[record] = at;
    inodes[record + 1] = keyLength | (flags << FLAGS_SHIFT);
    inodes[record + 2] = slot;
    inodes[record + 3] = value.length;
    return isNew;
  }

  /**
   * `lowerBound` for a key to be put. In a leaf that has outgrown its page, as ascending inserts make them, it
   * looks among the last records first, and charges what the whole search would have compared.
   */
  #placeFor(node: number, key: Uint8Array, from: number, to: number): number {
    const count = this.count[node]!;
    const last = count - NEWEST_RECORDS;
    if (last < 0 || !this.#isAbove(node, last, key, from, to)) return this.lowerBound(node, key, from, to);
    const compared = this.keysCompared;
    const index = this.#lowerBoundAmong(node, last + 1, count, key, from, to);
    let steps = 0;
    for (let low = 0, high = count; low < high; steps++) {
      const middle = (low + high) >>> 1;
      if (middle < index) low = middle + 1;
      else high = middle;
    }
    this.keysCompared = compared + steps;
    return index;
  }

  #isAbove(node: number, index: number, key: Uint8Array, from: number, to: number): boolean {
    const at = this.keyFrom(node, index);
    return compareRanges(this.bytes, at, this.keyTo(node, index), key, from, to) < 0;
  }

  /** Makes room for a record; its content is undefined. */
  insertRecord(node: number, index: number): void {
    const count = this.count[node]!;
    this.setReshaped(node);
    if (count === this.capacity[node]!) {
      const capacity = count * 2 + LEAF_SLACK;
      const first = this.#takeRecords(capacity);
      const old = this.first[node]!;
      this.inodes.copyWithin(first, old, old + count * RECORD);
      this.first[node] = first;
      this.capacity[node] = capacity;
    }
    const at = this.first[node]! + index * RECORD;
    const end = this.first[node]! + count * RECORD;
    if (at < end) this.inodes.copyWithin(at + RECORD, at, end);
    this.count[node] = count + 1;
  }

  removeRecord(node: number, index: number): void {
    const at = this.first[node]! + index * RECORD;
    const end = this.first[node]! + this.count[node]! * RECORD;
    this.inodes.copyWithin(at, at + RECORD, end);
    this.count[node]!--;
    this.setReshaped(node);
    this.#flags[node]! |= UNBALANCED;
  }

  /** Appends the records of another node of the same kind. */
  appendRecords(node: number, other: number): void {
    const count = this.count[node]!;
    const added = this.count[other]!;
    this.setReshaped(node);
    if (count + added > this.capacity[node]!) {
      const capacity = count + added + LEAF_SLACK;
      const first = this.#takeRecords(capacity);
      this.inodes.copyWithin(first, this.first[node]!, this.first[node]! + count * RECORD);
      this.first[node] = first;
      this.capacity[node] = capacity;
    }
    const from = this.first[other]!;
    this.inodes.copyWithin(this.first[node]! + count * RECORD, from, from + added * RECORD);
    this.count[node] = count + added;
  }

  /** `node` takes over the records and the kind of its only child. */
  replaceRecords(node: number, child: number): void {
    this.setReshaped(node);
    this.first[node] = this.first[child]!;
    this.count[node] = this.count[child]!;
    this.capacity[node] = this.capacity[child]!;
    if (this.isLeaf(child)) this.#flags[node]! |= IS_LEAF;
  }

  /** Bytes of the node as a page. */
  size(node: number): number {
    const { inodes } = this;
    const count = this.count[node]!;
    let record = this.first[node]!;
    let size = PAGE_HEADER_BYTES + count * ELEMENT_BYTES;
    if (this.isLeaf(node)) {
      for (let i = 0; i < count; i++, record += RECORD) {
        size += (inodes[record + 1]! & KEY_LENGTH_MASK) + inodes[record + 3]!;
      }
    } else {
      for (let i = 0; i < count; i++, record += RECORD) size += inodes[record + 1]! & KEY_LENGTH_MASK;
    }
    return size;
  }

  /** The same if it is below `limit`, else −1: a node that grew to thousands of records is not summed up for each page cut off. */
  sizeBelow(node: number, limit: number): number {
    const { inodes } = this;
    const count = this.count[node]!;
    const isLeaf = this.isLeaf(node);
    let record = this.first[node]!;
    let size = PAGE_HEADER_BYTES + count * ELEMENT_BYTES;
    for (let i = 0; i < count && size < limit; i++, record += RECORD) {
      size += inodes[record + 1]! & KEY_LENGTH_MASK;
      if (isLeaf) size += inodes[record + 3]!;
    }
    return size < limit ? size : -1;
  }

  /** Bytes that record i takes in a page. */
  recordBytes(node: number, index: number): number {
    const record = this.first[node]! + index * RECORD;
    const keyLength = this.inodes[record + 1]! & KEY_LENGTH_MASK;
    return ELEMENT_BYTES + keyLength + (this.isLeaf(node) ? this.inodes[record + 3]! : 0);
  }

  /** Appends the node as a page image, without padding. */
  serialise(node: number, id: number, overflow: number, out: SparseBuffer): void {
    const isLeaf = this.isLeaf(node);
    writePageHeader(out, id, isLeaf ? LEAF_PAGE : BRANCH_PAGE, this.count[node]!, overflow);
    if (isLeaf) this.#serialiseLeaf(node, out);
    else this.#serialiseBranch(node, out);
  }

  #serialiseBranch(node: number, out: SparseBuffer): void {
    const { inodes, bytes } = this;
    const count = this.count[node]!;
    const size = this.size(node) - PAGE_HEADER_BYTES;
    out.reserve(size);
    const { literal } = out;
    let element = out.literalLength;
    let data = element + count * ELEMENT_BYTES;
    let record = this.first[node]!;
    for (let i = 0; i < count; i++, element += ELEMENT_BYTES, record += RECORD) {
      const keyLength = inodes[record + 1]! & KEY_LENGTH_MASK;
      writeU32LE(literal, element, data - element);
      writeU32LE(literal, element + 4, keyLength);
      writeU32LE(literal, element + 8, inodes[record + 2]!);
      writeU32LE(literal, element + 12, 0);
      const keyAt = inodes[record]!;
      copyBytes(bytes, keyAt, keyAt + keyLength, literal, data);
      data += keyLength;
    }
    out.literalLength += size;
    out.length += size;
  }

  #serialiseLeaf(node: number, out: SparseBuffer): void {
    const { inodes, bytes } = this;
    const count = this.count[node]!;
    out.reserve(count * ELEMENT_BYTES);
    let element = out.literalLength;
    out.literalLength += count * ELEMENT_BYTES;
    out.length += count * ELEMENT_BYTES;
    let record = this.first[node]!;
    let pos = count * ELEMENT_BYTES; // from the element at hand to its key
    for (let i = 0; i < count; i++, element += ELEMENT_BYTES, record += RECORD, pos -= ELEMENT_BYTES) {
      const packed = inodes[record + 1]!;
      const keyAt = inodes[record]!;
      const keyTo = keyAt + (packed & KEY_LENGTH_MASK);
      const valueLength = inodes[record + 3]!;
      const slot = inodes[record + 2]!;
      const valueAt = inodes[slot]!;
      const literalBytes = inodes[slot + 1]!;
      out.reserve(keyTo - keyAt + literalBytes);
      const { literal } = out;
      writeU32LE(literal, element, packed >>> FLAGS_SHIFT);
      writeU32LE(literal, element + 4, pos);
      writeU32LE(literal, element + 8, keyTo - keyAt);
      writeU32LE(literal, element + 12, valueLength);
      pos += keyTo - keyAt + valueLength;
      const fillFrom = valueAt + inodes[slot + 2]!;
      const keyEnd = out.literalLength + keyTo - keyAt;
      const prefixEnd = keyEnd + fillFrom - valueAt;
      if (valueAt === keyTo) {
        copyBytes(bytes, keyAt, fillFrom, literal, out.literalLength);
      } else {
        copyBytes(bytes, keyAt, keyTo, literal, out.literalLength);
        copyBytes(bytes, valueAt, fillFrom, literal, keyEnd);
      }
      out.length += prefixEnd - out.literalLength;
      out.literalLength = prefixEnd;
      out.run(FILL, inodes[slot + 3]!);
      const valueTo = valueAt + literalBytes;
      if (fillFrom < valueTo) out.bytes(bytes, fillFrom, valueTo);
    }
  }

  /** Makes `into` stand for the value of a leaf's record. */
  value(node: number, index: number, into: Value): void {
    const slot = this.inodes[this.first[node]! + index * RECORD + 2]!;
    const { inodes } = this;
    into.set(this.bytes, inodes[slot]!, inodes[slot + 1]!, inodes[slot + 2]!, inodes[slot + 3]!);
  }

  keyFrom(node: number, index: number): number {
    return this.inodes[this.first[node]! + index * RECORD]!;
  }
  keyTo(node: number, index: number): number {
    const record = this.first[node]! + index * RECORD;
    return this.inodes[record]! + (this.inodes[record + 1]! & KEY_LENGTH_MASK);
  }
  flagsAt(node: number, index: number): number {
    return this.inodes[this.first[node]! + index * RECORD + 1]! >>> FLAGS_SHIFT;
  }
  childPage(node: number, index: number): number {
    return this.inodes[this.first[node]! + index * RECORD + 2]!;
  }
  /** The child's node, or −1 if it is still only a page. */
  childNode(node: number, index: number): number {
    return this.inodes[this.first[node]! + index * RECORD + 3]! - 1;
  }
  setChildNode(node: number, index: number, child: number): void {
    this.inodes[this.first[node]! + index * RECORD + 3] = child + 1;
  }
  /** Makes a branch's record stand for a child that has its page. */
  setChild(node: number, index: number, child: number): void {
    const { inodes } = this;
    const record = this.first[node]! + index * RECORD;
    const childRecord = this.first[child]!;
    inodes[record + 2] = this.pgid[child]!;
    inodes[record + 3] = child + 1;
    const keyAt = inodes[childRecord]!;
    const keyLength = inodes[childRecord + 1]! & KEY_LENGTH_MASK;
    if (this.isAsRead(node) && this.#isKey(record, keyAt, keyLength)) return;
    this.setReshaped(node);
    inodes[record] = keyAt;
    inodes[record + 1] = keyLength;
  }

  #isKey(record: number, at: number, length: number): boolean {
    const { inodes, bytes } = this;
    if ((inodes[record + 1]! & KEY_LENGTH_MASK) !== length) return false;
    const own = inodes[record]!;
    let i = 0;
    while (i < length && bytes[own + i] === bytes[at + i]) i++;
    return i === length;
  }

  /** Brings the image of a branch that is as it was read up to date, as page `id`. */
  updateImage(node: number, id: number, image: Uint8Array): void {
    const { inodes } = this;
    const count = this.count[node]!;
    writeU32LE(image, 0, id);
    let record = this.first[node]!;
    for (let i = 0, element = PAGE_HEADER_BYTES; i < count; i++, element += ELEMENT_BYTES, record += RECORD) {
      if (inodes[record + 3]! > 0) writeU32LE(image, element + 8, inodes[record + 2]!);
    }
  }

  /** Where `child` stands in its parent, searched from `from` on; −1: not there. */
  indexOfChild(node: number, child: number, from: number): number {
    const { inodes } = this;
    const count = this.count[node]!;
    let record = this.first[node]! + from * RECORD + 3;
    for (let i = from; i < count; i++, record += RECORD) if (inodes[record] === child + 1) return i;
    return -1;
  }

  #takeRecords(records: number): number {
    const at = this.#inodesEnd;
    const end = at + records * RECORD;
    if (end > this.inodes.length) {
      assert(end <= ARENA_BYTES_MAX / 4, 'bolt: more than 2 GiB of records in one transaction');
      this.inodes = grownIds(this.inodes, end);
    }
    this.#inodesEnd = end;
    return at;
  }

  #reserveBytes(count: number): number {
    const at = this.#bytesEnd;
    const end = at + count;
    if (end > this.bytes.length) {
      assert(end <= ARENA_BYTES_MAX, 'bolt: more than 2 GiB of keys and literal values in one transaction');
      const grown = new Uint8Array(Math.min(ARENA_BYTES_MAX, Math.max(end, this.bytes.length * 2)));
      grown.set(this.bytes.subarray(0, at));
      this.bytes = grown;
    }
    return at;
  }

  #growNodes(): void {
    const size = this.pgid.length * 2;
    this.pgid = grownIds(this.pgid, size);
    this.pages = grownIds(this.pages, size);
    this.parent = grownIds(this.parent, size);
    this.first = grownIds(this.first, size);
    this.capacity = grownIds(this.capacity, size);
    this.count = grownIds(this.count, size);
    this.childHint = grownIds(this.childHint, size);
    this.bucket = grownIds(this.bucket, size);
    this.#headsFrom = grownIds(this.#headsFrom, size);
    this.#prefixLength = grownIds(this.#prefixLength, size);
    const flags = new Uint8Array(size);
    flags.set(this.#flags);
    this.#flags = flags;
  }
}

const SOUND = 0;
const BAD_ELEMENT = 1;
/** A run stands where literal bytes are needed: expand the page and read it again. */
const RETRY_FLAT = 2;

function isOversized(capacityBytes: number, usedBytes: number): boolean {
  return capacityBytes > KEPT_BYTES_MAX && usedBytes > 0 && usedBytes * 4 < capacityBytes;
}

/** The first four of bytes[from, to) as a number that compares as they do; zeros where there are fewer. */
function headOf(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  return (
    (((length > 0 ? bytes[from]! : 0) << 24) |
      ((length > 1 ? bytes[from + 1]! : 0) << 16) |
      ((length > 2 ? bytes[from + 2]! : 0) << 8) |
      (length > 3 ? bytes[from + 3]! : 0)) >>>
    0
  );
}

function copyBytes(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from <= 64) for (let i = from; i < to; i++) target[at++] = source[i]!;
  else target.set(source.subarray(from, to), at);
}
