/** The figures that stand for a run in comparisons, and what each means. One entry adds a column everywhere. */
import type { Comparison, Figure } from './comparison.ts';
import type { Unit } from './format.ts';

export interface HeadlineFigure {
  readonly title: string;
  /** For narrow places. */
  readonly shortTitle: string;
  readonly unit: Unit;
  readonly better: 'lower' | 'higher';
  readonly of: Figure;
}

export function headlineFigures(comparison: Comparison): readonly HeadlineFigure[] {
  const operation = comparison.mainOperation;
  const latency = (name: 'p50' | 'p99' | 'p999', title: string): HeadlineFigure => ({
    title: `${operation} latency ${title}`,
    shortTitle: `${operation} ${title}`,
    unit: 'milliseconds',
    better: 'lower',
    of: (run) => run.metrics.latencyMs[operation]?.[name],
  });
  return [
    {
      title: 'Write amplification',
      shortTitle: 'WA',
      unit: 'ratio',
      better: 'lower',
      of: (run) => run.metrics.writeAmplification.total,
    },
    {
      title: 'Throughput',
      shortTitle: 'Throughput',
      unit: 'perSecond',
      better: 'higher',
      of: (run) => run.metrics.throughputOpsPerS,
    },
    latency('p50', 'p50'),
    latency('p99', 'p99'),
    latency('p999', 'p99.9'),
    {
      title: 'Space amplification',
      shortTitle: 'Space',
      unit: 'ratio',
      better: 'lower',
      of: (run) => run.metrics.spaceAmplification,
    },
    {
      title: 'fsyncs per operation',
      shortTitle: 'fsyncs/op',
      unit: 'ratio',
      better: 'lower',
      of: fsyncsPerOperation,
    },
    {
      title: 'Memory of a node',
      shortTitle: 'Memory',
      unit: 'bytes',
      better: 'lower',
      of: (run) => run.metrics.memoryBytes.total,
    },
  ];
}

export const fsyncsPerOperation: Figure = (run) =>
  run.metrics.operations.ok === 0 ? null : run.metrics.fsyncs / run.metrics.operations.ok;

/** [term, meaning]: the `how measured` section. */
export const DEFINITIONS: readonly (readonly [string, string])[] = [
  [
    'Client bytes',
    'Keys and values of acknowledged writes, each counted once however many replicas hold it. Writes that failed or timed out are not in it, though what they wrote to disk is counted.',
  ],
  [
    'Write amplification, total',
    'Bytes that all nodes handed to the file system ÷ client bytes. A cluster of three that wrote every byte exactly once a node would show 3.',
  ],
  [
    'By category, by node',
    'The same bytes split by what the file was written for, or by who wrote; both split the total without remainder.',
  ],
  [
    'By boundary',
    'What one copy of the data costs: bytes of all nodes that crossed the boundary ÷ (client bytes × nodes). Raft log, engine and snapshots add up to the file system; the device sees whole blocks, and of a block written twice before write-back only the last version.',
  ],
  [
    'Throughput',
    'Acknowledged operations of all kinds ÷ the virtual time from the start of the run until the clients had stopped, the first election included.',
  ],
  [
    'Latency',
    'Virtual time from the first send (closed loop) or from the intended start (open loop, so that a stall is not hidden) to the acknowledgement, retries included. Operations that were never acknowledged have no latency; they are counted as failed or unknown.',
  ],
  [
    'Where latency was spent',
    'Each acknowledged operation carries the time it spent in every named wait; the means add up to the mean latency.',
  ],
  [
    'Space amplification',
    'Bytes of the engine’s files, mean over the nodes that are up at the end of the run, ÷ bytes of the keys and values that a reader sees then.',
  ],
  ['fsyncs per operation', 'fsync calls of all nodes ÷ acknowledged operations of all kinds.'],
  [
    'Memory',
    'What the simulated process would hold at the end, counted by the parts that own it; mean over the nodes that are up. It is not the memory of the simulator.',
  ],
  [
    'Time series',
    'Sampled in equal steps of virtual time. Where there are more than 400 steps, neighbours are merged: rates are averaged, p50 shows the median of the merged medians and p99 the greatest. They are of one seed, named beside the chart.',
  ],
  [
    'Spread and paired difference',
    'Spread is least to greatest over seeds. A paired difference divides the figures of two variants under the same seed, that is, the same arrivals, keys and faults, and averages these ratios; “2/3 seeds” counts those that differ in the direction of the average.',
  ],
  [
    'Time',
    'All times are virtual: counted work priced by a cost profile, and device and network models. No clock of the host machine enters a result, and one seed gives one result.',
  ],
];
