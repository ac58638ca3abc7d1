/** Short stories of bad paths between nodes, and what the cluster makes of them. */
import { describe, expect, it } from 'vitest';
import { createRun } from '../../sim/cluster.ts';
import { DiskImage } from '../../sim/disk/disk-image.ts';
import { findFault } from '../../sim/faults/index.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { advanceTo, at, clusterOf, complaints, leaderOf, play, runToEnd, type Sketch, watch } from './bed.ts';

const BUSY: Sketch = { ms: 3000, mix: { put: 0.5, get: 0.4, delete: 0.1 }, keys: { count: 20 }, target: 'all' };
const ANYWHERE: ParameterValues = { direction: 'both', clients: true };

describe.each<[string, ParameterValues]>([
  ['duplicate', { share: 0.5, delay: 30e6 }],
  ['reorder', { share: 0.5, delay: 10e6 }],
  ['corrupt', { share: 0.01 }],
  ['clog', {}],
  ['flap', { up: 40e6, down: 40e6 }],
  ['swizzle-clog', { every: 50e6, clients: true }],
])('%s', (fault, parameters) => {
  it.each(['raw', 'mvcc'] as const)('of everything for a while does the checks no harm (%s)', (machine) => {
    const during = play({ ...BUSY, machine, faults: [at(1000, 1200, fault, { ...ANYWHERE, ...parameters })] });
    expect(complaints(during)).toEqual([]);
    expect(during.faultWindows).toContainEqual(
      expect.objectContaining({ fault, fromNs: 1000e6, toNs: 2200e6, label: expect.stringContaining(fault) }),
    );
    const undisturbed = play({ ...BUSY, machine });
    expect(during.traceHash).not.toBe(undisturbed.traceHash);
    expect(during.metrics.operations.ok).toBeLessThanOrEqual(undisturbed.metrics.operations.ok);
  });

  it('is the same again under the same seed, and lasts to the end if nothing lifts it', () => {
    const sketch = { ...BUSY, faults: [at(1000, 0, fault, { ...ANYWHERE, ...parameters, node: 'n2' })] };
    const [one, other] = [play(sketch), play(sketch)];
    expect(complaints(one)).toEqual([]);
    expect(other.traceHash).toBe(one.traceHash);
  });
});

it('a toxic draws what it draws, whatever toxics there were before it', () => {
  const toxic = { type: 'latency', stream: 'upstream', latency: 20e6, jitter: 15e6 };
  const links = { from: 'clients', to: 'n1' } as const;
  const jittery = at(1000, 1000, 'toxic', { ...toxic, toxicity: 1, link: links });
  const idle = at(700, 100, 'toxic', { ...toxic, toxicity: 0, link: { from: 'n3', to: 'n2' } });
  const [alone, behind] = [[jittery], [idle, jittery]].map((faults) => play({ ...BUSY, faults }).metrics);
  expect(behind).toEqual(alone);
});

it('a client is told of each write once, though each of its requests comes twice', () => {
  const faults = [at(500, 2000, 'duplicate', { ...ANYWHERE, share: 1, delay: 5e6 })];
  const result = play({ ms: 3000, keys: { order: 'sequential', count: 10_000 }, faults });
  expect(complaints(result)).toEqual([]);
});

it('sessions that do not keep a write from taking effect twice are found out', () => {
  const faults = [at(1000, 1500, 'duplicate', { ...ANYWHERE, share: 0.3, delay: 300e6 })];
  const checks = (bugs: readonly string[]): string[] => {
    const spec = clusterOf({ ...BUSY, faults });
    return runToEnd(createRun({ ...spec, cluster: { ...spec.cluster, bugs } })).violations.map(({ check }) => check);
  };
  expect(checks(['retry-applied-twice'])).toContain('exactly-once');
  expect(checks([])).toEqual([]);
});

it('an image of a store that comes twice is let go of as often as it is taken', () => {
  const taken = new Set<DiskImage>();
  const { retain } = DiskImage.prototype;
  DiskImage.prototype.retain = function (this: DiskImage): void {
    taken.add(this);
    retain.call(this);
  };
  try {
    const faults = [
      ...[1000, 1600, 2200].map((ms) => at(ms, 300, 'crash', { node: 'n3' })),
      at(500, 0, 'duplicate', { ...ANYWHERE, share: 1, delay: 2e6 }),
    ];
    const raft = { snapshotEntries: 30, catchUpEntries: 5 };
    const { run, hosts } = watch({ ...BUSY, disk: 'hdd', raft, faults });
    expect(complaints(runToEnd(run))).toEqual([]);
    for (const host of hosts) host.kill();
    expect(taken.size).toBeGreaterThan(0);
    expect([...taken].filter((image) => !image.isReleased)).toEqual([]);
  } finally {
    DiskImage.prototype.retain = retain;
  }
});

