import { exhibitOf, specOf } from '../../cli/museum/exhibit.ts';
import { BUGS } from '../../sim/bugs.ts';
import type { RunSpec } from '../../sim/run-spec.ts';

/** A run that finds a planted bug. */
export function museumSpec(name: string, seed: number): RunSpec {
  return specOf(exhibitOf(BUGS.find((bug) => bug.name === name)!), seed);
}
