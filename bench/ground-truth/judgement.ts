/** A row of measurements beside what the simulated engine did: figure by figure, and whether it is within its bound. */
import type { Columns } from '../../sim/engine-bench/result.ts';
import type { Row } from './csv.ts';
import type { Bound, MeasuredEngine } from './measured-engine.ts';

export interface Figure {
  readonly column: string;
  readonly measured: number;
  readonly simulated: number;
  /** Simulated ÷ measured − 1; infinite if only one of them is 0. */
  readonly error: number;
  /** For people; '' if it is only shown. */
  readonly bound: string;
  readonly ok: boolean;
}

export interface JudgedRow {
  readonly engine: string;
  readonly run: string;
  readonly phase: string;
  readonly figures: readonly Figure[];
  readonly ok: boolean;
  /** Keys and logical bytes must be the same, or nothing else means anything. */
  readonly sameWork: boolean;
  /** Every other number that both have. */
  readonly others: readonly OtherFigure[];
}

export interface OtherFigure {
  readonly column: string;
  readonly measured: number;
  readonly simulated: number;
}

/** What says which row it is, or the same in other words. */
const NOT_COMPARED: ReadonlySet<string> = new Set([
  'ops',
  'keyspace',
  'seed',
  'key_check',
  'value_bytes',
  'batch',
  'logical_bytes',
]);

/** `columns` is one of the `repetitions`: the one in the middle. */
export function judge(
  engine: MeasuredEngine,
  row: Row,
  earlier: readonly Row[],
  columns: Columns,
  repetitions: readonly Columns[] = [columns],
): JudgedRow {
  const figures = engine.bounds(row, earlier).map((bound) => figureOf(engine, bound, row, columns, repetitions));
  const sameWork =
    Number(row.key_check) === columns.key_check &&
    (row.logical_bytes === '' || Number(row.logical_bytes) === columns.logical_bytes);
  return {
    engine: engine.engine,
    run: row.run!,
    phase: row.phase!,
    figures,
    sameWork,
    others: othersOf(row, columns, figures),
    ok: sameWork && figures.every(({ ok }) => ok),
  };
}

function othersOf(row: Row, columns: Columns, figures: readonly Figure[]): OtherFigure[] {
  const judged = new Set(figures.map(({ column }) => column));
  return Object.entries(columns).flatMap(([column, simulated]) => {
    const measured = row[column];
    if (judged.has(column) || NOT_COMPARED.has(column) || column.startsWith('wa_')) return [];
    if (typeof simulated !== 'number' || measured === undefined || measured === '') return [];
    return Number.isFinite(Number(measured)) ? [{ column, measured: Number(measured), simulated }] : [];
  });
}

function figureOf(
  engine: MeasuredEngine,
  bound: Bound,
  row: Row,
  columns: Columns,
  repetitions: readonly Columns[],
): Figure {
  const { column } = bound;
  const read = engine.measured ?? ((source: Row | Columns, name: string) => Number(source[name]));
  const measured = read(row, column);
  const simulated = read(columns, column);
  const error = measured === simulated ? 0 : measured === 0 ? Infinity : simulated / measured - 1;
  if (bound.kind === 'spread') {
    const all = repetitions.map((repetition) => read(repetition, column));
    const spread = withinSpread(measured, Math.min(...all), Math.max(...all), bound.share!);
    return { column, measured, simulated, error, ...spread };
  }
  return { column, measured, simulated, error, ...verdict(bound, measured, simulated, error) };
}

/** Chance decides in both: the measured one must be among ours, widened by a share. */
function withinSpread(measured: number, least: number, most: number, share: number): { bound: string; ok: boolean } {
  const text =
    measured === 0 ? '' : `${percent(least / measured - 1)} … ${percent(most / measured - 1)}, ±${share * 100} %`;
  return { bound: text, ok: measured >= least * (1 - share) && measured <= most * (1 + share) };
}

function verdict(bound: Bound, measured: number, simulated: number, error: number): { bound: string; ok: boolean } {
  switch (bound.kind) {
    case 'equal':
      return { bound: 'equal', ok: measured === simulated };
    case 'within':
      return { bound: `±${bound.share! * 100} %`, ok: Math.abs(error) <= bound.share! };
    case 'between':
      return {
        bound: `${percent(bound.least! / measured - 1)} to ${percent(bound.most! / measured - 1)}`,
        ok: simulated >= bound.least! && simulated <= bound.most!,
      };
    default:
      return { bound: '', ok: true };
  }
}

/** With a sign; exact equality reads as 0. */
export function percent(share: number): string {
  if (share === 0) return '0';
  if (!Number.isFinite(share)) return Number.isNaN(share) ? 'missing' : 'new';
  const size = Math.abs(share * 100);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  const text = size < 0.005 ? size.toPrecision(1) : size.toFixed(digits);
  return `${share < 0 ? '−' : '+'}${text} %`;
}

/** Of the totals' relative errors, without their signs. */
export function medianAndWorst(rows: readonly JudgedRow[]): { median: number; worst: number } {
  const errors = rows.map(({ figures }) => Math.abs(figures[0]!.error)).sort((a, b) => a - b);
  return { median: errors[errors.length >> 1] ?? Number.NaN, worst: errors[errors.length - 1] ?? Number.NaN };
}
