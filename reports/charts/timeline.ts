/**
 * A figure over virtual time: one line for each variant, faults shaded, a cursor that shows the values.
 * The first seed's run is drawn: a mean over seeds would smear faults that strike at different times.
 */
import type { Comparison, VariantView } from '../comparison.ts';
import { formatFigure, formatSeconds, type Unit } from '../format.ts';
import { variantColour, variantDash } from '../palette.ts';
import type { RunRecord } from '../result-file.ts';
import { mergeFactor, POINTS_MAX, seriesEndSeconds, stepSeconds, TABLE_ROWS_MAX, type Values } from '../series.ts';
import { type Column, numberColumn, type Table } from '../table.ts';
import {
  drawn,
  type Layer,
  type LegendEntry,
  logAxis,
  PANEL_FRAME,
  type Panel,
  type PanelSpec,
  tickLabels,
} from './chart.ts';
import { faultLayers, faultSpans } from './faults.ts';

/** More lines than this can't be told apart; the other figures have every variant. */
const VARIANTS_MAX = 12;

/** Panels below one another have their time axes in line. */
export const AXIS_WIDTH = 34;

export interface Track {
  readonly title: string;
  readonly unit: Unit;
  readonly axisTitle: string;
  readonly scale: 'linear' | 'log';
  readonly of: (run: RunRecord) => Values;
  readonly merge: (values: Values, factor: number) => (number | null)[];
}

interface Drawn {
  readonly variant: VariantView;
  readonly run: RunRecord;
}

export function firstRuns(comparison: Comparison): Drawn[] {
  return comparison.variants.slice(0, VARIANTS_MAX).flatMap((variant) => {
    const run = variant.runs[0];
    return run === undefined || run.series.okPerS.length === 0 ? [] : [{ variant, run }];
  });
}

export function trackPanel(comparison: Comparison, track: Track): Panel | undefined {
  const shown = firstRuns(comparison);
  if (
    !shown.some(({ run }) => track.of(run).some((value) => value !== null && (track.scale === 'linear' || value > 0)))
  ) {
    return undefined;
  }
  return { title: track.title, spec: trackSpec(comparison, shown, track) };
}

function trackSpec(comparison: Comparison, shown: readonly Drawn[], track: Track): PanelSpec {
  const end = shown.reduce((latest, { run }) => Math.max(latest, seriesEndSeconds(run)), 0);
  const names = shown.map(({ variant }) => variant.name);
  const lines: { t: number; variant: string; value: number | null }[] = [];
  // One row a time with every variant's value, by position: names may hold characters that mean something in a field path.
  const cursor = new Map<number, Record<string, number | string>>();
  shown.forEach(({ variant, run }, index) => {
    const factor = mergeFactor(run.series.okPerS.length, POINTS_MAX);
    const times = stepSeconds(run, factor);
    const values = track.merge(track.of(run), factor);
    times.forEach((t, step) => {
      const value = values[step] ?? null;
      const drawable = value === null || (track.scale === 'log' && value <= 0) ? null : drawn(value);
      lines.push({ t, variant: variant.name, value: drawable });
      const row = cursor.get(t) ?? { t };
      row[`v${index}`] = formatFigure(value, track.unit);
      cursor.set(t, row);
    });
  });
  const rows = [...cursor.values()].sort((a, b) => Number(a.t) - Number(b.t));
  const x = {
    field: 't',
    type: 'quantitative' as const,
    title: 'virtual time, s',
    scale: { domain: [0, end] as [number, number], nice: false },
    axis: { grid: false, tickCount: 8 },
  };
  const vertical = verticalAxis(
    track,
    lines.flatMap(({ value }) => value ?? []),
  );
  const layers: Layer[] = [
    ...faultLayers(faultSpans(comparison.variants), end),
    {
      data: { values: lines },
      mark: { type: 'line', invalid: 'break-paths-show-path-domains', clip: true },
      encoding: {
        x,
        y: {
          field: 'value',
          type: 'quantitative',
          title: track.axisTitle,
          ...vertical,
        },
        color: {
          field: 'variant',
          type: 'nominal',
          scale: { domain: names, range: shown.map(({ variant }) => variantColour(variant.index)) },
        },
        ...(shown.some(({ variant }) => variantDash(variant.index).length > 2 || variantDash(variant.index)[1] !== 0)
          ? {
              strokeDash: {
                field: 'variant',
                type: 'nominal',
                scale: { domain: names, range: shown.map(({ variant }) => variantDash(variant.index)) },
                legend: null,
              },
            }
          : {}),
      },
    },
    {
      data: { values: rows },
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
          ...names.map((name, index) => ({ field: `v${index}`, title: name })),
        ],
      },
    },
  ];
  return { ...PANEL_FRAME, height: 190, padding: { left: 2, right: 12, top: 16, bottom: 2 }, layer: layers };
}

