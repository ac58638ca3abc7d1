/** Write amplification by what was written. */
import { type Comparison, inOrder, spreadOf, unique } from '../comparison.ts';
import { CATEGORY_ORDER, categoryColour } from '../palette.ts';
import { numberColumn, textColumn } from '../table.ts';
import { spreadText } from './bars.ts';
import type { Chart } from './chart.ts';
import { partLegend, type StackBar, stackSpec } from './stacks.ts';

export const categories: Chart = {
  id: 'categories',
  group: 'Write amplification',
  title: 'By category',
  caption:
    'Bytes that all nodes wrote for each byte that clients wrote, split by what they were written for; the line at the end of a bar spans the totals of all seeds.',
  width: 'full',
  build(comparison: Comparison) {
    const present = presentCategories(comparison);
    if (present.length === 0) return undefined;
    const parts = present.map((name) => ({ name, title: name, colour: categoryColour(name) }));
    const bars: StackBar[] = [];
    for (const variant of comparison.variants) {
      const total = spreadOf(variant.runs.map((run) => run.metrics.writeAmplification.total));
      if (total === undefined) continue;
      const values: Record<string, number> = {};
      // A category that one seed did not touch counts as 0 there, or the parts would not add up to the total.
      for (const name of present) {
        const known = variant.runs.filter((run) => run.metrics.writeAmplification.total !== null);
        values[name] = spreadOf(known.map((run) => run.metrics.writeAmplification.byCategory[name] ?? 0))?.mean ?? 0;
      }
      bars.push({ variant, total, values });
    }
    if (bars.length === 0) return undefined;
    return {
      panels: [{ spec: stackSpec(bars, parts, 'ratio', 'bytes written ÷ client bytes') }],
      legend: partLegend(parts),
      table: {
        columns: [textColumn('category'), ...bars.map((bar) => numberColumn(bar.variant.name))],
        rows: [
          ...present.map((name) => [
            name,
            ...bars.map((bar) =>
              spreadText(
                spreadOf(bar.variant.runs.map((run) => run.metrics.writeAmplification.byCategory[name])),
                'ratio',
              ),
            ),
          ]),
          ['total', ...bars.map((bar) => spreadText(bar.total, 'ratio'))],
        ],
      },
    };
  },
};

/** In the fixed order, only those with a byte in some run. */
export function presentCategories(comparison: Comparison): string[] {
  const written = comparison.file.runs.flatMap((run) =>
    Object.entries(run.metrics.bytes.writtenByCategory).flatMap(([name, bytes]) => (bytes > 0 ? [name] : [])),
  );
  return unique(written).sort(inOrder(CATEGORY_ORDER));
}
