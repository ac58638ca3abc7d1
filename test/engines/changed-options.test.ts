/**
 * What an operator changes at a restart: a store that was written under some options is opened, read and written under
 * others, time and again, after a clean stop, after the process was killed, and after a power failure.
 *
 * Options that hold for a new store only are left alone: see `newStoresOnly` in their specs.
 */
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../engines/index.ts';
import { Value } from '../../sim/bytes/value.ts';
import { PROCESS_KILL } from '../../sim/disk/crash-model.ts';
import type { ParameterSpec, ParameterValue } from '../../sim/parameters.ts';
import { Rng } from '../../sim/rng.ts';
import { bytesOf, EngineBed } from './bed.ts';
import { SMALL } from './small-options.ts';
import type { Operation } from './sorted-array.ts';

const HISTORIES = 12;
const RESTARTS = 6;
const BATCHES = 40;

describe.each(ENGINES.map((engine) => [engine.name, engine] as const))('%s', (name, engine) => {
  const small = SMALL[name]!;
  const changeable = Object.entries(engine.options).filter(([, spec]) => spec.newStoresOnly !== true);

  it.each(Array.from({ length: HISTORIES }, (_, seed) => seed))('under changing options, history %i', (seed) => {
    const rng = new Rng(seed);
    const bed = EngineBed.opened(engine, small, seed);
    for (let restart = 0; restart < RESTARTS; restart++) {
      for (let batch = 0; batch < BATCHES; batch++) {
        bed.write(operations(rng));
        if (rng.chance(0.3)) bed.sync();
      }
      bed.sync();
      const [option, spec] = changeable[rng.int(0, changeable.length - 1)]!;
      const changed = { ...small, [option]: otherValue(option, spec, small[option], rng) };
      const way = rng.int(0, 2);
      if (way === 0) bed.reopenWith(changed);
      else {
        bed.configure(changed);
        expect(way === 1 ? bed.crash(PROCESS_KILL) : bed.crash()).toBe('recovered');
      }
      bed.relieve();
      bed.verify();
    }
  });
});

function operations(rng: Rng): Operation[] {
  return Array.from({ length: rng.int(1, 20) }, () => ({
    table: rng.int(0, 1),
    key: bytesOf(`key-${rng.int(0, 400)}`),
    value: rng.chance(0.2) ? undefined : Value.filled(bytesOf(`${rng.int(0, 1e6)}`), rng.int(10, 2000)),
  }));
}

/** Within what the spec allows, but not so large that a small store would not notice, or the test would. */
function otherValue(name: string, spec: ParameterSpec, small: ParameterValue | undefined, rng: Rng): ParameterValue {
  if (spec.kind === 'boolean') return rng.chance(0.5);
  if (spec.kind === 'choice') return spec.choices[rng.int(0, spec.choices.length - 1)]!;
  if (!('min' in spec)) throw new Error('an engine option of another kind');
  const usual = Number(small ?? spec.default ?? spec.min);
  if (/Bits$/.test(name)) return usual + rng.int(-1, 2);
  const value = usual * [0.25, 0.5, 2, 4][rng.int(0, 3)]!;
  const bounded = Math.min(spec.max, Math.max(spec.min, value));
  return spec.kind === 'number' || spec.kind === 'ratio' ? bounded : Math.round(bounded);
}
