/**
 * Syncs that fail once and seem to succeed when they are tried again: as on Linux, the pages that could not be written
 * count as clean, so that the next sync finds nothing to do, says ok, and what was written is nowhere. A program that
 * tries again believes what it must not; one that stops, as etcd does, is safe. Made known as fsyncgate.
 *
 * Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020, has what file systems do about it,
 * and the second trap: the pages stay in the page cache, so that a process which is started again on the running
 * machine finds there what is nowhere else, and relies on it. Only the power being cut in between is safe.
 */
import { AREA, isInArea } from './area.ts';
import type { DiskFaultDefinition } from './disk-fault.ts';

export const failedSync: DiskFaultDefinition = {
  name: 'failed-sync',
  summary: 'syncs fail, and the pages that they did not write count as clean: the next sync succeeds without them',
  parameters: {
    probability: { kind: 'ratio', doc: 'of each sync to fail', default: 0.05, min: 0, max: 1 },
    area: AREA,
  },
  drawn: {
    weight: 0.3,
    forgets: 'process',
    weightBeyond: 0.5,
    parameters: (rng) => ({ probability: rng.int(1, 50) / 100, area: 'all' }),
  },
  create(parameters, rng) {
    const probability = parameters.probability as number;
    return {
      name: 'failed-sync',
      onSync(file) {
        const fails = rng.chance(probability);
        return fails && (file === undefined || isInArea(parameters.area, file)) ? 'io-error-clean' : 'ok';
      },
    };
  },
};
