/** Finding keys in nodes: binary searches that skip what the key is known to share with the records on either side. */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { KEY_LENGTH_MASK, type NodeArena, RECORD } from './node-arena.ts';

/** Concurrent clients' ascending keys arrive out of order by less than this. */
const NEWEST_RECORDS = 128;

export function makeHeads(nodes: NodeArena, node: number): void {
  const count = nodes.count[node]!;
  const from = nodes.headsEnd;
  if (from + count > nodes.heads.length) {
    const grown = new Uint32Array(Math.max(from + count, nodes.heads.length * 2));
    grown.set(nodes.heads.subarray(0, from));
    nodes.heads = grown;
  }
  nodes.headsEnd = from + count;
  nodes.headsFrom[node] = from;
  const { inodes, bytes } = nodes;
  const heads = nodes.heads;
  const first = nodes.first[node]!;
  const last = first + (count - 1) * RECORD;
  const a = inodes[first]!;
  const b = inodes[last]!;
  const shortest = Math.min(inodes[first + 1]! & KEY_LENGTH_MASK, inodes[last + 1]! & KEY_LENGTH_MASK);
  let prefix = 0;
  while (prefix < shortest && bytes[a + prefix] === bytes[b + prefix]) prefix++;
  nodes.prefixLength[node] = prefix;
  for (let i = 0, record = first; i < count; i++, record += RECORD) {
    const at = inodes[record]!;
    heads[from + i] = headOf(bytes, at + prefix, at + (inodes[record + 1]! & KEY_LENGTH_MASK));
  }
}

/** Index of the first record whose key is not below key[from, to); `exact` says whether it is that key. */
export function lowerBound(nodes: NodeArena, node: number, key: Uint8Array, from: number, to: number): number {
  return lowerBoundAmong(nodes, node, 0, nodes.count[node]!, key, from, to);
}

/** The same, known to lie within [low, high]. */
function lowerBoundAmong(
  nodes: NodeArena,
  node: number,
  low: number,
  high: number,
  key: Uint8Array,
  from: number,
  to: number,
): number {
  const { inodes, bytes } = nodes;
  const first = nodes.first[node]!;
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
  nodes.exact = exact;
  nodes.keysCompared += compared;
  return low;
}

/** Index of the child that holds the key. */
export function childIndex(nodes: NodeArena, node: number, key: Uint8Array, from: number, to: number): number {
  const headsFrom = nodes.headsFrom[node]!;
  const prefix = nodes.prefixLength[node]!;
  const count = nodes.count[node]!;
  if (headsFrom < 0 || to - from < prefix) return childIndexAmong(nodes, node, 0, count, key, from, to);
  const { bytes } = nodes;
  const start = nodes.inodes[nodes.first[node]!]!;
  for (let i = 0; i < prefix; i++) {
    const difference = key[from + i]! - bytes[start + i]!;
    if (difference !== 0) return difference < 0 ? 0 : count - 1;
  }
  const heads = nodes.heads;
  const head = headOf(key, from + prefix, to);
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (heads[headsFrom + middle]! < head) low = middle + 1;
    else high = middle;
  }
  nodes.keysCompared += 32 - Math.clz32(count);
  if (low === count || heads[headsFrom + low] !== head) return low === 0 ? 0 : low - 1;
  let equalTo = low + 1;
  while (equalTo < count && heads[headsFrom + equalTo] === head) equalTo++;
  return childIndexAmong(nodes, node, low, equalTo, key, from, to);
}

function childIndexAmong(
  nodes: NodeArena,
  node: number,
  low: number,
  high: number,
  key: Uint8Array,
  from: number,
  to: number,
): number {
  const index = lowerBoundAmong(nodes, node, low, high, key, from, to);
  return nodes.exact || index === 0 ? index : index - 1;
}

/**
 * `lowerBound` for a key to be put. In a leaf that has outgrown its page, as ascending inserts make them, it
 * looks among the last records first, and charges what the whole search would have compared.
 */
export function placeFor(nodes: NodeArena, node: number, key: Uint8Array, from: number, to: number): number {
  const count = nodes.count[node]!;
  const last = count - NEWEST_RECORDS;
  if (last < 0 || !isAbove(nodes, node, last, key, from, to)) return lowerBound(nodes, node, key, from, to);
  const compared = nodes.keysCompared;
  const index = lowerBoundAmong(nodes, node, last + 1, count, key, from, to);
  let steps = 0;
  for (let low = 0, high = count; low < high; steps++) {
    const middle = (low + high) >>> 1;
    if (middle < index) low = middle + 1;
    else high = middle;
  }
  nodes.keysCompared = compared + steps;
  return index;
}

function isAbove(nodes: NodeArena, node: number, index: number, key: Uint8Array, from: number, to: number): boolean {
  const record = nodes.first[node]! + index * RECORD;
  const at = nodes.inodes[record]!;
  return compareRanges(nodes.bytes, at, at + (nodes.inodes[record + 1]! & KEY_LENGTH_MASK), key, from, to) < 0;
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
