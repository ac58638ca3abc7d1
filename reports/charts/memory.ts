/** Memory of a simulated node by the part that holds it. */
import { type Comparison, spreadOf, unique } from '../comparison.ts';
import { formatFigure } from '../format.ts';
import { partColour } from '../palette.ts';
import { numberColumn, textColumn } from '../table.ts';
import { spreadText } from './bars.ts';
import type { Chart } from './chart.ts';
import { partLegend, type StackBar, stackSpec } from './stacks.ts';

/** Owners with a colour; the smaller ones are drawn as one. */
const OWNERS_MAX = 10;
const REST = 'others';

export const memory: Chart = {
  id: 'memory',
  group: 'Space, syncs, memory',
  title: 'Memory by owner',
  caption:
    'Bytes that one node’s process would hold at the end of the run, by the part that holds them; mean over the nodes that are up.',
  width: 'full',
  build(comparison: Comparison) {
    const owners = ownersBySize(comparison);
    if (owners.length === 0) return undefined;
    const own = owners.slice(0, OWNERS_MAX);
    const rest = owners.slice(OWNERS_MAX);
    const parts = [...own, ...(rest.length > 0 ? [REST] : [])].map((name, index) => ({
      name,
      title: name,
      colour: partColour(index),
    }));
    const bars: StackBar[] = comparison.variants.flatMap((variant) => {
      const total = spreadOf(variant.runs.map((run) => run.metrics.memoryBytes.total));
      if (total === undefined) return [];
      const values: Record<string, number> = {};
      for (const name of owners) {
        values[name] = spreadOf(variant.runs.map((run) => run.metrics.memoryBytes.byOwner[name] ?? 0))!.mean;
      }
      if (rest.length > 0) values[REST] = rest.reduce((sum, name) => sum + values[name]!, 0);
      return [{ variant, total, values }];
    });
    if (bars.length === 0) return undefined;
    return {
      panels: [{ spec: stackSpec(bars, parts, 'bytes', 'bytes') }],
      legend: partLegend(parts),
      table: {
        columns: [textColumn('owner'), ...bars.map((bar) => numberColumn(bar.variant.name))],
        rows: [
          ...owners.map((name) => [name, ...bars.map((bar) => formatFigure(bar.values[name], 'bytes'))]),
          ['total', ...bars.map((bar) => spreadText(bar.total, 'bytes'))],
        ],
      },
    };
  },
};

/** Greatest first, without those that never hold anything. */
function ownersBySize(comparison: Comparison): string[] {
  const { runs } = comparison.file;
  return unique(runs.flatMap((run) => Object.keys(run.metrics.memoryBytes.byOwner)))
    .map((owner) => ({
      owner,
      greatest: spreadOf(runs.map((run) => run.metrics.memoryBytes.byOwner[owner]))?.max ?? 0,
    }))
    .filter((size) => size.greatest > 0)
    .sort((a, b) => b.greatest - a.greatest || (a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0))
    .map((size) => size.owner);
}
