/** Short stories of nodes that lose power, time, messages or disk, and what the cluster makes of it. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MILLISECOND } from '../../sim/clock.ts';
import { SnapshotKeeper } from '../../sim/nodes/snapshot-keeper.ts';
import { WriteAheadLog } from '../../sim/nodes/wal/write-ahead-log.ts';
import type { RunResult } from '../../sim/result.ts';
import {
  advanceTo,
  at,
  complaints,
  isolate,
  leaderOf,
  play,
  powerCut,
  runToEnd,
  type Sketch,
  watch,
  when,
} from './bed.ts';

const ENGINES = ['bolt', 'rocksdb', 'badger'] as const;
const STORES = ENGINES.flatMap((engine) => (['raw', 'mvcc'] as const).map((machine) => ({ engine, machine })));

function playWell(sketch: Sketch): RunResult {
  const result = play(sketch);
  expect(complaints(result)).toEqual([]);
  return result;
}

/** Whether some write was acknowledged in a step of the series that ends after this time. */
function servedAfter({ series }: RunResult, ms: number): boolean {
  const from = Math.ceil((ms * MILLISECOND) / series.stepNs);
  return series.okPerS.slice(from).some((rate) => rate > 0);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('power', () => {
  it.each(STORES)('$engine, $machine: a leader that lost it catches up as a follower', (store) => {
    const { run, hosts } = watch({ ...store, ms: 3000, faults: [at(1200, 800, 'crash', { node: 'leader' })] });
    advanceTo(run, 1100);
    const before = leaderOf(hosts);
    expect(before).toBeGreaterThanOrEqual(0);
    const { raft } = hosts[before]!.replicas[0]!;
    const term = raft.term;
    advanceTo(run, 1900);
    expect(hosts[before]!.isUp).toBe(false);
    expect(leaderOf(hosts)).not.toBe(before);
    const result = runToEnd(run);
    expect(complaints(result)).toEqual([]);
    const restarted = hosts[before]!.replicas[0]!;
    expect(restarted.raft).not.toBe(raft); // nothing of the old process's memory
    expect(restarted.raft.term).toBeGreaterThan(term);
    expect(restarted.applyThread.appliedIndex).toBe(hosts[(before + 1) % 3]!.replicas[0]!.applyThread.appliedIndex);
    expect(result.metrics.raft).toMatchObject({ restarts: 1, leaderChanges: 1 });
  });

  it.each(STORES)('$engine, $machine: a cluster that lost it altogether keeps all that was acknowledged', (store) => {
    const faults = powerCut(1200, 300, ['n1', 'n2', 'n3']);
    const result = playWell({ ...store, ms: 3000, mix: { put: 0.8, delete: 0.2 }, faults });
    expect(result.metrics.raft.restarts).toBe(3);
    expect(servedAfter(result, 2200)).toBe(true);
    expect(result.metrics.operations.ok).toBeGreaterThan(300);
  });

  it('fails again and again, also in the middle of recovering', () => {
    const faults = [900, 903, 910, 930, 1000, 1400].flatMap((ms) => powerCut(ms, 2, ['n1', 'n2', 'n3']));
    const result = playWell({ ms: 3000, faults });
    expect(result.metrics.raft.restarts).toBeGreaterThanOrEqual(6);
    expect(servedAfter(result, 2000)).toBe(true);
  });

  it.each(['crash', 'pause'])('lost to two faults at a time (%s) comes back when both are over', (fault) => {
    const { run, hosts } = watch({
      ms: 2500,
      faults: [at(1000, 400, fault, { node: 'n2' }), at(1200, 600, fault, { node: 'n2' })],
    });
    const isRunning = (): boolean => hosts[1]!.isUp && !hosts[1]!.isPaused;
    advanceTo(run, 1600);
    expect(isRunning()).toBe(false);
    advanceTo(run, 1900);
    expect(isRunning()).toBe(true);
    expect(complaints(runToEnd(run))).toEqual([]);
  });

  it('takes along what the disk was working on: the restart need not wait for that', () => {
    const { run, hosts } = watch({
      ms: 2500,
      faults: [at(1000, 300, 'slow-disk', { node: 'n2', factor: 50_000 }), at(1300, 100, 'crash', { node: 'n2' })],
    });
    advanceTo(run, 1450);
    expect(hosts[1]!.isUp).toBe(true);
    expect(complaints(runToEnd(run))).toEqual([]);
  });

  it('cut at the end: what was acknowledged is there, though nobody asks any more', () => {
    const result = playWell({ ms: 1500, settleMs: 4000, faults: powerCut(1400, 0, ['n1', 'n2', 'n3']) });
    expect(result.metrics.raft.restarts).toBe(3);
  });
});

/** n3 is away for long enough that the log it needs is gone. */
const AWAY: Sketch = {
  ms: 2600,
  raft: { snapshotEntries: 50, catchUpEntries: 10 },
  faults: [at(700, 1000, 'crash', { node: 'n3' })],
};

describe('a snapshot', () => {
  it.each(STORES)('$engine, $machine: brings back who was away for longer than the log reaches', (store) => {
    const { run, hosts } = watch({ ...AWAY, ...store });
    const result = runToEnd(run);
    expect(complaints(result)).toEqual([]);
    expect(result.metrics.raft.snapshotsInstalled).toBe(1);
    expect(hosts[2]!.replicas[0]!.store.directory).toMatch(/^db-[1-9]\d*\/$/);
    expect(hosts[2]!.machine.disk.list('db-0/')).toEqual([]); // the old store is gone
    const contents = hosts.map((host) => host.replicas[0]!.store.stateMachine.contentHash());
    expect(new Set(contents).size).toBe(1);
  });

  it('is not needed while the log reaches far enough', () => {
    const result = playWell({ ...AWAY, raft: { snapshotEntries: 50, catchUpEntries: 5000 } });
    expect(result.metrics.raft.snapshotsInstalled).toBe(0);
  });

  it.each(ENGINES)('%s: survives losing power at any moment of its installation', (engine) => {
    const mark = when('snapshot installed', 0, 1, 'slow-disk', { node: 'n1', factor: 1 });
    const value = 2000;
    const calm = playWell({ ...AWAY, engine, value, faults: [...AWAY.faults!, mark] });
    const installedMs = calm.faultWindows.find((window) => window.fault === 'slow-disk')!.fromNs / MILLISECOND;
    expect(installedMs).toBeGreaterThan(1700);
    const receive = vi.spyOn(SnapshotKeeper.prototype, 'receive');
    let receivedTwice = 0;
    for (const beforeMs of [4, 2, 1, 0.7, 0.5, 0.3, 0.2, 0.1, 0.01, -0.01, -0.1, -1]) {
      receive.mockClear();
      const crash = at(installedMs - beforeMs, 100, 'crash', { node: 'n3' });
      const result = playWell({ ...AWAY, engine, value, faults: [...AWAY.faults!, crash] });
      expect(result.metrics.raft.restarts).toBe(2);
      if (receive.mock.calls.length > 1) receivedTwice++;
    }
    // some of the moments were between the arrival of the files and their becoming the store
    expect(receivedTwice).toBeGreaterThan(0);
  });
});

describe('a paused leader', () => {
  it('finds at its resumption that another leads, and follows', () => {
    const { run, hosts } = watch({ ms: 4000, faults: [at(1200, 1500, 'pause', { node: 'leader' })] });
    advanceTo(run, 1100);
    const before = leaderOf(hosts);
    advanceTo(run, 2600);
    const { raft } = hosts[before]!.replicas[0]!;
    expect(raft.isLeader).toBe(true); // it does not know better
    expect(leaderOf(hosts)).not.toBe(before);
    advanceTo(run, 2800);
    expect(raft.isLeader).toBe(false);
    expect(raft.leader).toBe(leaderOf(hosts) + 1);
    const result = runToEnd(run);
    expect(complaints(result)).toEqual([]);
    expect(result.metrics.raft).toMatchObject({ restarts: 0, leaderChanges: 1 });
  });
});

describe('the write-ahead log', () => {
  it('goes on in new segments and drops the old ones behind snapshots', () => {
    const purge = vi.spyOn(WriteAheadLog.prototype, 'purge');
    const { run, hosts } = watch({
      ms: 3000,
      value: 1000,
      wal: { segmentBytes: 65536, segmentsMax: 2 },
      raft: { snapshotEntries: 100, catchUpEntries: 10 },
      faults: powerCut(2500, 100, ['n1', 'n2', 'n3']),
    });
    expect(complaints(runToEnd(run))).toEqual([]);
    const removed = purge.mock.results.reduce((sum, { value }) => sum + (value as number), 0);
    expect(removed).toBeGreaterThan(10);
    for (const { machine } of hosts) {
      const segments = machine.disk.list('wal/').filter((name) => name.endsWith('.wal'));
      expect(segments.length).toBeGreaterThan(1);
      expect(segments.length).toBeLessThan(6);
      expect(segments[0]).not.toMatch(/0000000000000000-0000000000000000/);
    }
  });
});

describe('a failing disk', () => {
  it.each<[string, Sketch, RegExp]>([
    ['is too small for the log', { capacityBytes: 3e6 }, /^n1 stopped by itself: write-ahead log: no-space$/],
    [
      'fills up under the store',
      { capacityBytes: 6e6, wal: { segmentBytes: 1e6 }, value: 4000, keys: { count: 5000 }, clients: 20 },
      /^n\d stopped by itself: (write-ahead log|storage engine): no-space/,
    ],
  ])('that %s ends the run with a named failure', (_name, sketch, says) => {
    for (const { engine, machine } of STORES) {
      const result = play({ ms: 4000, load: { kind: 'closed', ratePerSMax: 1000 }, ...sketch, engine, machine });
      expect(result.ended).toBe('violation');
      expect(result.violations[0]).toMatchObject({ check: 'node-failure', what: expect.stringMatching(says) });
    }
  });

  it.each<[string, Sketch, RegExp]>([
    [
      'refuses writes',
      { faults: [at(1200, 500, 'io-error', { node: 'n2', read: 0, write: 0.1, sync: 0 })] },
      /^n2 stopped by itself: (write-ahead log|storage engine): io-error/,
    ],
    [
      'refuses to sync',
      { faults: [at(1200, 500, 'io-error', { node: 'n2', read: 0, write: 0, sync: 0.1 })] },
      /^n2 stopped by itself: (write-ahead log|storage engine): io-error/,
    ],
    [
      'cannot be read when the node starts again',
      {
        faults: [
          at(1200, 200, 'crash', { node: 'n2' }),
          at(1300, 500, 'io-error', { node: 'n2', read: 1, write: 0, sync: 0 }),
        ],
      },
      /^n2 stopped by itself: (write-ahead log|storage engine|snapshot).*io-error/,
    ],
  ])('that %s stops its node, which says why; the others go on', (_name, sketch, says) => {
    for (const { engine, machine } of STORES) {
      const result = play({ ms: 4000, load: { kind: 'closed', ratePerSMax: 1000 }, ...sketch, engine, machine });
      expect(result.violations).toEqual([]);
      expect(result.ended).toBe('complete');
      const stopped = result.faultWindows.filter(({ fault }) => fault === 'node-failure');
      expect(stopped.map(({ label }) => label)).toEqual([expect.stringMatching(says)]);
      expect(result.metrics.operations.ok).toBeGreaterThan(1000);
    }
  });

  it('that lies about syncs leaves a store older than its log, which says so', () => {
    const { run, hosts } = watch({
      ms: 3000,
      raft: { snapshotEntries: 50, catchUpEntries: 10 },
      faults: [at(1500, 100, 'crash', { node: 'n2' })],
    });
    const isStore = (name: string | undefined): boolean => name?.startsWith('db-') ?? false;
    hosts[1]!.machine.disk.faults.add({
      name: 'lying sync',
      onSync: (file) => (isStore(file?.name) ? 'ok-volatile' : 'ok'),
    });
    const { violations, excused } = runToEnd(run);
    expect(violations).toEqual([]);
    expect(excused[0]?.what).toMatch(/^n2 stopped by itself: storage engine: /);
    expect(excused[0]?.reason).toMatch(/^disk forgot/);
  });

  it('that is slow shows where writes wait', () => {
    const calm = playWell({ ms: 1500 });
    const all = ['n1', 'n2', 'n3'].map((node) => at(700, 800, 'slow-disk', { node, factor: 50 }));
    const slow = playWell({ ms: 1500, faults: all });
    const walSync = (result: RunResult): number => result.metrics.latencyWaitsMs.put!.walSync!;
    const network = (result: RunResult): number => result.metrics.latencyWaitsMs.put!.network!;
    expect(walSync(slow)).toBeGreaterThan(10 * walSync(calm));
    expect(network(slow)).toBeLessThan(1.2 * network(calm));
  });
});

describe('reads', () => {
  const mix = { put: 0.2, get: 0.8 };

  it('of a lease spare the round to a quorum that safe ones make', () => {
    const [safe, lease] = (['safe', 'lease'] as const).map((readOnly) =>
      playWell({ ms: 1500, mix, raft: { readOnly } }),
    );
    const roundTripMs = 0.2;
    const saved = safe!.metrics.latencyMs.get!.p50 - lease!.metrics.latencyMs.get!.p50;
    expect(saved).toBeGreaterThan(0.9 * roundTripMs);
  });

  it.each(['safe', 'lease'] as const)('%s: outlive their leader', (readOnly) => {
    const result = playWell({ ms: 4000, mix, raft: { readOnly }, faults: [isolate(1200, 1200, 'leader')] });
    expect(result.metrics.raft.leaderChanges).toBe(1);
    expect(servedAfter(result, 3000)).toBe(true);
  });
});
