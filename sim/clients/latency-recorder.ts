/**
 * What clients saw: latencies of acknowledged operations by kind, where they were spent, and how
 * both went over time. Draws nothing and schedules nothing; a step ends when something is recorded
 * after it. Sums and maxima are exact, percentiles within 0.1 % (1 % within a step).
 */
import { Float64Histogram } from 'hdr-histogram-js';
import type { Duration, Time } from '../clock.ts';
import { MILLISECOND, SECOND } from '../clock.ts';
import type { LatencySummary } from '../result.ts';
import { DELETE, OPERATIONS, PUT, WAITS } from '../rpc.ts';
import { LatencyHistogram } from './latency-histogram.ts';

const SUMMARY_BITS = 10;
/** 2^42 ns: more than the histograms can tell apart. */
const LATENCY_NS_MAX = 4_398_046_511_104;
const STEP_BITS = 6;
const HALF_DISTANCE_TICKS = 5;
/** A step that nobody touches costs 32 bytes; what comes after so many is added to the last. */
const STEPS_MAX = 1 << 20;

export interface ClientSeries {
  readonly okPerS: readonly number[];
  readonly failedPerS: readonly number[];
  readonly latencyMsP50: readonly (number | null)[];
  readonly latencyMsP99: readonly (number | null)[];
  /** Keys and values of acknowledged writes. */
  readonly clientBytes: readonly number[];
}

export class LatencyRecorder {
  readonly stepNs: Duration;
  /** Keys and values of acknowledged writes. */
  clientBytes = 0;
  readonly #byOperation = OPERATIONS.map(() => new LatencyHistogram(SUMMARY_BITS));
  readonly #waits = OPERATIONS.map(() => new Float64Array(WAITS.length));
  readonly #step = new LatencyHistogram(STEP_BITS);
  #stepEnd: Time;
  #stepFailed = 0;
  #stepBytes = 0;
  readonly #ok: number[] = [];
  readonly #failed: number[] = [];
  readonly #p50: (number | null)[] = [];
  readonly #p99: (number | null)[] = [];
  readonly #bytes: number[] = [];
  #lastWrite: Time;
  #longestGap: Duration = 0;

  /** `start`: when the clients start. Steps count from 0. */
  constructor(stepNs: Duration, start: Time = 0) {
    this.stepNs = stepNs;
    this.#stepEnd = stepNs;
    this.#lastWrite = start;
  }

