/** Marsaglia's xorshift with 32 bits of state: stands in for draws of the real system that cannot be replayed. */
export class RandomStream {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0 || 1; // of all states 0 is the one that never changes
  }

  /** 32 bits, unsigned, never 0. */
  bits(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** An integer in [0, limit). */
  below(limit: number): number {
    return Math.floor((this.bits() / 4294967296) * limit);
  }

  fill(into: Uint8Array, from: number): void {
    for (let at = from; at < into.length; at++) into[at] = this.bits() >>> 24;
  }
}
