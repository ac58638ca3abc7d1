/**
 * Syncs that report success and make nothing durable: a drive whose cache is lost with the power. What such a sync
 * covered survives a power failure only by chance, until a later honest sync of the same file covers it too.
 */
import { AREA, isInArea } from './area.ts';
import type { DiskFaultDefinition } from './disk-fault.ts';

export const lyingSync: DiskFaultDefinition = {
  name: 'lying-sync',
  summary: 'syncs report success and make nothing durable',
  parameters: {
    probability: { kind: 'ratio', doc: 'of each sync to lie', default: 1, min: 0, max: 1 },
    area: AREA,
  },
  drawn: {
    weight: 0.3,
    weightBeyond: 0.5,
    forgets: 'any',
    parameters: (rng) => ({ probability: rng.int(1, 100) / 100, area: 'all' }),
  },
  create(parameters, rng) {
    const probability = parameters.probability as number;
    return {
      name: 'lying-sync',
      onSync(file) {
        const lies = rng.chance(probability);
        return lies && (file === undefined || isInArea(parameters.area, file)) ? 'ok-volatile' : 'ok';
      },
    };
  },
};
