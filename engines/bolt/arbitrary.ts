/**
 * Stands for Go's randomised map order, on which bbolt leaves some choices: a small generator
 * with a fixed seed, so that a choice is as arbitrary as there and yet the same in every run.
 * Its draws depend on nothing but the draws before; it is no stream of the run's randomness.
 */
export class Arbitrary {
  #state = 0x2545f491;

  /** A number below `limit`, by xorshift; for limits far below 2^32. */
  below(limit: number): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return (x >>> 0) % limit;
  }
}
