/** How long the batches took: percentiles of each phase on one logarithmic scale. */

import type { LatencyFigures, PhaseResult } from '../../sim/engine-bench/result.ts';
import { drawn, type Layer, logAxis, PANEL_FRAME, type PanelSpec, type Section, tickLabels } from '../charts/chart.ts';
import { formatFigure } from '../format.ts';
import { partColour } from '../palette.ts';
import { numberColumn, textColumn } from '../table.ts';

const PERCENTILES: readonly (readonly [string, keyof LatencyFigures])[] = [
  ['p50', 'p50Ns'],
  ['p90', 'p90Ns'],
  ['p99', 'p99Ns'],
  ['p99.9', 'p999Ns'],
  ['max', 'maxNs'],
];
const MILLISECOND = 1e6;

export function latencySection(results: readonly PhaseResult[]): Section | undefined {
  const shown = results.filter(({ batchLatency }) => batchLatency.count > 0 && batchLatency.p50Ns > 0);
  if (shown.length === 0) return undefined;
  return {
    panels: [{ spec: dots(shown) }],
    legend: PERCENTILES.map(([title], index) => ({ title, colour: partColour(index) })),
    table: {
      columns: [textColumn('phase'), numberColumn('batches'), ...PERCENTILES.map(([title]) => numberColumn(title))],
      rows: shown.map(({ phase, batchLatency }) => [
        phase.name,
        formatFigure(batchLatency.count, 'count'),
        ...PERCENTILES.map(([, field]) => formatFigure(batchLatency[field] / MILLISECOND, 'milliseconds')),
      ]),
    },
  };
}

function dots(results: readonly PhaseResult[]): PanelSpec {
  const values = results.flatMap(({ phase, batchLatency }) =>
    PERCENTILES.map(([percentile, field]) => ({
      phase: phase.name,
      percentile,
      ms: drawn(batchLatency[field] / MILLISECOND),
      label: formatFigure(batchLatency[field] / MILLISECOND, 'milliseconds'),
    })),
  );
  const spans = results.map(({ phase, batchLatency }) => ({
    phase: phase.name,
    from: drawn(batchLatency.p50Ns / MILLISECOND),
    to: drawn(batchLatency.maxNs / MILLISECOND),
  }));
  const all = values.map(({ ms }) => ms);
  const { domain, ticks } = logAxis(Math.min(...all), Math.max(...all));
  const y = { field: 'phase', type: 'nominal', sort: results.map(({ phase }) => phase.name), title: null } as const;
  const x = {
    type: 'quantitative' as const,
    title: 'ms a batch, logarithmic',
    scale: { type: 'log' as const, domain, nice: false },
    axis: { values: ticks, ...tickLabels('milliseconds') },
  };
  const layers: Layer[] = [
    {
      data: { values: spans },
      mark: { type: 'rule', style: 'reference' },
      encoding: { y, x: { field: 'from', ...x }, x2: { field: 'to' } },
    },
    {
      data: { values },
      mark: { type: 'point', filled: true, size: 70, opacity: 1 },
      encoding: {
        y,
        x: { field: 'ms', ...x },
        color: {
          field: 'percentile',
          type: 'nominal',
          scale: {
            domain: PERCENTILES.map(([title]) => title),
            range: PERCENTILES.map((_, index) => partColour(index)),
          },
        },
        tooltip: [
          { field: 'phase', title: 'phase' },
          { field: 'percentile', title: 'percentile' },
          { field: 'label', title: 'latency' },
        ],
      },
    },
  ];
  return { ...PANEL_FRAME, height: results.length * 34 + 10, layer: layers };
}
