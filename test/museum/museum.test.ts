/**
 * The quick form of the museum: each bug is found by its own check within the seeds that its scenario names; under the
 * seed that finds it, nobody complains when it is not planted.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exhibitOf, soundSpecOf, specOf } from '../../cli/museum/exhibit.ts';
import { BUG_NAMES, BUGS, bugsOf, NO_BUGS } from '../../sim/bugs.ts';
import { createRun } from '../../sim/cluster.ts';
import type { RunSpec } from '../../sim/run-spec.ts';
import { runToEnd } from '../cluster/bed.ts';
import { ROOT, sourceFiles } from '../source-files.ts';

const firstComplaint = (spec: RunSpec): string | undefined => runToEnd(createRun(spec)).violations[0]?.check;

describe('the museum', () => {
  it.each(BUGS)('$name is found by $check, and by nobody where it is not planted', (bug) => {
    const exhibit = exhibitOf(bug);
    const { name, seeds, variants } = exhibit.scenario;
    expect(name).toBe(bug.name);
    expect(variants).toHaveLength(1);
    expect(variants[0]!.cluster.bugs).toEqual([bug.name]);
    expect(variants[0]!.end.timeNs).toBeLessThanOrEqual(10e9);
    expect(seeds.length).toBeLessThanOrEqual(3);
    const finding = seeds.find((seed) => firstComplaint(specOf(exhibit, seed)) === bug.check);
    expect(finding, 'a seed that finds it').toBeDefined();
    expect(firstComplaint(soundSpecOf(exhibit, finding!))).toBeUndefined();
  });

  it('has a scenario for each bug, and no other', () => {
    const files = readdirSync(join(ROOT, 'scenarios/museum')).sort((a, b) => (a < b ? -1 : 1));
    expect(files).toEqual(BUG_NAMES.map((name) => `${name}.yaml`).sort((a, b) => (a < b ? -1 : 1)));
  });

  it.each(BUGS)('$name is planted in $place', ({ name, place }) => {
    const planted = sourceFiles(['sim', 'engines']).filter(({ text }) => text.includes(`bugs['${name}']`));
    expect(planted.map(({ path }) => path)).toContain(place);
  });

  it('plants nothing that is not named', () => {
    expect(Object.values(NO_BUGS)).toEqual(BUG_NAMES.map(() => false));
    const planted = Object.entries(bugsOf(['figure-8'])).filter(([, isPlanted]) => isPlanted);
    expect(planted).toEqual([['figure-8', true]]);
  });
});
