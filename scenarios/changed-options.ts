/** Engine options that are changed while there is a store: all but those that decide the form of a new one. */
import type { OptionValues, ParameterSpecs } from '../sim/parameters.ts';
import type { EngineEntry } from './catalogue.ts';
import { fields } from './fields.ts';
import { parameterShape } from './parameter-schema.ts';
import { type PathProblem, problemsOf } from './problems.ts';

export interface ChangedOptions {
  /** In base units; nothing that is not written. */
  readonly values: OptionValues;
  /** By their path from the mapping on. */
  readonly problems: readonly PathProblem[];
}

export function readChangedOptions(engine: EngineEntry, written: OptionValues): ChangedOptions {
  const changeable: Record<string, ParameterSpecs[string]> = {};
  const problems: PathProblem[] = [];
  const given = { ...written };
  for (const [name, spec] of Object.entries(engine.options)) {
    if (spec.newStoresOnly !== true) changeable[name] = withoutDefault(spec);
    else if (Object.hasOwn(given, name)) {
      delete given[name];
      const allowed = 'allowed: options that an existing store can be opened with';
      problems.push({ path: [name], text: `is fixed when a store of ${engine.name} is made; ${allowed}`, atKey: true });
    }
  }
  if (Object.keys(written).length === 0) {
    problems.push({ path: [], text: `is empty; allowed: ${Object.keys(changeable).join(', ')}`, atKey: false });
  }
  const parsed = fields(parameterShape(changeable)).safeParse(given);
  if (!parsed.success) problems.push(...problemsOf(parsed.error, given));
  return { values: parsed.success ? (parsed.data as OptionValues) : {}, problems };
}

function withoutDefault(spec: ParameterSpecs[string]): ParameterSpecs[string] {
  const { default: _, ...rest } = { default: undefined, ...spec };
  return { ...rest, optional: true } as ParameterSpecs[string];
}
