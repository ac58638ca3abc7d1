/** Every variant's figures ÷ the first variant's, one dot for each seed that both have. */
import { type Comparison, pairedDifference, pairedRatios } from '../comparison.ts';
import { type HeadlineFigure, headlineFigures } from '../figures.ts';
import { formatFactor } from '../format.ts';
import { variantColour } from '../palette.ts';
import { numberColumn, textColumn } from '../table.ts';
import { type Chart, drawn, type Layer, PANEL_FRAME, variantLegend } from './chart.ts';

/** Seeds with a dot of their own; the mean is over all. */
const DOTS_MAX = 50;

/** Longer names don't fit below a narrow axis. */
const NAME_MAX = 24;

const titleOf = (figure: HeadlineFigure): string => (figure.better === 'lower' ? figure.title : `${figure.title} ↑`);

/** Evenly spread on a logarithmic axis, and the same on both sides of 1. */
function ratioTicks(reach: number): number[] {
  const steps =
    reach < 1.6
      ? [1, 1.1, 1.2, 1.3, 1.4, 1.5]
      : reach < 6
        ? [1, 1.25, 1.5, 2, 3, 4, 5]
        : [1, 2, 5, 10, 20, 50, 100, 1000];
  const ticks = steps.flatMap((step) => (step === 1 ? [1] : [Number((1 / step).toPrecision(2)), step]));
  return ticks.sort((a, b) => a - b);
}

export const paired: Chart = {
  id: 'paired',
  group: 'Comparison',
  title: 'Paired differences',
  caption:
    'Each dot is one seed: the figure divided by the first variant’s under the same seed, on a logarithmic axis; the bar is their mean; left of 1 is less than the first variant, and ↑ marks where more is better.',
  width: 'full',
  build(comparison: Comparison) {
    const base = comparison.variants[0];
    const others = comparison.variants.slice(1).filter((variant) => variant.runs.length > 0);
    if (base === undefined || base.runs.length === 0 || others.length === 0) return undefined;
    const figures = headlineFigures(comparison);
    const dots: { figure: string; variant: string; seed: number; ratio: number; label: string }[] = [];
    const means: { figure: string; variant: string; ratio: number; label: string; agree: string }[] = [];
    for (const figure of figures) {
      for (const variant of others) {
        const difference = pairedDifference(base.runs, variant.runs, figure.of);
        if (difference === undefined || difference.ratioMean <= 0) continue;
        for (const { seed, ratio } of pairedRatios(base.runs, variant.runs, figure.of).slice(0, DOTS_MAX)) {
          if (ratio <= 0) continue;
          dots.push({
            figure: titleOf(figure),
            variant: variant.name,
            seed,
            ratio: drawn(ratio),
            label: formatFactor(ratio),
          });
        }
        means.push({
          figure: titleOf(figure),
          variant: variant.name,
          ratio: drawn(difference.ratioMean),
          label: formatFactor(difference.ratioMean),
          agree: `${difference.agreeing} of ${difference.pairs}`,
        });
      }
    }
    if (dots.length === 0) return undefined;
    const titles = figures.map(titleOf).filter((title) => dots.some((dot) => dot.figure === title));
    const names = others.map((variant) => variant.name);
    const y = { field: 'figure', type: 'nominal' as const, sort: titles, title: null, axis: { grid: true } };
    const offset = others.length === 1 ? {} : { yOffset: { field: 'variant', type: 'nominal' as const, sort: names } };
    const reach = dots.reduce((most, dot) => Math.max(most, dot.ratio, 1 / dot.ratio), 1.25);
    const x = {
      field: 'ratio',
      type: 'quantitative' as const,
      title: base.name.length > NAME_MAX ? 'ratio to the first variant' : `ratio to ${base.name}`,
      scale: { type: 'log' as const, domain: [1 / (reach * 1.08), reach * 1.08] as [number, number], nice: false },
      axis: { values: ratioTicks(reach), format: '~g', labelOverlap: 'greedy' as const },
    };
    const color = {
      field: 'variant',
      type: 'nominal' as const,
      scale: { domain: names, range: others.map((variant) => variantColour(variant.index)) },
    };
    const layers: Layer[] = [
      {
        data: { values: [{ one: 1 }] },
        mark: { type: 'rule', style: 'reference' },
        encoding: { x: { ...x, field: 'one' } },
      },
      {
        data: { values: means },
        mark: { type: 'tick', thickness: 3, size: others.length === 1 ? 20 : 12 },
        encoding: {
          y,
          ...offset,
          x,
          color,
          tooltip: [
            { field: 'figure', title: 'figure' },
            { field: 'variant', title: 'variant' },
            { field: 'label', title: 'mean of ratios' },
            { field: 'agree', title: 'seeds that agree' },
          ],
        },
      },
      {
        data: { values: dots },
        mark: { type: 'point', filled: true, size: 42, opacity: 0.75 },
        encoding: {
          y,
          ...offset,
          x,
          color,
          tooltip: [
            { field: 'figure', title: 'figure' },
            { field: 'variant', title: 'variant' },
            { field: 'seed', title: 'seed' },
            { field: 'label', title: 'ratio' },
          ],
        },
      },
    ];
    const rowHeight = others.length === 1 ? 26 : 8 + 13 * others.length;
    return {
      panels: [{ spec: { ...PANEL_FRAME, height: titles.length * rowHeight, layer: layers } }],
      ...(comparison.seeds.length > DOTS_MAX
        ? { note: `Dots for the first ${DOTS_MAX} seeds; the mean is over all ${comparison.seeds.length}.` }
        : {}),
      legend: variantLegend(comparison).filter((entry) => names.includes(entry.title)),
      table: {
        columns: [
          textColumn('figure'),
          textColumn('variant'),
          numberColumn(`mean ratio to ${base.name}`),
          numberColumn('seeds that agree'),
        ],
        rows: means.map((mean) => [mean.figure, mean.variant, mean.label, mean.agree]),
      },
    };
  },
};
