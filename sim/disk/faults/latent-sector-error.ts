/**
 * A share of the sectors that are there cannot be read: every read that touches one fails. Writing one mends it, as a
 * drive remaps it then. A write of a part of a sector does so too; a real drive would have to read the rest first.
 */
import { AREA, isInArea } from './area.ts';
import type { DiskFaultDefinition } from './disk-fault.ts';
import { Places } from './places.ts';

export const latentSectorError: DiskFaultDefinition = {
  name: 'latent-sector-error',
  summary: 'a share of the sectors cannot be read until they are written again',
  parameters: {
    sectors: { kind: 'ratio', doc: 'share of all sectors of the disk', default: 0.0001, min: 0, max: 1 },
    area: AREA,
  },
  isDamage: true,
  drawn: {
    weight: 0.3,
    weightBeyond: 0.5,
    parameters: (rng) => ({ sectors: rng.int(1, 100) / 10_000, area: 'all' }),
  },
  create(parameters, rng) {
    const places = new Places(parameters.sectors as number, rng);
    return {
      name: 'latent-sector-error',
      onRead: (file, offset, length) =>
        length > 0 && isInArea(parameters.area, file) && places.firstStruck(file, offset, length) >= 0
          ? 'io-error'
          : 'ok',
      onWrite(file, offset, length) {
        if (length > 0) places.heal(file, offset, length);
        return 'ok';
      },
    };
  },
};
