/** By the names of bbolt's options, where it has them. */
import type { ParameterSpecs, ParameterValues } from '../../sim/parameters.ts';

export interface BoltOptions {
  readonly freelist: 'array' | 'hashmap';
  readonly noFreelistSync: boolean;
  readonly fillPercent: number;
  readonly initialMmapSize: number;
  readonly pageSize: number;
}

export const OPTIONS = {
  freelist: {
    kind: 'choice',
    choices: ['array', 'hashmap'],
    default: 'array',
    doc: "How free pages are kept: a sorted list scanned from the front, or spans by size (bbolt's FreelistType; etcd uses hashmap).",
  },
  noFreelistSync: {
    kind: 'boolean',
    default: false,
    doc: 'Leave the freelist out of commits and find the free pages at open by walking the tree (etcd on Linux: true).',
  },
  fillPercent: {
    kind: 'ratio',
    default: 0.5,
    min: 0.1,
    max: 1,
    doc: 'How full a split leaves pages, in all tables (etcd sets 90 % for its keys, which only ever grow).',
  },
  initialMmapSize: {
    kind: 'bytes',
    default: 0,
    min: 0,
    max: 1_099_511_627_776,
    doc: 'Smallest size of the memory map; the file grows in steps of 16 MiB once the map is that large (etcd: 10 GiB).',
  },
  pageSize: {
    kind: 'bytes',
    default: 4096,
    min: 1024,
    max: 65536,
    doc: 'Size of a page of a new file.',
    newStoresOnly: true,
  },
} as const satisfies ParameterSpecs;

/** What is not given has its default. */
export function boltOptions(values: ParameterValues): BoltOptions {
  return {
    freelist: (values.freelist ?? OPTIONS.freelist.default) === 'hashmap' ? 'hashmap' : 'array',
    noFreelistSync: Boolean(values.noFreelistSync ?? OPTIONS.noFreelistSync.default),
    fillPercent: Number(values.fillPercent ?? OPTIONS.fillPercent.default),
    initialMmapSize: Number(values.initialMmapSize ?? OPTIONS.initialMmapSize.default),
    pageSize: Number(values.pageSize ?? OPTIONS.pageSize.default),
  };
}
