/**
 * A section of the report: one file in this folder and one line in `index.ts`.
 *
 * A section always brings its table, which is what Markdown shows and what readers of the page get who
 * can't use the drawing; panels are optional. It returns undefined where the result has nothing for it.
 */
import type { TopLevelSpec } from 'vega-lite';
import type { Comparison } from '../comparison.ts';
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
export function variantLegend(comparison: Comparison): LegendEntry[] {
  const shown = comparison.variants.filter((variant) => variant.runs.length > 0);
  if (shown.length < 2) return [];
  return shown.map((variant) => ({ title: variant.name, colour: variantColour(variant.index) }));
}

/** From zero, with room on the right for the figure behind the longest bar. */
export function barAxis(title: string, greatest: number) {
  const domain: [number, number] = [0, greatest === 0 ? 1 : greatest * 1.16];
  return { type: 'quantitative' as const, title, scale: { domain, nice: false }, axis: { tickCount: 5, format: '~s' } };
}

/** Four significant digits are more than a drawing shows, and keep the page small. */
export const drawn = (value: number): number => Number(value.toPrecision(4));
