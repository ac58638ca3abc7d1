import fc from 'fast-check';
import { build } from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { LatencyHistogram } from '../../sim/clients/latency-histogram.ts';
import { LatencyRecorder } from '../../sim/clients/latency-recorder.ts';
import { MILLISECOND, SECOND } from '../../sim/clock.ts';
import { DELETE, GET, PUT, RANGE, WAITS } from '../../sim/rpc.ts';

/** Nanoseconds from 0 to 2^41, all magnitudes alike. */
const latency = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.double({ min: 1, max: 1.999, noNaN: true }))
  .map(([octave, m]) => Math.floor(2 ** octave * m) - 1);

describe('the histogram', () => {
  test('quantiles are those of the sorted list, within the width of a bucket', () => {
    fc.assert(
      fc.property(
        fc.array(latency, { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, p) => {
          for (const [bits, error] of [
            [10, 1 / 1024],
            [6, 1 / 64],
          ] as const) {
            const histogram = new LatencyHistogram(bits);
            for (const value of values) histogram.add(value);
            const sorted = [...values].sort((a, b) => a - b);
            const exact = sorted[Math.max(1, Math.ceil(p * values.length)) - 1]!;
            expect(Math.abs(histogram.quantile(p) - exact)).toBeLessThanOrEqual(exact * error);
            expect(histogram.maxNs).toBe(sorted.at(-1));
            expect(histogram.sumNs).toBe(values.reduce((a, b) => a + b));
          }
        },
      ),
    );
  });

  test('visits what was added, ascending, and is empty after clear', () => {
    fc.assert(
      fc.property(fc.array(latency, { maxLength: 100 }), (values) => {
        const histogram = new LatencyHistogram(10);
        for (const value of values) histogram.add(value);
        let [count, last] = [0, -1];
        histogram.forEach((value, times) => {
          expect(value).toBeGreaterThan(last);
          last = value;
          count += times;
        });
        expect(count).toBe(values.length);
        histogram.clear();
        histogram.forEach(() => {
          throw new Error('not empty');
        });
        expect(histogram.quantile(0.5)).toBeNaN();
      }),
    );
  });

  test('what is longer than it can tell counts in the last bucket', () => {
    const histogram = new LatencyHistogram(10);
    histogram.add(2 ** 45);
    expect(histogram.count).toBe(1);
    expect(histogram.quantile(1)).toBeGreaterThan(2 ** 40);
    expect(histogram.maxNs).toBe(2 ** 45);
  });
});

describe('the recorder', () => {
  const waits = (network: number): Float64Array => {
    const result = new Float64Array(WAITS.length);
    result[WAITS.indexOf('network')] = network;
    return result;
  };

  test('percentiles and the curve are those of an HdrHistogram of the same values', () => {
    fc.assert(
      fc.property(fc.array(latency, { minLength: 1, maxLength: 400 }), (values) => {
        const recorder = new LatencyRecorder(SECOND);
        const library = build({
          lowestDiscernibleValue: 1,
          highestTrackableValue: 2 ** 42,
          numberOfSignificantValueDigits: 3,
          bitBucketSize: 64,
        });
        for (const value of values) {
          recorder.ok(GET, value, waits(value), 0, 1);
          library.recordValue(value);
        }
        const { p50, p90, p99, p999, max, curve } = recorder.summaries().get!;
        const at = (percentile: number): number =>
          Math.min(library.getValueAtPercentile(percentile), max * MILLISECOND) / MILLISECOND;
        expect([p50, p90, p99, p999]).toEqual([50, 90, 99, 99.9].map(at));
        expect(curve.map(([percentile]) => at(percentile))).toEqual(curve.map(([, ms]) => ms));
      }),
    );
  });

  test('summaries by operation: exact count, mean and max, percentiles within 0.1 %', () => {
    const recorder = new LatencyRecorder(SECOND);
    for (let i = 1; i <= 10_000; i++) recorder.ok(GET, i * 1000, waits(i * 1000), 0, i);
    recorder.ok(PUT, 5 * MILLISECOND, waits(5 * MILLISECOND), 100, 1);
    const { get, put, ...others } = recorder.summaries();
    expect(others).toEqual({});
    expect(get!.count).toBe(10_000);
    expect(get!.mean).toBeCloseTo(5.0005, 12);
    expect(get!.max).toBe(10);
    for (const [figure, exact] of [
      [get!.p50, 5],
      [get!.p90, 9],
      [get!.p99, 9.9],
      [get!.p999, 9.99],
    ] as const) {
      expect(Math.abs(figure - exact)).toBeLessThan(exact * 0.002);
    }
    expect(put).toMatchObject({ count: 1, mean: 5, max: 5 });
    expect(recorder.waits().get!.network).toBeCloseTo(5.0005, 12);
    expect(recorder.count(GET)).toBe(10_000);
  });

  test('the curve ascends from 0 to 100 and ends at the maximum', () => {
    const recorder = new LatencyRecorder(SECOND);
    for (let i = 1; i <= 5000; i++) recorder.ok(GET, i * i, waits(i * i), 0, i);
    const { curve, max } = recorder.summaries().get!;
    expect(curve[0]![0]).toBe(0);
    expect(curve.at(-1)).toEqual([100, max]);
    for (const [i, [percentile, ms]] of curve.entries()) {
      if (i === 0) continue;
      expect(percentile).toBeGreaterThan(curve[i - 1]![0]);
      expect(ms).toBeGreaterThanOrEqual(curve[i - 1]![1]);
    }
    // Dense towards 100: down to the single worst of 5000.
    expect(curve.at(-2)![0]).toBeGreaterThan(99.9);
  });

  test('series: one element a step, null where nothing ended, the last step cut short', () => {
    const recorder = new LatencyRecorder(SECOND);
    const at = (seconds: number): number => Math.round(seconds * SECOND);
    recorder.ok(PUT, 2 * MILLISECOND, waits(2 * MILLISECOND), 10, at(0.1));
    recorder.ok(PUT, 4 * MILLISECOND, waits(4 * MILLISECOND), 10, at(0.9));
    recorder.failed(at(1));
    recorder.ok(GET, 8 * MILLISECOND, waits(8 * MILLISECOND), 10, at(3.2));
    recorder.ok(DELETE, 8 * MILLISECOND, waits(8 * MILLISECOND), 5, at(3.4));
    const series = recorder.series(at(3.5));
    expect(series.okPerS).toEqual([2, 0, 0, 4]);
    expect(series.failedPerS).toEqual([0, 1, 0, 0]);
    expect(series.clientBytes).toEqual([20, 0, 0, 5]);
    expect(series.latencyMsP50.map((ms) => ms && Math.round(ms))).toEqual([2, null, null, 8]);
    expect(series.latencyMsP99.map((ms) => ms && Math.round(ms))).toEqual([4, null, null, 8]);
    expect(recorder.clientBytes).toBe(25);
  });

  test('the longest span without an acknowledged write: at the start, in between, at the end', () => {
    const gap = (writes: number[], end: number): number => {
      const recorder = new LatencyRecorder(SECOND, 10);
      for (const at of writes) recorder.ok(at % 2 === 0 ? PUT : DELETE, 1, waits(1), 1, at);
      recorder.ok(RANGE, 1, waits(1), 1, end - 1);
      return recorder.longestWithoutWrite(end);
    };
    expect(gap([60, 70, 80], 90)).toBe(50);
    expect(gap([20, 30, 77, 80], 90)).toBe(47);
    expect(gap([20, 30], 90)).toBe(60);
    expect(gap([], 90)).toBe(80);
  });
});
