/** A fault of a run as a scenario file writes it: the way back from `resolve.ts`. */
import type { ParameterSpec, ParameterValue } from '../sim/parameters.ts';
import type { FaultSpec } from '../sim/run-spec.ts';
import type { Catalogue } from './catalogue.ts';

/** Exact: durations in ns, sizes in bytes. */
export function faultEntry({ fault, trigger, durationNs, parameters }: FaultSpec, catalogue: Catalogue): object {
  const entry = catalogue.faults.find(({ name }) => name === fault)!;
  const kind = entry.kinds === undefined ? undefined : (parameters[entry.kinds.by] as string);
  const specs = { ...entry.parameters, ...(kind !== undefined && entry.kinds!.parameters[kind]) };
  const written = Object.entries(parameters).map(([name, value]) => [name, writtenValue(specs[name], value)]);
  const timing =
    trigger.kind === 'time'
      ? { at: `${trigger.atNs}ns` }
      : { when: trigger.when, from: `${trigger.notBeforeNs}ns`, after: `${trigger.delayNs}ns` };
  const length = durationNs > 0 ? { for: `${durationNs}ns` } : {};
  return { ...timing, ...length, [fault]: Object.fromEntries(written) };
}

function writtenValue(spec: ParameterSpec | undefined, value: ParameterValue): ParameterValue | string {
  if (spec?.kind === 'duration') return `${value}ns`;
  return spec?.kind === 'bytes' ? `${value}B` : value;
}
