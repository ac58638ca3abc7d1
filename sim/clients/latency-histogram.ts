/**
 * Counts of latencies in log-linear buckets, 1 ns and up: what is recorded for every operation.
 *
 * hdr-histogram-js takes 120 to 160 ns to record a value, this about 5; so values are counted here, in
 * buckets that are no wider than its own. Bucket b of octave o covers 2^o ns; with 10 bits an octave has 1024 buckets,
 * so that no value is off by more than 0.1 %. Limit: 2^41 ns (37 minutes); what is longer counts in the last bucket.
 */

const OCTAVES_MAX = 41;

export class LatencyHistogram {
  count = 0;
  sumNs = 0;
  maxNs = 0;
  readonly #bits: number;
  readonly #counts: Uint32Array;
  /** Of the buckets that hold something. */
  #lowest = Number.MAX_SAFE_INTEGER;
  #highest = -1;

  /** `bits`: 2^bits buckets to an octave. */
  constructor(bits: number) {
    this.#bits = bits;
    this.#counts = new Uint32Array((OCTAVES_MAX - bits + 1) << bits);
  }

  add(latencyNs: number): void {
    this.count++;
    this.sumNs += latencyNs;
    if (latencyNs > this.maxNs) this.maxNs = latencyNs;
    const bits = this.#bits;
    let index: number;
    if (latencyNs < 0x80000000) {
      const shift = 31 - Math.clz32(latencyNs | (1 << bits)) - bits;
      index = (shift << bits) + (latencyNs >>> shift);
    } else {
      const high = Math.floor(latencyNs / 0x40000000);
      const octave = 30 + 31 - Math.clz32(high);
      const shift = octave - bits;
      index = octave >= OCTAVES_MAX ? this.#counts.length - 1 : (shift << bits) + Math.floor(latencyNs / scale(shift));
    }
    this.#counts[index]!++;
    if (index > this.#highest) this.#highest = index;
    if (index < this.#lowest) this.#lowest = index;
  }

  /** Ascending; with the middle of each bucket that is not empty. */
  forEach(visit: (latencyNs: number, count: number) => void): void {
    const bits = this.#bits;
    for (let index = this.#lowest; index <= this.#highest; index++) {
      const count = this.#counts[index]!;
      if (count === 0) continue;
      const shift = Math.max(0, (index >>> bits) - 1);
      const width = scale(shift);
      visit((index - (shift << bits)) * width + Math.floor(width / 2), count);
    }
  }

  /** The least bucket middle such that at least the fraction `p` of the values is not above its bucket; NaN if empty. */
  quantile(p: number): number {
    const needed = Math.max(1, Math.ceil(p * this.count));
    let seen = 0;
    let result = Number.NaN;
    const bits = this.#bits;
    for (let index = this.#lowest; index <= this.#highest; index++) {
      const count = this.#counts[index]!;
      if (count === 0) continue;
      seen += count;
      if (seen < needed) continue;
      const shift = Math.max(0, (index >>> bits) - 1);
      const width = scale(shift);
      result = (index - (shift << bits)) * width + Math.floor(width / 2);
      break;
    }
    return Math.min(result, this.maxNs);
  }

  clear(): void {
    this.#counts.fill(0, this.#lowest, this.#highest + 1);
    this.#lowest = Number.MAX_SAFE_INTEGER;
    this.#highest = -1;
    this.count = 0;
    this.sumNs = 0;
    this.maxNs = 0;
  }
}

/** 2^k. */
function scale(k: number): number {
  return k < 31 ? 1 << k : (1 << 30) * (1 << (k - 30));
}
