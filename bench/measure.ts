/** Timing for benchmarks: the only place, besides the command line, where the host's clock is read. */

export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** At least this much, or with `atMost` at most; undefined: no target. */
  readonly target?: number;
  readonly atMost?: boolean;
  readonly remarks?: string;
}

/** CPU seconds of this process, user and system: less noisy than the wall on a shared machine. */
export function secondsOf(work: () => void): number {
  return timed(work).seconds;
}

/** What the work made, and its CPU seconds. */
export function timed<T>(work: () => T): { readonly made: T; readonly seconds: number } {
  const before = process.cpuUsage();
  const made = work();
  const { user, system } = process.cpuUsage(before);
  return { made, seconds: (user + system) / 1e6 };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

export function printRows(rows: readonly Row[]): void {
  for (const row of rows) {
    const value = row.value >= 1000 ? Math.round(row.value).toString() : row.value.toPrecision(4);
    const met = row.target === undefined || (row.atMost ? row.value <= row.target : row.value >= row.target);
    const target =
      row.target === undefined ? '' : `target ${row.atMost ? '≤' : '≥'} ${row.target} ${met ? 'met' : 'MISSED'}`;
    console.log(
      `${row.what.padEnd(52)} ${value.padStart(9)} ${row.unit.padEnd(14)} ${target.padEnd(22)} ${row.remarks ?? ''}`,
    );
  }
}
