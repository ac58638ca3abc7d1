/** Whether the scenario went as it should: violations, and each bound that the scenario sets, over its seeds. */
import type { ExpectationOutcome } from '../sim/result.ts';
import { type Comparison, type Spread, spreadOf } from './comparison.ts';
import { counted } from './format.ts';
import type { ExcusedRecord, ViolationRecord } from './result-file.ts';

/** Violations that are printed; the rest is in result.json. */
export const VIOLATIONS_MAX = 20;

export interface ExpectationSummary {
  readonly variant: string;
  readonly text: string;
  /** Over the seeds; undefined if no run had the figure. */
  readonly actual: Spread | undefined;
  /** How often it was judged: once a run, or once for a comparison. */
  readonly judged: number;
  readonly passed: number;
}

export interface FoundViolation {
  readonly variant: string;
  readonly seed: number;
  readonly violation: ViolationRecord;
}

export interface FoundExcused {
  readonly variant: string;
  readonly seed: number;
  readonly excused: ExcusedRecord;
}

export interface Verdict {
  readonly outcome: 'passed' | 'failed' | 'partial';
  readonly sentence: string;
  readonly expectations: readonly ExpectationSummary[];
  readonly violations: readonly FoundViolation[];
  /** Decide nothing. */
  readonly excused: readonly FoundExcused[];
}

export function verdictOf(comparison: Comparison): Verdict {
  const { file } = comparison;
  const violations = file.runs.flatMap((run) =>
    run.violations.map((violation) => ({ variant: run.variant, seed: run.seed, violation })),
  );
  const excused = file.runs.flatMap((run) =>
    run.excused.map((each) => ({ variant: run.variant, seed: run.seed, excused: each })),
  );
  const expectations = summaries(comparison);
  const broken = expectations.filter((expectation) => expectation.passed < expectation.judged);
  const planned = file.scenario.variants.length * file.scenario.seeds.length;
  const cut = file.runs.filter((run) => run.ended === 'event budget' || run.ended === 'interrupted').length;
  const parts: string[] = [];
  if (violations.length > 0) parts.push(counted(violations.length, 'violation'));
  if (broken.length > 0) parts.push(`${counted(broken.length, 'expectation')} not met`);
  const failed = parts.length > 0;
  if (file.partial) parts.push(`interrupted after ${file.runs.length} of ${counted(planned, 'run')}`);
  else if (file.runs.length === 0) parts.push('no run');
  if (cut > 0) parts.push(`${counted(cut, 'run')} cut short`);
  const unproven = file.runs.reduce((sum, run) => sum + run.unproven, 0);
  if (unproven > 0) parts.push(`${counted(unproven, 'key')} unproven`);
  if (excused.length > 0) parts.push(excusedText(excused.map((each) => each.excused.reason)));
  if (!failed) {
    const met = expectations.length === 0 ? '' : `, ${counted(expectations.length, 'expectation')} met`;
    parts.unshift(`No violation in ${counted(file.runs.length, 'run')}${met}`);
  }
  const outcome = failed ? 'failed' : file.partial || cut > 0 || file.runs.length === 0 ? 'partial' : 'passed';
  return { outcome, sentence: `${parts.join('; ')}.`, expectations, violations, excused };
}

/** `3 excused (no quorum 2, disk forgot 1)`, the most frequent reason first. */
export function excusedText(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const byCount = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return `${reasons.length} excused (${byCount.map(([reason, count]) => `${reason} ${count}`).join(', ')})`;
}

function summaries(comparison: Comparison): ExpectationSummary[] {
  const all: ExpectationSummary[] = [];
  for (const variant of comparison.variants) all.push(...grouped(variant.runs.flatMap((run) => run.expectations)));
  all.push(...grouped(comparison.file.expectations));
  return all;
}

/** By line, in the order in which the lines first appear. */
function grouped(outcomes: readonly ExpectationOutcome[]): ExpectationSummary[] {
  const groups = new Map<string, ExpectationOutcome[]>();
  for (const outcome of outcomes) {
    const key = JSON.stringify([outcome.variant, outcome.text]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [outcome]);
    else group.push(outcome);
  }
  return [...groups.values()].map((group) => ({
    variant: group[0]!.variant,
    text: group[0]!.text,
    actual: spreadOf(group.map((outcome) => outcome.actual)),
    judged: group.length,
    passed: group.filter((outcome) => outcome.ok).length,
  }));
}
