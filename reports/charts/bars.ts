/**
 * Horizontal bars, a group for each name and a bar for each variant in it: the mean over seeds, with a
 * line from the least to the greatest and the mean in print.
 */
import { type Comparison, type Figure, type Spread, spreadOf } from '../comparison.ts';
import { formatFigure, UNDEFINED, type Unit } from '../format.ts';
import { variantColour } from '../palette.ts';
import { type Column, numberColumn, type Table, textColumn } from '../table.ts';
import { barAxis, drawn, type Layer, PANEL_FRAME, type PanelSpec, type Section, variantLegend } from './chart.ts';

export interface BarGroup {
  readonly title: string;
  readonly of: Figure;
}

export interface BarsOptions {
  readonly groups: readonly BarGroup[];
  readonly unit: Unit;
  readonly axisTitle: string;
  /** What the groups are. */
  readonly groupTitle: string;
  readonly note?: string;
}

interface Bar {
  readonly group: string;
  readonly variant: string;
  readonly spread: Spread;
}

/** Undefined if no run has any of the figures. */
export function barSection(comparison: Comparison, options: BarsOptions): Section | undefined {
  const bars: Bar[] = [];
  for (const group of options.groups) {
    for (const variant of comparison.variants) {
      const spread = spreadOf(variant.runs.map(group.of));
      if (spread !== undefined) bars.push({ group: group.title, variant: variant.name, spread });
    }
  }
  if (bars.length === 0) return undefined;
  return {
    panels: [{ spec: barSpec(comparison, options, bars) }],
    legend: variantLegend(comparison),
    table: barTable(comparison, options),
    ...(options.note === undefined ? {} : { note: options.note }),
  };
}

function barSpec(comparison: Comparison, options: BarsOptions, bars: readonly Bar[]): PanelSpec {
  const variants = comparison.variants.filter((variant) => variant.runs.length > 0);
  const groups = options.groups.map((group) => group.title).filter((title) => bars.some((bar) => bar.group === title));
  const names = variants.map((variant) => variant.name);
  const single = groups.length === 1;
  const greatest = bars.reduce((most, bar) => Math.max(most, bar.spread.max), 0);
  const values = bars.map(({ group, variant, spread }) => ({
    group,
    variant,
    mean: drawn(spread.mean),
    min: drawn(spread.min),
    max: drawn(spread.max),
    label: formatFigure(spread.mean, options.unit),
    range:
      spread.count > 1
        ? `${formatFigure(spread.min, options.unit)} to ${formatFigure(spread.max, options.unit)}`
        : 'one run',
  }));
  const thickness = single ? 26 : variants.length > 3 ? 11 : 15;
  const height = groups.length * (variants.length * (thickness + 3) + (single ? 8 : 14));
  const y = single
    ? ({ field: 'variant', type: 'nominal', sort: names, title: null } as const)
    : ({
        field: 'group',
        type: 'nominal',
        sort: groups,
        title: null,
        scale: { paddingInner: 0.22, paddingOuter: 0.1 },
      } as const);
  const offset = single
    ? {}
    : ({ yOffset: { field: 'variant', type: 'nominal', sort: names, scale: { paddingInner: 0.12 } } } as const);
  const x = barAxis(
    options.axisTitle,
    greatest,
    options.unit,
    values.map((value) => value.label),
  );
  const tooltip = [
    ...(single ? [] : [{ field: 'group', title: options.groupTitle }]),
    { field: 'variant', title: 'variant' },
    { field: 'label', title: 'mean' },
    { field: 'range', title: 'over seeds' },
  ];
  const layers: Layer[] = [
    {
      mark: { type: 'bar', cornerRadiusEnd: 2 },
      encoding: {
        y,
        ...offset,
        x: { field: 'mean', ...x },
        color: {
          field: 'variant',
          type: 'nominal',
          scale: { domain: names, range: variants.map((variant) => variantColour(variant.index)) },
        },
        tooltip,
      },
    },
    {
      mark: { type: 'rule', style: 'spread' },
      encoding: { y, ...offset, x: { field: 'min', ...x }, x2: { field: 'max' } },
    },
    {
      mark: { type: 'text', style: 'barLabel' },
      encoding: { y, ...offset, x: { field: 'max', ...x }, text: { field: 'label' } },
    },
  ];
  return { ...PANEL_FRAME, height, data: { values }, layer: layers };
}

function barTable(comparison: Comparison, options: BarsOptions): Table {
  const variants = comparison.variants.filter((variant) => variant.runs.length > 0);
  const columns: Column[] = [textColumn(options.groupTitle), ...variants.map((variant) => numberColumn(variant.name))];
  const rows = options.groups.map((group) => [
    group.title,
    ...variants.map((variant) => spreadText(spreadOf(variant.runs.map(group.of)), options.unit)),
  ]);
  return { columns, rows };
}

/** `4.21 (4.10–4.40)`; the range is left out where all values read the same. */
export function spreadText(spread: Spread | undefined, unit: Unit): string {
  if (spread === undefined) return UNDEFINED;
  const mean = formatFigure(spread.mean, unit);
  const range = rangeText(spread, unit);
  return range === undefined ? mean : `${mean} (${range})`;
}

/** `6.85–7.47 ms`; undefined where all values read the same. */
export function rangeText(spread: Spread, unit: Unit): string | undefined {
  const least = formatFigure(spread.min, unit);
  const greatest = formatFigure(spread.max, unit);
  if (least === greatest) return undefined;
  // The unit once, if it is the same.
  const suffix = /[^\d.,]*$/.exec(greatest)![0];
  return suffix !== '' && least.endsWith(suffix)
    ? `${least.slice(0, -suffix.length)}–${greatest}`
    : `${least}–${greatest}`;
}
