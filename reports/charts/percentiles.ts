/** The whole distribution of latency, stretched towards the slowest operations. */
import { type Comparison, spreadOf, type VariantView } from '../comparison.ts';
import { formatFigure } from '../format.ts';
import { variantColour } from '../palette.ts';
import type { RunRecord } from '../result-file.ts';
import { numberColumn, textColumn } from '../table.ts';
import { spreadText } from './bars.ts';
import {
  type Chart,
  drawn,
  type Layer,
  logAxis,
  PANEL_FRAME,
  type PanelSpec,
  tickLabels,
  variantLegend,
} from './chart.ts';

/** Curves of more seeds than this only blacken the panel. */
const SEEDS_MAX = 5;
const LABELLED = [0, 50, 90, 99, 99.9, 99.99, 99.999];

export const percentiles: Chart = {
  id: 'percentiles',
  group: 'Latency',
  title: 'Percentile curve',
  caption:
    'How slow the slowest are: each step to the right leaves a tenth of the operations; one thin line for each seed, so that lines that stay apart differ whatever the seed.',
  width: 'full',
  build(comparison: Comparison) {
    const panels = comparison.operations.flatMap((operation) => {
      const spec = curveSpec(comparison, operation);
      return spec === undefined ? [] : [{ title: operation, spec }];
    });
    if (panels.length === 0) return undefined;
    const rows = comparison.operations.flatMap((operation) =>
      comparison.variants
        .filter((variant) => variant.runs.some((run) => run.metrics.latencyMs[operation] !== undefined))
        .map((variant) => [
          operation,
          variant.name,
          ...LABELLED.map((percentile) =>
            spreadText(spreadOf(variant.runs.map((run) => valueAt(run, operation, percentile))), 'milliseconds'),
          ),
        ]),
    );
    return {
      panels,
      legend: variantLegend(comparison, 'solid'),
      table: {
        columns: [
          textColumn('operation'),
          textColumn('variant'),
          ...LABELLED.map((percentile) => numberColumn(`p${percentile}`)),
        ],
        rows,
      },
      ...(comparison.seeds.length > SEEDS_MAX
        ? { note: `The first ${SEEDS_MAX} of ${comparison.seeds.length} seeds.` }
        : {}),
    };
  },
};

/** The curve's value at the first point at or above the percentile; undefined beyond its last point. */
function valueAt(run: RunRecord, operation: string, percentile: number): number | null | undefined {
  const curve = run.metrics.latencyMs[operation]?.curve;
  return curve?.find(([at]) => at >= percentile && at < 100)?.[1];
}

interface CurvePoint {
  readonly curve: string;
  readonly variant: string;
  readonly seed: number;
  readonly x: number;
  readonly ms: number;
  readonly percentile: string;
  readonly label: string;
}

function curvePoints(variant: VariantView, operation: string): CurvePoint[] {
  return variant.runs.slice(0, SEEDS_MAX).flatMap((run) =>
    (run.metrics.latencyMs[operation]?.curve ?? []).flatMap(([percentile, ms]) => {
      // 100 lies infinitely far to the right; the table has the maximum.
      if (ms === null || ms <= 0 || percentile >= 100) return [];
      return [
        {
          curve: `${variant.name} ${run.seed}`,
          variant: variant.name,
          seed: run.seed,
          x: drawn(100 / (100 - percentile)),
          ms: drawn(ms),
          percentile: `p${Number(percentile.toFixed(4))}`,
          label: formatFigure(ms, 'milliseconds'),
        },
      ];
    }),
  );
}

function curveSpec(comparison: Comparison, operation: string): PanelSpec | undefined {
  const variants = comparison.variants.filter((variant) => variant.runs.length > 0);
  const values = variants.flatMap((variant) => curvePoints(variant, operation));
  if (values.length === 0) return undefined;
  const last = values.reduce((most, point) => Math.max(most, point.x), 10);
  const ticks = LABELLED.slice(1)
    .map((percentile) => Math.round(100_000 / (100 - percentile)) / 1000)
    .filter((x) => x <= last);
  const x = {
    field: 'x',
    type: 'quantitative' as const,
    title: 'percentile',
    scale: { type: 'log' as const, domain: [1, last] as [number, number], nice: false },
    axis: {
      values: ticks,
      labelExpr: "'p' + toNumber(format(100 - 100 / datum.value, '.5f'))",
      labelOverlap: 'greedy' as const,
      labelFlush: true,
    },
  };
  const vertical = logAxis(
    values.reduce((least, point) => Math.min(least, point.ms), Number.POSITIVE_INFINITY),
    values.reduce((most, point) => Math.max(most, point.ms), 0),
  );
  const y = {
    field: 'ms',
    type: 'quantitative' as const,
    title: 'ms, logarithmic',
    scale: { type: 'log' as const, domain: vertical.domain, nice: false },
    axis: { values: vertical.ticks, ...tickLabels('milliseconds') },
  };
  const color = {
    field: 'variant',
    type: 'nominal' as const,
    scale: {
      domain: variants.map((variant) => variant.name),
      range: variants.map((variant) => variantColour(variant.index)),
    },
  };
  const layers: Layer[] = [
    {
      mark: { type: 'line', strokeWidth: 1.3, opacity: 0.85 },
      encoding: { x, y, color, detail: { field: 'curve', type: 'nominal' } },
    },
    {
      params: [{ name: 'near', select: { type: 'point', on: 'pointerover', nearest: true, clear: 'pointerout' } }],
      mark: { type: 'point', filled: true, size: 40 },
      encoding: {
        x,
        y,
        color,
        opacity: { condition: { param: 'near', empty: false, value: 1 }, value: 0 },
        tooltip: [
          { field: 'variant', title: 'variant' },
          { field: 'seed', title: 'seed' },
          { field: 'percentile', title: 'percentile' },
          { field: 'label', title: 'latency' },
        ],
      },
    },
  ];
  return { ...PANEL_FRAME, height: 220, data: { values }, layer: layers };
}
