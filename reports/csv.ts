/**
 * `results.csv`: one row a run. RFC 4180 quoting, lines end in \n, a dot for decimals, numbers in the shortest
 * form that reads back exactly, an empty field where a figure is undefined.
 *
 * Column names are paths in result.json. The first block is the same in every file; behind it come the columns
 * whose names depend on the run (nodes, memory owners, engine figures), in ascending order within each kind.
 */
import { byNodeName, unique } from './comparison.ts';
import { exact } from './format.ts';
import { CATEGORY_ORDER, WAIT_ORDER } from './palette.ts';
import type { ResultFile, RunRecord } from './result-file.ts';

interface CsvColumn {
  readonly name: string;
  readonly of: (run: RunRecord) => string | number | null | undefined;
}

const OPERATIONS = ['put', 'get', 'delete', 'range'] as const;
const LATENCY_FIELDS = ['count', 'mean', 'p50', 'p90', 'p99', 'p999', 'max'] as const;
const BOUNDARIES = ['raftLog', 'engine', 'snapshot', 'fileSystem', 'device'] as const;

const FIXED: readonly CsvColumn[] = [
  { name: 'variant', of: (run) => run.variant },
  { name: 'engine', of: (run) => run.engine },
  { name: 'nodes', of: (run) => run.nodes },
  { name: 'seed', of: (run) => run.seed },
  { name: 'ended', of: (run) => run.ended },
  { name: 'traceHash', of: (run) => run.traceHash },
  { name: 'events', of: (run) => run.events },
  { name: 'virtualTimeNs', of: (run) => run.virtualTimeNs },
  { name: 'violations', of: (run) => run.violations.length },
  { name: 'excused', of: (run) => run.excused.length },
  { name: 'unproven', of: (run) => run.unproven },
  { name: 'expectationsFailed', of: (run) => run.expectations.filter((expectation) => !expectation.ok).length },
  { name: 'throughputOpsPerS', of: (run) => run.metrics.throughputOpsPerS },
  ...(['ok', 'failed', 'unknown', 'retries'] as const).map((key) => ({
    name: `operations.${key}`,
    of: (run: RunRecord) => run.metrics.operations[key],
  })),
  { name: 'writeAmplification.total', of: (run) => run.metrics.writeAmplification.total },
  ...BOUNDARIES.map((key) => ({
    name: `writeAmplification.byBoundary.${key}`,
    of: (run: RunRecord) => run.metrics.writeAmplification.byBoundary[key],
  })),
  ...CATEGORY_ORDER.map((key) => ({
    name: `writeAmplification.byCategory.${key}`,
    of: (run: RunRecord) => run.metrics.writeAmplification.byCategory[key],
  })),
  ...(['client', 'written', 'read', 'device', 'network'] as const).map((key) => ({
    name: `bytes.${key}`,
    of: (run: RunRecord) => run.metrics.bytes[key],
  })),
  { name: 'fsyncs', of: (run) => run.metrics.fsyncs },
  { name: 'spaceAmplification', of: (run) => run.metrics.spaceAmplification },
  { name: 'memoryBytes.total', of: (run) => run.metrics.memoryBytes.total },
  ...(['elections', 'leaderChanges', 'snapshotsInstalled', 'restarts'] as const).map((key) => ({
    name: `raft.${key}`,
    of: (run: RunRecord) => run.metrics.raft[key],
  })),
  ...(['sent', 'lost', 'retransmitted', 'held', 'duplicated', 'reordered', 'corrupted'] as const).map((key) => ({
    name: `messages.${key}`,
    of: (run: RunRecord) => run.metrics.messages?.[key],
  })),
  { name: 'unavailableMsMax', of: (run) => run.metrics.unavailableMsMax },
  ...OPERATIONS.flatMap((operation) =>
    LATENCY_FIELDS.map((key) => ({
      name: `latencyMs.${operation}.${key}`,
      of: (run: RunRecord) => run.metrics.latencyMs[operation]?.[key],
    })),
  ),
  ...OPERATIONS.flatMap((operation) =>
    WAIT_ORDER.map((wait) => ({
      name: `latencyWaitsMs.${operation}.${wait}`,
      of: (run: RunRecord) => run.metrics.latencyWaitsMs[operation]?.[wait],
    })),
  ),
];

export function csvColumns(file: ResultFile): readonly CsvColumn[] {
  const namesOf = (of: (run: RunRecord) => object): string[] =>
    unique(file.runs.flatMap((run) => Object.keys(of(run))));
  const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [
    ...FIXED,
    ...namesOf((run) => run.metrics.writeAmplification.byNode)
      .sort(byNodeName)
      .map((node) => ({
        name: `writeAmplification.byNode.${node}`,
        of: (run: RunRecord) => run.metrics.writeAmplification.byNode[node],
      })),
    ...namesOf((run) => run.metrics.memoryBytes.byOwner)
      .sort(byCodeUnit)
      .map((owner) => ({
        name: `memoryBytes.byOwner.${owner}`,
        of: (run: RunRecord) => run.metrics.memoryBytes.byOwner[owner],
      })),
    ...namesOf((run) => run.metrics.engineFigures)
      .sort(byCodeUnit)
      .map((name) => ({ name: `engineFigures.${name}`, of: (run: RunRecord) => run.metrics.engineFigures[name] })),
  ];
}

export function renderCsv(file: ResultFile): string {
  const columns = csvColumns(file);
  const lines = [columns.map((column) => quoted(column.name)).join(',')];
  for (const run of file.runs) {
    lines.push(
      columns
        .map((column) => {
          const value = column.of(run);
          return typeof value === 'string' ? quoted(value) : exact(value);
        })
        .join(','),
    );
  }
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
