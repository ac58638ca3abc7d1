/**
 * Writes that land at another place of the disk: that place shows them, the right one what was there before. Which
 * block of which file is hit is drawn among all there are; the first block of a write is what lands there. As with
 * `lost-write.ts`, it shows once the page cache is gone, and writing either place mends it.
 */
import { AREA, isInArea } from './area.ts';
import type { DiskFaultDefinition } from './disk-fault.ts';

export const misdirectedWrite: DiskFaultDefinition = {
  name: 'misdirected-write',
  summary: 'writes land at another place of the disk',
  parameters: {
    probability: { kind: 'ratio', doc: 'of each write to go astray', default: 0.01, min: 0, max: 1 },
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
      name: 'misdirected-write',
      onArrival(file, _offset, length) {
        const where = rng.float();
        return rng.chance(probability) && length > 0 && isInArea(parameters.area, file) ? where : 'arrives';
      },
    };
  },
};
