/** Members come and go while clients write: nothing is lost, those that are left agree, and a restart finds its configuration. */
import { describe, expect, it } from 'vitest';
import { AcknowledgedWrites } from '../../sim/checkers/acknowledged-writes.ts';
import { MILLISECOND } from '../../sim/clock.ts';
import { createRun } from '../../sim/cluster.ts';
import { findFault } from '../../sim/faults/index.ts';
import { decodeMemberId, encodeMemberId, machineOf, memberId } from '../../sim/nodes/member-id.ts';
import {
  advanceTo,
  at,
  clusterOf,
  complaints,
  isolate,
  leaderOf,
  play,
  powerCut,
  runToEnd,
  type Sketch,
  watch,
} from './bed.ts';

const SKETCH: Sketch = { ms: 6000, settleMs: 8000, mix: { put: 0.7, get: 0.3 }, timeoutMs: 300 };

/** What the leader has in force at the end: `1 2 3`, or `1 3 + 66` with a learner. */
function membersAfter(sketch: Sketch): string {
  const { run, hosts } = watch({ ...SKETCH, ...sketch });
  const result = runToEnd(run);
  expect(complaints(result)).toEqual([]);
  expect(result.metrics.operations.ok).toBeGreaterThan(800);
  const { voters, learners } = run.protocols()[leaderOf(hosts)]!.configuration;
  return [voters.join(' '), ...learners].join(' + ');
}

const replace = (atMs: number, node: string, learner = true) => at(atMs, 100, 'replace-member', { node, learner });

describe.each([true, false])('as a learner first: %s', (learner) => {
  const STORIES: readonly (readonly [story: string, sketch: Sketch, voters: string | RegExp])[] = [
    ['a spare joins, and leaves at the end', { spares: 1, faults: [at(1500, 0, 'add-member', { learner })] }, '1 2 3'],
    [
      'a spare leaves before its joining is committed',
      {
        spares: 1,
        clients: 50,
        network: { latencyNs: 30 * MILLISECOND },
        faults: [at(1500, 1, 'add-member', { learner })],
      },
      '1 2 3',
    ],
    ['a spare joins and leaves', { spares: 1, faults: [at(1500, 1500, 'add-member', { learner })] }, '1 2 3'],
    ['a follower leaves', { faults: [at(1500, 1500, 'remove-member', { node: 'follower', learner })] }, /6[56]/],
    ['the leader leaves', { faults: [at(1500, 1500, 'remove-member', { node: 'leader', learner })] }, /6[567]/],
    ['a follower is replaced', { faults: [replace(1500, 'follower', learner)] }, /6[56]/],
    ['the leader is replaced', { faults: [replace(1500, 'leader', learner)] }, /6[567]/],
    [
      'all are replaced, one after the other, one twice',
      { faults: [...[1, 2, 3].map((n) => replace(n * 1100, `n${n}`, learner)), replace(4500, 'n1', learner)] },
      '66 67 129',
    ],
    [
      'one is replaced while it is down',
      { faults: [at(1500, 1500, 'crash', { node: 'n2' }), replace(1800, 'n2', learner)] },
      '1 3 66',
    ],
    [
      'one is replaced behind a partition',
      { faults: [isolate(1500, 2000, 'n2'), replace(1600, 'n2', learner)] },
      '1 3 66',
    ],
  ];
  it.each(STORIES)('%s', (_, sketch, voters) => {
    expect(membersAfter(sketch)).toMatch(voters);
  });
});

it('a leader that its own removal meets on a disk that fails is gone at once, and the others remove it', () => {
  const faults = [at(1500, 0, 'read-only', { node: 'leader' }), at(1500, 0, 'remove-member', { node: 'leader' })];
  expect(membersAfter({ spares: 1, load: { kind: 'closed', ratePerSMax: 400 }, ms: 5000, faults })).toMatch(/6[567]/);
});

it('who joins a cluster that was preloaded gets an image before anything else', () => {
  const faults = [replace(1500, 'n2'), at(1500, 2000, 'add-member', {})];
  expect(membersAfter({ spares: 1, preload: 200, faults })).toBe('1 3 66');
});

