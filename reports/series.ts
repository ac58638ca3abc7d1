/** Time series cut down to what a drawing can show: neighbouring steps merged into one. */
import type { RunRecord } from './result-file.ts';

export const POINTS_MAX = 400;
/** Rows of the tables beside time charts. */
export const TABLE_ROWS_MAX = 24;

/** How many steps of the series become one, so that at most `pointsMax` are left. */
export function mergeFactor(steps: number, pointsMax: number): number {
  return Math.max(1, Math.ceil(steps / pointsMax));
}

export type Values = readonly (number | null)[];

/** Mean of the merged values that are defined; null if none is. The last group may be smaller. */
export function mergeMean(values: Values, factor: number): (number | null)[] {
  return mergeGroups(values, factor, (group) => group.reduce((sum, value) => sum + value, 0) / group.length);
}

export function mergeMedian(values: Values, factor: number): (number | null)[] {
  return mergeGroups(values, factor, (group) => group.sort((a, b) => a - b)[Math.floor((group.length - 1) / 2)]!);
}

export function mergeMax(values: Values, factor: number): (number | null)[] {
  return mergeGroups(values, factor, (group) => group.reduce((most, value) => Math.max(most, value)));
}

function mergeGroups(values: Values, factor: number, merge: (group: number[]) => number): (number | null)[] {
  const merged: (number | null)[] = [];
  for (let from = 0; from < values.length; from += factor) {
    const group: number[] = [];
    for (let i = from; i < Math.min(from + factor, values.length); i++) {
      const value = values[i];
      if (value !== null && value !== undefined) group.push(value);
    }
    merged.push(group.length === 0 ? null : merge(group));
  }
  return merged;
}

/** Seconds of virtual time at the start of each merged step. */
export function stepSeconds(run: RunRecord, factor: number): number[] {
  const seconds: number[] = [];
  for (let step = 0; step < run.series.okPerS.length; step += factor) {
    seconds.push(Number(((step * run.series.stepNs) / 1e9).toFixed(6)));
  }
  return seconds;
}

/** When the sampled part of the run ended, s. */
export function seriesEndSeconds(run: RunRecord): number {
  return (run.series.okPerS.length * run.series.stepNs) / 1e9;
}
