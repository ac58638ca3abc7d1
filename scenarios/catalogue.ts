/**
 * What a scenario may name: engines, faults, toxics, profiles. Taken from the registries, so that a
 * new engine or fault is usable in scenario files, in their JSON Schema and in error messages at once.
 */
import { ENGINES } from '../engines/index.ts';
import { BUG_NAMES } from '../sim/bugs.ts';
import { COST_PROFILES } from '../sim/cost-profiles.ts';
import { CRASH_MODELS } from '../sim/disk/crash-model.ts';
import { DEVICE_PROFILES } from '../sim/disk/profiles.ts';
import { FAULTS } from '../sim/faults/index.ts';
import { TOXICS } from '../sim/network/toxics/index.ts';
import type { ParameterSpecs, ParameterValues } from '../sim/parameters.ts';

export interface EngineEntry {
  readonly name: string;
  readonly summary: string;
  readonly options: ParameterSpecs;
}

/** Why a fault's parameters, each fine by itself, don't make sense together or in a cluster of this size. */
export interface ParameterProblem {
  readonly parameter: string;
  readonly what: string;
}

export interface FaultEntry {
  readonly name: string;
  readonly summary: string;
  readonly parameters: ParameterSpecs;
  /** The value of parameter `by` decides which further parameters there are: a toxic's attributes. */
  readonly kinds?: { readonly by: string; readonly parameters: Readonly<Record<string, ParameterSpecs>> };
  /** There if a nemesis can draw one. */
  readonly drawn?: unknown;
  check?(parameters: ParameterValues, nodeCount: number, spareCount: number): ParameterProblem | undefined;
}

export interface Catalogue {
  readonly engines: readonly EngineEntry[];
  readonly faults: readonly FaultEntry[];
  readonly diskProfiles: readonly string[];
  readonly crashModels: readonly string[];
  readonly cpuProfiles: readonly string[];
  readonly bugs: readonly string[];
}

/** Everything that this version knows. */
export const CATALOGUE: Catalogue = {
  engines: ENGINES,
  faults: FAULTS.map((fault) => {
    if (fault.name !== 'toxic') return fault;
    const attributes = Object.fromEntries(TOXICS.map((toxic) => [toxic.name, toxic.attributes]));
    return { ...fault, kinds: { by: 'type', parameters: attributes } };
  }),
  diskProfiles: DEVICE_PROFILES.map((profile) => profile.name),
  crashModels: Object.keys(CRASH_MODELS),
  cpuProfiles: COST_PROFILES.map((profile) => profile.name),
  bugs: BUG_NAMES,
};
