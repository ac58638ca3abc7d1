/**
 * Writes that the device acknowledges and never makes: a firmware that drops them. The page cache shows what was
 * written for as long as the machine runs; after a power cut what was there before shows, or zeros. The next write to
 * the same page writes all of it, as page caches do, and mends it. Lifting the fault brings nothing back.
 *
 * Not simulated: that a page which is evicted shows the old content while the machine runs.
 */
import { AREA, isInArea } from './area.ts';
import type { DiskFaultDefinition } from './disk-fault.ts';

export const lostWrite: DiskFaultDefinition = {
  name: 'lost-write',
  summary: 'writes are acknowledged and never made: after a power cut the old content shows',
  parameters: {
    probability: { kind: 'ratio', doc: 'of each write to be lost', default: 0.01, min: 0, max: 1 },
    area: AREA,
  },
  isDamage: true,
  drawn: {
    weight: 0,
    weightBeyond: 0.5,
    forgets: 'any',
    parameters: (rng) => ({ probability: rng.int(1, 100) / 1000, area: 'all' }),
  },
  create(parameters, rng) {
    const probability = parameters.probability as number;
    return {
      name: 'lost-write',
      onArrival: (file) => (rng.chance(probability) && isInArea(parameters.area, file) ? 'lost' : 'arrives'),
    };
  },
};
