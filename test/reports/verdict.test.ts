import { describe, expect, test } from 'vitest';
import { compareVariants } from '../../reports/comparison.ts';
import { renderCsv } from '../../reports/csv.ts';
import { renderMarkdown } from '../../reports/markdown.ts';
import { type ScenarioResult, toResultFile } from '../../reports/result-file.ts';
import { verdictOf } from '../../reports/verdict.ts';
import type { ExcuseReason } from '../../sim/result.ts';
import { fixture, tinyResult } from './fixture.ts';

const verdict = (result: ScenarioResult) => verdictOf(compareVariants(toResultFile(result)));
const cut = (result: ScenarioResult, ended: string): ScenarioResult => ({
  ...result,
  runs: result.runs.map((run, index) => (index === 0 ? { ...run, ended } : run)),
});

const excuses = (result: ScenarioResult, reasons: readonly ExcuseReason[]): ScenarioResult => ({
  ...result,
  runs: result.runs.map((run, index) => {
    const reason = reasons[index];
    if (reason === undefined) return run;
    const { check, what } = { check: 'progress', what: 'no node leads at the end' };
    const seen = { timeNs: 1, event: 2, roles: 'down, down, down', reproduce: 'raftlab run tiny --seed 1' };
    return { ...run, ended: 'excused', excused: [{ check, what, ...seen, reason, because: '2 of 3 have stopped' }] };
  }),
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
      'excused, which decides nothing',
      excuses(tinyResult(), ['disk forgot', 'no quorum', 'no quorum']),
      'passed',
      'No violation in 4 runs, 3 expectations met; 3 excused (no quorum 2, disk forgot 1).',
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

  test('what is excused is told in the pages, with its facts', () => {
    const comparison = compareVariants(toResultFile(excuses(tinyResult(), ['no quorum'])));
    const told =
      '- **no quorum** in a, seed 1: 2 of 3 have stopped. progress: no node leads at the end  \n  `raftlab run tiny --seed 1`';
    expect(renderMarkdown(comparison)).toContain(`## Excused\n\n${told}\n`);
    const rows = renderCsv(toResultFile(excuses(tinyResult(), ['no quorum']))).split('\n');
    const column = rows[0]!.split(',').indexOf('excused');
    expect(rows.slice(1, 5).map((row) => row.split(',')[column])).toEqual(['1', '0', '0', '0']);
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