it.each<[ParameterValues, string]>([
  [{ link: { from: 'leader', to: 'follower' }, direction: 'both' }, 'corrupt: leader ↔ follower'],
  [{ link: { from: 'leader', to: 'follower' }, direction: 'out' }, 'corrupt: leader → follower'],
  [{ link: { from: 'clients', to: 'n3' }, direction: 'in' }, 'corrupt: clients ← n3'],
  [{ link: { from: 'peers', to: 'n3' }, direction: 'both' }, 'corrupt: peers ↔ n3'],
  [{ node: 'n2', direction: 'both', clients: false }, 'corrupt: n2'],
])('%j spoils messages there, and the result counts them: %s', (links, label) => {
  const result = play({ ...BUSY, faults: [at(1000, 1200, 'corrupt', { share: 0.2, ...links })] });
  expect(complaints(result)).toEqual([]);
  expect(result.faultWindows[0]!.label).toBe(label);
  const { corrupted, lost, held } = result.metrics.messages;
  expect(corrupted).toBeGreaterThan(1);
  expect(lost).toBeGreaterThanOrEqual(corrupted);
  expect(held).toBe(0);
});

it('a link with the clients that is clogged holds them up, and the result counts what it held', () => {
  const faults = [at(800, 1500, 'clog', { link: { from: 'clients', to: 'leader' }, direction: 'both' })];
  const { metrics, ...result } = play({ ...BUSY, target: 'leader', faults, timeoutMs: 5000 });
  expect(complaints({ metrics, ...result })).toEqual([]);
  expect(metrics.unavailableMsMax).toBeGreaterThan(1400);
  expect(metrics.messages.held).toBeGreaterThan(0);
  expect(metrics.messages.lost).toBe(0);
});

it('a leader whose words are clogged is followed by another', () => {
  const { run, hosts } = watch({ ms: 4000, faults: [at(1000, 2000, 'clog', { node: 'leader', direction: 'out' })] });
  advanceTo(run, 990);
  const before = leaderOf(hosts);
  advanceTo(run, 2900);
  expect(leaderOf(hosts)).not.toBe(before);
  expect(complaints(runToEnd(run))).toEqual([]);
});

it('one way between groups: the second does not hear the first, which hears the second', () => {
  const groups = [['n1'], ['n2', 'n3']];
  const { run, hosts } = watch({ ms: 3000, faults: [at(500, 2000, 'partition', { shape: 'one-way', groups })] });
  advanceTo(run, 2400);
  // nobody hears n1, which cannot lead; the two others go on
  expect([1, 2]).toContain(leaderOf(hosts));
  const result = runToEnd(run);
  expect(complaints(result)).toEqual([]);
  expect(result.faultWindows.map(({ label }) => label)).toContain('partition: n1 not heard by n2 n3');
});

// of three nodes each hears only one other, and that one does not hear it: nobody is answered
it.each([
  [3, false],
  [5, true],
])("in a majority ring of %d nodes somebody leads: %s; its order is the seed's", (nodes, isLed) => {
  const orders = [1, 2, 3, 4].map((seed) => {
    const faults = [at(500, 2000, 'partition', { shape: 'majority-ring' })];
    const { run, hosts } = watch({ ms: 3000, nodes, seed, faults });
    advanceTo(run, 2400);
    expect(leaderOf(hosts) >= 0).toBe(isLed);
    const result = runToEnd(run);
    expect(complaints(result)).toEqual([]);
    return result.faultWindows[0]!.label;
  });
  for (const order of orders) expect(order).toMatch(/^partition: majority ring n\d( n\d)+$/);
  expect(new Set(orders).size).toBeGreaterThan(1);
});

it.each<[ParameterValues, string | undefined]>([
  [{ shape: 'one-way', groups: [['n1'], ['n2']] }, undefined],
  [{ shape: 'one-way', groups: [['n1']] }, 'groups 1 of them; allowed: two, who is not heard and by whom'],
  [{ shape: 'one-way', groups: [['n1'], ['n2']], node: 'n1' }, 'node goes with one-way where there are no groups'],
  [{ shape: 'majority-ring', node: 'n1' }, 'node goes with isolate, one-way and bridge, not with majority-ring'],
  [{ shape: 'ring', groups: [['n1'], ['n2']] }, 'groups goes with split and one-way, not with ring'],
])('partition %j: %s', (parameters, problem) => {
  const found = findFault('partition')!.check!(parameters, 5, 0);
  expect(found && `${found.parameter} ${found.what}`).toBe(problem);
});
