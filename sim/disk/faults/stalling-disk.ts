/** A disk that now and then does nothing for a while: a request takes so much longer, by chance. Content is untouched. */
import { MILLISECOND } from '../../clock.ts';
import type { DiskFaultDefinition } from './disk-fault.ts';

export const stallingDisk: DiskFaultDefinition = {
  name: 'stalling-disk',
  summary: 'now and then a request takes much longer: garbage collection, a bad cable',
  parameters: {
    probability: { kind: 'ratio', doc: 'of each request to be held up', default: 0.01, min: 0, max: 1 },
    stall: { kind: 'duration', doc: 'by so long', default: 500 * MILLISECOND, min: 1000, max: 600_000 * MILLISECOND },
  },
  isHarmless: true,
  create(parameters, rng) {
    const probability = parameters.probability as number;
    const stall = parameters.stall as number;
    return {
      name: 'stalling-disk',
      onDeviceTime: (_request, time) => (rng.chance(probability) ? time + stall : time),
    };
  },
};
