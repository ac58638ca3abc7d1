/** The table at the end of a bench: a line for each phase. The JSON and the report say more. */
import { formatFigure, formatNumber, type Unit } from '../reports/format.ts';
import { CATEGORIES } from '../sim/disk/disk.ts';
import type { PhaseResult } from '../sim/engine-bench/result.ts';
import { textTable } from './text-table.ts';

interface TableColumn {
  readonly title: string;
  readonly unit: Unit;
  /** Undefined or NaN: the phase has none. */
  figure(result: PhaseResult): number | undefined;
}

const MILLISECOND = 1e6;
const SECOND = 1e9;

const BEFORE: readonly TableColumn[] = [
  {
    title: 'ops',
    unit: 'count',
    figure: ({ measurement, phase }) => (phase.order === 'none' ? undefined : measurement.operations),
  },
  { title: 'WA', unit: 'ratio', figure: (result) => figureOf(result, 'wa_total') },
];

const AFTER: readonly TableColumn[] = [
  { title: 'written', unit: 'bytes', figure: ({ columns }) => Number(columns.total_write_bytes) },
  {
    title: 'read',
    unit: 'bytes',
    figure: ({ deviceReadBytes }) => (deviceReadBytes > 0 ? deviceReadBytes : undefined),
  },
  {
    title: 'ops/s',
    unit: 'count',
    figure: ({ measurement, writingNs }) => ratio(measurement.operations * SECOND, writingNs),
  },
  {
    title: 'batch p50',
    unit: 'milliseconds',
    figure: ({ batchLatency }) => latency(batchLatency.count, batchLatency.p50Ns),
  },
  { title: 'p99', unit: 'milliseconds', figure: ({ batchLatency }) => latency(batchLatency.count, batchLatency.p99Ns) },
  { title: 'stalled', unit: 'ratio', figure: ({ measurement }) => measurement.stallShare || undefined },
  { title: 'fsyncs', unit: 'count', figure: fsyncs },
  { title: 'files', unit: 'bytes', figure: ({ measurement }) => measurement.after.fileBytes },
  { title: 'memory', unit: 'bytes', figure: ({ measurement }) => sum(Object.values(measurement.after.memoryBytes)) },
];

/** Columns that no phase has a figure for are left out. */
export function benchTable(results: readonly PhaseResult[]): string {
  const columns = [...BEFORE, ...parts(results), ...AFTER].filter((column) =>
    results.some((result) => Number.isFinite(column.figure(result) ?? Number.NaN)),
  );
  const rows = [['phase', ...columns.map(({ title }) => title)]];
  for (const result of results) {
    rows.push([result.phase.name, ...columns.map(({ unit, figure }) => formatFigure(figure(result), unit))]);
  }
  return textTable(rows);
}

/** The engine's own split of WA: its columns `wa_…`. */
function parts(results: readonly PhaseResult[]): TableColumn[] {
  const names = new Set(
    results.flatMap(({ columns }) => Object.keys(columns).filter((name) => name.startsWith('wa_'))),
  );
  names.delete('wa_total');
  return [...names].map((name) => ({
    title: name.slice(3).replaceAll('_', ' '),
    unit: 'ratio',
    figure: (result) => figureOf(result, name),
  }));
}

function figureOf({ columns }: PhaseResult, name: string): number | undefined {
  const value = columns[name];
  return typeof value === 'number' ? value : undefined;
}

function fsyncs({ measurement: { syncs, directorySyncs } }: PhaseResult): number {
  return sum(CATEGORIES.map((category) => syncs[category])) + directorySyncs;
}

function ratio(above: number, below: number): number | undefined {
  return below > 0 && above > 0 ? above / below : undefined;
}

function latency(count: number, ns: number): number | undefined {
  return count > 0 ? ns / MILLISECOND : undefined;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What the engine says of itself at the end: every figure that is not 0. */
export function engineFigures({ measurement: { after } }: PhaseResult): string {
  const lines = Object.entries(after.figures)
    .filter(([, value]) => value !== 0 && Number.isFinite(value))
    .map(([name, value]) => [name, formatNumber(value)]);
  const memory = Object.entries(after.memoryBytes).map(([name, value]) => [
    `memory: ${name}`,
    formatFigure(value, 'bytes'),
  ]);
  return textTable([...lines, ...memory]);
}
