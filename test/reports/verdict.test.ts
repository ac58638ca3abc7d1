import { describe, expect, test } from 'vitest';
import { compareVariants } from '../../reports/comparison.ts';
import { type ScenarioResult, toResultFile } from '../../reports/result-file.ts';
import { verdictOf } from '../../reports/verdict.ts';
import { fixture, tinyResult } from './fixture.ts';

const verdict = (result: ScenarioResult) => verdictOf(compareVariants(toResultFile(result)));
const cut = (result: ScenarioResult, ended: string): ScenarioResult => ({
  ...result,
  runs: result.runs.map((run, index) => (index === 0 ? { ...run, ended } : run)),
});

describe('verdict', () => {
  test.each<[string, ScenarioResult, string, string]>([
    ['all well', tinyResult(), 'passed', 'No violation in 4 runs, 3 expectations met.'],
    [
      'no expectation',
      { ...tinyResult(), expectations: [], runs: tinyResult().runs.map((run) => ({ ...run, expectations: [] })) },
      'passed',
      'No violation in 4 runs.',
    ],
    ['a violation', fixture({ failing: true }), 'failed', '1 violation; 3 expectations not met.'],
    [
      'interrupted',
      { ...tinyResult(), partial: true, runs: tinyResult().runs.slice(0, 3) },
      'partial',
      'No violation in 3 runs, 3 expectations met; interrupted after 3 of 4 runs.',
    ],
    [
      'interrupted at once',
      { ...tinyResult(), partial: true, expectations: [], runs: [] },
      'partial',
      'No violation in 0 runs; interrupted after 0 of 4 runs.',
    ],
    [
      'a run cut short',
      cut(tinyResult(), 'event budget'),
      'partial',
      'No violation in 4 runs, 3 expectations met; 1 run cut short.',
    ],
    [
      'failed and interrupted',
      { ...fixture({ failing: true }), partial: true },
      'failed',
      '1 violation; 3 expectations not met; interrupted after 6 of 6 runs.',
    ],
  ])('%s', (_name, result, outcome, sentence) => {
    expect(verdict(result)).toMatchObject({ outcome, sentence });
  });

  test('a bound is summed up over the seeds of a variant, and over nothing else', () => {
    const rows = verdict(tinyResult()).expectations.map(({ variant, text, actual, judged, passed }) => [
      variant,
      text,
      actual?.min,
      actual?.max,
      `${passed}/${judged}`,
    ]);
    expect(rows).toEqual([
      ['a', 'latencyMs.put.max ≤ 200', 80, 160, '2/2'],
      ['b', 'latencyMs.put.max ≤ 200', 40, 80, '2/2'],
      ['b / a', 'writeAmplification.total of b / a ≤ 0.6', 0.5, 0.5, '1/1'],
    ]);
  });
});
