/**
 * A section of the report: one file in this folder and one line in `index.ts`.
 *
 * A section always brings its table, which is what Markdown shows and what readers of the page get who
 * can't use the drawing; panels are optional. It returns undefined where the result has nothing for it.
 */
import type { TopLevelSpec } from 'vega-lite';
import type { Comparison } from '../comparison.ts';
import type { Unit } from '../format.ts';
import { variantColour } from '../palette.ts';
import type { Table } from '../table.ts';

export const GROUPS = [
  'Comparison',
  'Write amplification',
  'Over time',
  'Latency',
  'Space, syncs, memory',
  'Runs',
] as const;
export type Group = (typeof GROUPS)[number];

export interface Chart {
  readonly id: string;
  readonly group: Group;
  readonly title: string;
  /** One sentence: how to read it. */
  readonly caption: string;
  /** Half: may share a row with another on a wide screen. */
  readonly width: 'half' | 'full';
  build(comparison: Comparison): Section | undefined;
}

export interface Section {
  readonly panels: readonly Panel[];
  readonly legend: readonly LegendEntry[];
  readonly table: Table;
  readonly tableTitle?: string;
  /** Further tables, beside the first where there is room. */
  readonly tablesBeside?: readonly { readonly title: string; readonly table: Table }[];
  /** The table is shown rather than folded away. */
  readonly tableOpen?: boolean;
  /** What the reader must know about this result, such as which seed is drawn. */
  readonly note?: string;
}

/** One drawing; its width is the container's. */
export interface Panel {
  readonly title?: string;
  readonly spec: PanelSpec;
}

export type PanelSpec = Extract<TopLevelSpec, { layer: unknown[] }>;
export type Layer = PanelSpec['layer'][number];

export interface LegendEntry {
  readonly title: string;
  readonly colour: string;
  readonly line?: 'solid' | 'dashed';
}

/** Common to every panel. */
export const PANEL_FRAME = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  width: 'container',
  autosize: { type: 'fit-x', contains: 'padding' },
} as const satisfies Partial<PanelSpec>;

/** One entry for each variant that has runs; none if there is only one variant. */
export function variantLegend(comparison: Comparison, line?: 'solid'): LegendEntry[] {
  const shown = comparison.variants.filter((variant) => variant.runs.length > 0);
  if (shown.length < 2) return [];
  return shown.map((variant) => ({
    title: variant.name,
    colour: variantColour(variant.index),
    ...(line === undefined ? {} : { line }),
  }));
}

/** How a unit's ticks are written: SI prefixes only where they are usual, and a plain 0. */
export function tickLabels(unit: Unit): { format: string } | { labelExpr: string } {
  if (unit === 'ratio' || unit === 'milliseconds') return { format: '~g' };
  return { labelExpr: "datum.value === 0 ? '0' : format(datum.value, '~s')" };
}

/** From zero, with room for `labels` behind the bars however narrow the drawing is. */
export function barAxis(title: string, greatest: number, unit: Unit, labels: readonly string[]) {
  const characters = labels.reduce((most, label) => Math.max(most, label.length), 0);
  const room = 16 + 6.5 * characters;
  return {
    type: 'quantitative' as const,
    title,
    scale: {
      domainMin: 0,
      domainMax: { expr: `${greatest === 0 ? 1 : greatest} * max(width, 1) / max(width / 3, width - ${room}, 1)` },
      nice: false,
    },
    axis: { tickCount: 5, labelOverlap: 'greedy' as const, ...tickLabels(unit) },
  };
}

const LABELS_MAX = 9;

/**
 * A logarithmic axis around positive values: it ends at 1, 2 or 5 times a power of ten, and is labelled there
 * or, over many decades, at the powers only.
 */
export function logAxis(least: number, greatest: number): { domain: [number, number]; ticks: number[] } {
  const steps: number[] = [];
  for (let exponent = -9; exponent <= 12; exponent++) {
    for (const digit of [1, 2, 5]) steps.push(Number(`${digit}e${exponent}`));
  }
  let from = steps.findLastIndex((step) => step <= least);
  let to = steps.findIndex((step) => step >= greatest);
  if (from < 0) from = 0;
  if (to < 0) to = steps.length - 1;
  if (to - from < 2) {
    from = Math.max(0, from - 1);
    to = Math.min(steps.length - 1, from + 2);
  }
  const inside = steps.slice(from, to + 1);
  let ticks = inside;
  if (ticks.length > LABELS_MAX) ticks = inside.filter((_, index) => (from + index) % 3 === 0);
  if (ticks.length > LABELS_MAX) ticks = ticks.filter((_, index) => index % 2 === 0);
  return { domain: [steps[from]!, steps[to]!], ticks };
}

/** Four significant digits are more than a drawing shows, and keep the page small. */
export const drawn = (value: number): number => Number(value.toPrecision(4));
