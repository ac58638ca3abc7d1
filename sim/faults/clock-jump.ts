/** What the faults that make a clock jump have in common: how far it may. */
import type { ParameterSpec } from '../parameters.ts';
import type { Rng } from '../rng.ts';

const JUMP_MS_MAX = 3_600_000;
const JUMP_MS_DRAWN = 3_000;

export function jumpMs(doc: string): ParameterSpec {
  return { kind: 'integer', min: -JUMP_MS_MAX, max: JUMP_MS_MAX, doc };
}

export function drawnJumpMs(rng: Rng): number {
  return rng.int(-JUMP_MS_DRAWN, JUMP_MS_DRAWN);
}
