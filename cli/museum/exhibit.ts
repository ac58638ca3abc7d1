/** A bug together with the scenario that finds it. */
import { readFileSync } from 'node:fs';
import { CATALOGUE } from '../../scenarios/catalogue.ts';
import { loadScenario, type Scenario } from '../../scenarios/loader.ts';
import type { BugEntry } from '../../sim/bugs.ts';
import type { RunSpec } from '../../sim/run-spec.ts';
import { museumScenarioFile } from '../package.ts';

export interface Exhibit {
  readonly bug: BugEntry;
  readonly scenario: Scenario;
}

export function exhibitOf(bug: BugEntry): Exhibit {
  const label = `scenarios/museum/${bug.name}.yaml`;
  const text = readFileSync(museumScenarioFile(bug.name), 'utf8');
  const loaded = loadScenario(label, text, { catalogue: CATALOGUE });
  if (!loaded.ok) throw new Error(loaded.problems.join('\n'));
  return { bug, scenario: loaded.scenario };
}

/** One of its runs. */
export function specOf({ scenario }: Exhibit, seed: number): RunSpec {
  return { ...scenario.variants[0]!, seed };
}

/** The same without the bug. */
export function soundSpecOf(exhibit: Exhibit, seed: number): RunSpec {
  const spec = specOf(exhibit, seed);
  return { ...spec, cluster: { ...spec.cluster, bugs: [] } };
}
