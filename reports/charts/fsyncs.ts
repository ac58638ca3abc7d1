/** fsync calls by what the file was for. */
import { type Comparison, inOrder, unique } from '../comparison.ts';
import { CATEGORY_ORDER } from '../palette.ts';
import { barSection } from './bars.ts';
import type { Chart } from './chart.ts';

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
    return barSection(comparison, {
      groups: present.map((name) => ({
        title: name,
        of: (run) => {
          const calls = run.metrics.fsyncsByCategory[name];
          return calls === undefined || run.metrics.operations.ok === 0 ? null : calls / run.metrics.operations.ok;
        },
      })),
      unit: 'ratio',
      axisTitle: 'fsyncs ÷ operations',
      groupTitle: 'category',
    });
  },
};
