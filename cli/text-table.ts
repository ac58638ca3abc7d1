/** Columns lined up with spaces: the first to the left, figures to the right, and from `textFrom` on to the left again. */

export function textTable(rows: readonly (readonly string[])[], textFrom = Number.MAX_SAFE_INTEGER): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  const padded = (cell: string, i: number): string =>
    i === 0 || i >= textFrom ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!);
  return rows.map((row) => row.map(padded).join('  ').trimEnd()).join('\n');
}
