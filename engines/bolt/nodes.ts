/**
 * The nodes of the transaction at hand: tree pages taken apart, so that they can change. What they look like in
 * memory is in `node-arena.ts`, how keys are found in `node-search.ts`, how pages are read and written in `node-page.ts`.
 */
import { Value } from '../../sim/bytes/value.ts';
import { ELEMENT_BYTES, PAGE_HEADER_BYTES } from './format.ts';
import { FLAGS_SHIFT, IS_LEAF, KEY_LENGTH_MASK, NodeArena, RECORD, UNBALANCED } from './node-arena.ts';
import { placeFor } from './node-search.ts';

/** Free records that a node that has grown gets beyond what it holds. */
const SLACK = 2;

const scratch = new Value();

export const NOTHING = 0;
export const REPLACED = 1;
export const INSERTED = 2;
export type PutResult = typeof NOTHING | typeof REPLACED | typeof INSERTED;

export class Nodes extends NodeArena {
  /** A node without records. */
  create(bucket: number, parent: number, isLeaf: boolean, records: number): number {
    if (this.nodeCount === this.pgid.length) this.growNodes();
    const node = this.nodeCount++;
    this.pgid[node] = 0;
    this.pages[node] = 0;
    this.usedBytes[node] = 0;
    this.parent[node] = parent;
    this.count[node] = 0;
    this.childHint[node] = 0;
    this.bucket[node] = bucket;
    this.headsFrom[node] = -1;
    this.flags[node] = isLeaf ? IS_LEAF : 0;
    this.capacity[node] = records;
    this.first[node] = this.takeRecords(records);
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

  /** Gives a leaf the key and value; `NOTHING` done if the key is there with other flags. */
  put(node: number, key: Uint8Array, from: number, to: number, value: Value, flags: number): PutResult {
    const index = placeFor(this, node, key, from, to);
    const isNew = !this.exact;
    if (isNew) this.insertRecord(node, index);
    else if (this.flagsAt(node, index) !== flags) return NOTHING;
    const keyLength = to - from;
    const literalBytes = value.literalLength;
    const at = this.reserveBytes(keyLength + literalBytes);
    copyBytes(key, from, to, this.bytes, at);
    copyBytes(value.bytes, value.start, value.start + literalBytes, this.bytes, at + keyLength);
    this.bytesEnd = at + keyLength + literalBytes;
    const record = this.first[node]! + index * RECORD;
    const slot = isNew ? this.takeRecords(1) : this.inodes[record + 2]!;
    this.#setRecord(record, slot, at, keyLength, value, flags);
    this.putBytes += keyLength + value.length;
    return isNew ? INSERTED : REPLACED;
  }

  /** Gives a leaf a key above all that it has. */
  append(node: number, key: Uint8Array, from: number, to: number, value: Value): void {
    const index = this.count[node]!;
    this.insertRecord(node, index);
    const keyLength = to - from;
    const literalBytes = value.literalLength;
    const at = this.reserveBytes(keyLength + literalBytes);
    copyBytes(key, from, to, this.bytes, at);
    copyBytes(value.bytes, value.start, value.start + literalBytes, this.bytes, at + keyLength);
    this.bytesEnd = at + keyLength + literalBytes;
    this.#setRecord(this.first[node]! + index * RECORD, this.takeRecords(1), at, keyLength, value, 0);
  }

  /** Gives a branch a child behind all that it has. */
  appendChild(node: number, key: Uint8Array, from: number, to: number, page: number): void {
    const index = this.count[node]!;
    this.insertRecord(node, index);
    const at = this.reserveBytes(to - from);
    copyBytes(key, from, to, this.bytes, at);
    this.bytesEnd = at + to - from;
    const record = this.first[node]! + index * RECORD;
    this.inodes[record] = at;
    this.inodes[record + 1] = to - from;
    this.inodes[record + 2] = page;
    this.inodes[record + 3] = 0;
  }

  /** Appends copies of the records of another arena's node. */
  appendFrom(node: number, other: Nodes, from: number): void {
    for (let i = 0; i < other.count[from]!; i++) {
      const keyFrom = other.keyFrom(from, i);
      const keyTo = other.keyTo(from, i);
      if (other.isLeaf(from)) {
        other.value(from, i, scratch);
        this.append(node, other.bytes, keyFrom, keyTo, scratch);
      } else {
        this.appendChild(node, other.bytes, keyFrom, keyTo, other.childPage(from, i));
      }
    }
  }

  #setRecord(record: number, slot: number, at: number, keyLength: number, value: Value, flags: number): void {
    const { inodes } = this;
    inodes[slot] = at + keyLength;
    inodes[slot + 1] = value.literalLength;
    inodes[slot + 2] = value.fillAt;
    inodes[slot + 3] = value.fillLength;
    inodes[record] = at;
    inodes[record + 1] = keyLength | (flags << FLAGS_SHIFT);
    inodes[record + 2] = slot;
    inodes[record + 3] = value.length;
  }

  /** Makes room for a record; its content is undefined. */
  insertRecord(node: number, index: number): void {
    const count = this.count[node]!;
    this.setReshaped(node);
    if (count === this.capacity[node]!) {
      const capacity = count * 2 + SLACK;
      const first = this.takeRecords(capacity);
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
    this.flags[node]! |= UNBALANCED;
  }

  /** Appends the records of another node of the same kind. */
  appendRecords(node: number, other: number): void {
    const count = this.count[node]!;
    const added = this.count[other]!;
    this.setReshaped(node);
    if (count + added > this.capacity[node]!) {
      const capacity = count + added + SLACK;
      const first = this.takeRecords(capacity);
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
    if (this.isLeaf(child)) this.flags[node]! |= IS_LEAF;
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

  /** Where `child` stands in its parent, searched from `from` on; −1: not there. */
  indexOfChild(node: number, child: number, from: number): number {
    const { inodes } = this;
    const count = this.count[node]!;
    let record = this.first[node]! + from * RECORD + 3;
    for (let i = from; i < count; i++, record += RECORD) if (inodes[record] === child + 1) return i;
    return -1;
  }
}

export function copyBytes(source: Uint8Array, from: number, to: number, target: Uint8Array, at: number): void {
  if (to - from <= 64) for (let i = from; i < to; i++) target[at++] = source[i]!;
  else target.set(source.subarray(from, to), at);
}
