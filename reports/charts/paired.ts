/** Every variant's figures ÷ the first variant's, one dot for each seed that both have. */
import { type Comparison, pairedDifference, pairedRatios } from '../comparison.ts';
import { headlineFigures } from '../figures.ts';
import { formatFactor } from '../format.ts';
import { variantColour } from '../palette.ts';
import { numberColumn, textColumn } from '../table.ts';
import { type Chart, drawn, type Layer, PANEL_FRAME, variantLegend } from './chart.ts';

export const paired: Chart = {
  id: 'paired',
  group: 'Comparison',
  title: 'Paired differences',
  caption:
    'Each dot is one seed: the figure divided by the first variant’s under the same seed, on a logarithmic axis; the bar is their mean, and at 1 the two are equal.',
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
        for (const { seed, ratio } of pairedRatios(base.runs, variant.runs, figure.of)) {
          if (ratio <= 0) continue;
          dots.push({
            figure: figure.title,
            variant: variant.name,
            seed,
            ratio: drawn(ratio),
            label: formatFactor(ratio),
          });
        }
        means.push({
          figure: figure.title,
          variant: variant.name,
          ratio: drawn(difference.ratioMean),
          label: formatFactor(difference.ratioMean),
          agree: `${difference.agreeing} of ${difference.pairs}`,
        });
      }
    }
    if (dots.length === 0) return undefined;
    const titles = figures.map((figure) => figure.title).filter((title) => dots.some((dot) => dot.figure === title));
    const names = others.map((variant) => variant.name);
    const y = { field: 'figure', type: 'nominal' as const, sort: titles, title: null };
    const offset = others.length === 1 ? {} : { yOffset: { field: 'variant', type: 'nominal' as const, sort: names } };
    const reach = dots.reduce((most, dot) => Math.max(most, dot.ratio, 1 / dot.ratio), 1.25);
    const x = {
      field: 'ratio',
      type: 'quantitative' as const,
      title: `ratio to ${base.name}`,
      scale: { type: 'log' as const, domain: [1 / (reach * 1.08), reach * 1.08] as [number, number], nice: false },
      axis: { tickCount: 6, format: '~g' },
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
