/** Short stories of processes that are killed, again and again, or run slowly, and what the cluster makes of it. */
import { describe, expect, it } from 'vitest';
import { advanceTo, at, complaints, leaderOf, play, runToEnd, watch } from './bed.ts';

const ENGINES = ['bolt', 'rocksdb', 'badger', 'ledger', 'faster'] as const;
const ALL = ['n1', 'n2', 'n3'];

describe('a kill', () => {
  it.each(ENGINES)('%s: of the leader is survived, and it comes back as a follower', (engine) => {
    const { run, hosts } = watch({ engine, ms: 2500, faults: [at(1200, 700, 'kill', { node: 'leader' })] });
    advanceTo(run, 1100);
    const before = leaderOf(hosts);
    const { raft } = hosts[before]!.replicas[0]!;
    advanceTo(run, 1250);
    expect(hosts[before]!.isUp).toBe(false);
    const result = runToEnd(run);
    expect(complaints(result)).toEqual([]);
    expect(hosts[before]!.replicas[0]!.raft).not.toBe(raft);
    expect(result.metrics.raft).toMatchObject({ restarts: 1, leaderChanges: 1 });
  });

  /** Names of a node's files that change when it goes down. */
  const changedBy = (what: 'kill' | 'crash'): string[] => {
    // the store is not synced within the time
    const { run, hosts } = watch({ engine: 'rocksdb', ms: 1500, backend: { batchIntervalNs: 5e9 } });
    advanceTo(run, 1000);
    const { disk } = hosts[0]!.machine;
    const contents = () => new Map(disk.list('').map((name) => [name, Buffer.from(disk.exportFile(name))]));
    const before = contents();
    hosts[0]![what]();
    const after = contents();
    return [...before.keys()].filter((name) => after.get(name)?.equals(before.get(name)!) !== true);
  };

  it('loses nothing that was written, where a power failure does', () => {
    expect(changedBy('kill')).toEqual([]);
    expect(changedBy('crash')).not.toEqual([]);
  });

  it.each(ENGINES)('%s: of all nodes together keeps what was acknowledged', (engine) => {
    const faults = ALL.map((node) => at(1200, 300, 'kill', { node }));
    const result = play({ engine, ms: 2500, mix: { put: 0.6, get: 0.2, delete: 0.2 }, faults });
    expect(complaints(result)).toEqual([]);
    expect(result.metrics.raft.restarts).toBe(3);
  });
});

describe('a crash loop', () => {
  it.each(['crash', 'kill'])('(%s) takes the node down many times, and leaves it up', (by) => {
    const parameters = { node: 'n2', by, up: 50e6, down: 10e6 };
    const { run, hosts } = watch({ ms: 2500, faults: [at(800, 1000, 'crash-loop', parameters)] });
    const result = runToEnd(run);
    expect(complaints(result)).toEqual([]);
    expect(hosts[1]!.isUp).toBe(true);
    expect(result.metrics.raft.restarts).toBeGreaterThan(8);
    expect(result.metrics.raft.restarts).toBeLessThan(35);
    expect(result.faultWindows.map(({ label }) => label)).toContain('crash-loop: n2');
  });

  it('that lasts to the end of the clients ends with them', () => {
    const { run, hosts } = watch({
      ms: 1500,
      faults: [at(800, 0, 'crash-loop', { node: 'n2', by: 'crash', up: 50e6, down: 50e6 })],
    });
    expect(complaints(runToEnd(run))).toEqual([]);
    expect(hosts[1]!.isUp).toBe(true);
  });
});

describe('a slow processor', () => {
  const median = (...factors: number[]): number => {
    const faults = factors.flatMap((factor) => ALL.map((node) => at(500, 0, 'slow-cpu', { node, factor })));
    const result = play({ ms: 1500, faults });
    expect(complaints(result)).toEqual([]);
    return result.metrics.latencyMs.put!.p50;
  };

  it('makes operations slower; of two at a time the slower counts', () => {
    const plain = median();
    const slow = median(40);
    expect(slow).toBeGreaterThan(plain * 2);
    expect(median(2, 40)).toBe(slow);
  });
});
