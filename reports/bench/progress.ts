/** Bytes written over the progress of each phase, stacked by category, all panels on one scale. */

import type { PhaseResult } from '../../sim/engine-bench/result.ts';
import { drawn, type Layer, PANEL_FRAME, type PanelSpec, type Section, tickLabels } from '../charts/chart.ts';
import { inOrder } from '../comparison.ts';
import { formatBytes } from '../format.ts';
import { CATEGORY_ORDER, categoryColour } from '../palette.ts';
import { numberColumn, type Table, textColumn } from '../table.ts';

const TABLE_ROWS = 10;

export function progressSection(results: readonly PhaseResult[]): Section | undefined {
  const shown = results.filter(
    ({ series }) => series.operations.at(-1)! > 0 && Object.keys(series.writtenBytes).length > 0,
  );
  const names = [...new Set(shown.flatMap(({ series }) => Object.keys(series.writtenBytes)))].sort(
    inOrder(CATEGORY_ORDER),
  );
  if (names.length === 0) return undefined;
  const greatest = Math.max(...shown.map((result) => total(result, result.series.operations.length - 1)));
  return {
    panels: shown.map((result) => ({ title: result.phase.name, spec: areas(result, names, greatest) })),
    legend: names.map((name) => ({ title: name, colour: categoryColour(name) })),
    table: table(shown, names),
  };
}

function total({ series }: PhaseResult, sample: number): number {
  return Object.values(series.writtenBytes).reduce((sum, bytes) => sum + bytes[sample]!, 0);
}

function areas({ series }: PhaseResult, names: readonly string[], greatest: number): PanelSpec {
  const last = series.operations.length - 1;
  const values = series.operations.flatMap((operations, sample) =>
    names.map((name, order) => ({
      // what ends the phase stands behind its operations
      operations: sample === last ? operations * 1.02 : operations,
      part: name,
      order,
      bytes: drawn(series.writtenBytes[name]?.[sample] ?? 0),
      label: formatBytes(series.writtenBytes[name]?.[sample] ?? 0),
    })),
  );
  const layers: Layer[] = [
    {
      mark: { type: 'area', line: false },
      encoding: {
        x: {
          field: 'operations',
          type: 'quantitative',
          title: 'operations',
          scale: { domain: [0, series.operations[last]! * 1.02], nice: false },
          axis: { grid: false, tickCount: 8, ...tickLabels('count') },
        },
        y: {
          field: 'bytes',
          type: 'quantitative',
          title: 'bytes',
          stack: 'zero',
          scale: { domain: [0, greatest * 1.05], nice: false },
          axis: { tickCount: 5, minExtent: 44, ...tickLabels('bytes') },
        },
        color: { field: 'part', type: 'nominal', scale: { domain: [...names], range: names.map(categoryColour) } },
        order: { field: 'order', type: 'quantitative' },
      },
    },
  ];
  return { ...PANEL_FRAME, height: 150, data: { values }, layer: layers };
}

function table(results: readonly PhaseResult[], names: readonly string[]): Table {
  const rows = results.flatMap(({ phase, series }) => {
    const { operations, writtenBytes } = series;
    const step = Math.max(1, Math.ceil(operations.length / TABLE_ROWS));
    return operations.flatMap((count, sample) => {
      if (sample % step !== 0 && sample !== operations.length - 1) return [];
      const at = sample === operations.length - 1 ? 'end' : String(count);
      return [[phase.name, at, ...names.map((name) => formatBytes(writtenBytes[name]?.[sample] ?? 0))]];
    });
  });
  return { columns: [textColumn('phase'), numberColumn('operations'), ...names.map(numberColumn)], rows };
}
