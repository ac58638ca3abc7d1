/**
 * A result arranged for comparing: variants in the scenario's order, their runs in the order of the seeds,
 * and the two statistics that reports use. The spread is the range over seeds. A paired difference compares
 * runs under equal seeds only, so that what the seed brings (arrivals, keys, faults) cancels out.
 * No significance test: with a handful of seeds the count of seeds that agree says more honestly what is known.
 */
import type { ResultFile, RunRecord } from './result-file.ts';

export interface VariantView {
  readonly name: string;
  /** Position in the scenario; decides the colour. */
  readonly index: number;
  /** In the order of the seeds; empty if it was not run. */
  readonly runs: readonly RunRecord[];
}

export interface Comparison {
  readonly file: ResultFile;
  readonly variants: readonly VariantView[];
  /** Seeds that at least one run has. */
  readonly seeds: readonly number[];
  /** Operations that occurred, in a fixed order. */
  readonly operations: readonly string[];
  /** The one that headline figures are about: put if there were puts. */
  readonly mainOperation: string;
}

const OPERATION_ORDER: readonly string[] = ['put', 'get', 'delete', 'range'];

export function compareVariants(file: ResultFile): Comparison {
  const names = file.scenario.variants.map((plan) => plan.variant);
  for (const run of file.runs) if (!names.includes(run.variant)) names.push(run.variant);
  const bySeed = inOrder(file.scenario.seeds);
  const variants = names.map((name, index) => ({
    name,
    index,
    runs: file.runs.filter((run) => run.variant === name).sort((a, b) => bySeed(a.seed, b.seed)),
  }));
  const seeds = unique(file.runs.map((run) => run.seed)).sort(bySeed);
  const operations = unique(file.runs.flatMap((run) => Object.keys(run.metrics.latencyMs))).sort(
    inOrder(OPERATION_ORDER),
  );
  return { file, variants, seeds, operations, mainOperation: operations[0] ?? 'put' };
}

export interface Spread {
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Runs that had the figure. */
  readonly count: number;
}

/** Over the values that are defined; undefined if none is. */
export function spreadOf(values: readonly (number | null | undefined)[]): Spread | undefined {
  let count = 0;
  let sum = 0;
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue;
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return undefined;
  // The mean of equal values may differ from them in the last bit: keep it inside the range.
  return { mean: Math.min(max, Math.max(min, sum / count)), min, max, count };
}

export type Figure = (run: RunRecord) => number | null | undefined;

export interface PairedDifference {
  /** Mean over the pairs of other ÷ base. */
  readonly ratioMean: number;
  readonly ratioMin: number;
  readonly ratioMax: number;
  /** Seeds under which both variants have the figure, and the base's is not 0. */
  readonly pairs: number;
  /** Pairs that differ in the same direction as the mean does. */
  readonly agreeing: number;
}

/** The ratio other ÷ base under each seed that both have, by seed. */
export function pairedRatios(
  base: readonly RunRecord[],
  other: readonly RunRecord[],
  figure: Figure,
): { seed: number; ratio: number }[] {
  const bySeed = new Map(base.map((run) => [run.seed, run]));
  const ratios: { seed: number; ratio: number }[] = [];
  for (const run of other) {
    const twin = bySeed.get(run.seed);
    if (twin === undefined) continue;
    const below = figure(twin);
    const above = figure(run);
    if (below === null || below === undefined || above === null || above === undefined || below === 0) continue;
    ratios.push({ seed: run.seed, ratio: above / below });
  }
  return ratios;
}

export function pairedDifference(
  base: readonly RunRecord[],
  other: readonly RunRecord[],
  figure: Figure,
): PairedDifference | undefined {
  const ratios = pairedRatios(base, other, figure).map((pair) => pair.ratio);
  const spread = spreadOf(ratios);
  if (spread === undefined) return undefined;
  const direction = Math.sign(spread.mean - 1);
  const agreeing = ratios.filter((ratio) => Math.sign(ratio - 1) === direction).length;
  return { ratioMean: spread.mean, ratioMin: spread.min, ratioMax: spread.max, pairs: ratios.length, agreeing };
}

/** Names in the given order first, others behind them by code unit. */
export function inOrder<T extends string | number>(order: readonly T[]): (a: T, b: T) => number {
  return (a, b) => {
    const left = order.indexOf(a);
    const right = order.indexOf(b);
    if (left >= 0 && right >= 0) return left - right;
    if (left >= 0) return -1;
    if (right >= 0) return 1;
    return a < b ? -1 : a > b ? 1 : 0;
  };
}

export function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/** Node names by number, n2 before n10; what is not called n<k> behind them by code unit. */
export function byNodeName(a: string, b: string): number {
  const left = nodeNumber(a);
  const right = nodeNumber(b);
  if (left !== right) return left < right ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

function nodeNumber(name: string): number {
  const match = /^n(\d+)$/.exec(name);
  return match === null ? Number.POSITIVE_INFINITY : Number(match[1]);
}