  /** An acknowledged operation. `waits`, by `WAITS`, add up to `latencyNs`; `bytes`: of a put or delete. */
  ok(operation: number, latencyNs: Duration, waits: Float64Array, bytes: number, now: Time): void {
    if (now >= this.#stepEnd) this.#endSteps(now);
    this.#byOperation[operation]!.add(latencyNs);
    this.#step.add(latencyNs);
    const sums = this.#waits[operation]!;
    for (let i = 0; i < sums.length; i++) sums[i]! += waits[i]!;
    if (operation === PUT || operation === DELETE) {
      this.clientBytes += bytes;
      this.#stepBytes += bytes;
      if (now - this.#lastWrite > this.#longestGap) this.#longestGap = now - this.#lastWrite;
      this.#lastWrite = now;
    }
  }

  /** An operation that failed or whose outcome is unknown. */
  failed(now: Time): void {
    if (now >= this.#stepEnd) this.#endSteps(now);
    this.#stepFailed++;
  }

  /** By operation name; only those that occurred. */
  summaries(): Record<string, LatencySummary> {
    const result: Record<string, LatencySummary> = {};
    for (const [i, name] of OPERATIONS.entries()) {
      const histogram = this.#byOperation[i]!;
      if (histogram.count > 0) result[name] = summary(histogram);
    }
    return result;
  }

  /** Mean ms of an acknowledged operation by operation name, then by wait; they add up to the mean latency. */
  waits(): Record<string, Record<string, number>> {
    const result: Record<string, Record<string, number>> = {};
    for (const [i, name] of OPERATIONS.entries()) {
      const { count } = this.#byOperation[i]!;
      if (count === 0) continue;
      const means: Record<string, number> = {};
      for (const [k, wait] of WAITS.entries()) means[wait] = this.#waits[i]![k]! / count / MILLISECOND;
      result[name] = means;
    }
    return result;
  }

  count(operation: number): number {
    return this.#byOperation[operation]!.count;
  }

  /** One element for each step that has begun by `end`; the last may be cut short. Call once, at the end. */
  series(end: Time): ClientSeries {
    this.#endSteps(end);
    if (end > this.#stepEnd - this.stepNs) this.#endStep(end - (this.#stepEnd - this.stepNs));
    return {
      okPerS: this.#ok,
      failedPerS: this.#failed,
      latencyMsP50: this.#p50,
      latencyMsP99: this.#p99,
      clientBytes: this.#bytes,
    };
  }

  /** Longest span without an acknowledged write from the clients' start until `end`, ns. */
  longestWithoutWrite(end: Time): Duration {
    return Math.max(this.#longestGap, end - this.#lastWrite);
  }

  #endSteps(now: Time): void {
    while (now >= this.#stepEnd && this.#ok.length < STEPS_MAX) this.#endStep(this.stepNs);
  }

  #endStep(lengthNs: Duration): void {
    const step = this.#step;
    const perS = SECOND / lengthNs;
    this.#ok.push(step.count * perS);
    this.#failed.push(this.#stepFailed * perS);
    this.#p50.push(step.count > 0 ? step.quantile(0.5) / MILLISECOND : null);
    this.#p99.push(step.count > 0 ? step.quantile(0.99) / MILLISECOND : null);
    this.#bytes.push(this.#stepBytes);
    if (step.count > 0) step.clear();
    this.#stepFailed = 0;
    this.#stepBytes = 0;
    this.#stepEnd += this.stepNs;
  }
}

/** Tells which values HdrHistogram takes for one: it holds nothing. */
const EQUIVALENCE = new Float64Histogram(1, LATENCY_NS_MAX, 3);

/**
 * What a HdrHistogram of the same values says. It would look at some 20,000 counts for each of a hundred percentiles,
 * which in a short run takes longer than all else that is done for the clients; the buckets that hold something are few.
 */
function summary(histogram: LatencyHistogram): LatencySummary {
  const { count, maxNs } = histogram;
  const values: number[] = [];
  const seen: number[] = [];
  histogram.forEach((latencyNs, times) => {
    values.push(latencyNs);
    seen.push(times + (seen.length > 0 ? seen[seen.length - 1]! : 0));
  });
  const at = (percentile: number): number => {
    const value = values[firstAtLeast(seen, countAt(percentile, count))]!;
    const end = percentile === 0 ? EQUIVALENCE.lowestEquivalentValue(value) : EQUIVALENCE.highestEquivalentValue(value);
    return Math.min(end, maxNs) / MILLISECOND;
  };
  return {
    count,
    mean: histogram.sumNs / count / MILLISECOND,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: maxNs / MILLISECOND,
    curve: percentiles(count).map((percentile) => [percentile, at(percentile)] as const),
  };
}

/** How many values a percentile covers: rounded up, but for the error of the product itself. */
function countAt(percentile: number, count: number): number {
  const product = (percentile / 100) * count;
  let lastPlace = Number.EPSILON;
  while (lastPlace * 2 ** 53 <= product) lastPlace *= 2;
  return Math.max(1, Math.ceil(product - lastPlace));
}

/** Of an ascending list whose last is at least `wanted`. */
function firstAtLeast(ascending: readonly number[], wanted: number): number {
  let low = 0;
  let high = ascending.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** As HdrHistogram's percentile output: a few ticks for each halving of the distance to 100, down to one value. */
function percentiles(count: number): number[] {
  const result: number[] = [];
  let from = 0;
  let distance = 100;
  while (distance * count >= 100 && result.length < 200) {
    for (let tick = 0; tick < HALF_DISTANCE_TICKS; tick++) {
      result.push(from + (distance / 2) * (tick / HALF_DISTANCE_TICKS));
    }
    distance /= 2;
    from = 100 - distance;
  }
  result.push(100);
  return result;
}
