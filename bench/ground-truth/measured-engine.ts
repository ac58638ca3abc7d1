/** What a real engine's file of measurements needs to be replayed: its columns as arguments, and its bounds. */
import type { Columns } from '../../sim/engine-bench/result.ts';
import type { Row } from './csv.ts';

/** Arguments of `raftlab engine bench`. */
export interface Replay {
  readonly option: readonly string[];
  readonly sync?: boolean;
  readonly paced?: boolean;
  /** Where not the one that is asked for. */
  readonly disk?: string;
  /** Where draws decide: run with so many seeds, a row being the one with the median total, as in the measurement. */
  readonly repetitions?: number;
  /** One for each row, or several of which the last but `after` is the row's. */
  readonly phases: readonly ReplayedPhase[];
}

export interface ReplayedPhase {
  readonly text: string;
  /** Undefined: it only prepares or cleans up. */
  readonly row: Row | undefined;
}

/** One figure of a row, and by how much ours may differ. */
export interface Bound {
  readonly column: string;
  readonly kind: 'equal' | 'within' | 'between' | 'spread' | 'shown';
  /** `within`: relative. `spread`: by how much the range of our repetitions is widened. */
  readonly share?: number;
  /** `between`. */
  readonly least?: number;
  readonly most?: number;
}

export interface MeasuredEngine {
  /** Ours. */
  readonly engine: string;
  readonly file: string;
  replay(rows: readonly Row[]): Replay;
  /** The first is the total. `earlier`: rows of the same run before it. */
  bounds(row: Row, earlier: readonly Row[]): readonly Bound[];
  /** A column that the file does not have as such. */
  measured?(row: Row | Columns, column: string): number;
}

/** `name:op:order:ops:keyspace:seed:batch` and the value's size. */
export function phaseOf(row: Row): string {
  const { phase, op, order, ops, keyspace, seed, batch, value_bytes } = row;
  return `${[phase, op, order, ops, keyspace, seed, batch].join(':')},value_bytes=${value_bytes}`;
}

/** Options under our names, from the row's columns; a column that is missing is left to its default. */
export function optionsOf(row: Row, names: Readonly<Record<string, string>>): string[] {
  return Object.entries(names).flatMap(([column, name]) => {
    const value = row[column];
    return value === undefined || value === '' ? [] : [`${name}=${value}`];
  });
}
