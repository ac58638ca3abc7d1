/** The table that one looks at first: every variant's headline figures against the first variant's. */
import { type Comparison, pairedDifference, spreadOf, type VariantView } from '../comparison.ts';
import { type HeadlineFigure, headlineFigures } from '../figures.ts';
import { counted, formatFactor, formatFigure, UNDEFINED } from '../format.ts';
import { type Cell, numberColumn, type RichCell, textColumn } from '../table.ts';
import { rangeText } from './bars.ts';
import type { Chart } from './chart.ts';

/** Share of the seeds that must agree before a difference is called better or worse. */
const AGREEMENT = 0.9;

export const headline: Chart = {
  id: 'headline',
  group: 'Comparison',
  title: 'Headline figures',
  caption:
    'Mean over seeds, with least to greatest below it; × compares with the first variant under equal seeds, n/m seeds counts those that differ in that direction, and below nine in ten the difference is called mixed.',
  width: 'full',
  build(comparison: Comparison) {
    const figures = headlineFigures(comparison);
    const base = comparison.variants[0];
    const rows = comparison.variants.map((variant) => [
      variant.runs.length === 0 ? { text: variant.name, note: 'no run completed' } : variant.name,
      ...figures.map((figure) => headlineCell(figure, variant, base)),
    ]);
    const short = comparison.file.runs.filter((run) => run.ended !== 'complete').length;
    return {
      ...(short === 0
        ? {}
        : { note: `${counted(short, 'run')} ended early, and the figures cover what was run until then.` }),
      panels: [],
      legend: [],
      table: { columns: [textColumn('variant'), ...figures.map((figure) => numberColumn(figure.title))], rows },
      tableOpen: true,
    };
  },
};

function headlineCell(figure: HeadlineFigure, variant: VariantView, base: VariantView | undefined): Cell {
  const spread = spreadOf(variant.runs.map(figure.of));
  if (spread === undefined) return UNDEFINED;
  const text = formatFigure(spread.mean, figure.unit);
  const missing =
    spread.count < variant.runs.length ? `${spread.count} of ${counted(variant.runs.length, 'run')}` : undefined;
  const notes = [rangeText(spread, figure.unit), missing].filter((note) => note !== undefined);
  const cell: RichCell = notes.length === 0 ? { text } : { text, note: notes.join(', ') };
  if (base === undefined || base === variant) return cell;
  const difference = pairedDifference(base.runs, variant.runs, figure.of);
  if (difference === undefined) return cell;
  const { ratioMean, pairs, agreeing } = difference;
  const verdict =
    agreeing < pairs * AGREEMENT
      ? 'mixed'
      : ratioMean === 1
        ? 'even'
        : ratioMean < 1 === (figure.better === 'lower')
          ? 'better'
          : 'worse';
  const seeds = pairs === 1 ? {} : { note: `${agreeing}/${counted(pairs, 'seed')}` };
  return { ...cell, change: { text: formatFactor(ratioMean), verdict, ...seeds } };
}
