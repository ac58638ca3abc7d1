/** One row a run: how it went, and the hash that says whether another run was the same. */
import type { Comparison } from '../comparison.ts';
import { formatFigure, formatNumber, formatSeconds } from '../format.ts';
import { numberColumn, textColumn } from '../table.ts';
import type { Chart } from './chart.ts';

/** Rows of the table; results.csv has every run. */
const ROWS_MAX = 200;

export const runs: Chart = {
  id: 'runs',
  group: 'Runs',
  title: 'Every run',
  caption: 'How each run went; two runs with the same trace hash were the same, event for event.',
  width: 'full',
  build(comparison: Comparison) {
    const all = comparison.variants.flatMap((variant) => variant.runs);
    if (all.length === 0) return undefined;
    const rows = all.slice(0, ROWS_MAX).map((run) => {
      const { operations, raft, unavailableMsMax } = run.metrics;
      return [
        run.variant,
        String(run.seed),
        run.ended,
        String(run.violations.length),
        formatNumber(operations.ok),
        formatNumber(operations.failed),
        formatNumber(operations.unknown),
        formatNumber(operations.retries),
        formatNumber(raft.elections),
        formatNumber(raft.leaderChanges),
        formatNumber(raft.snapshotsInstalled),
        formatNumber(raft.restarts),
        formatFigure(unavailableMsMax, 'milliseconds'),
        formatSeconds(run.virtualTimeNs),
        formatNumber(run.events),
        run.traceHash,
      ];
    });
    return {
      panels: [],
      legend: [],
      table: {
        columns: [
          textColumn('variant'),
          numberColumn('seed'),
          textColumn('ended'),
          numberColumn('violations'),
          numberColumn('ok'),
          numberColumn('failed'),
          numberColumn('unknown'),
          numberColumn('retries'),
          numberColumn('elections'),
          numberColumn('leader changes'),
          numberColumn('snapshots installed'),
          numberColumn('restarts'),
          numberColumn('longest outage'),
          numberColumn('virtual time'),
          numberColumn('events'),
          textColumn('trace hash'),
        ],
        rows,
      },
      tableOpen: true,
      ...(all.length > ROWS_MAX
        ? { note: `The first ${ROWS_MAX} of ${all.length} runs; results.csv has them all.` }
        : {}),
    };
  },
};
