/** The phases of an engine bench as a table: a line each, for the terminal and for the report. */

import { CATEGORIES } from '../../sim/disk/disk.ts';
import type { PhaseResult } from '../../sim/engine-bench/result.ts';
import { formatFigure, type Unit } from '../format.ts';
import { numberColumn, type Table, textColumn } from '../table.ts';

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
  { title: 'written', unit: 'bytes', figure: (result) => figureOf(result, 'total_write_bytes') },
  { title: 'read', unit: 'bytes', figure: ({ deviceReadBytes }) => deviceReadBytes || undefined },
  {
    title: 'ops/s',
    unit: 'count',
    figure: ({ measurement, writingNs }) => ratio(measurement.operations * SECOND, writingNs),
  },
  { title: 'batch p50', unit: 'milliseconds', figure: ({ batchLatency: { count, p50Ns } }) => latency(count, p50Ns) },
  { title: 'p99', unit: 'milliseconds', figure: ({ batchLatency: { count, p99Ns } }) => latency(count, p99Ns) },
  { title: 'stalled', unit: 'ratio', figure: ({ measurement }) => measurement.stallShare || undefined },
  { title: 'fsyncs', unit: 'count', figure: fsyncs },
  { title: 'files', unit: 'bytes', figure: ({ measurement }) => measurement.after.fileBytes },
  { title: 'memory', unit: 'bytes', figure: ({ measurement }) => sum(Object.values(measurement.after.memoryBytes)) },
];

/** Columns that no phase has a figure for are left out. */
export function phaseTable(results: readonly PhaseResult[]): Table {
  const columns = [...BEFORE, ...parts(results), ...AFTER].filter((column) =>
    results.some((result) => Number.isFinite(column.figure(result) ?? Number.NaN)),
  );
  return {
    columns: [textColumn('phase'), ...columns.map(({ title }) => numberColumn(title))],
    rows: results.map((result) => [
      result.phase.name,
      ...columns.map(({ unit, figure }) => formatFigure(figure(result), unit)),
    ]),
  };
}

/** What the engine says of itself at the end of each phase: every figure that is not 0 throughout. */
export function figuresTable(results: readonly PhaseResult[]): Table {
  const names = new Set(results.flatMap(({ measurement }) => Object.keys(measurement.after.figures)));
  const rows: string[][] = [];
  for (const name of names) {
    const values = results.map(({ measurement }) => measurement.after.figures[name]);
    if (values.some((value) => value !== undefined && value !== 0 && Number.isFinite(value))) {
      rows.push([name, ...values.map((value) => formatFigure(value, name.endsWith('Bytes') ? 'bytes' : 'count'))]);
    }
  }
  const owners = new Set(results.flatMap(({ measurement }) => Object.keys(measurement.after.memoryBytes)));
  for (const owner of owners) {
    const values = results.map(({ measurement }) => measurement.after.memoryBytes[owner]);
    rows.push([`memory: ${owner}`, ...values.map((value) => formatFigure(value, 'bytes'))]);
  }
  return { columns: [textColumn('figure'), ...results.map(({ phase }) => numberColumn(phase.name))], rows };
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
