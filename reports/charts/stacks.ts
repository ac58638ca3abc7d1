/**
 * Horizontal stacked bars, one for each variant: the means of parts that add up to a total, with a line
 * from the least to the greatest total over seeds.
 */
import type { Spread, VariantView } from '../comparison.ts';
import { formatFigure, type Unit } from '../format.ts';
import { barAxis, drawn, type Layer, type LegendEntry, PANEL_FRAME, type PanelSpec } from './chart.ts';

export interface StackPart {
  readonly name: string;
  readonly title: string;
  readonly colour: string;
}

export interface StackBar {
  readonly variant: VariantView;
  readonly total: Spread;
  /** Means, by the parts' names; a part that is missing is 0. */
  readonly values: Readonly<Record<string, number>>;
}

/** `parts` in stacking order. `greatest` makes the scale of several panels the same. */
export function stackSpec(
  bars: readonly StackBar[],
  parts: readonly StackPart[],
  unit: Unit,
  axisTitle: string,
  greatest = greatestTotal(bars),
): PanelSpec {
  const names = bars.map((bar) => bar.variant.name);
  const values = bars.flatMap((bar) =>
    parts.flatMap((part, order) => {
      const value = bar.values[part.name] ?? 0;
      if (value === 0) return [];
      const share = bar.total.mean === 0 ? 0 : (100 * value) / bar.total.mean;
      return [
        {
          variant: bar.variant.name,
          part: part.title,
          order,
          value: drawn(value),
          label: formatFigure(value, unit),
          share: `${share.toFixed(share < 10 ? 1 : 0)} %`,
        },
      ];
    }),
  );
  const totals = bars.map((bar) => ({
    variant: bar.variant.name,
    min: drawn(bar.total.min),
    max: drawn(bar.total.max),
    label: formatFigure(bar.total.mean, unit),
  }));
  const y = { field: 'variant', type: 'nominal', sort: names, title: null, scale: { paddingInner: 0.35 } } as const;
  const x = barAxis(
    axisTitle,
    greatest,
    unit,
    totals.map((total) => total.label),
  );
  const layers: Layer[] = [
    {
      data: { values },
      mark: { type: 'bar' },
      encoding: {
        y,
        x: { field: 'value', ...x, stack: 'zero' },
        color: {
          field: 'part',
          type: 'nominal',
          scale: { domain: parts.map((part) => part.title), range: parts.map((part) => part.colour) },
        },
        order: { field: 'order', type: 'quantitative' },
        tooltip: [
          { field: 'variant', title: 'variant' },
          { field: 'part', title: 'part' },
          { field: 'label', title: 'mean' },
          { field: 'share', title: 'of the total' },
        ],
      },
    },
    {
      data: { values: totals },
      mark: { type: 'rule', style: 'spread' },
      encoding: { y, x: { field: 'min', ...x }, x2: { field: 'max' } },
    },
    {
      data: { values: totals },
      mark: { type: 'text', style: 'barLabel' },
      encoding: { y, x: { field: 'max', ...x }, text: { field: 'label' } },
    },
  ];
  return { ...PANEL_FRAME, height: bars.length * 38 + 6, layer: layers };
}

export function greatestTotal(bars: readonly StackBar[]): number {
  return bars.reduce((most, bar) => Math.max(most, bar.total.max), 0);
}

export function partLegend(parts: readonly StackPart[]): LegendEntry[] {
  return parts.map((part) => ({ title: part.title, colour: part.colour }));
}
