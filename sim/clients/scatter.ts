/**
 * A fixed one-to-one map of [0, count) onto itself that looks random: spreads the popular ranks of a
 * zipfian draw over the key space. YCSB hashes for that, which lets several ranks fall on one key
 * and leaves others out; here every key keeps exactly the probability of its rank.
 *
 * A four-round Feistel network over the next even number of bits; results outside the range are
 * put through again, fewer than four times on average.
 */
import { assert } from '../assert.ts';

/** 2^40. */
const COUNT_MAX = 1_099_511_627_776;
const ROUND_KEYS: readonly number[] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f];

export class Scatter {
  readonly #count: number;
  readonly #half: number;

  constructor(count: number) {
    assert(count >= 1 && count <= COUNT_MAX, 'scatter: out of range');
    this.#count = count;
    let half = 1;
    while (half * half < count) half *= 2;
    this.#half = half;
  }

  at(index: number): number {
    let value = index;
    do value = this.#permute(value);
    while (value >= this.#count);
    return value;
  }

  #permute(value: number): number {
    const half = this.#half;
    const mask = half - 1;
    let left = Math.floor(value / half);
    let right = value - left * half;
    for (let round = 0; round < 4; round++) {
      let mixed = Math.imul(right ^ ROUND_KEYS[round]!, 0x2c1b3c6d);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x297a2d39);
      const next = (left ^ mixed ^ (mixed >>> 16)) & mask;
      left = right;
      right = next;
    }
    return left * half + right;
  }
}
