/**
 * Random clusters under random faults: none of the checks may say anything, nothing may throw, every run must
 * come to its end, and every store must be sound. 20 in a plain run; `RAFTLAB_RANDOM=1..2000` (or one seed) for more.
 */
import { describe, expect, it } from 'vitest';
import { parseSeedArgument } from '../../scenarios/seeds.ts';
import { complaints, runToEnd, watch } from './bed.ts';
import { randomCluster } from './random-cluster.ts';

const wanted = parseSeedArgument(process.env.RAFTLAB_RANDOM ?? '1..20');
if (!wanted.ok) throw new Error(`RAFTLAB_RANDOM ${wanted.problem}`);

describe('random faults', () => {
  const totals = { ok: 0, restarts: 0, leaderChanges: 0, snapshotsInstalled: 0 };

  it.each(wanted.seeds)('seed %i', (seed) => {
    const { run, hosts } = watch(randomCluster(seed));
    const result = runToEnd(run);
    expect(complaints(result)).toEqual([]);
    for (const host of hosts) expect(host.replicas[0]!.store.engine.check()).toEqual([]);
    const { operations, raft } = result.metrics;
    totals.ok += operations.ok;
    totals.restarts += raft.restarts;
    totals.leaderChanges += raft.leaderChanges;
    totals.snapshotsInstalled += raft.snapshotsInstalled;
  });

  it.skipIf(wanted.seeds.length < 20)('were felt, and the clusters worked all the same', () => {
    const runs = wanted.seeds.length;
    expect(totals.ok).toBeGreaterThan(300 * runs);
    expect(totals.restarts).toBeGreaterThan(runs / 2);
    expect(totals.leaderChanges).toBeGreaterThan(runs / 4);
    expect(totals.snapshotsInstalled).toBeGreaterThan(runs / 20);
  });
});
