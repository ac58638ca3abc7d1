/**
 * Which key the next operation touches.
 *
 * - `sequential`: puts go through the keys in ascending order, from where the preloaded ones end, and
 *   start over at the end; each other kind of operation goes through those that have been put.
 * - `uniform`: all keys alike.
 * - `zipfian`: rank k with weight 1 / (k + 1)^exponent, the ranks scattered over the key space.
 * - `latest`: puts write the next key in ascending order; others prefer what was put last, by zipfian rank.
 */
import type { Rng } from '../rng.ts';
import { OPERATIONS, PUT } from '../rpc.ts';
import type { WorkloadSpec } from '../run-spec.ts';
import { Scatter } from './scatter.ts';
import { Zipfian } from './zipfian.ts';

export interface KeyOrder {
  /** A key index in [0, count). */
  next(operation: number): number;
}

/** `latest` draws again for ranks beyond what exists; after so many it takes any key that exists. */
const DRAWS_MAX = 64;

class Sequential implements KeyOrder {
  readonly #count: number;
  readonly #cursors = new Float64Array(OPERATIONS.length);
  #exists: number;

  constructor(count: number, preloaded: number) {
    this.#count = count;
    this.#exists = preloaded;
    this.#cursors[PUT] = preloaded < count ? preloaded : 0;
  }

  next(operation: number): number {
    const end = operation === PUT ? this.#count : Math.max(1, this.#exists);
    let index = this.#cursors[operation]!;
    if (index >= end) index = 0;
    this.#cursors[operation] = index + 1;
    if (operation === PUT && index >= this.#exists) this.#exists = index + 1;
    return index;
  }
}

class Uniform implements KeyOrder {
  readonly #last: number;
  readonly #rng: Rng;

  constructor(count: number, rng: Rng) {
    this.#last = count - 1;
    this.#rng = rng;
  }

  next(): number {
    return this.#rng.int(0, this.#last);
  }
}

class ScatteredZipfian implements KeyOrder {
  readonly #zipfian: Zipfian;
  readonly #scatter: Scatter;

  constructor(count: number, exponent: number, rng: Rng) {
    this.#zipfian = new Zipfian(count, exponent, rng);
    this.#scatter = new Scatter(count);
  }

  next(): number {
    return this.#scatter.at(this.#zipfian.next());
  }
}

class Latest implements KeyOrder {
  readonly #count: number;
  readonly #zipfian: Zipfian;
  readonly #rng: Rng;
  #cursor: number;
  #exists: number;

  constructor(count: number, preloaded: number, exponent: number, rng: Rng) {
    this.#count = count;
    this.#rng = rng;
    this.#zipfian = new Zipfian(count, exponent, rng);
    this.#exists = preloaded;
    this.#cursor = preloaded < count ? preloaded : 0;
  }

  next(operation: number): number {
    if (operation === PUT) {
      const index = this.#cursor;
      this.#cursor = index + 1 < this.#count ? index + 1 : 0;
      if (index >= this.#exists) this.#exists = index + 1;
      return index;
    }
    const exists = Math.max(1, this.#exists);
    let age = exists;
    for (let draws = 0; draws < DRAWS_MAX && age >= exists; draws++) age = this.#zipfian.next();
    if (age >= exists) age = this.#rng.int(0, exists - 1);
    const index = this.#cursor - 1 - age;
    return index >= 0 ? index : index + exists;
  }
}

export function keyOrder(keys: WorkloadSpec['keys'], preloaded: number, rng: Rng): KeyOrder {
  const exist = Math.min(preloaded, keys.count);
  switch (keys.order) {
    case 'sequential':
      return new Sequential(keys.count, exist);
    case 'uniform':
      return new Uniform(keys.count, rng);
    case 'zipfian':
      return new ScatteredZipfian(keys.count, keys.zipfianExponent, rng);
    case 'latest':
      return new Latest(keys.count, exist, keys.zipfianExponent, rng);
  }
}
