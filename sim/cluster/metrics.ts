/** The figures of a finished run, from the counters of its parts. Definitions for people: `docs/result.md`. */
import type { LatencyRecorder } from '../clients/latency-recorder.ts';
import type { Load } from '../clients/load.ts';
import { MILLISECOND, SECOND, type Time } from '../clock.ts';
import { CATEGORIES, type Category } from '../disk/disk.ts';
import type { SimulatedDisk } from '../disk/simulated-disk.ts';
import type { NetworkCounters } from '../network/counters.ts';
import type { Network } from '../network/network.ts';
import type { Host } from '../nodes/host.ts';
import type { Metrics, Series } from '../result.ts';
import type { ByteSampler } from './sampler.ts';

export interface MetricsInput {
  readonly hosts: readonly Host[];
  readonly network: Network;
  readonly load: Load;
  readonly recorder: LatencyRecorder;
  /** When the clients began. */
  readonly clientsStart: Time;
  /** When the clients had stopped. */
  readonly clientsEnd: Time;
  readonly elections: number;
  readonly leaderChanges: number;
  readonly snapshotsInstalled: number;
  /** Keys and values that a reader sees, of one replica; NaN if no replica could be read. */
  readonly liveBytes: number;
}

const BOUNDARY: Readonly<Record<Category, 'raftLog' | 'engine' | 'snapshot'>> = {
  wal: 'raftLog',
  'wal-identifiers': 'raftLog',
  snapshot: 'snapshot',
  'engine-wal': 'engine',
  flush: 'engine',
  compaction: 'engine',
  page: 'engine',
  freelist: 'engine',
  meta: 'engine',
  manifest: 'engine',
  'value-log': 'engine',
  gc: 'engine',
  checkpoint: 'engine',
  ledger: 'engine',
  'ledger-index': 'engine',
  'ledger-commit': 'engine',
  other: 'engine',
};

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

export function metricsOf(input: MetricsInput): Metrics {
  const { hosts, network, load, recorder, clientsStart, clientsEnd } = input;
  const disks = hosts.map((host) => host.machine.disk);
  const client = recorder.clientBytes;
  const over = (bytes: number, by: number): number => (by > 0 ? bytes / by : Number.NaN);

  const writtenByCategory = byCategory(disks, (disk) => disk.counters.writtenBytes);
  const written = sum(Object.values(writtenByCategory));
  const boundary = { raftLog: 0, engine: 0, snapshot: 0 };
  for (const category of CATEGORIES) boundary[BOUNDARY[category]] += writtenByCategory[category] ?? 0;
  const device = sum(disks.map((disk) => sum(disk.counters.deviceWrittenBytes)));
  const copies = client * hosts.length;
  const fsyncsByCategory = byCategory(disks, (disk) => disk.counters.syncs);
  const directorySyncs = sum(disks.map((disk) => disk.counters.directorySyncs));
  if (directorySyncs > 0) fsyncsByCategory.directory = directorySyncs;

  const { counts } = load;
  const seconds = (clientsEnd - clientsStart) / SECOND;
  return {
    throughputOpsPerS: seconds > 0 ? counts.ok / seconds : 0,
    operations: { ok: counts.ok, failed: counts.failed, unknown: counts.unknown, retries: counts.retries },
    latencyMs: recorder.summaries(),
    latencyWaitsMs: recorder.waits(),
    writeAmplification: {
      total: over(written, client),
      byBoundary: {
        raftLog: over(boundary.raftLog, copies),
        engine: over(boundary.engine, copies),
        snapshot: over(boundary.snapshot, copies),
        fileSystem: over(written, copies),
        device: over(device, copies),
      },
      byCategory: mapValues(writtenByCategory, (bytes) => over(bytes, client)),
      byNode: Object.fromEntries(
        disks.map((disk, node) => [`n${node + 1}`, over(sum(disk.counters.writtenBytes), client)]),
      ),
    },
    bytes: {
      client,
      written,
      read: sum(disks.map((disk) => sum(disk.counters.readBytes))),
      device,
      network: network.counters.bytesSent,
      writtenByCategory,
    },
    fsyncs: sum(Object.values(fsyncsByCategory)),
    fsyncsByCategory,
    ...stores(hosts, input.liveBytes),
    raft: {
      elections: input.elections,
      leaderChanges: input.leaderChanges,
      snapshotsInstalled: input.snapshotsInstalled,
      restarts: sum(hosts.map((host) => host.restarts)),
    },
    messages: messagesOf(network.counters),
    unavailableMsMax: recorder.longestWithoutWrite(clientsEnd) / MILLISECOND,
  };
}

function messagesOf(counters: NetworkCounters): Metrics['messages'] {
  return {
    sent: counters.messagesSent,
    lost: counters.messagesLost,
    retransmitted: counters.messagesRetransmitted,
    held: counters.messagesHeld,
    duplicated: counters.messagesDuplicated,
    reordered: counters.messagesReordered,
    corrupted: counters.messagesCorrupted,
  };
}

/** Means over the nodes that are up at the end. */
function stores(
  hosts: readonly Host[],
  liveBytes: number,
): Pick<Metrics, 'spaceAmplification' | 'memoryBytes' | 'engineFigures'> {
  const replicas = hosts.filter((host) => host.isUp).map((host) => host.replicas[0]!);
  const byOwner: Record<string, number> = {};
  const figures: Record<string, number> = {};
  let fileBytes = 0;
  const add = (into: Record<string, number>, name: string, value: number): void => {
    into[name] = (into[name] ?? 0) + value / replicas.length;
  };
  for (const replica of replicas) {
    const stats = replica.store.engine.stats();
    fileBytes += stats.fileBytes / replicas.length;
    for (const [owner, bytes] of Object.entries(stats.memoryBytes)) add(byOwner, owner, bytes);
    for (const [owner, bytes] of Object.entries(replica.store.stateMachine.memoryBytes())) add(byOwner, owner, bytes);
    add(byOwner, 'raftLog', replica.raftLogBytes());
    for (const [name, value] of Object.entries(stats.figures)) add(figures, name, value);
  }
  return {
    spaceAmplification: liveBytes > 0 ? fileBytes / liveBytes : Number.NaN,
    memoryBytes: { total: sum(Object.values(byOwner)), byOwner },
    engineFigures: figures,
  };
}

export function seriesOf(recorder: LatencyRecorder, sampler: ByteSampler, end: Time): Series {
  const clients = recorder.series(end);
  const used = CATEGORIES.map((category, i) => [category, sampler.byCategory[i]!] as const);
  return {
    stepNs: sampler.stepNs,
    ...clients,
    writtenBytesByCategory: Object.fromEntries(used.filter(([, series]) => series.some((bytes) => bytes > 0))),
    writtenBytesByNode: Object.fromEntries(sampler.byNode.map((series, node) => [`n${node + 1}`, series])),
  };
}

function byCategory(
  disks: readonly SimulatedDisk[],
  counter: (disk: SimulatedDisk) => Float64Array,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [i, category] of CATEGORIES.entries()) {
    const total = sum(disks.map((disk) => counter(disk)[i]!));
    if (total > 0) sums[category] = total;
  }
  return sums;
}

function mapValues(
  record: Readonly<Record<string, number>>,
  change: (value: number) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
