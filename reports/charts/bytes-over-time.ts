/** Bytes written over time, stacked by category, one panel for each variant on one scale. */
import { type Comparison, inOrder } from '../comparison.ts';
import { formatFigure, formatSeconds } from '../format.ts';
import { CATEGORY_ORDER, categoryColour } from '../palette.ts';
import type { RunRecord } from '../result-file.ts';
import { mergeFactor, mergeMean, POINTS_MAX, seriesEndSeconds, stepSeconds, TABLE_ROWS_MAX } from '../series.ts';
import { numberColumn, type Table } from '../table.ts';
import { type Chart, drawn, type Layer, PANEL_FRAME, type PanelSpec, tickLabels } from './chart.ts';
import { faultLayers, faultSpans } from './faults.ts';
import { AXIS_WIDTH, firstRuns, firstRunsNote } from './timeline.ts';

export const bytesOverTime: Chart = {
  id: 'bytes-over-time',
  group: 'Over time',
  title: 'Bytes written',
  caption:
    'Bytes that all nodes handed to the file system per second, stacked by category; all panels have the same scale, and shaded spans are faults.',
  width: 'full',
  build(comparison: Comparison) {
    const shown = firstRuns(comparison);
    const rates = shown.map(({ run }) => ratesOf(run, mergeFactor(run.series.okPerS.length, POINTS_MAX)));
    const present = [...new Set(rates.flatMap((rate) => [...rate.keys()]))].sort(inOrder(CATEGORY_ORDER));
    if (present.length === 0) return undefined;
    const end = shown.reduce((latest, { run }) => Math.max(latest, seriesEndSeconds(run)), 0);
    const greatest = rates.reduce((most, rate) => Math.max(most, ...totalsOf(rate)), 0);
    return {
      panels: shown.map(({ variant, run }, index) => ({
        title: variant.name,
        spec: areaSpec(run, rates[index]!, present, faultLayers(faultSpans([variant]), end), end, greatest),
      })),
      legend: present.map((name) => ({ title: name, colour: categoryColour(name) })),
      table: byteTable(comparison),
      ...noteOf(comparison),
    };
  },
};

function noteOf(comparison: Comparison): { note?: string } {
  const note = firstRunsNote(comparison);
  return note === undefined ? {} : { note };
}

/** Bytes per second by category, without those that wrote nothing. */
function ratesOf(run: RunRecord, factor: number): Map<string, number[]> {
  const perSecond = 1e9 / run.series.stepNs;
  const rates = new Map<string, number[]>();
  for (const [name, bytes] of Object.entries(run.series.writtenBytesByCategory)) {
    if (!bytes.some((value) => value !== null && value > 0)) continue;
    rates.set(
      name,
      mergeMean(bytes, factor).map((value) => (value ?? 0) * perSecond),
    );
  }
  return rates;
}

function totalsOf(rates: Map<string, number[]>): number[] {
  const totals: number[] = [];
  for (const values of rates.values()) {
    values.forEach((value, step) => {
      totals[step] = (totals[step] ?? 0) + value;
    });
  }
  return totals;
}

function areaSpec(
  run: RunRecord,
  rates: Map<string, number[]>,
  present: readonly string[],
  shading: Layer[],
  end: number,
  greatest: number,
): PanelSpec {
  const factor = mergeFactor(run.series.okPerS.length, POINTS_MAX);
  const totals = totalsOf(rates);
  const names = present.filter((name) => rates.has(name));
  const rows = stepSeconds(run, factor).map((t, step) => {
    const row: Record<string, number> = { t, total: drawn(totals[step] ?? 0) };
    // By position: a name may hold characters that mean something in a field path.
    names.forEach((name, index) => {
      row[`c${index}`] = drawn(rates.get(name)![step] ?? 0);
    });
    return row;
  });
  const x = {
    field: 't',
    type: 'quantitative' as const,
    title: 'virtual time, s',
    scale: { domain: [0, end] as [number, number], nice: false },
    axis: { grid: false, tickCount: 8 },
  };
  const fields = names.map((_, index) => `c${index}`);
  const layers: Layer[] = [
    ...shading,
    {
      transform: [
        { fold: fields, as: ['column', 'rate'] },
        { calculate: 'toNumber(slice(datum.column, 1))', as: 'order' },
        { calculate: `${JSON.stringify(names)}[datum.order]`, as: 'part' },
      ],
      mark: { type: 'area', interpolate: 'step-after', line: false, clip: true },
      encoding: {
        x,
        y: {
          field: 'rate',
          type: 'quantitative',
          title: 'bytes per s',
          stack: 'zero',
          scale: { domain: [0, greatest === 0 ? 1 : greatest * 1.05], nice: false },
          axis: { tickCount: 5, minExtent: AXIS_WIDTH, ...tickLabels('bytes') },
        },
        color: {
          field: 'part',
          type: 'nominal',
          scale: { domain: names, range: names.map(categoryColour) },
        },
        order: { field: 'order', type: 'quantitative' },
      },
    },
    {
      params: [
        {
          name: 'cursor',
          select: { type: 'point', on: 'pointerover', nearest: true, fields: ['t'], clear: 'pointerout' },
        },
      ],
      mark: { type: 'rule', style: 'cursor' },
      encoding: {
        x,
        opacity: { condition: { param: 'cursor', empty: false, value: 0.8 }, value: 0 },
        tooltip: [
          { field: 't', title: 'time, s' },
          ...names.map((name, index) => tooltipRate(`c${index}`, name)),
          tooltipRate('total', 'total'),
        ],
      },
    },
  ];
  return {
    ...PANEL_FRAME,
    height: 170,
    padding: { left: 2, right: 12, top: 16, bottom: 2 },
    data: { values: rows },
    layer: layers,
  };
}

function tooltipRate(field: string, title: string) {
  return { field, type: 'quantitative' as const, format: '.3~s', title: `${title}, bytes per s` };
}

function byteTable(comparison: Comparison): Table {
  const shown = firstRuns(comparison);
  const longest = shown.reduce((most, { run }) => Math.max(most, run.series.okPerS.length), 0);
  const factor = mergeFactor(longest, TABLE_ROWS_MAX);
  const guide = shown.find(({ run }) => run.series.okPerS.length === longest);
  const columns = [numberColumn('from')];
  const cells: string[][] = [];
  for (const { variant, run } of shown) {
    const rates = ratesOf(run, factor);
    for (const name of [...rates.keys()].sort(inOrder(CATEGORY_ORDER))) {
      columns.push(numberColumn(`${variant.name}: ${name}`));
      cells.push(rates.get(name)!.map((value) => `${formatFigure(value, 'bytes')}/s`));
    }
  }
  const times = guide === undefined ? [] : stepSeconds(guide.run, factor);
  return {
    columns,
    rows: times.map((t, row) => [formatSeconds(t * 1e9), ...cells.map((column) => column[row] ?? '')]),
  };
}
