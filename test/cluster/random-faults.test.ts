/**
 * Random clusters under random faults: none of the checks may say anything, nothing may throw, every run must
 * come to its end. 20 in a plain run; `RAFTLAB_RANDOM=1..2000` (or one seed) for more.
 */
import { describe, expect, it } from 'vitest';
import { parseSeedArgument } from '../../scenarios/seeds.ts';
import { complaints, play } from './bed.ts';
import { randomCluster } from './random-cluster.ts';

const wanted = parseSeedArgument(process.env.RAFTLAB_RANDOM ?? '1..20');
if (!wanted.ok) throw new Error(`RAFTLAB_RANDOM ${wanted.problem}`);

describe('random faults', () => {
  it.each(wanted.seeds)('seed %i', { timeout: 120_000 }, (seed) => {
    const result = play(randomCluster(seed));
    expect(complaints(result)).toEqual([]);
    expect(result.metrics.operations.ok).toBeGreaterThan(0);
  });
});