function verticalAxis(track: Track, values: readonly number[]) {
  if (track.scale === 'linear') {
    const axis = { tickCount: 5, minExtent: AXIS_WIDTH, ...tickLabels(track.unit) };
    return { scale: { type: 'linear' as const, zero: true, nice: true }, axis };
  }
  const least = values.reduce((most, value) => Math.min(most, value), Number.POSITIVE_INFINITY);
  const greatest = values.reduce((most, value) => Math.max(most, value), 0);
  const { domain, ticks } = logAxis(least, greatest);
  return {
    scale: { type: 'log' as const, domain, nice: false },
    axis: { values: ticks, minExtent: AXIS_WIDTH, ...tickLabels(track.unit) },
  };
}

/** Few enough rows to read; each an average (or what the track merges by) over an equal part of the run. */
export function trackTable(comparison: Comparison, tracks: readonly Track[]): Table {
  const shown = firstRuns(comparison);
  const longest = shown.reduce((most, { run }) => Math.max(most, run.series.okPerS.length), 0);
  const factor = mergeFactor(longest, TABLE_ROWS_MAX);
  const guide = shown.find(({ run }) => run.series.okPerS.length === longest);
  const columns: Column[] = [numberColumn('from')];
  const cells: string[][] = [];
  for (const track of tracks) {
    for (const { variant, run } of shown) {
      columns.push(numberColumn(`${variant.name}: ${track.title}`));
      cells.push(track.merge(track.of(run), factor).map((value) => formatFigure(value, track.unit)));
    }
  }
  const times = guide === undefined ? [] : stepSeconds(guide.run, factor);
  const rows = times.map((t, row) => [formatSeconds(t * 1e9), ...cells.map((column) => column[row] ?? '')]);
  return { columns, rows };
}

/** Which runs the charts over time show. */
export function firstRunsNote(comparison: Comparison): string | undefined {
  const shown = firstRuns(comparison);
  if (shown.length === 0) return undefined;
  const parts: string[] = [];
  if (comparison.seeds.length > 1) {
    const seeds = [...new Set(shown.map(({ run }) => run.seed))];
    parts.push(
      seeds.length === 1
        ? `Seed ${seeds[0]}, the first of ${comparison.seeds.length}.`
        : `One seed of each variant: ${shown.map(({ variant, run }) => `${variant.name} ${run.seed}`).join(', ')}.`,
    );
  }
  const { length } = comparison.variants.filter((variant) => variant.runs.length > 0);
  if (length > shown.length) parts.push(`The first ${shown.length} of ${length} variants.`);
  return parts.length === 0 ? undefined : parts.join(' ');
}

export function lineLegend(comparison: Comparison): LegendEntry[] {
  const shown = firstRuns(comparison);
  if (shown.length < 2) return [];
  return shown.map(({ variant }) => ({
    title: variant.name,
    colour: variantColour(variant.index),
    line: variant.index < 8 ? 'solid' : 'dashed',
  }));
}
