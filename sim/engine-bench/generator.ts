/**
 * The workload generator of the ground-truth runs: the key order of each phase and the keys.
 *
 * splitmix64 on two 32-bit halves: no BigInt. A remainder by a modulus below 2^32 is taken half
 * by half, with intermediate results below 2^53 for a modulus up to 2^21 in one step, and digit by
 * digit above.
 */

export type KeyOrder = 'seq' | 'perm' | 'unif' | 'evens' | 'zipf';

export class SplitMix64 {
  #high: number;
  #low: number;
  /** Halves of the last output. */
  high = 0;
  low = 0;

  constructor(seed: number) {
    this.#high = Math.floor(seed / 4294967296) >>> 0;
    this.#low = seed >>> 0;
  }

  next(): void {
    const lowSum = this.#low + 0x7f4a7c15;
    this.#low = lowSum >>> 0;
    this.#high = (this.#high + 0x9e3779b9 + (lowSum > 0xffffffff ? 1 : 0)) >>> 0;
    let high = this.#high;
    let low = this.#low;
    // z ^= z >> 30
    low ^= (low >>> 30) | (high << 2);
    high ^= high >>> 30;
    ({ high, low } = multiply(high, low, 0xbf58476d, 0x1ce4e5b9));
    // z ^= z >> 27
    low ^= (low >>> 27) | (high << 5);
    high ^= high >>> 27;
    ({ high, low } = multiply(high, low, 0x94d049bb, 0x133111eb));
    // z ^= z >> 31
    low ^= (low >>> 31) | (high << 1);
    high ^= high >>> 31;
    this.high = high >>> 0;
    this.low = low >>> 0;
  }

  /** The next output modulo `modulus`, for 0 < modulus < 2^32. */
  nextBelow(modulus: number): number {
    this.next();
    let rest = this.high % modulus;
    // 16 bits at a time: rest · 2^16 stays below 2^48
    rest = (rest * 65536 + (this.low >>> 16)) % modulus;
    return (rest * 65536 + (this.low & 0xffff)) % modulus;
  }

  /** The next output's upper 53 bits as a fraction of 1. */
  nextFraction(): number {
    this.next();
    return (this.high * 2097152 + (this.low >>> 11)) / 9007199254740992;
  }
}

const product = { high: 0, low: 0 };

/** a · b modulo 2^64. */
function multiply(aHigh: number, aLow: number, bHigh: number, bLow: number): { high: number; low: number } {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  const low = a0 * b0;
  const middle = a1 * b0 + (low >>> 16);
  const cross = a0 * b1 + (middle % 65536);
  const carry = a1 * b1 + Math.floor(middle / 65536) + Math.floor(cross / 65536);
  product.low = ((cross << 16) | (low & 0xffff)) >>> 0;
  product.high = (carry + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) >>> 0;
  return product;
}

export function permutation(count: number, seed: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  const random = new SplitMix64(seed);
  for (let i = count - 1; i >= 1; i--) {
    const j = random.nextBelow(i + 1);
    const swap = order[i]!;
    order[i] = order[j]!;
    order[j] = swap;
  }
  return order;
}

/** The key indices of a phase, in order. */
export function keyIndices(order: KeyOrder, operations: number, keyspace: number, seed: number): Uint32Array {
  const indices = new Uint32Array(operations);
  if (order === 'seq' || order === 'evens') {
    const step = order === 'seq' ? 1 : 2;
    for (let i = 0; i < operations; i++) indices[i] = (step * i) % keyspace;
  } else if (order === 'perm') {
    const permuted = permutation(keyspace, seed);
    for (let i = 0; i < operations; i++) indices[i] = permuted[i % keyspace]!;
  } else if (order === 'unif') {
    const random = new SplitMix64(seed);
    for (let i = 0; i < operations; i++) indices[i] = random.nextBelow(keyspace);
  } else {
    fillZipf(indices, keyspace, seed);
  }
  return indices;
}

/** Exponent 1: rank r with weight 1 ÷ (r + 1), ranks spread over the keys by a permutation. */
function fillZipf(indices: Uint32Array, keyspace: number, seed: number): void {
  const cumulative = new Float64Array(keyspace);
  let sum = 0;
  for (let rank = 0; rank < keyspace; rank++) {
    sum += 1 / (rank + 1);
    cumulative[rank] = sum;
  }
  const ranks = permutation(keyspace, seed + 1);
  const random = new SplitMix64(seed);
  for (let i = 0; i < indices.length; i++) {
    const drawn = random.nextFraction() * sum;
    let low = 0;
    let high = keyspace;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (cumulative[middle]! > drawn) high = middle;
      else low = middle + 1;
    }
    indices[i] = ranks[Math.min(low, keyspace - 1)]!;
  }
}

/** Tells two key sequences apart. */
export function keyCheck(indices: Uint32Array): number {
  let hash = 0;
  for (const index of indices) hash = (Math.imul(hash, 31) + index) >>> 0;
  return hash;
}

export const KEY_BYTES = 16;

/** Writes 'k' and 15 decimal digits. */
export function writeKey(index: number, into: Uint8Array): void {
  into[0] = 0x6b;
  let rest = index;
  for (let at = KEY_BYTES - 1; at > 0; at--) {
    const next = Math.floor(rest / 10);
    into[at] = 0x30 + rest - next * 10;
    rest = next;
  }
}
