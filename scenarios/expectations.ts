/**
 * Bounds on figures: what a scenario expects of its results. Pure: results in, outcomes out.
 *
 * A line without `ratio` is judged in every run of the variants it names. A line with `ratio` is
 * judged once: on each seed that both variants ran, the figure of the first ÷ that of the second;
 * the mean of these is held against the bound. A figure that a run does not have fails the line.
 */
import type { ExpectationOutcome, Metrics, RunResult } from '../sim/result.ts';
import type { Head } from './schema.ts';

export type Expectation = Head['expect'][number];

export interface Evaluation {
  /** Parallel to the runs given. */
  readonly ofRuns: readonly (readonly ExpectationOutcome[])[];
  readonly ofComparisons: readonly ExpectationOutcome[];
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
  messages: true,
  unavailableMsMax: true,
};
const RUN_FIGURES: Readonly<Record<string, (run: RunResult) => number>> = {
  violations: (run) => run.violations.length,
  excused: (run) => run.excused.length,
  unproven: (run) => run.unproven,
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

export function boundText(expectation: Expectation): string {
  const parts: string[] = [];
  if (expectation.equals !== undefined) parts.push(`= ${expectation.equals}`);
  if (expectation.min !== undefined) parts.push(`≥ ${expectation.min}`);
  if (expectation.max !== undefined) parts.push(`≤ ${expectation.max}`);
  return parts.join(' and ');
}

function holds(expectation: Expectation, actual: number | undefined): boolean {
  if (actual === undefined) return false;
  if (expectation.equals !== undefined && actual !== expectation.equals) return false;
  if (expectation.min !== undefined && !(actual >= expectation.min)) return false;
  return expectation.max === undefined || actual <= expectation.max;
}

/** A run that was interrupted is not judged, and takes no part in a comparison. */
export function evaluate(expectations: readonly Expectation[], runs: readonly RunResult[]): Evaluation {
  const judged = runs.map((run) => run.ended !== 'interrupted');
  const ofRuns = runs.map((run, index) =>
    judged[index]
      ? expectations
          .filter((expectation) => expectation.ratio === undefined && matchesVariant(expectation.variant, run.variant))
          .map((expectation) => judgeRun(expectation, run))
      : [],
  );
  const whole = runs.filter((_, index) => judged[index]);
  const ofComparisons: ExpectationOutcome[] = [];
  for (const expectation of expectations) {
    const outcome = expectation.ratio === undefined ? undefined : judgeRatio(expectation, expectation.ratio, whole);
    if (outcome !== undefined) ofComparisons.push(outcome);
  }
  return { ofRuns, ofComparisons };
}

function judgeRun(expectation: Expectation, run: RunResult): ExpectationOutcome {
  const actual = figureOf(run, expectation.metric);
  const bound = boundText(expectation);
  return {
    text: `${expectation.metric} ${bound}`,
    ok: holds(expectation, actual),
    actual: actual ?? null,
    bound,
    variant: run.variant,
  };
}

/** undefined: no seed was run by both (one of them was filtered out). */
function judgeRatio(
  expectation: Expectation,
  [first, second]: readonly string[],
  runs: readonly RunResult[],
): ExpectationOutcome | undefined {
  const bound = boundText(expectation);
  const ratios: number[] = [];
  let missing = false;
  for (const run of runs) {
    if (run.variant !== first) continue;
    const other = runs.find((candidate) => candidate.variant === second && candidate.seed === run.seed);
    if (other === undefined) continue;
    const numerator = figureOf(run, expectation.metric);
    const denominator = figureOf(other, expectation.metric);
    if (numerator === undefined || denominator === undefined || denominator === 0) missing = true;
    else ratios.push(numerator / denominator);
  }
  if (ratios.length === 0 && !missing) return undefined;
  const actual = missing ? undefined : ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const variant = `${first} / ${second}`;
  return {
    text: `${expectation.metric} of ${variant} ${bound}`,
    ok: holds(expectation, actual),
    actual: actual ?? null,
    bound,
    variant,
  };
}
