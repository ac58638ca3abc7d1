/** Clusters and workloads of unusual shape: one node and seven, no bytes and a mebibyte, one client and a thousand. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Checks } from '../../sim/cluster/checks.ts';
import type { RunResult } from '../../sim/result.ts';
import { GET, RANGE } from '../../sim/rpc.ts';
import { at, complaints, play, powerCut, runToEnd, type Sketch, watch } from './bed.ts';

const STORES = (['bolt', 'rocksdb'] as const).flatMap((engine) =>
  (['raw', 'mvcc'] as const).map((machine) => ({ engine, machine })),
);

function playWell(sketch: Sketch): RunResult {
  const result = play(sketch);
  expect(complaints(result)).toEqual([]);
  return result;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('clusters', () => {
  it.each([1, 2, 3, 5, 7])('of %i lose any minority, and nothing else', (nodes) => {
    const minority = Math.floor((nodes - 1) / 2);
    const lost = Array.from({ length: minority }, (_, i) =>
      at(900, 0, 'crash', { node: i === 0 ? 'leader' : `n${i}` }),
    );
    const { run, hosts } = watch({ nodes, ms: 2500, faults: lost });
    const result = runToEnd(run);
    expect(complaints(result)).toEqual([]);
    expect(result.metrics.operations.ok).toBeGreaterThan(300);
    expect(new Set(hosts.map((host) => host.replicas[0]!.store.stateMachine.applyHash())).size).toBe(1);
  });

  it.each([2, 3, 4, 5])('of %i do nothing without a majority, and go on with one', (nodes) => {
    const half = Array.from({ length: Math.ceil(nodes / 2) }, (_, i) => `n${i + 1}`);
    const result = playWell({ nodes, ms: 4000, timeoutMs: 200, faults: powerCut(1000, 1500, half) });
    expect(result.metrics.unavailableMsMax).toBeGreaterThan(1400);
    expect(result.metrics.unavailableMsMax).toBeLessThan(2900);
  });
});

describe('a preloaded store', () => {
  it.each(STORES)('$engine, $machine: is read back from every node', (store) => {
    const outcomes = vi.spyOn(Checks.prototype, 'onOutcome');
    const mix = { put: 0, get: 0.8, range: 0.2 };
    const { run, hosts } = watch({
      ...store,
      preload: 500,
      keys: { count: 500 },
      mix,
      target: 'all',
      serializable: true,
      ms: 800,
    });
    const result = runToEnd(run);
    expect(complaints(result)).toEqual([]);
    const replies = outcomes.mock.calls.map(([request, , , reply]) => ({ request, reply }));
    const gets = replies.filter(({ request }) => request.operation === GET);
    expect(gets.length).toBeGreaterThan(100);
    for (const { reply } of gets) expect(reply?.value?.length).toBe(128);
    expect(replies.some(({ request, reply }) => request.operation === RANGE && reply?.count === 10)).toBe(true);
    expect(new Set(hosts.map((host) => host.replicas[0]!.store.stateMachine.contentHash())).size).toBe(1);
  });

  it.each(STORES)('$engine, $machine: survives a power cut before anything was written', (store) => {
    const faults = powerCut(20, 100, ['n1', 'n2', 'n3']);
    const result = playWell({ ...store, preload: 500, keys: { count: 500 }, ms: 1500, faults });
    expect(result.metrics.raft.restarts).toBe(3);
  });
});

describe('values', () => {
  it.each(STORES)('$engine, $machine: of nothing', (store) => {
    expect(playWell({ ...store, value: 0, ms: 1200 }).metrics.operations.ok).toBeGreaterThan(100);
  });

  it.each(STORES)('$engine, $machine: of up to 1 MiB', (store) => {
    const value = { kind: 'uniform', bytesMin: 0, bytesMax: 1 << 20 } as const;
    const result = playWell({ ...store, value, clients: 4, ms: 1200, faults: powerCut(900, 50, ['n1', 'n2', 'n3']) });
    expect(result.metrics.bytes.client).toBeGreaterThan(10e6);
  });
});

describe('deletes and ranges', () => {
  it.each(STORES)('$engine, $machine: of few keys, again and again', (store) => {
    const mix = { put: 0.4, delete: 0.4, get: 0.1, range: 0.1 };
    const faults = [at(1000, 200, 'crash', { node: 'leader' })];
    const result = playWell({ ...store, mix, keys: { count: 20 }, ms: 2500, faults });
    expect(Object.keys(result.metrics.latencyMs).sort()).toEqual(['delete', 'get', 'put', 'range']);
  });
});

describe('load', () => {
  it('of a thousand clients in a closed loop is served', () => {
    const result = playWell({
      clients: 1000,
      load: { kind: 'closed', ratePerSMax: 0 },
      keys: { count: 5000 },
      ms: 1200,
    });
    expect(result.metrics.throughputOpsPerS).toBeGreaterThan(5000);
  });

  it('above what the cluster can do makes latency grow from the intended start, and nothing break', () => {
    const load = { kind: 'open', ratePerS: 20_000, arrivals: 'poisson' } as const;
    const result = playWell({ load, disk: 'hdd', clients: 50, ms: 2500, timeoutMs: 2000, settleMs: 20_000 });
    const { latencyMsP50 } = result.series;
    const steps = latencyMsP50.filter((latency) => latency !== null);
    const at = (share: number): number => steps[Math.floor(share * (steps.length - 1))]!;
    expect(at(0.9)).toBeGreaterThan(at(0.5));
    expect(at(0.5)).toBeGreaterThan(at(0.1));
    const { clientQueue } = result.metrics.latencyWaitsMs.put!;
    expect(clientQueue).toBeGreaterThan(0.7 * result.metrics.latencyMs.put!.mean);
  });

  it('below it is served at its own pace', () => {
    const load = { kind: 'open', ratePerS: 500, arrivals: 'uniform' } as const;
    const result = playWell({ load, clients: 50, ms: 3000 });
    expect(result.metrics.operations.ok).toBe(1500);
  });

  it('stops at an event budget, and says so', () => {
    expect(play({ eventsMax: 1000 })).toMatchObject({ ended: 'event budget', events: 1000 });
  });
});
