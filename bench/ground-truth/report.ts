/** The table of `npm run bench:ground-truth`. */
import { textTable } from '../../cli/text-table.ts';
import { formatBytes } from '../../reports/format.ts';
import type { FreelistRow } from './freelist.ts';
import { type Figure, type JudgedRow, medianAndWorst, percent } from './judgement.ts';

const NAMES: Readonly<Record<string, string>> = {
  total_write_bytes: 'total',
  total_but_freelist: 'total but freelist',
  data_page_bytes: 'data pages',
};

export function rowsTable(rows: readonly JudgedRow[]): string {
  const table = rows.map((row) => {
    const [total, ...parts] = row.figures as [Figure, ...Figure[]];
    return [
      row.run,
      row.phase,
      formatBytes(total.measured),
      formatBytes(total.simulated),
      percent(total.error),
      total.bound === '' ? '–' : total.bound,
      `  ${parts.map(partText).join(', ')}`,
      `  ${row.sameWork ? (row.ok ? 'ok' : 'OUT OF BOUNDS') : 'OTHER KEYS OR BYTES'}`,
    ];
  });
  return textTable([['run', 'phase', 'measured', 'simulated', 'error', 'bound', '  parts', '  verdict'], ...table], 6);
}

/** `wal 0`, and `!` where a bound is not kept. */
function partText({ column, error, ok }: Figure): string {
  const name = NAMES[column] ?? column.replace(/_bytes$/, '').replaceAll('_', ' ');
  return `${name} ${percent(error)}${ok ? '' : ' !'}`;
}

export function engineSummary(engine: string, rows: readonly JudgedRow[]): string {
  const { median, worst } = medianAndWorst(rows);
  const out = rows.filter((row) => !row.ok);
  const names = out.map((row) => `${row.run} ${row.phase}`).join(', ');
  return `${engine}: ${rows.length - out.length} of ${rows.length} rows within bounds; error of the total: median ${percent(median).replace('+', '')}, worst ${percent(worst).replace('+', '')}${names === '' ? '' : `; out of bounds: ${names}`}`;
}

/** Ratios of processor time, array freelist over hash map. */
export function freelistTable(rows: readonly FreelistRow[]): string {
  const table = rows.flatMap(({ run, setup, ratios }) =>
    ratios.map(({ part, measured, simulated, ok }, i) => [
      i === 0 ? run : '',
      part,
      measured.toPrecision(3),
      simulated.toPrecision(3),
      `  ${ok ? 'ok' : 'DISAGREES'}`,
      i === 0 ? `  ${setup}` : '',
    ]),
  );
  return textTable([['run', 'part', 'measured', 'simulated', '  verdict', '  file and transaction'], ...table], 4);
}

export function freelistSummary(rows: readonly FreelistRow[]): string {
  const ratios = rows.flatMap((row) => row.ratios);
  const agreeing = ratios.filter(({ ok }) => ok).length;
  return `bolt, fragmented files: ${agreeing} of ${ratios.length} ratios of array over hash map point the same way and are of the same order`;
}

/** The columns that have no bound and differ: `rs01 load: sst_syncs 603, measured 574; …`. */
export function othersText(rows: readonly JudgedRow[]): string {
  return rows
    .map(({ run, phase, others }) => {
      const differing = others.filter(({ measured, simulated }) => measured !== simulated);
      const texts = differing.map(({ column, measured, simulated }) => {
        return `${column} ${Number.isInteger(simulated) ? simulated : Number(simulated.toPrecision(6))}, measured ${measured}`;
      });
      return `${run} ${phase}: ${others.length - differing.length} of ${others.length} further columns are equal${texts.length === 0 ? '' : `; ${texts.join('; ')}`}`;
    })
    .join('\n');
}
