/** A table before it is HTML or Markdown: titles, and cells that are already formatted. */

export interface Column {
  readonly title: string;
  readonly numeric: boolean;
}

export interface RichCell {
  readonly text: string;
  /** Smaller print below: the range over seeds. */
  readonly note?: string;
  /** A comparison with the first variant. */
  readonly change?: {
    readonly text: string;
    readonly verdict: 'better' | 'worse' | 'even' | 'mixed';
    readonly note?: string;
  };
}
export type Cell = string | RichCell;

export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

export const textColumn = (title: string): Column => ({ title, numeric: false });
export const numberColumn = (title: string): Column => ({ title, numeric: true });

export function cellText(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  const parts = [cell.text];
  if (cell.note !== undefined) parts.push(`(${cell.note})`);
  if (cell.change !== undefined) {
    const { text, verdict, note } = cell.change;
    parts.push(`${text} ${verdict}${note === undefined ? '' : `, ${note}`}`);
  }
  return parts.join(' ');
}
