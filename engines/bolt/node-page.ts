/**
 * Nodes from pages, and pages from nodes. The layout, behind the page's header (`format.ts`):
 *
 *     branch   count × [ pos u32 | key length u32 | child u64 ]                      then the keys
 *     leaf     count × [ flags u32 | pos u32 | key length u32 | value length u32 ]   then key, value, key, value …
 */
import { writeU32LE } from '../../sim/bytes/fixed.ts';
import { RUN_LENGTH_MIN, type SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { FILL } from '../../sim/bytes/value.ts';
import { BRANCH_PAGE, ELEMENT_BYTES, LEAF_PAGE, PAGE_HEADER_BYTES, writePageHeader } from './format.ts';
import { AS_READ, FLAGS_SHIFT, KEY_LENGTH_MASK, PAGE_IS_LEAF, RECORD } from './node-arena.ts';
import { makeHeads } from './node-search.ts';
import { copyBytes, type Nodes } from './nodes.ts';
import { flatten, type Page } from './pages.ts';

/** Free records that a node gets beyond what it holds. */
const LEAF_SLACK = 2;
const BRANCH_SLACK = 8;

const SOUND = 0;
const BAD_ELEMENT = 1;
/** A run stands where literal bytes are needed: expand the page and read it again. */
const RETRY_FLAT = 2;

/** Takes a page apart. −1: an element is out of place, see `what`. */
export function materialise(nodes: Nodes, bucket: number, parent: number, page: Page): number {
  const isLeaf = page.flags === LEAF_PAGE;
  const { count } = page;
  const node = nodes.create(bucket, parent, isLeaf, count + (isLeaf ? LEAF_SLACK : BRANCH_SLACK));
  nodes.pgid[node] = page.id;
  nodes.pages[node] = page.overflow + 1;
  nodes.flags[node]! |= isLeaf ? PAGE_IS_LEAF : AS_READ;
  nodes.count[node] = count;
  let failure = isLeaf ? readLeaf(nodes, node, page) : readBranch(nodes, node, page);
  if (failure === RETRY_FLAT) {
    flatten(page.buffer);
    failure = isLeaf ? readLeaf(nodes, node, page) : readBranch(nodes, node, page);
  }
  if (failure !== SOUND) return -1;
  if (!isLeaf) makeHeads(nodes, node);
  return node;
}

/** Appends all literal bytes behind the elements to the arena; returns what to add to their index to find them there. */
function copyData(nodes: Nodes, page: Page): number {
  const { literal, literalLength } = page.buffer;
  const from = PAGE_HEADER_BYTES + page.count * ELEMENT_BYTES;
  const length = literalLength - from;
  const at = nodes.reserveBytes(length);
  const { bytes } = nodes;
  if (length <= 192) for (let i = 0; i < length; i++) bytes[at + i] = literal[from + i]!;
  else bytes.set(literal.subarray(from, literalLength), at);
  nodes.bytesEnd = at + length;
  return at - from;
}

function readBranch(nodes: Nodes, node: number, page: Page): number {
  const { buffer, count } = page;
  const dataFrom = PAGE_HEADER_BYTES + count * ELEMENT_BYTES;
  if (dataFrom > buffer.literalLength) return RETRY_FLAT;
  const { view } = buffer;
  const shift = copyData(nodes, page);
  const { inodes } = nodes;
  let usedBytes = dataFrom;
  const literalTo = buffer.runCount === 0 ? buffer.length : buffer.runStart[0]!;
  let record = nodes.first[node]!;
  for (let i = 0, element = PAGE_HEADER_BYTES; i < count; i++, element += ELEMENT_BYTES, record += RECORD) {
    const key = element + view.getUint32(element, true);
    const keyLength = view.getUint32(element + 4, true);
    if (keyLength === 0 || key < dataFrom || key + keyLength > buffer.length) return BAD_ELEMENT;
    if (key + keyLength > literalTo) return RETRY_FLAT;
    if (view.getUint32(element + 12, true) !== 0) return BAD_ELEMENT;
    inodes[record] = key + shift;
    inodes[record + 1] = keyLength & KEY_LENGTH_MASK;
    inodes[record + 2] = view.getUint32(element + 8, true);
    inodes[record + 3] = 0;
    usedBytes = key + keyLength;
  }
  nodes.usedBytes[node] = usedBytes;
  return SOUND;
}

function readLeaf(nodes: Nodes, node: number, page: Page): number {
  const { buffer, count } = page;
  const dataFrom = PAGE_HEADER_BYTES + count * ELEMENT_BYTES;
  if (dataFrom > buffer.literalLength) return RETRY_FLAT;
  const { view, runCount, runStart, runLength, runByte, runAt } = buffer;
  const shift = copyData(nodes, page);
  const valuesFrom = nodes.takeRecords(count);
  const { inodes } = nodes;
  let record = nodes.first[node]!;
  let value = valuesFrom;
  let run = 0; // the first run that ends after the position at hand
  let base = 0; // logical offset − literal index before that run
  let position = dataFrom;
  for (let i = 0, element = PAGE_HEADER_BYTES; i < count; i++, element += ELEMENT_BYTES, record += RECORD) {
    const key = element + view.getUint32(element + 4, true);
    const keyLength = view.getUint32(element + 8, true);
    const valueLength = view.getUint32(element + 12, true);
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
    inodes[record + 1] = (keyLength & KEY_LENGTH_MASK) | (view.getUint32(element, true) << FLAGS_SHIFT);
    inodes[record + 2] = value;
    inodes[record + 3] = valueLength;
    inodes[value] = keyAt + keyLength;
    inodes[value + 1] = literalBytes;
    inodes[value + 2] = fillAt;
    inodes[value + 3] = fillLength;
    value += RECORD;
  }
  nodes.usedBytes[node] = position;
  return SOUND;
}

/** Appends the node as a page image, without padding. */
export function serialise(nodes: Nodes, node: number, id: number, overflow: number, out: SparseBuffer): void {
  const isLeaf = nodes.isLeaf(node);
  writePageHeader(out, id, isLeaf ? LEAF_PAGE : BRANCH_PAGE, nodes.count[node]!, overflow);
  if (isLeaf) serialiseLeaf(nodes, node, out);
  else serialiseBranch(nodes, node, out);
}

function serialiseBranch(nodes: Nodes, node: number, out: SparseBuffer): void {
  const { inodes, bytes } = nodes;
  const count = nodes.count[node]!;
  const size = nodes.size(node) - PAGE_HEADER_BYTES;
  out.reserve(size);
  const { literal, view } = out;
  let element = out.literalLength;
  let data = element + count * ELEMENT_BYTES;
  // keys that stand one behind the other, as they came from the old page, are copied together
  let from = 0;
  let to = 0;
  let record = nodes.first[node]!;
  for (let i = 0; i < count; i++, element += ELEMENT_BYTES, record += RECORD) {
    const keyLength = inodes[record + 1]! & KEY_LENGTH_MASK;
    view.setUint32(element, data + to - from - element, true);
    view.setUint32(element + 4, keyLength, true);
    view.setUint32(element + 8, inodes[record + 2]!, true);
    view.setUint32(element + 12, 0, true);
    const keyAt = inodes[record]!;
    if (keyAt !== to) {
      copyBytes(bytes, from, to, literal, data);
      data += to - from;
      from = keyAt;
    }
    to = keyAt + keyLength;
  }
  copyBytes(bytes, from, to, literal, data);
  out.literalLength += size;
  out.length += size;
}

function serialiseLeaf(nodes: Nodes, node: number, out: SparseBuffer): void {
  const { inodes, bytes } = nodes;
  const count = nodes.count[node]!;
  const first = nodes.first[node]!;
  out.reserve(literalBytesMax(nodes, node));
  const { literal, view } = out;
  let element = out.literalLength;
  out.literalLength += count * ELEMENT_BYTES;
  out.length += count * ELEMENT_BYTES;
  let pos = count * ELEMENT_BYTES; // from the element at hand to its key
  // what stands one behind the other, as it came from the old page, is copied together, to `at`
  let from = 0;
  let to = 0;
  let at = out.literalLength;
  for (let i = 0, record = first; i < count; i++, element += ELEMENT_BYTES, record += RECORD, pos -= ELEMENT_BYTES) {
    const packed = inodes[record + 1]!;
    const keyLength = packed & KEY_LENGTH_MASK;
    const keyAt = inodes[record]!;
    const valueLength = inodes[record + 3]!;
    const slot = inodes[record + 2]!;
    const valueAt = inodes[slot]!;
    view.setUint32(element, packed >>> FLAGS_SHIFT, true);
    view.setUint32(element + 4, pos, true);
    view.setUint32(element + 8, keyLength, true);
    view.setUint32(element + 12, valueLength, true);
    pos += keyLength + valueLength;
    if (keyAt !== to) {
      copyBytes(bytes, from, to, literal, at);
      at += to - from;
      from = keyAt;
    }
    to = keyAt + keyLength;
    if (valueAt !== to) {
      copyBytes(bytes, from, to, literal, at);
      at += to - from;
      from = valueAt;
    }
    to = valueAt + inodes[slot + 1]!;
    const fillLength = inodes[slot + 3]!;
    if (fillLength === 0) continue;
    const fillFrom = valueAt + inodes[slot + 2]!;
    const before = at + fillFrom - from;
    out.length += before - out.literalLength;
    out.literalLength = before;
    out.run(FILL, fillLength);
    if (out.literalLength === before) continue;
    // so little fill that it has become literal bytes
    copyBytes(bytes, from, fillFrom, literal, at);
    at = out.literalLength;
    from = fillFrom;
  }
  copyBytes(bytes, from, to, literal, at);
  out.length += at + to - from - out.literalLength;
  out.literalLength = at + to - from;
}

/** Of a leaf's page behind its header; a little more, as short fill becomes literal. */
function literalBytesMax(nodes: Nodes, node: number): number {
  const { inodes } = nodes;
  const count = nodes.count[node]!;
  let bytes = count * (ELEMENT_BYTES + RUN_LENGTH_MIN);
  for (let i = 0, record = nodes.first[node]!; i < count; i++, record += RECORD) {
    bytes += (inodes[record + 1]! & KEY_LENGTH_MASK) + inodes[inodes[record + 2]! + 1]!;
  }
  return bytes;
}

/** Brings the image of a branch that is as it was read up to date, as page `id`. */
export function updateImage(nodes: Nodes, node: number, id: number, image: Uint8Array): void {
  const { inodes } = nodes;
  const count = nodes.count[node]!;
  writeU32LE(image, 0, id);
  let record = nodes.first[node]!;
  for (let i = 0, element = PAGE_HEADER_BYTES; i < count; i++, element += ELEMENT_BYTES, record += RECORD) {
    if (inodes[record + 3]! > 0) writeU32LE(image, element + 8, inodes[record + 2]!);
  }
}
