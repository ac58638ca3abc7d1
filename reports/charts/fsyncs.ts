/** fsync calls by what the file was for. */
import { type Comparison, inOrder, spreadOf, unique } from '../comparison.ts';
import { fsyncsPerOperation } from '../figures.ts';
import { formatFigure } from '../format.ts';
import { CATEGORY_ORDER, categoryColour } from '../palette.ts';
import { numberColumn, textColumn } from '../table.ts';
import { spreadText } from './bars.ts';
import type { Chart } from './chart.ts';
import { partLegend, type StackBar, stackSpec } from './stacks.ts';

export const fsyncs: Chart = {
  id: 'fsyncs',
  group: 'Space, syncs, memory',
  title: 'fsyncs per operation',
  caption:
    'fsync calls of all nodes for each acknowledged operation, by what the file was for; grouping writes into one sync lowers it.',
  width: 'half',
  build(comparison: Comparison) {
    const present = unique(
      comparison.file.runs.flatMap((run) =>
        Object.entries(run.metrics.fsyncsByCategory).flatMap(([name, calls]) => (calls > 0 ? [name] : [])),
      ),
    ).sort(inOrder(CATEGORY_ORDER));
    const parts = present.map((name) => ({ name, title: name, colour: categoryColour(name) }));
    const bars: StackBar[] = comparison.variants.flatMap((variant) => {
      const total = spreadOf(variant.runs.map(fsyncsPerOperation));
      if (total === undefined) return [];
      const values: Record<string, number> = {};
      for (const name of present) {
        const rates = variant.runs.map(({ metrics }) =>
          metrics.operations.ok === 0 ? null : (metrics.fsyncsByCategory[name] ?? 0) / metrics.operations.ok,
        );
        values[name] = spreadOf(rates)?.mean ?? 0;
      }
      return [{ variant, total, values }];
    });
    if (bars.length === 0 || parts.length === 0) return undefined;
    return {
      panels: [{ spec: stackSpec(bars, parts, 'ratio', 'fsyncs ÷ operations') }],
      legend: partLegend(parts),
      table: {
        columns: [textColumn('category'), ...bars.map((bar) => numberColumn(bar.variant.name))],
        rows: [
          ...present.map((name) => [name, ...bars.map((bar) => formatFigure(bar.values[name], 'ratio'))]),
          ['total', ...bars.map((bar) => spreadText(bar.total, 'ratio'))],
        ],
      },
    };
  },
};
