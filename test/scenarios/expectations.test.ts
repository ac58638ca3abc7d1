import { describe, expect, it } from 'vitest';
import { type Expectation, evaluate, figureOf, matchesVariant } from '../../scenarios/expectations.ts';
import type { Metrics, RunResult, Violation } from '../../sim/result.ts';

/** A run of which only what expectations read is there. */
function run(variant: string, seed: number, total: number, further: Partial<RunResult> = {}): RunResult {
  const metrics = {
    throughputOpsPerS: 1000,
    writeAmplification: { total, byCategory: { wal: total / 2 } },
    latencyMs: { put: { p99: total * 2 } },
    spaceAmplification: Number.NaN,
  } as unknown as Metrics;
  return {
    variant,
    seed,
    metrics,
    violations: [],
    events: 10,
    virtualTimeNs: 5,
    ended: 'complete',
    ...further,
  } as unknown as RunResult;
}

const violation: Violation = { check: 'c', what: 'w', timeNs: 1, event: 1, roles: '', reproduce: 'r' };

describe('bounds on single runs', () => {
  const runs = [run('bolt', 1, 9), run('rocksdb', 1, 5)];

  it.each<[Expectation, (readonly [string, boolean, number | null])[]]>([
    [
      { metric: 'writeAmplification.total', max: 8 },
      [
        ['writeAmplification.total ≤ 8', false, 9],
        ['writeAmplification.total ≤ 8', true, 5],
      ],
    ],
    [{ metric: 'writeAmplification.total', max: 9, variant: 'bolt' }, [['writeAmplification.total ≤ 9', true, 9]]],
    [
      { metric: 'writeAmplification.total', min: 5, max: 6, variant: 'rock*' },
      [['writeAmplification.total ≥ 5 and ≤ 6', true, 5]],
    ],
    [
      { metric: 'writeAmplification.byCategory.wal', min: 4.6, variant: 'bolt' },
      [['writeAmplification.byCategory.wal ≥ 4.6', false, 4.5]],
    ],
    [{ metric: 'latencyMs.put.p99', equals: 18, variant: 'bolt' }, [['latencyMs.put.p99 = 18', true, 18]]],
    [{ metric: 'latencyMs.get.p99', max: 1e9, variant: 'bolt' }, [['latencyMs.get.p99 ≤ 1000000000', false, null]]],
    [{ metric: 'spaceAmplification', max: 1e9, variant: 'bolt' }, [['spaceAmplification ≤ 1000000000', false, null]]],
    [{ metric: 'latencyMs.put', max: 1, variant: 'bolt' }, [['latencyMs.put ≤ 1', false, null]]],
    [{ metric: 'violations', equals: 0, variant: 'bolt' }, [['violations = 0', true, 0]]],
    [{ metric: 'events', min: 11, variant: 'bolt' }, [['events ≥ 11', false, 10]]],
    [{ metric: 'latencyMs.constructor', max: 1, variant: 'bolt' }, [['latencyMs.constructor ≤ 1', false, null]]],
  ])('%j', (expectation, expected) => {
    const outcomes = evaluate([expectation], runs).ofRuns.flat();
    expect(outcomes.map(({ text, ok, actual }) => [text, ok, actual])).toEqual(expected);
  });

  it('count violations', () => {
    const bad = run('bolt', 1, 9, { violations: [violation, violation] });
    expect(figureOf(bad, 'violations')).toBe(2);
    expect(evaluate([{ metric: 'violations', equals: 0 }], [bad]).ofRuns[0]![0]!.ok).toBe(false);
  });

  it('are not judged in an interrupted run', () => {
    const runs = [run('bolt', 1, 9, { ended: 'interrupted' }), run('bolt', 2, 9)];
    const { ofRuns } = evaluate([{ metric: 'events', max: 1 }], runs);
    expect(ofRuns.map((outcomes) => outcomes.length)).toEqual([0, 1]);
  });
});

describe('ratios', () => {
  const expectation: Expectation = { metric: 'writeAmplification.total', ratio: ['a', 'b'], max: 2 };

  it('are the mean over equal seeds', () => {
    // seed 1: 4, seed 2: 1; seeds 3 and 4 have no partner
    const runs = [run('a', 1, 8), run('a', 2, 3), run('a', 3, 100), run('b', 2, 3), run('b', 1, 2), run('b', 4, 7)];
    expect(evaluate([expectation], runs).ofComparisons).toEqual([
      { text: 'writeAmplification.total of a / b ≤ 2', ok: false, actual: 2.5, bound: '≤ 2', variant: 'a / b' },
    ]);
  });

  it('are left out where a variant was not run, and fail where a figure is missing', () => {
    expect(evaluate([expectation], [run('a', 1, 8)]).ofComparisons).toEqual([]);
    const missing = evaluate([{ ...expectation, metric: 'latencyMs.get.p50' }], [run('a', 1, 8), run('b', 1, 8)]);
    expect(missing.ofComparisons.map(({ ok, actual }) => [ok, actual])).toEqual([[false, null]]);
    const zero = evaluate([expectation], [run('a', 1, 8), run('b', 1, 0)]);
    expect(zero.ofComparisons.map(({ ok, actual }) => [ok, actual])).toEqual([[false, null]]);
  });
});

describe('variant patterns', () => {
  it.each([
    ['bolt', 'bolt', true],
    ['bolt', 'bolt x', false],
    ['bolt*', 'bolt x', true],
    ['*=1', 'bolt clients=1', true],
    ['*=1', 'bolt clients=10', false],
    ['a.c', 'abc', false],
    ['(a', '(a', true],
    [undefined, 'anything', true],
  ])('%s matches %s: %s', (pattern, variant, expected) => {
    expect(matchesVariant(pattern, variant)).toBe(expected);
  });
});
