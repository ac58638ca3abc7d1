/**
 * Bounds on figures: what a scenario expects of its results. Pure: results in, outcomes out.
 *
 * A line without `ratio` is judged in every run of the variants it names. A line with `ratio` is
 * judged once: on each seed that both variants ran, the figure of the first ÷ that of the second;
 * the mean of these is held against the bound. Each bound of a line is an outcome of its own; a figure
 * that a run does not have fails it.
 */
import type { ComparisonOutcome, ExpectationOutcome, Metrics, RunResult } from '../sim/result.ts';
import type { Head } from './schema.ts';

export type Expectation = Head['expect'][number];

export interface Evaluation {
  /** Parallel to the runs given. */
  readonly ofRuns: readonly (readonly ExpectationOutcome[])[];
  readonly ofComparisons: readonly ComparisonOutcome[];
}

/** First parts of the paths that `metric` may name. A new figure in `Metrics` must be added here: the type says so. */
const METRIC_GROUPS: Readonly<Record<keyof Metrics, true>> = {
  throughputOpsPerS: true,
  operations: true,
  latencyMs: true,
  latencyWaitsMs: true,
  writeAmplification: true,
  bytes: true,
  fsyncs: true,
  fsyncsByCategory: true,
  spaceAmplification: true,
  memoryBytes: true,
  engineFigures: true,
  raft: true,
  unavailableMsMax: true,
};
const RUN_FIGURES: Readonly<Record<string, (run: RunResult) => number>> = {
  violations: (run) => run.violations.length,
  events: (run) => run.events,
  virtualTimeNs: (run) => run.virtualTimeNs,
};

export const METRIC_NAMES: readonly string[] = [...Object.keys(METRIC_GROUPS), ...Object.keys(RUN_FIGURES)];

/** The figure at a path such as `latencyMs.put.p99`; undefined if the run has none there. */
export function figureOf(run: RunResult, metric: string): number | undefined {
  const own = Object.hasOwn(RUN_FIGURES, metric) ? RUN_FIGURES[metric] : undefined;
  if (own !== undefined) return own(run);
  let value: unknown = run.metrics;
  // names of categories and owners may hold dots no more than ours do: none
  for (const segment of metric.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string, unknown>)[segment];
  }
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** `*` stands for any characters. */
export function matchesVariant(pattern: string | undefined, variant: string): boolean {
  if (pattern === undefined) return true;
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'su').test(variant);
}

type Bound = Pick<ExpectationOutcome, 'operator' | 'limit'>;

function boundsOf(expectation: Expectation): Bound[] {
  const bounds: Bound[] = [];
  if (expectation.equals !== undefined) bounds.push({ operator: '==', limit: expectation.equals });
  if (expectation.min !== undefined) bounds.push({ operator: '>=', limit: expectation.min });
  if (expectation.max !== undefined) bounds.push({ operator: '<=', limit: expectation.max });
  return bounds;
}

function holds({ operator, limit }: Bound, actual: number): boolean {
  if (operator === '<=') return actual <= limit;
  if (operator === '>=') return actual >= limit;
  return actual === limit;
}

function judge(expectation: Expectation, actual: number | undefined): ExpectationOutcome[] {
  return boundsOf(expectation).map((bound) => ({
    figure: expectation.metric,
    ...bound,
    actual: actual ?? null,
    passed: actual !== undefined && holds(bound, actual),
  }));
}

/** A run that was interrupted is not judged, and takes no part in a comparison. */
export function evaluate(expectations: readonly Expectation[], runs: readonly RunResult[]): Evaluation {
  const judged = (run: RunResult): boolean => run.ended !== 'interrupted';
  const ofRuns = runs.map((run) =>
    expectations
      .filter((expectation) => judged(run) && expectation.ratio === undefined)
      .filter((expectation) => matchesVariant(expectation.variant, run.variant))
      .flatMap((expectation) => judge(expectation, figureOf(run, expectation.metric))),
  );
  const whole = runs.filter(judged);
  const ofComparisons = expectations.flatMap((expectation) => compare(expectation, whole));
  return { ofRuns, ofComparisons };
}

/** Nothing where no seed was run by both: one of them was filtered out. */
function compare(expectation: Expectation, runs: readonly RunResult[]): ComparisonOutcome[] {
  const [first, second] = expectation.ratio ?? [];
  if (first === undefined || second === undefined) return [];
  const ratios: number[] = [];
  for (const run of runs) {
    if (run.variant !== first) continue;
    const other = runs.find((candidate) => candidate.variant === second && candidate.seed === run.seed);
    if (other === undefined) continue;
    const numerator = figureOf(run, expectation.metric) ?? Number.NaN;
    const denominator = figureOf(other, expectation.metric) ?? Number.NaN;
    ratios.push(numerator / denominator);
  }
  if (ratios.length === 0) return [];
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const actual = Number.isFinite(mean) ? mean : undefined;
  return judge(expectation, actual).map((outcome) => ({ ...outcome, first, second, seeds: ratios.length }));
}

const SIGNS = { '<=': '≤', '==': '=', '>=': '≥' } as const;

/** For people: `latencyMs.put.p99 of bolt ÷ rocksdb ≤ 2`. */
export function expectationText(outcome: ExpectationOutcome | ComparisonOutcome): string {
  const of = 'first' in outcome ? ` of ${outcome.first} ÷ ${outcome.second}` : '';
  return `${outcome.figure}${of} ${SIGNS[outcome.operator]} ${outcome.limit}`;
}
