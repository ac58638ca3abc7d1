/** Where the mean latency of each operation was spent. */
import { type Comparison, inOrder, spreadOf, unique } from '../comparison.ts';
import { formatFigure } from '../format.ts';
import { WAIT_ORDER, waitColour, waitTitle } from '../palette.ts';
import { numberColumn, textColumn } from '../table.ts';
import type { Chart } from './chart.ts';
import { greatestTotal, partLegend, type StackBar, stackSpec } from './stacks.ts';

export const waits: Chart = {
  id: 'waits',
  group: 'Latency',
  title: 'Where it was spent',
  caption: 'Mean latency of an acknowledged operation, split by what it waited for; the parts add up to the mean.',
  width: 'full',
  build(comparison: Comparison) {
    const present = unique(
      comparison.file.runs.flatMap((run) =>
        Object.values(run.metrics.latencyWaitsMs).flatMap((byWait) =>
          Object.entries(byWait).flatMap(([wait, ms]) => (ms !== null && ms > 0 ? [wait] : [])),
        ),
      ),
    ).sort(inOrder(WAIT_ORDER));
    if (present.length === 0) return undefined;
    const parts = present.map((name) => ({ name, title: waitTitle(name), colour: waitColour(name) }));
    const panels = comparison.operations.flatMap((operation) => {
      const bars = barsOf(comparison, operation, present);
      if (bars.length === 0 || greatestTotal(bars) === 0) return [];
      return [{ operation, bars }];
    });
    return {
      panels: panels.map(({ operation, bars }) => ({
        title: operation,
        spec: stackSpec(bars, parts, 'milliseconds', 'mean ms'),
      })),
      legend: partLegend(parts),
      table: {
        columns: [
          textColumn('operation'),
          textColumn('variant'),
          ...parts.map((part) => numberColumn(part.title)),
          numberColumn('sum'),
        ],
        rows: panels.flatMap(({ operation, bars }) =>
          bars.map((bar) => [
            operation,
            bar.variant.name,
            ...present.map((wait) => formatFigure(bar.values[wait], 'milliseconds')),
            formatFigure(bar.total.mean, 'milliseconds'),
          ]),
        ),
      },
    };
  },
};

function barsOf(comparison: Comparison, operation: string, present: readonly string[]): StackBar[] {
  return comparison.variants.flatMap((variant) => {
    const splits = variant.runs.flatMap((run) => {
      const split = run.metrics.latencyWaitsMs[operation];
      return split === undefined ? [] : [split];
    });
    if (splits.length === 0) return [];
    const values: Record<string, number> = {};
    for (const wait of present) values[wait] = spreadOf(splits.map((split) => split[wait] ?? 0))!.mean;
    const total = spreadOf(
      splits.map((split) => Object.values(split).reduce<number>((sum, ms) => sum + (ms ?? 0), 0)),
    )!;
    return [{ variant, total, values }];
  });
}
