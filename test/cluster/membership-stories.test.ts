/** One change of the membership at a time, looked at closely: who votes when, who leads, who ends, and what a crash amid it leaves. */
import { describe, expect, it } from 'vitest';
import { advanceTo, at, complaints, isolate, leaderOf, powerCut, runToEnd, type Sketch, watch } from './bed.ts';

const SKETCH: Sketch = { ms: 5000, settleMs: 8000, mix: { put: 0.7, get: 0.3 }, timeoutMs: 300 };

it('a learner is promoted only when it holds nine tenths of the log', () => {
  const faults = [at(3000, 0, 'add-member', { node: 'n4', learner: true })];
  const { run, hosts } = watch({ ...SKETCH, spares: 1, network: { latencyNs: 5e6 }, faults });
  let seenLearning = 0;
  for (let ms = 3000; ms < 4500; ms++) {
    advanceTo(run, ms);
    const leader = hosts[leaderOf(hosts)]!.replicas[0]!.raft;
    const { learners, voters } = leader.configuration;
    if (voters.includes(4)) break;
    if (learners.includes(4)) seenLearning++;
  }
  expect(seenLearning).toBeGreaterThan(20);
  const { tracker, log } = hosts[leaderOf(hosts)]!.replicas[0]!.raft.state;
  expect(tracker.configuration.voters).toEqual([1, 2, 3, 4]);
  expect(tracker.find(4)!.match).toBeGreaterThan(0.9 * log.lastIndex());
  expect(complaints(runToEnd(run))).toEqual([]);
});

it('a removed leader ends, and another is elected', () => {
  const { run, hosts } = watch({
    ...SKETCH,
    faults: [at(2000, 3000, 'remove-member', { node: 'leader', learner: true })],
  });
  advanceTo(run, 1999);
  const before = leaderOf(hosts);
  const term = hosts[before]!.replicas[0]!.raft.term;
  advanceTo(run, 4500);
  const after = hosts[leaderOf(hosts)]!;
  expect(hosts[before]!.isAlive).toBe(false);
  expect(after.node).not.toBe(before);
  expect(after.replicas[0]!.raft.term).toBeGreaterThan(term);
  expect(after.replicas[0]!.raft.configuration.voters).not.toContain(before + 1);
  expect(complaints(runToEnd(run))).toEqual([]);
});

it('a member that missed its removal asks before it campaigns, is told, and disturbs nobody', () => {
  const { run, hosts } = watch({
    ...SKETCH,
    ms: 7000,
    faults: [isolate(2000, 2000, 'n1'), at(2100, 4900, 'remove-member', { node: 'n1', learner: true })],
  });
  advanceTo(run, 1999);
  const leader = hosts[leaderOf(hosts)]!;
  const { term } = leader.replicas[0]!.raft;
  advanceTo(run, 3900);
  expect(leader.node).not.toBe(0);
  expect(hosts[0]!.replicas[0]!.raft.roleName).toBe('pre-candidate');
  advanceTo(run, 6500);
  expect(hosts[0]!.isAlive).toBe(false);
  expect(leader.replicas[0]!.raft.term).toBe(term);
  expect(leader.replicas[0]!.raft.isLeader).toBe(true);
  expect(complaints(runToEnd(run))).toEqual([]);
});

it('a replaced member has an id of its own and begins with an image, if the store did', () => {
  const { run, hosts } = watch({
    ...SKETCH,
    preload: 100,
    faults: [at(2000, 100, 'replace-member', { node: 'n2', learner: true })],
  });
  advanceTo(run, 1999);
  const { raft, snapshots } = hosts[1]!.replicas[0]!;
  expect([raft.id, snapshots.installed]).toEqual([2, 0]);
  const result = runToEnd(run);
  const second = hosts[1]!.replicas[0]!;
  expect([second.raft.id, second.snapshots.installed]).toEqual([66, 1]);
  expect(complaints(result)).toEqual([]);
});

it('a spare that nobody adds stays empty', () => {
  const { run, hosts } = watch({ ...SKETCH, ms: 2000, spares: 2 });
  expect(complaints(runToEnd(run))).toEqual([]);
  expect(hosts.map(({ node }) => node)).toEqual([0, 1, 2]);
});

// the change is appended, on its way, saved, committed or applied when everything stops
describe.each([0, 1, 2, 4, 8])('%s ms after a change was proposed', (ms) => {
  const slow: Sketch = { ...SKETCH, spares: 1, network: { latencyNs: 2e6 } };
  const join = at(2000, 0, 'add-member', { node: 'n4', learner: true });

  it('the leader is killed: the change comes about all the same', () => {
    const { run, hosts } = watch({ ...slow, faults: [join, at(2000 + ms, 1000, 'kill', { node: 'leader' })] });
    advanceTo(run, 4900);
    expect(hosts[leaderOf(hosts)]!.replicas[0]!.raft.configuration.voters).toEqual([1, 2, 3, 4]);
    expect(complaints(runToEnd(run))).toEqual([]);
  });

  it('the power fails everywhere: all agree on what was changed', () => {
    const { run, hosts } = watch({ ...slow, faults: [join, ...powerCut(2000 + ms, 400, ['n1', 'n2', 'n3', 'n4'])] });
    advanceTo(run, 4900);
    for (const host of hosts) expect(host.replicas[0]!.raft.configuration.voters).toEqual([1, 2, 3, 4]);
    expect(complaints(runToEnd(run))).toEqual([]);
  });
});

it.each([
  [true, [1, 2, 3]],
  [false, [1, 2, 3, 4]],
] as const)(
  'one of three is down: with strictReconfig %s the voters beside a new one are %j',
  (strictReconfig, voters) => {
    const faults = [at(1500, 2500, 'crash', { node: 'follower' }), at(2500, 0, 'add-member', { learner: false })];
    const { run, hosts } = watch({ ...SKETCH, spares: 1, strictReconfig, faults });
    advanceTo(run, 3900);
    expect(hosts[leaderOf(hosts)]!.replicas[0]!.raft.configuration.voters).toEqual(voters);
    expect(complaints(runToEnd(run))).toEqual([]);
  },
);
