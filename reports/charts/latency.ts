/** Latency by operation: the percentiles as a table. */
import { type Comparison, spreadOf } from '../comparison.ts';
import { formatFigure } from '../format.ts';
import { numberColumn, type RichCell, textColumn } from '../table.ts';
import { rangeText } from './bars.ts';
import type { Chart } from './chart.ts';

const STATISTICS = [
  ['mean', 'mean'],
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
  ['p999', 'p99.9'],
  ['max', 'max'],
] as const;

export const latency: Chart = {
  id: 'latency',
  group: 'Latency',
  title: 'By operation',
  caption: 'Latency of acknowledged operations: each percentile’s mean over seeds, with least to greatest below it.',
  width: 'full',
  build(comparison: Comparison) {
    const rows = comparison.operations.flatMap((operation) =>
      comparison.variants.flatMap((variant) => {
        const summaries = variant.runs.flatMap((run) => run.metrics.latencyMs[operation] ?? []);
        if (summaries.length === 0) return [];
        const count = summaries.reduce((sum, summary) => sum + summary.count, 0);
        const cells = STATISTICS.map(([key]): RichCell => {
          const spread = spreadOf(summaries.map((summary) => summary[key]));
          const text = formatFigure(spread?.mean, 'milliseconds');
          const range = spread === undefined ? undefined : rangeText(spread, 'milliseconds');
          return range === undefined ? { text } : { text, note: range };
        });
        return [[operation, variant.name, formatFigure(count, 'count'), ...cells]];
      }),
    );
    if (rows.length === 0) return undefined;
    return {
      panels: [],
      legend: [],
      table: {
        columns: [
          textColumn('operation'),
          textColumn('variant'),
          numberColumn('operations'),
          ...STATISTICS.map(([, title]) => numberColumn(title)),
        ],
        rows,
      },
      tableOpen: true,
    };
  },
};
