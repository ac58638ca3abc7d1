/**
 * The shipped `partition` and `toxics` under many seeds: no check may speak. 10 seeds each in a plain run;
 * `RAFTLAB_SEEDS=1..200` for more.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { loadScenario, runSpecs } from '../../scenarios/loader.ts';
import { createRun } from '../../sim/cluster.ts';
import type { RunSpec } from '../../sim/run-spec.ts';
import { ROOT } from '../source-files.ts';
import { complaints, runToEnd } from './bed.ts';

describe.each(['partition', 'toxics'])('%s', (name) => {
  it.each(specsOf(name, process.env.RAFTLAB_SEEDS ?? '1..10').map((spec) => [spec.seed, spec] as const))(
    'seed %i',
    (_seed, spec) => {
      const result = runToEnd(createRun(spec));
      expect(complaints(result)).toEqual([]);
      expect(result.metrics.operations.ok).toBeGreaterThan(1000);
      // every fault found something to do, and the toxics or partitions were felt
      expect(result.faultWindows.length).toBeGreaterThanOrEqual(spec.faults.length - 1);
      expect(result.metrics.operations.retries).toBeGreaterThan(0);
    },
  );
});

/** Lost its root's second half: bolt wrote the new root's place into an array that had just been replaced. */
it('toxics, seed 153', () => {
  for (const spec of specsOf('toxics', '153')) expect(complaints(runToEnd(createRun(spec)))).toEqual([]);
});

const SLOW_DISKS = `
name: slow-disks
why: Snapshots are frequent and disks slow, so that much happens between the making of one and its saving.
cluster:
  stateMachine: raw
  disk: hdd
  engine: { name: badger, options: { memtable_wal: true, sync_writes: false, max_table_size: 64KiB } }
  raft: { electionTimeout: 200ms, heartbeatInterval: 40ms, snapshotEntries: 100, catchUpEntries: 10 }
workload: { clients: 20, value: 1KiB, keys: { count: 500 }, timeout: 300ms }
end: { after: 4s, settle: 3s }
faults:
  - { at: 1200ms, for: 200ms, crash: { node: follower } }
  - { at: 1800ms, for: 200ms, crash: { node: leader } }
  - { at: 2600ms, for: 200ms, crash: { node: follower } }
  - { at: 3300ms, for: 200ms, crash: { node: leader } }
`;

/**
 * 11 and 75: a node came back with a store that was ahead of what it knew to be committed, made a snapshot of it at once,
 * and cut its log where nothing was applied yet. 4 and 21: a check took a log for cut off whose snapshot came into use
 * after entries had been appended behind it.
 */
it.each([11, 75, 4, 21])('slow disks, seed %i', (seed) => {
  const loaded = loadScenario('slow-disks', SLOW_DISKS, { catalogue: CATALOGUE, seeds: String(seed) });
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  for (const spec of runSpecs(loaded.scenario)) expect(complaints(runToEnd(createRun(spec)))).toEqual([]);
});

const LEASE = `
name: lease
why: A leader is cut off from the others, and clients still reach it.
cluster: { nodes: 3, stateMachine: raw, disk: nvme, raft: { readOnly: lease } }
workload:
  clients: 20
  target: all
  mix: { put: 50 %, get: 50 % }
  keys: { count: 3 }
  value: 16B
  timeout: 300ms
  load: { open: 200/s }
end: { after: 8s, settle: 5s }
faults:
  - { at: 2s, for: 3s, partition: { shape: isolate, node: leader } }
`;

/** Leases lasted as long as the leader led, which is longer than it takes to elect another: stale reads by perfect clocks. */
it.each([23, 28])('lease, seed %i', (seed) => {
  const loaded = loadScenario('lease', LEASE, { catalogue: CATALOGUE, seeds: String(seed) });
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  for (const spec of runSpecs(loaded.scenario)) expect(complaints(runToEnd(createRun(spec)))).toEqual([]);
});

function specsOf(name: string, seeds: string): RunSpec[] {
  const file = `${name}.yaml`;
  const loaded = loadScenario(file, readFileSync(join(ROOT, 'scenarios', file), 'utf8'), {
    catalogue: CATALOGUE,
    seeds,
  });
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  return runSpecs(loaded.scenario);
}
