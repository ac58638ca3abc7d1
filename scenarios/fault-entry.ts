/** A fault of a run as a scenario file writes it: the way back from `resolve.ts`. */
import type { OptionValues, ParameterSpecs, ParameterValues } from '../sim/parameters.ts';
import type { FaultSpec } from '../sim/run-spec.ts';
import type { Catalogue } from './catalogue.ts';

/** Exact: durations in ns, sizes in bytes. `engine`: the cluster's. */
export function faultEntry(
  { fault, trigger, durationNs, parameters }: FaultSpec,
  engine: string,
  catalogue: Catalogue,
): object {
  const entry = catalogue.faults.find(({ name }) => name === fault)!;
  const kind = entry.kinds === undefined ? undefined : (parameters[entry.kinds.by] as string);
  const specs = { ...entry.parameters, ...(kind !== undefined && entry.kinds!.parameters[kind]) };
  const options = catalogue.engines.find(({ name }) => name === engine)!.options;
  const timing =
    trigger.kind === 'time'
      ? { at: `${trigger.atNs}ns` }
      : { when: trigger.when, from: `${trigger.notBeforeNs}ns`, after: `${trigger.delayNs}ns` };
  const length = durationNs > 0 ? { for: `${durationNs}ns` } : {};
  return { ...timing, ...length, [fault]: writtenValues(specs, parameters, options) };
}

function writtenValues(specs: ParameterSpecs, values: ParameterValues, options: ParameterSpecs = {}): ParameterValues {
  const written = Object.entries(values).map(([name, value]) => {
    const { kind } = specs[name] ?? {};
    if (kind === 'engine-options') return [name, writtenValues(options, value as OptionValues)];
    return [name, kind === 'duration' ? `${value}ns` : kind === 'bytes' ? `${value}B` : value];
  });
  return Object.fromEntries(written);
}
