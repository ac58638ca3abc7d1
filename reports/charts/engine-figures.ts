/** What only this engine can say of itself: pages, levels, stalls. */
import { type Comparison, spreadOf, unique } from '../comparison.ts';
import { numberColumn, textColumn } from '../table.ts';
import { spreadText } from './bars.ts';
import type { Chart } from './chart.ts';

export const engineFigures: Chart = {
  id: 'engine-figures',
  group: 'Space, syncs, memory',
  title: 'Engine figures',
  caption:
    'The engines’ own counters at the end of the run, mean over nodes and then over seeds (least to greatest); a dash where an engine has no such thing.',
  width: 'full',
  build(comparison: Comparison) {
    const variants = comparison.variants.filter((variant) => variant.runs.length > 0);
    // In the order in which the engines report them, engine by engine.
    const names = unique(
      variants.flatMap((variant) => variant.runs.flatMap((run) => Object.keys(run.metrics.engineFigures))),
    );
    if (names.length === 0) return undefined;
    return {
      panels: [],
      legend: [],
      table: {
        columns: [textColumn('figure'), ...variants.map((variant) => numberColumn(variant.name))],
        rows: names.map((name) => [
          name,
          ...variants.map((variant) =>
            spreadText(spreadOf(variant.runs.map((run) => run.metrics.engineFigures[name])), 'count'),
          ),
        ]),
      },
      tableOpen: true,
    };
  },
};
