/** Write amplification at each boundary that a byte crosses on its way to the device. */
import type { Comparison } from '../comparison.ts';
import type { RunMetrics } from '../result-file.ts';
import { barSection } from './bars.ts';
import type { Chart } from './chart.ts';

type Boundary = keyof RunMetrics['writeAmplification']['byBoundary'];

const BOUNDARIES: readonly (readonly [Boundary, string])[] = [
  ['raftLog', 'Raft log'],
  ['engine', 'engine'],
  ['snapshot', 'snapshots'],
  ['fileSystem', 'file system'],
  ['device', 'device'],
];

export const boundaries: Chart = {
  id: 'boundaries',
  group: 'Write amplification',
  title: 'By boundary',
  caption:
    'What one copy of the data costs at each boundary: 1 means every client byte once; the file system gets the sum of those above it, and the device whole blocks.',
  width: 'half',
  build: (comparison: Comparison) =>
    barSection(comparison, {
      groups: BOUNDARIES.map(([key, title]) => ({
        title,
        of: (run) => run.metrics.writeAmplification.byBoundary[key],
      })),
      unit: 'ratio',
      axisTitle: 'bytes ÷ (client bytes × nodes)',
      groupTitle: 'boundary',
    }),
};
