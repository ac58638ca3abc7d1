/** One run of a scenario, picked by variant and seed: what commands that look into a run take. */
import { freemem } from 'node:os';
import { CATALOGUE } from '../scenarios/catalogue.ts';
import { loadScenario, runSpecs } from '../scenarios/loader.ts';
import type { RunSpec } from '../sim/run-spec.ts';
import { commandLine } from './command-line.ts';
import { UsageError } from './exit-codes.ts';
import type { Host } from './host.ts';
import { readScenarioFile } from './scenario-files.ts';

const MEMORY_SHARE = 0.8;

export interface RunChoice {
  readonly scenario: string;
  readonly variant: string | undefined;
  readonly seed: string | undefined;
  readonly sets: readonly string[];
}

export interface SingleRun {
  readonly spec: RunSpec;
  /** `raftlab run …`, which runs it without looking. */
  readonly command: string;
}

/** Without a seed the scenario's first; without a variant the only one, or the user is told which there are. */
export function singleRun({ scenario, variant, seed, sets }: RunChoice, host: Host): SingleRun {
  const file = readScenarioFile(scenario, host.directory);
  const loaded = loadScenario(file.label, file.text, {
    catalogue: CATALOGUE,
    sets,
    memoryBytesMax: freemem() * MEMORY_SHARE,
    ...(seed === undefined ? {} : { seeds: seed }),
    ...(variant === undefined ? {} : { variant }),
  });
  if (!loaded.ok) throw new UsageError(...loaded.problems);
  const specs = runSpecs(loaded.scenario);
  const variants = [...new Set(specs.map((spec) => spec.variant))];
  if (variants.length > 1) {
    throw new UsageError(
      `${scenario} has ${variants.length} variants; choose one with --variant: ${variants.join(', ')}`,
    );
  }
  if (seed !== undefined && specs.length > 1) throw new UsageError(`--seed ${seed}: one seed only`);
  const spec = specs[0]!;
  return {
    spec,
    command: commandLine({ scenario: file.argument, sets, variant: spec.variant, seeds: String(spec.seed) }),
  };
}
