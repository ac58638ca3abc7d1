/** The table at the end of a run: a line for each variant, means over its seeds. The reports say more. */
import { formatFigure, type Unit } from '../reports/format.ts';
import type { RunResult } from '../sim/result.ts';
import { textTable } from './text-table.ts';

interface SummaryColumn {
  readonly title: string;
  readonly unit: Unit;
  figure(run: RunResult): number | undefined;
}

const written = (run: RunResult): number => run.metrics.latencyMs.put?.count ?? Number.NaN;

const COLUMNS: readonly SummaryColumn[] = [
  { title: 'WA', unit: 'ratio', figure: (run) => run.metrics.writeAmplification.total },
  { title: 'ops/s', unit: 'count', figure: (run) => run.metrics.throughputOpsPerS },
  { title: 'put p50', unit: 'milliseconds', figure: (run) => run.metrics.latencyMs.put?.p50 },
  { title: 'put p99', unit: 'milliseconds', figure: (run) => run.metrics.latencyMs.put?.p99 },
  { title: 'get p99', unit: 'milliseconds', figure: (run) => run.metrics.latencyMs.get?.p99 },
  { title: 'space', unit: 'ratio', figure: (run) => run.metrics.spaceAmplification },
  { title: 'fsyncs/put', unit: 'ratio', figure: (run) => run.metrics.fsyncs / written(run) },
  { title: 'longest gap', unit: 'milliseconds', figure: (run) => run.metrics.unavailableMsMax },
];

/** Variants in the order of their first run; columns that no run has are left out. */
export function summaryTable(runs: readonly RunResult[]): string {
  const variants = [...new Set(runs.map((run) => run.variant))];
  const columns = COLUMNS.filter((column) => runs.some((run) => isFigure(column.figure(run))));
  const rows = [['variant', 'seeds', ...columns.map((column) => column.title)]];
  for (const variant of variants) {
    const own = runs.filter((run) => run.variant === variant);
    const cells = columns.map((column) => formatFigure(mean(own.map((run) => column.figure(run))), column.unit));
    rows.push([variant, String(own.length), ...cells]);
  }
  return textTable(rows);
}

function isFigure(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value);
}

function mean(values: readonly (number | undefined)[]): number | undefined {
  const figures = values.filter(isFigure);
  return figures.length === 0 ? undefined : figures.reduce((sum, value) => sum + value, 0) / figures.length;
}
