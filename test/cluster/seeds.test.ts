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

function specsOf(name: string, seeds: string): RunSpec[] {
  const file = `${name}.yaml`;
  const loaded = loadScenario(file, readFileSync(join(ROOT, 'scenarios', file), 'utf8'), {
    catalogue: CATALOGUE,
    seeds,
  });
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  return runSpecs(loaded.scenario);
}
