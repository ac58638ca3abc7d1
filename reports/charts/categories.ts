/** Write amplification by what was written. */
import { type Comparison, inOrder, type Spread, spreadOf, unique, type VariantView } from '../comparison.ts';
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
      for (const name of present) values[name] = categorySpread(variant, name)?.mean ?? 0;
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
            ...bars.map((bar) => spreadText(categorySpread(bar.variant, name), 'ratio')),
          ]),
          ['total', ...bars.map((bar) => spreadText(bar.total, 'ratio'))],
        ],
      },
    };
  },
};

/** Undefined if no run of the variant has it; a run that lacks what another one has counts as 0, or the parts would not add up. */
function categorySpread(variant: VariantView, name: string): Spread | undefined {
  const splits = variant.runs
    .filter((run) => run.metrics.writeAmplification.total !== null)
    .map((run) => run.metrics.writeAmplification.byCategory);
  if (!splits.some((split) => split[name] !== undefined)) return undefined;
  return spreadOf(splits.map((split) => split[name] ?? 0));
}

/** In the fixed order, only those with a byte in some run. */
export function presentCategories(comparison: Comparison): string[] {
  const written = comparison.file.runs.flatMap((run) =>
    Object.entries(run.metrics.bytes.writtenByCategory).flatMap(([name, bytes]) => (bytes > 0 ? [name] : [])),
  );
  return unique(written).sort(inOrder(CATEGORY_ORDER));
}
