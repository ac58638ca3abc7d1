/**
 * Calls that fail with an I/O error, each by its own chance. A failed read or write has no effect, a
 * failed sync makes nothing durable and leaves its pages dirty, so that the next one may succeed.
 * Draws once for every call of a kind, so that a changed chance of one kind shifts no other.
 */
import type { DiskFaultDefinition } from './disk-fault.ts';

export const ioError: DiskFaultDefinition = {
  name: 'io-error',
  summary: 'reads, writes or syncs fail with a given probability',
  parameters: {
    read: { kind: 'ratio', doc: 'probability that a read fails', default: 0, min: 0, max: 1 },
    write: { kind: 'ratio', doc: 'probability that a write fails', default: 0, min: 0, max: 1 },
    sync: { kind: 'ratio', doc: 'probability that a sync fails', default: 0, min: 0, max: 1 },
  },
  drawn: {
    weight: 0.3,
    weightBeyond: 0.5,
    parameters: (rng) => ({ read: rng.int(0, 20) / 1000, write: rng.int(0, 20) / 1000, sync: rng.int(0, 20) / 1000 }),
  },
  create(parameters, rng) {
    const reads = rng.fork('read');
    const writes = rng.fork('write');
    const syncs = rng.fork('sync');
    const read = parameters.read as number;
    const write = parameters.write as number;
    const sync = parameters.sync as number;
    return {
      name: 'io-error',
      onRead: () => (reads.chance(read) ? 'io-error' : 'ok'),
      onWrite: () => (writes.chance(write) ? 'io-error' : 'ok'),
      onSync: () => (syncs.chance(sync) ? 'io-error' : 'ok'),
    };
  },
};
