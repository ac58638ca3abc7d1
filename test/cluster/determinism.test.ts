/**
 * A run is a function of version, specification and seed; where two runs differ, the first event that does is
 * named; and another engine leaves operations and faults where they were.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RequestSource } from '../../sim/clients/request-source.ts';
import { SECOND } from '../../sim/clock.ts';
import { createRun } from '../../sim/cluster.ts';
import { firstDivergence } from '../../sim/determinism.ts';
import { Device } from '../../sim/disk/device.ts';
import type { RunSpec } from '../../sim/run-spec.ts';
import { at, clusterOf, complaints, isolate, play, powerCut, runToEnd, type Sketch } from './bed.ts';

const FAULTS = [
  at(700, 300, 'toxic', {
    type: 'latency',
    stream: 'upstream',
    toxicity: 0.5,
    link: { from: 'clients', to: 'leader' },
    latency: 20e6,
    jitter: 15e6,
  }),
  isolate(900, 600, 'leader'),
  at(1100, 500, 'slow-disk', { node: 'n2', factor: 10 }),
  ...powerCut(1800, 150, ['n1', 'n3']),
  at(2300, 100, 'pause', { node: 'leader' }),
];
const BUSY: Sketch = {
  ms: 2500,
  seed: 7,
  clients: 20,
  load: { kind: 'closed', ratePerSMax: 600 },
  mix: { put: 0.6, get: 0.2, delete: 0.1, range: 0.1 },
  value: { kind: 'exponential', bytesMean: 300, bytesMax: 4000 },
  keys: { order: 'zipfian', count: 500 },
  raft: { snapshotEntries: 200, catchUpEntries: 20 },
  faults: FAULTS,
};
const STORES = (['bolt', 'rocksdb'] as const).flatMap((engine) =>
  (['raw', 'mvcc'] as const).map((machine) => ({ engine, machine })),
);

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the same specification', () => {
  it.each(STORES)('$engine, $machine: gives the same run', (store) => {
    const first = play({ ...BUSY, ...store });
    expect(complaints(first)).toEqual([]);
    expect(first.metrics.operations.ok).toBeGreaterThan(300);
    expect(first.metrics.raft.restarts).toBeGreaterThan(0);
    expect(play({ ...BUSY, ...store })).toEqual(first);
    expect(play({ ...BUSY, ...store, seed: 8 }).traceHash).not.toBe(first.traceHash);
  });

  it('gives the same run in steps of any size', () => {
    const whole = play(BUSY);
    const run = createRun(clusterOf(BUSY));
    for (let size = 1; run.advance(size); size = (size * 7) % 1000) expect(run.fractionDone).toBeLessThan(1);
    expect(run.finish()).toEqual(whole);
  });

  it.each(STORES)('$engine, $machine: shows no divergence', (store) => {
    const spec = clusterOf({ ...BUSY, ...store, ms: 1500 });
    expect(firstDivergence(spec, spec)).toBeUndefined();
  });
});

describe('the first event that differs', () => {
  const base = clusterOf({ ...BUSY, ms: 1500 });
  const { cluster, workload } = base;

  it.each<[string, RunSpec]>([
    ['the seed', { ...base, seed: 8 }],
    [
      'a latency, by 1 ns',
      { ...base, cluster: { ...cluster, network: { ...cluster.network, latencyNs: cluster.network.latencyNs + 1 } } },
    ],
    ['the size of values', { ...base, workload: { ...workload, value: { kind: 'fixed', bytes: 301 } } }],
    [
      'how long a fault lasts',
      { ...base, faults: base.faults.map((fault) => ({ ...fault, durationNs: fault.durationNs + 1 })) },
    ],
    ['the engine', { ...base, cluster: { ...cluster, engine: clusterOf({ engine: 'rocksdb' }).cluster.engine } }],
  ])('of two specifications: %s', (_what, other) => {
    const expected = firstDifference(eventsOf(base), eventsOf(other));
    const found = firstDivergence(base, other);
    expect(found?.event).toBe(expected.event);
    expect([found!.lineA, found!.lineB]).toEqual(expected.lines);
  });

  it('of one specification and a component that draws from outside the run', () => {
    let outside = 0;
    const { submit } = Device.prototype;
    vi.spyOn(Device.prototype, 'submit').mockImplementation(function (this: Device, now, request) {
      const done = submit.call(this, now, request);
      return now > SECOND ? done + outside++ : done;
    });
    const expected = firstDifference(eventsOf(base), eventsOf(base));
    outside = 0;
    const found = firstDivergence(base, base);
    // far from the start, so that it was looked for in strides first
    expect(found!.event).toBeGreaterThan(4096);
    expect(found!.event).toBe(expected.event);
    expect(found!.time).toBeGreaterThan(SECOND);
    expect(found!.lineA).toMatch(/^event \d+ at \d+ ns: n\d .*\(opcode \d+, \d+, \d+\)$/);
    expect(found!.lineB).not.toBe(found!.lineA);
  });
});

describe('another engine', () => {
  it.each(['raw', 'mvcc'] as const)('leaves operations and faults where they were: %s', (machine) => {
    const operations: string[][] = [];
    const { next } = RequestSource.prototype;
    vi.spyOn(RequestSource.prototype, 'next').mockImplementation(function (this: RequestSource, ...of) {
      const request = next.apply(this, of);
      const key = String.fromCharCode(...request.key);
      operations.at(-1)!.push(`${request.operation} ${key} ${request.value?.length ?? ''}`);
      return request;
    });
    // of faults by time, on nodes by name: who leads at a moment may be another
    const faults = FAULTS.filter((fault) => fault.parameters.node !== 'leader' && fault.fault !== 'toxic');
    const [bolt, rocksdb] = (['bolt', 'rocksdb'] as const).map((engine) => {
      operations.push([]);
      return play({ ...BUSY, machine, engine, faults });
    });
    const common = Math.min(operations[0]!.length, operations[1]!.length);
    expect(common).toBeGreaterThan(300);
    expect(operations[0]!.slice(0, common)).toEqual(operations[1]!.slice(0, common));
    expect(bolt!.faultWindows).toHaveLength(3);
    expect(bolt!.faultWindows).toEqual(rocksdb!.faultWindows);
    expect(bolt!.traceHash).not.toBe(rocksdb!.traceHash);
  });
});

// ——— the dumb twin of firstDivergence: both runs written down, then compared ———

function eventsOf(spec: RunSpec): string[] {
  const lines: string[] = [];
  const run = createRun(spec);
  run.loop.observer = {
    onEvent: (time, event, target, opcode, a, b) => {
      const what = target.describe?.(opcode, a, b) ?? `handler ${target.traceId}`;
      lines.push(`event ${event} at ${time} ns: ${what} (opcode ${opcode}, ${a}, ${b})`);
    },
  };
  runToEnd(run);
  return lines;
}

function firstDifference(a: readonly string[], b: readonly string[]): { event: number; lines: string[] } {
  const over = 'no event: the run was over';
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return { event: i + 1, lines: [a[i] ?? over, b[i] ?? over] };
}
