/** The figures of a run against one another, and against the counters that they come from. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SECOND } from '../../sim/clock.ts';
import { Checks } from '../../sim/cluster/checks.ts';
import { CATEGORIES } from '../../sim/disk/disk.ts';
import type { RunResult } from '../../sim/result.ts';
import { DELETE, PUT, WAITS } from '../../sim/rpc.ts';
import { at, complaints, isolate, runToEnd, type Sketch, watch } from './bed.ts';

const MIX = { put: 0.6, get: 0.2, delete: 0.1, range: 0.1 };
/** Calm ones, slow ones, and ones with retries, restarts and snapshots. */
const CLUSTERS: readonly (readonly [string, Sketch])[] = [
  ['bolt, raw', { mix: MIX }],
  [
    'rocksdb, mvcc',
    { engine: 'rocksdb', machine: 'mvcc', mix: MIX, value: { kind: 'uniform', bytesMin: 0, bytesMax: 4000 } },
  ],
  ['bolt, mvcc, hdd', { machine: 'mvcc', disk: 'hdd', mix: MIX, timeoutMs: 5000 }],
  [
    'rocksdb with stalls',
    {
      engine: 'rocksdb',
      options: { write_buffer_size: 65536 },
      value: 4000,
      clients: 40,
      load: { kind: 'closed', ratePerSMax: 0 },
      ms: 1200,
    },
  ],
  ['open loop', { load: { kind: 'open', ratePerS: 400, arrivals: 'poisson' }, clients: 10, mix: MIX }],
  ['followers answer', { target: 'all', mix: MIX }],
  [
    'faults',
    {
      mix: MIX,
      timeoutMs: 200,
      raft: { snapshotEntries: 100, catchUpEntries: 10 },
      faults: [
        isolate(800, 300, 'leader'),
        at(1500, 500, 'crash', { node: 'follower' }),
        at(2100, 100, 'pause', { node: 'leader' }),
      ],
    },
  ],
];

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each(CLUSTERS)('%s', (_name, sketch) => {
  let clientBytes = 0;
  let acknowledged = 0;
  const outcomes = vi.spyOn(Checks.prototype, 'onOutcome');
  const { run, hosts } = watch({ ms: 2500, ...sketch });
  const result: RunResult = runToEnd(run);
  for (const [request, , outcome] of outcomes.mock.calls) {
    if (outcome !== 'ok') continue;
    acknowledged++;
    if (request.operation === PUT) clientBytes += request.key.length + request.value!.length;
    if (request.operation === DELETE) clientBytes += request.key.length;
  }
  outcomes.mockRestore();
  const { metrics, series } = result;
  const { writeAmplification: wa, bytes } = metrics;

  it('runs well, and has something to measure', () => {
    expect(complaints(result)).toEqual([]);
    expect(metrics.operations.ok).toBe(acknowledged);
    expect(metrics.latencyMs.put!.count).toBeGreaterThan(100);
  });

  it('waits add up to the latency, and none is negative', () => {
    expect(Object.keys(metrics.latencyWaitsMs).sort()).toEqual(Object.keys(metrics.latencyMs).sort());
    for (const [operation, waits] of Object.entries(metrics.latencyWaitsMs)) {
      expect(Object.keys(waits)).toEqual([...WAITS]);
      expect(sum(Object.values(waits))).toBeCloseTo(metrics.latencyMs[operation]!.mean, 6);
      for (const wait of Object.values(waits)) expect(wait).toBeGreaterThanOrEqual(0);
    }
  });

  it('client bytes are those of acknowledged writes', () => {
    expect(bytes.client).toBe(clientBytes);
    expect(sum(series.clientBytes)).toBe(clientBytes);
  });

  it('bytes and syncs are those that the disks counted', () => {
    const counters = hosts.map((host) => host.machine.disk.counters);
    const written = sum(counters.map((counter) => sum(counter.writtenBytes)));
    expect(bytes.written).toBe(written);
    expect(bytes.device).toBe(sum(counters.map((counter) => sum(counter.deviceWrittenBytes))));
    expect(bytes.read).toBe(sum(counters.map((counter) => sum(counter.readBytes))));
    expect(wa.total).toBeCloseTo(written / clientBytes, 9);
    for (const [i, category] of CATEGORIES.entries()) {
      const inCategory = sum(counters.map((counter) => counter.writtenBytes[i]!));
      expect(bytes.writtenByCategory[category] ?? 0).toBe(inCategory);
      expect(metrics.fsyncsByCategory[category] ?? 0).toBe(sum(counters.map((counter) => counter.syncs[i]!)));
    }
    expect(metrics.fsyncs).toBe(sum(counters.map((counter) => sum(counter.syncs) + counter.directorySyncs)));
  });

  it('write amplification by node, by category and by boundary are the total, divided up', () => {
    expect(sum(Object.values(wa.byNode))).toBeCloseTo(wa.total, 9);
    expect(sum(Object.values(wa.byCategory))).toBeCloseTo(wa.total, 9);
    const { raftLog, engine, snapshot, fileSystem } = wa.byBoundary;
    expect(raftLog + engine + snapshot).toBeCloseTo(fileSystem, 9);
    expect(fileSystem * hosts.length).toBeCloseTo(wa.total, 9);
    // each of these writes every acknowledged byte at least once; the log with its headers, so: more
    expect(raftLog).toBeGreaterThan(1);
  });

  it('series add up to the totals', () => {
    const steps = series.okPerS.length;
    expect(steps).toBeGreaterThan(10);
    // all but the last step are whole
    const whole = sum(series.okPerS.slice(0, -1)) * (series.stepNs / SECOND);
    expect(whole).toBeLessThanOrEqual(metrics.operations.ok + 1e-6);
    expect(whole).toBeGreaterThan(0.9 * metrics.operations.ok);
    const byCategory = sum(Object.values(series.writtenBytesByCategory).map(sum));
    const byNode = sum(Object.values(series.writtenBytesByNode).map(sum));
    expect(byNode).toBe(byCategory);
    expect(byNode).toBeLessThanOrEqual(bytes.written);
    expect(byNode).toBeGreaterThan(0.8 * bytes.written);
  });
});

describe('processor time', () => {
  it('of the engine does not grow with the number of nodes', () => {
    const engineCpu = [1, 3, 7].map((nodes) => {
      const { run } = watch({ nodes, ms: 1500 });
      return runToEnd(run).metrics.latencyWaitsMs.put!.engineCpu!;
    });
    expect(Math.max(...engineCpu)).toBeLessThan(1.5 * Math.min(...engineCpu));
  });
});
