/** A small catalogue, so that these tests don't change whenever an engine gains an option. */
import type { Catalogue } from '../../scenarios/catalogue.ts';
import { findFault } from '../../sim/faults/index.ts';

export const CATALOGUE: Catalogue = {
  engines: [
    {
      name: 'bolt',
      summary: 'A B+tree.',
      options: {
        freelist: { kind: 'choice', choices: ['array', 'hashmap'], default: 'hashmap', doc: 'Free pages.' },
        fillPercent: { kind: 'ratio', default: 0.5, min: 0.1, max: 1, doc: 'Fill of a page after a split.' },
        noFreelistSync: { kind: 'boolean', default: true, doc: 'Do not write the freelist.' },
      },
    },
    {
      name: 'rocksdb',
      summary: 'An LSM tree.',
      options: {
        write_buffer_size: { kind: 'bytes', default: 67_108_864, min: 65_536, max: 1e12, doc: 'Memtable.' },
      },
    },
  ],
  faults: ['crash', 'partition', 'pause', 'slow-disk', 'toxic'].map((name) => {
    const fault = findFault(name)!;
    if (fault.name !== 'toxic') return fault;
    const parameters = {
      latency: {
        latency: { kind: 'duration', default: 0, min: 0, max: 1e12, doc: 'Delay.' },
        jitter: { kind: 'duration', default: 0, min: 0, max: 1e12, doc: 'Deviation.' },
      },
      slicer: { average_size: { kind: 'bytes', min: 1, max: 1e9, doc: 'Size of a piece.' } },
    } as const;
    return { ...fault, kinds: { by: 'type', parameters } };
  }),
  diskProfiles: ['nvme', 'ssd'],
  crashModels: ['power-cut', 'process-kill'],
  cpuProfiles: ['etcd-2021'],
  bugs: [],
};
