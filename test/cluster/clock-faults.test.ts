/** Short stories of clocks that go wrong: elections come early or late, and safe reads stay right. */
import { describe, expect, it } from 'vitest';
import type { ParameterValues } from '../../sim/parameters.ts';
import type { RunResult } from '../../sim/result.ts';
import type { FaultSpec } from '../../sim/run-spec.ts';
import { advanceTo, at, complaints, isolate, leaderOf, play, runToEnd, watch } from './bed.ts';

const MIX = { put: 0.5, get: 0.5 };

function playWell(faults: readonly FaultSpec[]): RunResult {
  const result = play({ ms: 3500, target: 'all', mix: MIX, keys: { count: 5 }, faults });
  expect(complaints(result)).toEqual([]);
  return result;
}

/** When, after the leader was cut off at 2 s, another one leads, in ms. */
function takeoverMs(fault: string, parameters: ParameterValues): number {
  const nodes = ['n1', 'n2', 'n3'];
  const faults = nodes.map((node) => at(1900, 0, fault, { ...parameters, node }));
  const { run, hosts } = watch({ ms: 9000, seed: 3, faults: [...faults, isolate(2000, 0, 'leader')] });
  advanceTo(run, 1999);
  const before = leaderOf(hosts);
  const term = hosts[before]!.replicas[0]!.raft.term;
  let now = 2000;
  const isOver = (): boolean =>
    hosts.some((host) => host.replicas[0]!.raft.isLeader && host.replicas[0]!.raft.term > term);
  while (!isOver() && now < 9000) advanceTo(run, ++now);
  return now - 2000;
}

describe('a clock', () => {
  it('that is fast or slow makes elections early or late, by as much', () => {
    const plain = takeoverMs('clock-drift', { ppm: 0 });
    const slow = takeoverMs('clock-drift', { ppm: -500_000 });
    const fast = takeoverMs('clock-drift', { ppm: 1_000_000 });
    expect(plain).toBeGreaterThan(400);
    expect(plain).toBeLessThan(1100);
    expect(slow / plain).toBeGreaterThan(1.8);
    expect(fast / plain).toBeLessThan(0.6);
  });

  it('that jumps forwards makes a follower stand for election at once, which disturbs nobody', () => {
    const sketch = { ms: 3000, faults: [at(2000, 500, 'clock-step', { node: 'follower', ms: 60_000 })] };
    const { run, hosts } = watch(sketch);
    advanceTo(run, 1999);
    const leader = leaderOf(hosts);
    const terms = hosts.map((host) => host.replicas[0]!.raft.term);
    const result = runToEnd(run);
    expect(complaints(result)).toEqual([]);
    expect(leaderOf(hosts)).toBe(leader);
    expect(hosts.map((host) => host.replicas[0]!.raft.term)).toEqual(terms);
    expect(result.metrics.raft.leaderChanges).toBe(0);
  });

  it('that jumps back holds up the heartbeats of a leader, so that another is elected', () => {
    // almost idle: appends would be signs of life, too
    const load = { kind: 'closed', ratePerSMax: 1 } as const;
    const result = play({ ms: 4000, load, faults: [at(2000, 1500, 'clock-offset', { node: 'leader', ms: -60_000 })] });
    expect(complaints(result)).toEqual([]);
    expect(result.metrics.raft.leaderChanges).toBeGreaterThanOrEqual(1);
  });

  it.each([
    ['clock-drift', { ppm: 9_000_000 }],
    ['clock-drift', { ppm: -900_000 }],
    ['clock-offset', { ms: 5000 }],
    ['clock-step', { ms: -5000 }],
    ['clock-strobe', { ms: 700, period: 50e6 }],
    ['clock-strobe', { ms: -700, period: 150e6 }],
  ])('%s %o: safe reads stay right, in the middle of a partition and a pause', (fault, parameters) => {
    const faults = (node: string) => [
      at(1000, 2500, fault, { node, ...parameters }),
      isolate(1500, 1000, 'leader'),
      at(1700, 300, 'pause', { node }),
    ];
    for (const node of ['leader', 'follower']) playWell(faults(node));
  });

  it('is right again when an offset or a strobe is lifted; a step stays, and so does what a drift has gained', () => {
    const shown = (fault: string, parameters: ParameterValues): number => {
      const { run, hosts } = watch({ ms: 2500, faults: [at(1000, 1001, fault, { node: 'n1', ...parameters })] });
      runToEnd(run);
      return (hosts[0]!.machine.clock.read(run.now) - run.now) / 1e6;
    };
    expect(shown('clock-offset', { ms: 5000 })).toBe(0);
    expect(shown('clock-strobe', { ms: 5000, period: 100e6 })).toBe(0);
    expect(shown('clock-step', { ms: 5000 })).toBe(5000);
    expect(shown('clock-drift', { ppm: 100_000 })).toBe(100.1);
  });
});
