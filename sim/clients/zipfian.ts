/**
 * Ranks with P(rank k) ∝ 1 / (k + 1)^s, exactly, for any s ≥ 0 and up to 2^40 ranks, in bounded memory.
 *
 * The first 4096 ranks each have a column of their own in an alias table (Walker, Vose); the others
 * share columns by blocks whose ends are 1/64 apart, each with the exact sum of its weights (Euler-
 * Maclaurin), and within a block a rank is drawn uniformly and accepted by its weight. So a draw costs
 * one table look-up, and nothing is approximated but the sums, to about 1e-13.
 */
import { assert } from '../assert.ts';
import type { Rng } from '../rng.ts';
import { ln, power, relativeExp } from './elementary.ts';

/** 2^40. */
const RANKS_MAX = 1_099_511_627_776;
const HEAD_RANKS = 4096;
const BLOCK_RATIO = 64;
/** A block accepts at least (64/65)^s of its draws: so many refusals in a row do not happen. */
const REFUSALS_MAX = 1000;

export class Zipfian {
  readonly #rng: Rng;
  readonly #exponent: number;
  readonly #head: number;
  /** First rank of each block, counted from 1; one more at the end. */
  readonly #edges: number[] = [];
  readonly #keep: Float64Array;
  readonly #alias: Int32Array;

  constructor(count: number, exponent: number, rng: Rng) {
    assert(count >= 1 && count <= RANKS_MAX && exponent >= 0 && exponent <= 16, 'zipfian: out of range');
    this.#rng = rng;
    this.#exponent = exponent;
    this.#head = Math.min(count, HEAD_RANKS);
    const weights: number[] = [];
    for (let rank = 1; rank <= this.#head; rank++) weights.push(power(rank, -exponent));
    for (let from = this.#head + 1; from <= count; ) {
      const to = Math.min(count + 1, from + Math.floor(from / BLOCK_RATIO));
      this.#edges.push(from);
      weights.push(powerSum(from, to, exponent));
      from = to;
    }
    this.#edges.push(count + 1);
    this.#keep = new Float64Array(weights.length);
    this.#alias = new Int32Array(weights.length);
    fillAliasTable(weights, this.#keep, this.#alias);
  }

  /** 0 is the most popular. */
  next(): number {
    const rng = this.#rng;
    // 53 bits: the table has thousands of columns, and 32 bits would leave too few for the choice in one.
    const u = ((rng.bits() >>> 5) * 67108864 + (rng.bits() >>> 6)) / 9007199254740992;
    const scaled = u * this.#keep.length;
    let column = Math.floor(scaled);
    if (scaled - column >= this.#keep[column]!) column = this.#alias[column]!;
    return column < this.#head ? column : this.#inBlock(column - this.#head);
  }

  #inBlock(block: number): number {
    const from = this.#edges[block]!;
    const to = this.#edges[block + 1]!;
    const s = this.#exponent;
    for (let refusals = 0; refusals < REFUSALS_MAX; refusals++) {
      const rank = this.#rng.int(from, to - 1);
      const u = this.#rng.float();
      // (from/rank)^s ≥ 1 − s·(rank − from)/from: nearly always enough to accept.
      if (u < 1 - (s * (rank - from)) / from || u < power(from / rank, s)) return rank - 1;
    }
    return from - 1;
  }
}

/** The sum over r in [from, to) of r^−s, for from > 4096 and to ≤ 1.02 · from + 1. */
function powerSum(from: number, to: number, s: number): number {
  const low = power(from, -s);
  const high = power(to, -s);
  const width = ln(to / from);
  const integral = low * from * width * relativeExp((1 - s) * width);
  const slope = s * (low / from - high / to);
  const third = s * (s + 1) * (s + 2) * (low / (from * from * from) - high / (to * to * to));
  return integral + (low - high) / 2 + slope / 12 - third / 720;
}

/** Vose's: column i yields i with probability keep[i], else alias[i]. */
function fillAliasTable(weights: readonly number[], keep: Float64Array, alias: Int32Array): void {
  const count = weights.length;
  let total = 0;
  for (let i = count - 1; i >= 0; i--) total += weights[i]!;
  const scaled = Float64Array.from(weights, (weight) => (weight * count) / total);
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < count; i++) (scaled[i]! < 1 ? small : large).push(i);
  keep.fill(1);
  while (small.length > 0 && large.length > 0) {
    const less = small.pop()!;
    const more = large.pop()!;
    keep[less] = scaled[less]!;
    alias[less] = more;
    scaled[more] = scaled[more]! - (1 - scaled[less]!);
    (scaled[more]! < 1 ? small : large).push(more);
  }
}