it('who joins when the log does not reach back gets an image', () => {
  const raft = { snapshotEntries: 100, catchUpEntries: 10 };
  expect(membersAfter({ raft, faults: [replace(3000, 'n2'), replace(4000, 'n3')] })).toBe('1 66 67');
});

it.each([100_000, 50])(
  'all lose their power after changes: the configuration is on disk (marks every %s)',
  (entries) => {
    const raft = { snapshotEntries: entries, catchUpEntries: 10 };
    const cut = powerCut(4000, 300, ['n1', 'n2', 'n3', 'n4']);
    const faults = [replace(1500, 'n2'), at(2000, 0, 'add-member', {}), ...cut];
    expect(membersAfter({ raft, spares: 1, faults })).toBe('1 3 66');
  },
);

it('who was removed while it was down is told so by the others, and ends', () => {
  const { run, hosts } = watch({
    ...SKETCH,
    ms: 8000,
    faults: [at(1500, 2000, 'crash', { node: 'n3' }), at(2000, 5500, 'remove-member', { node: 'n3' })],
  });
  advanceTo(run, 3700);
  const [, , third] = hosts;
  expect(third!.isUp).toBe(true);
  expect(third!.replicas[0]!.raft.configuration.voters).toEqual([1, 2, 3]);
  advanceTo(run, 7000);
  expect(third!.isAlive).toBe(false);
  const result = runToEnd(run);
  expect(complaints(result)).toEqual([]);
  expect(result.faultWindows.map(({ label }) => label)).toContain('n3 left the cluster');
});

/** Two lose their disks one after the other, while the third, which has everything, is down. */
const disksLost = (fault: string): Sketch => ({
  ...SKETCH,
  ms: 8000,
  faults: [
    at(2500, 2000, 'crash', { node: 'n1' }),
    at(2600, 300, fault, { node: 'n2' }),
    at(2800, 300, fault, { node: 'n3' }),
  ],
});

it('two wiped disks forget their votes and what was acknowledged, and that is told as what it is', () => {
  const { violations, excused } = play(disksLost('wiped-disk'));
  expect(violations).toEqual([]);
  expect(excused.map(({ check, reason }) => [check, reason])).toEqual([['one-leader-per-term', 'disk forgot']]);
  // the run ends there; if nobody looks at elections it goes on
  const writesOnly = createRun(clusterOf(disksLost('wiped-disk')), undefined, [
    (report, settings) => new AcknowledgedWrites(report, settings.keys),
  ]);
  expect(runToEnd(writesOnly).excused.map(({ check }) => check)).toEqual(['acknowledged-writes']);
});

it('two replaced members lose nothing', () => {
  expect(complaints(play(disksLost('replace-member')))).toEqual([]);
});

it('a wiped node stops when the leader tells it of what it had', () => {
  const { violations, excused, faultWindows } = play({
    ...SKETCH,
    faults: [at(2000, 300, 'wiped-disk', { node: 'n2' })],
  });
  expect([...violations, ...excused]).toEqual([]);
  const stopped = expect.stringMatching(/^n2 stopped by itself: raft: commit beyond the log/);
  expect(faultWindows.map(({ label }) => label)).toContainEqual(stopped);
});

it('an id tells its machine, in any incarnation', () => {
  for (const machine of [0, 1, 63]) {
    for (const incarnation of [0, 1, 2, 700]) {
      const id = memberId(machine, incarnation);
      expect(machineOf(id)).toBe(machine);
      expect(decodeMemberId(encodeMemberId(id))).toBe(id);
    }
  }
  expect([memberId(0, 0), memberId(1, 1), machineOf(0)]).toEqual([1, 66, -1]);
});

it.each([
  [{}, 0, 'left out: no spare machine; allowed: cluster.spares from 1'],
  [{ node: 'n2' }, 2, 'n2: no spare machine; allowed: n4 to n5'],
  [{ node: 'leader' }, 1, 'leader: no spare machine; allowed: n4'],
  [{ node: 'n4' }, 1, undefined],
  [{}, 1, undefined],
] as const)('add-member on %j with %s spares', (parameters, spares, what) => {
  expect(findFault('add-member')!.check!(parameters, 3, spares)?.what).toBe(what);
});
