/** One run of a scenario, picked by variant and seed: what commands that look into a run take. */
import { CATALOGUE } from '../scenarios/catalogue.ts';
import { loadScenario, runSpecs } from '../scenarios/loader.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import { commandLine } from './command-line.ts';
import { UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { memoryBytesForEach } from './memory.ts';
import { readScenarioFile } from './scenario-files.ts';

export interface RunChoice {
  readonly scenario: string;
  readonly variant: string | undefined;
  readonly seed: string | undefined;
  readonly sets: readonly string[];
}

export interface SingleRun {
  readonly spec: RunSpec;
  /** What the scenario is for. */
  readonly why: string;
  /** The settings as the scenario writes them: plain data for another scenario file. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Those that the scenario has, if no seed was chosen. */
  readonly seeds: readonly number[];
  /** `raftlab run …`, which runs it without looking. */
  readonly command: string;
}

/** Without a seed the scenario's first; without a variant the only one, or the user is told which there are. */
export function singleRun({ scenario, variant, seed, sets }: RunChoice, host: Host): SingleRun {
  const file = readScenarioFile(scenario, host.directory);
  const loaded = loadScenario(file.label, file.text, {
    catalogue: CATALOGUE,
    readFile: file.readFile,
    sets,
    memoryBytesMax: memoryBytesForEach(1),
    ...(seed === undefined ? {} : { seeds: seed }),
    ...(variant === undefined ? {} : { variant }),
  });
  if (!loaded.ok) throw new UsageError(...loaded.problems);
  const { variants, bodies, seeds } = loaded.scenario;
  if (variants.length > 1) {
    throw new UsageError(`missing: --variant; allowed: one of ${variants.map((plan) => plan.variant).join(', ')}`);
  }
  if (seed !== undefined && seeds.length > 1) throw new UsageError(`--seed ${seed}: one seed only`);
  const spec = runSpecs(loaded.scenario)[0]!;
  return {
    spec,
    why: loaded.scenario.why,
    body: bodies[0]!,
    seeds,
    command: commandLine({ scenario: file.argument, sets, variant: spec.variant, seeds: String(spec.seed) }),
  };
}

/** Index of the node of that name. */
export function nodeOf(name: string | undefined, { cluster }: RunSpec): number {
  const names = Array.from({ length: cluster.nodes }, (_, node) => `n${node + 1}`);
  const node = names.indexOf(name ?? '');
  if (node >= 0) return node;
  const what = name === undefined ? 'missing: --node' : `--node ${name}: is unknown`;
  throw new UsageError(`${what}; allowed: ${names.join(', ')}`);
}
