/** Durations that options take. */
import { parseQuantity } from '../scenarios/units.ts';
import { UsageError } from './exit-codes.ts';

/** A length of real or virtual time, ns. */
export function durationNsOf(option: string, text: string): number {
  const parsed = parseQuantity('duration', text);
  if (parsed.ok) return parsed.value;
  throw new UsageError(`${option}: '${text}' ${parsed.problem}; write it like 500ms, 10s, 5min`);
}

/** Time to be spent, ms: some. */
export function budgetMsOf(option: string, text: string): number {
  const ns = durationNsOf(option, text);
  if (ns === 0) throw new UsageError(`${option}: must be longer than nothing`);
  return ns / 1e6;
}
