import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byNodeName, compareVariants, inOrder, pairedDifference, spreadOf } from '../../reports/comparison.ts';
import { type RunRecord, toResultFile } from '../../reports/result-file.ts';
import { fixture, tinyResult } from './fixture.ts';

const value = fc.oneof(fc.constant(null), fc.constant(0), fc.double({ min: 0.001, max: 1e6, noNaN: true }));

/** Only what the statistics look at. */
function runOf(seed: number, figure: number | null): RunRecord {
  return { seed, metrics: { throughputOpsPerS: figure } } as unknown as RunRecord;
}
const figureOf = (run: RunRecord): number | null => run.metrics.throughputOpsPerS;

const runList = fc
  .uniqueArray(fc.record({ seed: fc.integer({ min: 1, max: 12 }), figure: value }), { selector: (run) => run.seed })
  .map((runs) => runs.map((run) => runOf(run.seed, run.figure)));

describe('paired difference', () => {
  test('agrees with a twin that goes through all seeds by hand', () => {
    fc.assert(
      fc.property(runList, runList, (base, other) => {
        const ratios: number[] = [];
        for (let seed = 1; seed <= 12; seed++) {
          const below = base.find((run) => run.seed === seed);
          const above = other.find((run) => run.seed === seed);
          if (below === undefined || above === undefined) continue;
          const denominator = figureOf(below);
          const numerator = figureOf(above);
          if (denominator === null || denominator === 0 || numerator === null) continue;
          ratios.push(numerator / denominator);
        }
        const found = pairedDifference(base, other, figureOf);
        if (ratios.length === 0) {
          expect(found).toBeUndefined();
          return;
        }
        let sum = 0;
        for (const ratio of ratios) sum += ratio;
        const mean = sum / ratios.length;
        expect(found!.pairs).toBe(ratios.length);
        expect(found!.ratioMean).toBeCloseTo(mean, 6 - Math.floor(Math.log10(mean + 1)));
        expect(found!.ratioMin).toBe([...ratios].sort((a, b) => a - b)[0]);
        const { ratioMean } = found!;
        const above = ratios.filter((ratio) => ratio > 1).length;
        const below = ratios.filter((ratio) => ratio < 1).length;
        const equal = ratios.length - above - below;
        expect(found!.agreeing).toBe(ratioMean > 1 ? above : ratioMean < 1 ? below : equal);
      }),
      { numRuns: 300 },
    );
  });

  test.each([
    // base by seed, other by seed, mean ratio, agreeing, pairs
    [{ 1: 2, 2: 4 }, { 1: 1, 2: 2 }, 0.5, 2, 2],
    [{ 1: 1, 2: 1, 3: 1 }, { 1: 2, 2: 2, 3: 0.5 }, 1.5, 2, 3],
    [{ 1: 5, 2: 5 }, { 1: 5, 2: 5 }, 1, 2, 2],
    [{ 1: 1 }, { 1: 3, 2: 9 }, 3, 1, 1],
  ])('%j against %j: mean ratio %d, %d of %d seeds agree', (base, other, mean, agreeing, pairs) => {
    const runs = (figures: Record<number, number>): RunRecord[] =>
      Object.entries(figures).map(([seed, figure]) => runOf(Number(seed), figure));
    expect(pairedDifference(runs(base), runs(other), figureOf)).toMatchObject({ ratioMean: mean, agreeing, pairs });
  });

  test('is none where there is nothing to pair', () => {
    expect(pairedDifference([runOf(1, 1)], [runOf(2, 1)], figureOf)).toBeUndefined();
    expect(pairedDifference([runOf(1, 0)], [runOf(1, 1)], figureOf)).toBeUndefined();
    expect(pairedDifference([runOf(1, 1)], [runOf(1, null)], figureOf)).toBeUndefined();
  });
});

describe('spread', () => {
  test('lies around the mean and counts what is defined', () => {
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const known = values.filter((entry) => entry !== null);
        const spread = spreadOf(values);
        if (known.length === 0) {
          expect(spread).toBeUndefined();
          return;
        }
        expect(spread!.count).toBe(known.length);
        expect(spread!.min).toBe(Math.min(...known));
        expect(spread!.max).toBe(Math.max(...known));
        expect(spread!.mean).toBeGreaterThanOrEqual(spread!.min);
        expect(spread!.mean).toBeLessThanOrEqual(spread!.max);
        expect(spread!.mean).toBeCloseTo(known.reduce((sum, entry) => sum + entry, 0) / known.length, 6);
      }),
    );
  });
});

describe('arrangement', () => {
  test('variants stand in the scenario’s order, runs in the order of the seeds, whatever the order of the runs', () => {
    const file = toResultFile(fixture({ seeds: [5, 3, 4] }));
    const shuffled = { ...file, runs: [...file.runs].reverse() };
    const comparison = compareVariants(shuffled);
    expect(comparison.variants.map((variant) => [variant.name, variant.runs.map((run) => run.seed)])).toEqual([
      ['bolt', [5, 3, 4]],
      ['rocksdb', [5, 3, 4]],
    ]);
    expect(comparison.operations).toEqual(['put', 'get']);
    expect(comparison.mainOperation).toBe('put');
  });

  test('a variant that was not run has no runs and keeps its place', () => {
    const result = tinyResult();
    const file = toResultFile({ ...result, runs: result.runs.filter((run) => run.variant === 'b') });
    expect(compareVariants(file).variants.map((variant) => [variant.name, variant.index, variant.runs.length])).toEqual(
      [
        ['a', 0, 0],
        ['b', 1, 2],
      ],
    );
  });

  test('names: given order first, then by code unit; nodes by number', () => {
    expect(['z', 'b', 'get', 'put'].sort(inOrder(['put', 'get']))).toEqual(['put', 'get', 'b', 'z']);
    expect(['n10', 'n2', 'n1', 'x'].sort(byNodeName)).toEqual(['n1', 'n2', 'n10', 'x']);
  });
});
