/**
 * Reading a bucket: through nodes where the open transaction has some, through pages elsewhere.
 */
import { readU32LE } from '../../sim/bytes/fixed.ts';
import type { Value } from '../../sim/bytes/value.ts';
import type { Visitor } from '../../sim/storage-engine.ts';
import { KEYS_COMPARED } from '../../sim/work.ts';
import { ELEMENT_BYTES, LEAF_PAGE, PAGE_HEADER_BYTES } from './format.ts';
import { flatten, Page } from './pages.ts';
import { type Bucket, DEPTH_MAX, type Transaction } from './transaction.ts';

/** Where an element's key stands after `locate`. */
let keyAt = 0;
let keyLength = 0;
/** Logical offset behind the key, where a leaf's value starts. */
let valueAt = 0;
let valueLength = 0;
let exact = false;

/** True and `into` set if the key is there. False: it is not, or `pages.fault` says what is damaged. */
export function get(transaction: Transaction, bucket: Bucket, key: Uint8Array, into: Value): boolean {
  const { nodes, pages, work } = transaction;
  let node = bucket.rootNode;
  let id = bucket.root;
  let page: Page | undefined;
  for (let depth = 0; depth <= DEPTH_MAX; depth++) {
    if (node >= 0) {
      if (nodes.isLeaf(node)) {
        const index = nodes.lowerBound(node, key, 0, key.length);
        if (nodes.exact) nodes.value(node, index, into);
        takeComparisons(transaction);
        return nodes.exact;
      }
      const index = nodes.childIndex(node, key, 0, key.length);
      id = nodes.childPage(node, index);
      node = nodes.childNode(node, index);
      continue;
    }
    takeComparisons(transaction);
    page = id === 0 && depth === 0 ? bucket.inline : pages.tree(id);
    if (page === undefined) return false;
    const index = lowerBound(page, key);
    if (index < 0) return pages.fail(page.id, 'an element points outside of its page');
    work.counts[KEYS_COMPARED]! += 32 - Math.clz32(page.count);
    if (page.flags === LEAF_PAGE) {
      if (!exact) return false;
      locate(page, index);
      page.buffer.valueAt(valueAt, valueAt + valueLength, into);
      return true;
    }
    id = childOf(page, exact || index === 0 ? index : index - 1);
    if (id < 0) return pages.fail(page.id, 'child page number out of range');
  }
  return pages.fail(id, `the tree is deeper than ${DEPTH_MAX} levels: a cycle`);
}

/** Ascending over from ≤ key < to. False: a damaged page ended it. */
export function scan(
  transaction: Transaction,
  bucket: Bucket,
  from: Uint8Array,
  to: Uint8Array | undefined,
  visit: Visitor,
  value: Value,
): boolean {
  const outcome = new Scan(transaction, bucket, from, to, visit, value).run();
  takeComparisons(transaction);
  return outcome !== DAMAGED;
}

const CONTINUE = 0;
const END = 1;
const DAMAGED = 2;

class Scan {
  readonly #transaction: Transaction;
  readonly #bucket: Bucket;
  readonly #from: Uint8Array;
  readonly #to: Uint8Array | undefined;
  readonly #visit: Visitor;
  readonly #value: Value;
  /** One page for each level: the way down must stay readable. */
  readonly #levels: Page[] = [];

  constructor(
    transaction: Transaction,
    bucket: Bucket,
    from: Uint8Array,
    to: Uint8Array | undefined,
    visit: Visitor,
    value: Value,
  ) {
    this.#transaction = transaction;
    this.#bucket = bucket;
    this.#from = from;
    this.#to = to;
    this.#visit = visit;
    this.#value = value;
  }

  run(): number {
    const { rootNode, root, inline } = this.#bucket;
    if (rootNode >= 0) return this.#node(rootNode, true, 0);
    if (root !== 0) return this.#page(root, true, 0);
    if (inline === undefined) return END;
    return this.#elements(inline, true, 0);
  }

