/**
 * The shape of RFC 6962's tree over `size` leaves, and its proofs. Pure: used by the accumulator and by
 * whoever verifies.
 *
 * The tree is a row of complete subtrees ("peaks") of falling size, one for each one bit of `size`. Its
 * root is folded from the right: the last two peaks, then that with the one before, and so on. The results
 * of these folds are the right edge.
 *
 * A proof of leaf i: siblings inside its peak, lowest first; then, if peaks follow, their fold; then the
 * peaks before, nearest first.
 */
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import type { Digester } from './digester.ts';
import { equalHashes } from './format.ts';

/** Number of the place in post-order of the root of the 2^height leaves from `leaf` on. */
export function nodeNumber(leaf: number, height: number): number {
  return nodesBefore(leaf) + 2 * powerOfTwo(height) - 2;
}

/** Complete nodes of a tree of `leaves` leaves; so many stand before the next leaf. */
export function nodesBefore(leaves: number): number {
  let bits = 0;
  for (let rest = leaves; rest > 0; rest = Math.floor(rest / 2)) bits += rest % 2;
  return 2 * leaves - bits;
}

export function powerOfTwo(height: number): number {
  let power = 1;
  for (let i = 0; i < height; i++) power *= 2;
  return power;
}

export interface Peak {
  readonly firstLeaf: number;
  readonly height: number;
}

/** From the left, that is from the largest. */
export function peaksOf(size: number): Peak[] {
  const heights: number[] = [];
  for (let rest = size, height = 0; rest > 0; rest = Math.floor(rest / 2), height++) {
    if (rest % 2 === 1) heights.push(height);
  }
  let firstLeaf = 0;
  return heights.reverse().map((height) => {
    const peak = { firstLeaf, height };
    firstLeaf += powerOfTwo(height);
    return peak;
  });
}

/** Folds the peaks' hashes: the incomplete nodes, lowest first; the root is the last, or the only peak. */
export function foldPeaks(peaks: readonly Uint8Array[], digester: Digester): Uint8Array[] {
  const edge: Uint8Array[] = [];
  let right = peaks[peaks.length - 1];
  for (let i = peaks.length - 2; i >= 0; i--) {
    const node = new Uint8Array(DIGEST_BYTES);
    digester.node(peaks[i]!, 0, right!, 0, node, 0);
    edge.push(node);
    right = node;
  }
  return edge;
}

/** Whether `siblings` lead from the hash of leaf `leaf` to the root of a tree of `size` leaves. */
export function verifyPath(
  leaf: number,
  size: number,
  hash: Uint8Array,
  siblings: readonly Uint8Array[],
  root: Uint8Array,
  digester: Digester,
): boolean {
  if (!Number.isSafeInteger(leaf) || !Number.isSafeInteger(size) || leaf < 0 || leaf >= size) return false;
  const peaks = peaksOf(size);
  const own = peaks.findIndex(({ firstLeaf, height }) => leaf < firstLeaf + powerOfTwo(height));
  const { firstLeaf, height } = peaks[own]!;
  const hasRight = own < peaks.length - 1;
  if (siblings.length !== height + (hasRight ? 1 : 0) + own) return false;
  if (siblings.some((sibling) => sibling.length !== DIGEST_BYTES)) return false;
  const node = hash.slice();
  let next = 0;
  let place = leaf - firstLeaf;
  for (let level = 0; level < height; level++, place = Math.floor(place / 2)) {
    const sibling = siblings[next++]!;
    if (place % 2 === 0) digester.node(node, 0, sibling, 0, node, 0);
    else digester.node(sibling, 0, node, 0, node, 0);
  }
  if (hasRight) digester.node(node, 0, siblings[next++]!, 0, node, 0);
  for (let i = own - 1; i >= 0; i--) digester.node(siblings[next++]!, 0, node, 0, node, 0);
  return equalHashes(node, 0, root, 0);
}
