/** Figures that others published beside ours: one table for each source, a row for each variant. */
import { type Comparison, spreadOf } from '../comparison.ts';
import { formatFigure, type Unit } from '../format.ts';
import type { ResultFile, RunRecord } from '../result-file.ts';
import { numberColumn, type Table, textColumn } from '../table.ts';
import type { Chart } from './chart.ts';

type Published = ResultFile['scenario']['published'][number];

export const published: Chart = {
  id: 'published',
  group: 'Comparison',
  title: 'Published figures beside these',
  caption:
    'What the source gives, what was measured here (mean over seeds), and × how many times the published figure that is; the source’s machines, versions and loads are others.',
  width: 'full',
  build(comparison: Comparison) {
    const tables = comparison.file.scenario.published.flatMap((source) => {
      const table = tableOf(source, comparison);
      return table.rows.length === 0 ? [] : [{ title: source.source, table }];
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

function tableOf({ metrics, rows }: Published, comparison: Comparison): Table {
  return {
    columns: [
      textColumn('variant'),
      ...metrics.flatMap((metric) => [numberColumn(`${titleOf(metric)}, published`), numberColumn('here')]),
    ],
    rows: rows.flatMap(({ variant: pattern, values }) =>
      comparison.variants
        .filter((variant) => variant.runs.length > 0 && matches(pattern, variant.name))
        .map((variant) => [
          variant.name,
          ...metrics.flatMap((metric, i) => {
            const ours = spreadOf(variant.runs.map((run) => figureAt(run, metric)))?.mean;
            const theirs = values[i]!;
            const unit = unitOf(metric);
            const times = ours === undefined || theirs === 0 ? undefined : (ours / theirs).toPrecision(2);
            const here = formatFigure(ours, unit);
            return [formatFigure(theirs, unit), times === undefined ? here : { text: here, note: `×${times}` }];
          }),
        ]),
    ),
  };
}

/** The figure at a path below `metrics`. */
function figureAt(run: RunRecord, path: string): number | undefined {
  let value: unknown = run.metrics;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return typeof value === 'number' ? value : undefined;
}

const SHORT_NAMES: Readonly<Record<string, string>> = {
  latencyMs: '',
  throughputOpsPerS: 'throughput',
  writeAmplification: 'WA',
  spaceAmplification: 'space',
  memoryBytes: 'memory',
  total: '',
};

/** `put mean` for `latencyMs.put.mean`: narrow, since there are two columns for each. */
function titleOf(path: string): string {
  const names = path.split('.').map((name) => SHORT_NAMES[name] ?? name);
  return names.filter((name) => name !== '').join(' ');
}

/** By the last part of the name that tells. */
function unitOf(path: string): Unit {
  if (/Ms(\.|$)/.test(path)) return 'milliseconds';
  if (/bytes(\.|$)/i.test(path)) return 'bytes';
  if (/PerS$/.test(path)) return 'perSecond';
  return /^(writeAmplification|spaceAmplification)/.test(path) ? 'ratio' : 'count';
}

/** `*` stands for any characters. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 'su').test(name);
}