  /** `isEdge`: keys below `from` may stand here. */
  #node(node: number, isEdge: boolean, depth: number): number {
    const { nodes } = this.#transaction;
    const from = this.#from;
    if (nodes.isLeaf(node)) {
      const start = isEdge ? nodes.lowerBound(node, from, 0, from.length) : 0;
      for (let i = start; i < nodes.count[node]!; i++) {
        const keyFrom = nodes.keyFrom(node, i);
        const keyTo = nodes.keyTo(node, i);
        if (this.#isPast(nodes.bytes, keyFrom, keyTo)) return END;
        nodes.value(node, i, this.#value);
        if (!this.#visit(nodes.bytes, keyFrom, keyTo, this.#value)) return END;
      }
      return CONTINUE;
    }
    const start = isEdge ? nodes.childIndex(node, from, 0, from.length) : 0;
    for (let i = start; i < nodes.count[node]!; i++) {
      if (i > start && this.#isPast(nodes.bytes, nodes.keyFrom(node, i), nodes.keyTo(node, i))) return END;
      const child = nodes.childNode(node, i);
      const atEdge = isEdge && i === start;
      const outcome =
        child >= 0 ? this.#node(child, atEdge, depth + 1) : this.#page(nodes.childPage(node, i), atEdge, depth + 1);
      if (outcome !== CONTINUE) return outcome;
    }
    return CONTINUE;
  }

  #page(id: number, isEdge: boolean, depth: number): number {
    const { pages } = this.#transaction;
    if (depth > DEPTH_MAX) {
      pages.fail(id, `the tree is deeper than ${DEPTH_MAX} levels: a cycle`);
      return DAMAGED;
    }
    let page = this.#levels[depth];
    if (page === undefined) {
      page = new Page();
      this.#levels[depth] = page;
    }
    return pages.read(id, page) ? this.#elements(page, isEdge, depth) : DAMAGED;
  }

  #elements(page: Page, isEdge: boolean, depth: number): number {
    const { pages } = this.#transaction;
    let start = isEdge ? lowerBound(page, this.#from) : 0;
    if (start < 0) return this.#damaged(page);
    const isLeaf = page.flags === LEAF_PAGE;
    if (!isLeaf && isEdge && !exact && start > 0) start--;
    for (let i = start; i < page.count; i++) {
      if (!locate(page, i)) return this.#damaged(page);
      const { literal } = page.buffer;
      if ((isLeaf || i > start) && this.#isPast(literal, keyAt, keyAt + keyLength)) return END;
      if (isLeaf) {
        const keyFrom = keyAt;
        const keyTo = keyAt + keyLength;
        page.buffer.valueAt(valueAt, valueAt + valueLength, this.#value);
        if (!this.#visit(literal, keyFrom, keyTo, this.#value)) return END;
        continue;
      }
      const child = childOf(page, i);
      if (child < 0) {
        pages.fail(page.id, 'child page number out of range');
        return DAMAGED;
      }
      const outcome = this.#page(child, isEdge && i === start, depth + 1);
      if (outcome !== CONTINUE) return outcome;
    }
    return CONTINUE;
  }

  #isPast(bytes: Uint8Array, from: number, to: number): boolean {
    const limit = this.#to;
    if (limit === undefined) return false;
    const common = Math.min(limit.length, to - from);
    for (let i = 0; i < common; i++) {
      const difference = bytes[from + i]! - limit[i]!;
      if (difference !== 0) return difference > 0;
    }
    return to - from >= limit.length;
  }

  #damaged(page: Page): number {
    this.#transaction.pages.fail(page.id, 'an element points outside of its page');
    return DAMAGED;
  }
}

/** Index of the first element whose key is not below `key`; sets `exact`. −1: a misplaced element. */
function lowerBound(page: Page, key: Uint8Array): number {
  let low = 0;
  let high = page.count;
  let lowShared = 0;
  let highShared = 0;
  exact = false;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (!locate(page, middle)) return -1;
    const { literal } = page.buffer;
    const common = Math.min(keyLength, key.length);
    let i = Math.min(lowShared, highShared);
    while (i < common && literal[keyAt + i] === key[i]) i++;
    const below = i < common ? literal[keyAt + i]! < key[i]! : keyLength < key.length;
    if (below) {
      low = middle + 1;
      lowShared = i;
    } else {
      high = middle;
      highShared = i;
      if (i === key.length && keyLength === key.length) exact = true;
    }
  }
  return low;
}

/** Finds key and value of an element; false if they do not lie inside of the page. */
function locate(page: Page, index: number): boolean {
  const { buffer } = page;
  const element = PAGE_HEADER_BYTES + index * ELEMENT_BYTES;
  const { literal } = buffer;
  const isLeaf = page.flags === LEAF_PAGE;
  const key = element + readU32LE(literal, isLeaf ? element + 4 : element);
  keyLength = readU32LE(literal, isLeaf ? element + 8 : element + 4);
  valueLength = isLeaf ? readU32LE(literal, element + 12) : 0;
  valueAt = key + keyLength;
  if (keyLength === 0 || valueAt + valueLength > buffer.length) return false;
  keyAt = buffer.literalIndex(key, keyLength);
  if (keyAt < 0) {
    flatten(buffer);
    keyAt = key;
  }
  return true;
}

function childOf(page: Page, index: number): number {
  const { literal } = page.buffer;
  const element = PAGE_HEADER_BYTES + index * ELEMENT_BYTES;
  return readU32LE(literal, element + 12) === 0 ? readU32LE(literal, element + 8) : -1;
}

function takeComparisons(transaction: Transaction): void {
  const { nodes, work } = transaction;
  work.counts[KEYS_COMPARED]! += nodes.keysCompared;
  nodes.keysCompared = 0;
}
