/** Operations acknowledged, and those failed or lost, over time. */
import type { Comparison } from '../comparison.ts';
import { mergeMean } from '../series.ts';
import type { Chart } from './chart.ts';
import { firstRuns, firstRunsNote, lineLegend, type Track, trackPanel, trackTable } from './timeline.ts';

const ACKNOWLEDGED: Track = {
  title: 'acknowledged',
  unit: 'perSecond',
  axisTitle: 'operations per s',
  scale: 'linear',
  of: (run) => run.series.okPerS,
  merge: mergeMean,
};
const FAILED: Track = { ...ACKNOWLEDGED, title: 'failed or lost', of: (run) => run.series.failedPerS };

export const throughput: Chart = {
  id: 'throughput',
  group: 'Over time',
  title: 'Throughput',
  caption:
    'Operations per second of virtual time as they were answered; shaded spans are faults, named by their letters below.',
  width: 'full',
  build(comparison: Comparison) {
    const first = trackPanel(comparison, ACKNOWLEDGED);
    if (first === undefined) return undefined;
    const anyFailed = firstRuns(comparison).some(({ run }) =>
      run.series.failedPerS.some((rate) => rate !== null && rate > 0),
    );
    const tracks = anyFailed ? [ACKNOWLEDGED, FAILED] : [ACKNOWLEDGED];
    const note = firstRunsNote(comparison);
    return {
      panels: tracks.flatMap((track) => trackPanel(comparison, track) ?? []),
      legend: lineLegend(comparison),
      table: trackTable(comparison, tracks),
      ...(note === undefined ? {} : { note }),
    };
  },
};
