/** Sorting and merging lists of page ids. */

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const INSERTION_MAX = 40;

const counts = new Int32Array(DIGITS);
let otherIds = new Int32Array(64);
let otherPayload = new Int32Array(64);

/**
 * Sorts ids[0, count) ascending, and payload[0, count) along with it. Ids are not negative.
 * Radix sort, least digit first; insertion sort below 40.
 */
export function sortIds(ids: Int32Array, payload: Int32Array, count: number): void {
  if (count <= INSERTION_MAX) {
    insertionSort(ids, payload, count);
    return;
  }
  if (otherIds.length < count) {
    otherIds = new Int32Array(count * 2);
    otherPayload = new Int32Array(count * 2);
  }
  let max = 0;
  for (let i = 0; i < count; i++) if (ids[i]! > max) max = ids[i]!;
  let fromIds = ids;
  let fromPayload = payload;
  let toIds: Int32Array = otherIds;
  let toPayload: Int32Array = otherPayload;
  for (let shift = 0; shift < 31 && max >> shift > 0; shift += DIGIT_BITS) {
    counts.fill(0);
    for (let i = 0; i < count; i++) {
      const digit = (fromIds[i]! >> shift) & (DIGITS - 1);
      counts[digit] = counts[digit]! + 1;
    }
    let sum = 0;
    for (let digit = 0; digit < DIGITS; digit++) {
      const n = counts[digit]!;
      counts[digit] = sum;
      sum += n;
    }
    for (let i = 0; i < count; i++) {
      const id = fromIds[i]!;
      const digit = (id >> shift) & (DIGITS - 1);
      const at = counts[digit]!;
      counts[digit] = at + 1;
      toIds[at] = id;
      toPayload[at] = fromPayload[i]!;
    }
    const swapIds = fromIds;
    fromIds = toIds;
    toIds = swapIds;
    const swapPayload = fromPayload;
    fromPayload = toPayload;
    toPayload = swapPayload;
  }
  if (fromIds !== ids) {
    for (let i = 0; i < count; i++) {
      ids[i] = fromIds[i]!;
      payload[i] = fromPayload[i]!;
    }
  }
}

function insertionSort(ids: Int32Array, payload: Int32Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const id = ids[i]!;
    const extra = payload[i]!;
    let hole = i;
    while (hole > 0 && ids[hole - 1]! > id) {
      ids[hole] = ids[hole - 1]!;
      payload[hole] = payload[hole - 1]!;
      hole--;
    }
    ids[hole] = id;
    payload[hole] = extra;
  }
}

/** Merges a[aFrom, aTo) and b[0, bCount), both ascending, into `into`. */
export function mergeIds(
  a: Int32Array,
  aFrom: number,
  aTo: number,
  b: Int32Array,
  bCount: number,
  into: Int32Array,
): void {
  let i = aFrom;
  let j = 0;
  let at = 0;
  while (i < aTo && j < bCount) into[at++] = a[i]! < b[j]! ? a[i++]! : b[j++]!;
  while (i < aTo) into[at++] = a[i++]!;
  while (j < bCount) into[at++] = b[j++]!;
}

/** How often a list of that many can be halved: the factor of n in the steps of a sort. */
export function sortDepth(count: number): number {
  return count < 2 ? 0 : 32 - Math.clz32(count - 1);
}

export function grownIds(old: Int32Array, needed: number): Int32Array {
  const grown = new Int32Array(Math.max(needed, old.length * 2));
  grown.set(old);
  return grown;
}
