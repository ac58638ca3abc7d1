/**
 * The liveness phase: who is healed, what is due then, and which facts excuse that it does not come; and which facts
 * excuse what is lost. Each excuse beside a run that lacks the fact.
 */
import { describe, expect, it } from 'vitest';
import type { DiskFault } from '../../sim/disk/faults/index.ts';
import { regionBytes } from '../../sim/nodes/wal/identifiers.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import type { RunResult } from '../../sim/result.ts';
import type { FaultSpec } from '../../sim/run-spec.ts';
import { at, isolate, play, powerCut, runToEnd, watch } from './bed.ts';

const ALL = ['n1', 'n2', 'n3'];

/** From `ms` until the clients stop, and for damage until the end of the run. */
const on = (nodes: readonly string[], ms: number, fault: string, parameters: ParameterValues): FaultSpec[] =>
  nodes.map((node) => at(ms, 0, fault, { node, ...parameters }));

const verdict = ({ ended, violations, excused }: RunResult): string =>
  [
    ended,
    ...violations.map(({ check }) => `violation: ${check}`),
    ...excused.map(({ reason, check }) => `${reason}: ${check}`),
  ].join('; ');

describe('progress is excused', () => {
  it.each([
    ['one disk of three', ['n2'], 'complete'],
    ['two disks of three', ['n2', 'n3'], 'excused; no quorum: progress'],
    ['all', ALL, 'excused; no quorum: progress'],
  ])('without a quorum: logs that cannot be read, on %s', (_, nodes, expected) => {
    const faults = [
      ...on(nodes, 1000, 'latent-sector-error', { sectors: 1, area: 'log' }),
      ...powerCut(1500, 200, ALL),
    ];
    const result = play({ ms: 3000, settleMs: 2000, timeoutMs: 200, faults });
    expect(verdict(result)).toBe(expected);
    for (const { because } of result.excused)
      expect(because).toMatch(/^[23] of 3 nodes have stopped \(n[12]: write-ahead log: /);
  });

  it.each([
    ['two of three', 2, ALL, 'complete'],
    ['every copy', 3, ALL, 'excused; entry lost on every copy: progress'],
    ['every copy, on one by no fault', 3, ['n1', 'n2'], 'violation; violation: progress'],
  ])('if an entry is lost: redundant logs damaged in one place on %s', (_, nodes, struck, expected) => {
    // the damage itself is done by hand, to one place on all
    const faults = [...on(struck, 1000, 'bit-rot', { sectors: 0 }), ...powerCut(1500, 200, ALL)];
    const { run, hosts } = watch({
      ms: 3000,
      settleMs: 4000,
      timeoutMs: 200,
      integrity: 'redundant',
      faults,
      ...LOG_ONLY,
    });
    while (run.now < 1.4e9 && run.advance(10));
    for (const host of hosts.slice(0, nodes)) host.machine.disk.faults.add(rotBehind(regionBytes(64_000_000)));
    const result = runToEnd(run);
    expect(verdict(result)).toBe(expected);
    for (const { because } of result.excused) expect(because).toMatch(/^no node holds a whole copy of entry \d+$/);
  });

  it.each([
    ['and the third has kept up', [], 'complete'],
    ['and the third was away meanwhile: it gives its own', [at(1200, 0, 'crash', { node: 'n1' })], 'complete'],
  ])('if two redundant stores of three are lost, %s', (_, absence, expected) => {
    const stores = ['n2', 'n3'];
    const faults = [
      ...absence,
      ...stores.map((node) => at(1400, 500, 'latent-sector-error', { node, sectors: 1, area: 'store' })),
      ...powerCut(1500, 200, absence.length > 0 ? stores : ALL),
    ];
    const result = play({
      ms: 3000,
      settleMs: 4000,
      timeoutMs: 200,
      raft: { snapshotEntries: 50, catchUpEntries: 10 },
      integrity: 'redundant',
      faults,
    });
    expect(verdict(result)).toBe(expected);
  });

  it('if no store is left', () => {
    const faults = [
      ...powerCut(1500, 200, ALL),
      // only while they start: a store that is written anew is read in places that it never wrote
      ...ALL.map((node) => at(1600, 300, 'latent-sector-error', { node, sectors: 1, area: 'store' })),
    ];
    const result = play({ ms: 3000, settleMs: 4000, timeoutMs: 200, integrity: 'redundant', faults });
    expect(verdict(result)).toBe('excused; nobody may lead: progress');
    expect(result.excused[0]!.because).toMatch(/^n1, n2, n3 wait for a store, nobody has one as new, /);
  });

  it('not because a fault was there: a cluster that is cut apart by itself is none', () => {
    const { run, hosts } = watch({ ms: 2000, settleMs: 1000, faults: on(['n2'], 500, 'bit-rot', { sectors: 0 }) });
    // as a bug would: no node ever campaigns again
    while (run.now < 1.9e9 && run.advance(100));
    for (const host of hosts) host.pause();
    expect(verdict(runToEnd(run))).toBe('violation; violation: progress');
  });
});

/** So that no store holds what the logs have lost. */
const LOG_ONLY = { backend: { batchIntervalNs: 60e9 } };

/** One wrong bit in each of 40 sectors of the Raft log from `start` on. */
function rotBehind(start: number): DiskFault {
  return {
    name: 'rot',
    onContent(file, offset, content) {
      if (file.category !== 'wal') return false;
      const bytes = content.toBytes();
      for (let place = start + 4096 + 300; place < start + 4096 + 40 * 512; place += 512) {
        if (place >= offset && place - offset < bytes.length) bytes[place - offset]! ^= 1;
      }
      content.reset().bytes(bytes);
      return true;
    },
  };
}

describe('what is lost is excused', () => {
  const lying = (nodes: readonly string[]): FaultSpec[] =>
    on(nodes, 500, 'lying-sync', { probability: 1, area: 'log' });

  it('by disks that forgot', () => {
    const faults = [...lying(ALL), ...powerCut(1500, 200, ALL)];
    const results = [1, 2, 3, 4, 5, 6].map((seed) => play({ seed, ms: 2500, timeoutMs: 200, faults }));
    expect(results.map(verdict).filter((text) => text.includes('violation'))).toEqual([]);
    const excused = results.flatMap((result) => result.excused);
    expect(excused.length).toBeGreaterThan(2);
    for (const { reason } of excused) expect(reason).toBe('disk forgot');
    expect(excused[0]!.because).toMatch(/^n1(, n[23])* restarted without what syncs had said was durable$/);
  });

  it('by nothing as long as the power stays on', () => {
    const faults = [...lying(ALL), ...ALL.map((node) => at(1500, 200, 'kill', { node }))];
    expect(verdict(play({ ms: 2500, timeoutMs: 200, faults }))).toBe('complete');
  });

  it.each(['lost-write', 'misdirected-write'])('by %s', (fault) => {
    const faults = [...on(ALL, 500, fault, { probability: 0.2, area: 'all' }), ...powerCut(1500, 200, ALL)];
    const results = [1, 2, 3, 4, 5, 6].map((seed) => play({ seed, ms: 2500, settleMs: 2000, timeoutMs: 200, faults }));
    expect(results.map(verdict).filter((text) => text.includes('violation'))).toEqual([]);
    expect(results.flatMap((result) => result.excused).length).toBeGreaterThan(2);
  });

  it('by damage that bolt has no checksum for, and RocksDB has', () => {
    const played = (engine: string, seed: number): RunResult => {
      const faults = on(['n1', 'n2', 'n3'], 1000, 'bit-rot', { sectors: 0.2, area: 'store' });
      const mix = { put: 0.3, get: 0.7 };
      return play({ engine, seed, ms: 2500, settleMs: 2000, timeoutMs: 200, mix, preload: 200, faults });
    };
    const bolt = [1, 2, 3, 4].map((seed) => verdict(played('bolt', seed)));
    expect(bolt.filter((text) => text.includes('violation'))).toEqual([]);
    expect(bolt.filter((text) => text.includes('unchecked damage')).length).toBeGreaterThan(0);
    const rocksdb = [1, 2, 3, 4].map((seed) => verdict(played('rocksdb', seed)));
    expect(rocksdb.filter((text) => text.includes('violation') || text.includes('unchecked'))).toEqual([]);
  });
});

describe('the liveness phase', () => {
  it('starts nodes again that had stopped by themselves', () => {
    const { run, hosts } = watch({ ms: 2500, timeoutMs: 200, faults: on(['n2'], 1000, 'read-only', {}) });
    while (run.now < 2.4e9 && run.advance(100));
    expect(hosts[1]!.isUp).toBe(false);
    expect(verdict(runToEnd(run))).toBe('complete');
    expect(hosts.map((host) => host.isUp)).toEqual([true, true, true]);
  });

  it('heals everybody, or a quorum and leaves the others as they are', () => {
    const faults = [
      at(1000, 0, 'pause', { node: 'n1' }),
      at(1000, 0, 'crash', { node: 'n2' }),
      isolate(1000, 0, 'n3'),
      at(1000, 0, 'crash', { node: 'n4' }),
    ];
    const ends = (liveness: 'all' | 'quorum', seed: number) => {
      const { run, hosts } = watch({ seed, nodes: 5, ms: 2000, timeoutMs: 200, liveness, faults });
      const text = verdict(runToEnd(run));
      return { text, well: hosts.map((host) => (host.isUp && !host.isPaused ? 1 : 0)) };
    };
    expect(ends('all', 1)).toEqual({ text: 'complete', well: [1, 1, 1, 1, 1] });
    const quorums = [1, 2, 3, 4, 5, 6].map((seed) => ends('quorum', seed));
    for (const { text, well } of quorums) {
      expect(text).toBe('complete');
      expect(well.reduce<number>((sum, isWell) => sum + isWell, 0)).toBeGreaterThanOrEqual(3);
    }
    expect(new Set(quorums.map(({ well }) => well.join())).size).toBeGreaterThan(2);
    expect(quorums.some(({ well }) => well.includes(0))).toBe(true);
  });

  it('passes over a node with a bad disk where it can', () => {
    for (const seed of [1, 2, 3, 4, 5, 6]) {
      const faults = [...on(['n2'], 1000, 'read-only', {}), ...on(['n3'], 1000, 'slow-disk', { factor: 3 })];
      const { run, hosts } = watch({ seed, ms: 2000, timeoutMs: 200, liveness: 'quorum', faults });
      expect(verdict(runToEnd(run))).toBe('complete');
      expect(hosts.map((host) => host.isUp)).toEqual([true, false, true]);
    }
  });
});
