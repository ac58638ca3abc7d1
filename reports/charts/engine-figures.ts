/** What only the engines can say of themselves: pages, levels, stalls. One table for each engine. */
import { type Comparison, spreadOf, unique, type VariantView } from '../comparison.ts';
import { numberColumn, type Table, textColumn } from '../table.ts';
import { spreadText } from './bars.ts';
import type { Chart } from './chart.ts';

export const engineFigures: Chart = {
  id: 'engine-figures',
  group: 'Space, syncs, memory',
  title: 'Engine figures',
  caption:
    'The engines’ own counters at the end of the run, mean over the nodes that are up and then over seeds (least to greatest); what is 0 in every run is left out.',
  width: 'full',
  build(comparison: Comparison) {
    const variants = comparison.variants.filter((variant) => variant.runs.length > 0);
    const engines = unique(variants.map((variant) => variant.runs[0]!.engine));
    const tables = engines.flatMap((engine) => {
      const table = figureTable(variants.filter((variant) => variant.runs[0]!.engine === engine));
      return table.rows.length === 0 ? [] : [{ title: engine, table }];
    });
    const [first, ...others] = tables;
    if (first === undefined) return undefined;
    return {
      panels: [],
      legend: [],
      table: first.table,
      tableTitle: first.title,
      tablesBeside: others,
      tableOpen: true,
    };
  },
};

/** In the order in which the engine reports its figures. */
function figureTable(variants: readonly VariantView[]): Table {
  const runs = variants.flatMap((variant) => variant.runs);
  const names = unique(runs.flatMap((run) => Object.keys(run.metrics.engineFigures))).filter((name) =>
    runs.some((run) => run.metrics.engineFigures[name] !== 0),
  );
  return {
    columns: [textColumn('figure'), ...variants.map((variant) => numberColumn(variant.name))],
    rows: names.map((name) => [
      name,
      ...variants.map((variant) =>
        spreadText(
          spreadOf(variant.runs.map((run) => run.metrics.engineFigures[name])),
          /bytes$/i.test(name) ? 'bytes' : 'count',
        ),
      ),
    ]),
  };
}
