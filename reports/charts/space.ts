/** Space amplification. */
import type { Comparison } from '../comparison.ts';
import { barSection } from './bars.ts';
import type { Chart } from './chart.ts';

export const space: Chart = {
  id: 'space',
  group: 'Space, syncs, memory',
  title: 'Space amplification',
  caption:
    'Bytes of the engine’s files for each byte of live keys and values at the end of the run; 1 would be no overhead.',
  width: 'half',
  build: (comparison: Comparison) =>
    barSection(comparison, {
      groups: [{ title: 'space amplification', of: (run) => run.metrics.spaceAmplification }],
      unit: 'ratio',
      axisTitle: 'file bytes ÷ live bytes',
      groupTitle: 'figure',
    }),
};
