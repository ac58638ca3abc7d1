/** Files of measurements: comma-separated, a head line, no quotes. */

export type Row = Readonly<Record<string, string>>;

export function parseCsv(text: string): Row[] {
  const [head, ...lines] = text.trim().split(/\r?\n/);
  const names = head!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [names[i]!, cell])));
}

/** Rows of one run, in their order: phases on one store. */
export function runsOf(rows: readonly Row[]): Map<string, Row[]> {
  const runs = new Map<string, Row[]>();
  for (const row of rows) {
    const phases = runs.get(row.run!);
    if (phases === undefined) runs.set(row.run!, [row]);
    else phases.push(row);
  }
  return runs;
}
