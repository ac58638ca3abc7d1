/** Median and 99th percentile of the latency of all acknowledged operations over time. */
import type { Comparison } from '../comparison.ts';
import { mergeMax, mergeMedian } from '../series.ts';
import type { Chart } from './chart.ts';
import { firstRunsNote, lineLegend, type Track, trackPanel, trackTable } from './timeline.ts';

const P50: Track = {
  title: 'p50',
  unit: 'milliseconds',
  axisTitle: 'ms, logarithmic',
  scale: 'log',
  of: (run) => run.series.latencyMsP50,
  merge: mergeMedian,
};
const P99: Track = { ...P50, title: 'p99', of: (run) => run.series.latencyMsP99, merge: mergeMax };

export const latencyOverTime: Chart = {
  id: 'latency-over-time',
  group: 'Over time',
  title: 'Latency',
  caption:
    'Latency of the operations acknowledged in each step, on logarithmic axes; a gap means that nothing was acknowledged, and shaded spans are faults.',
  width: 'full',
  build(comparison: Comparison) {
    const panels = [P50, P99].flatMap((track) => trackPanel(comparison, track) ?? []);
    if (panels.length === 0) return undefined;
    const note = firstRunsNote(comparison);
    return {
      panels,
      legend: lineLegend(comparison),
      table: trackTable(comparison, [P50, P99]),
      ...(note === undefined ? {} : { note }),
    };
  },
};
