/**
 * Small paced workloads that RocksDB 7.8.3 was measured on, over the options of universal compaction and of
 * BlobDB: after each batch of 50 all background work was waited for. Phases: `load`, 4000 keys in random
 * order; `ow`, 4000 overwrites of random ones; `del`, every second key; each ends with a flush. Figures:
 * bytes by flushes and compactions, bytes of relocated blobs, of live blob files, files by level.
 */
import { expect, it } from 'vitest';
import { Batch } from '../../../sim/batch.ts';
import { CATEGORIES } from '../../../sim/disk/disk.ts';
import { type KeyOrder, keyIndices, writeKey } from '../../../sim/engine-bench/generator.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { drain, filled, makeDisk, makeEngine } from './bench.ts';

const KEYS = 4000;
const PHASES: readonly (readonly [order: KeyOrder, operations: number, seed: number])[] = [
  ['perm', 4000, 1],
  ['unif', 4000, 2],
  ['evens', 2000, 3],
];
const SMALL: ParameterValues = {
  write_buffer_size: 131072,
  target_file_size_base: 131072,
  max_bytes_for_level_base: 524288,
};
const BLOBS: ParameterValues = {
  ...SMALL,
  enable_blob_files: true,
  min_blob_size: 500,
  blob_file_size: 262144,
  enable_blob_garbage_collection: true,
};

type Measured = readonly [flush: number, compaction: number, relocated: number, liveBlob: number, levels: string];
const RUNS: readonly (readonly [name: string, options: ParameterValues, phases: readonly Measured[]])[] = [
  [
    'blobs',
    BLOBS,
    [
      [4313659, 3264280, 2850000, 4193426, '3 1 0 0 0 0 0'],
      [4231659, 6751137, 5843000, 5401156, '2 1 0 0 0 0 0'],
      [28150, 0, 0, 5401156, '3 1 0 0 0 0 0'],
    ],
  ],
  [
    'blobs from level 1 on',
    { ...BLOBS, blob_file_starting_level: 1 },
    [
      [4139786, 5834867, 1702000, 3773792, '3 1 0 0 0 0 0'],
      [4057660, 9948385, 5040000, 5194204, '2 1 0 0 0 0 0'],
      [28150, 537817, 345000, 4546354, '0 1 0 0 0 0 0'],
    ],
  ],
  [
    'forced garbage collection',
    { ...BLOBS, blob_garbage_collection_age_cutoff: 0.5, blob_garbage_collection_force_threshold: 0.3 },
    [
      [4313659, 6778252, 6202000, 4193240, '3 1 0 0 0 0 0'],
      [4232130, 14192662, 12935000, 4754044, '2 1 0 0 0 0 0'],
      [28150, 0, 0, 4754044, '3 1 0 0 0 0 0'],
    ],
  ],
  [
    'collection of every file, dynamic levels',
    { ...BLOBS, blob_garbage_collection_age_cutoff: 1, level_compaction_dynamic_level_bytes: true },
    [
      [4314083, 13487716, 12600000, 4193116, '3 0 0 0 0 0 1'],
      [4232284, 29987181, 28000000, 4455116, '2 0 0 0 0 0 1'],
      [28150, 0, 0, 4455116, '3 0 0 0 0 0 1'],
    ],
  ],
  [
    'universal compaction of blobs',
    { ...BLOBS, compaction_style: 'universal' },
    [
      [4313659, 1665317, 1350000, 4193550, '1 0 0 0 0 0 1'],
      [4231502, 257276, 0, 8303384, '0 0 0 1 1 1 1'],
      [28150, 396708, 335000, 6610182, '0 0 0 0 0 0 1'],
    ],
  ],
  [
    'universal compaction of two runs and more',
    { ...SMALL, compaction_style: 'universal', level0_file_num_compaction_trigger: 2 },
    [
      [4139852, 21532343, 0, 0, '0 0 0 0 0 13 19'],
      [4057714, 45028559, 0, 0, '0 0 0 0 0 14 31'],
      [28150, 2069833, 0, 0, '0 0 0 0 0 0 16'],
    ],
  ],
  [
    'universal compaction of similar sizes',
    {
      ...SMALL,
      compaction_style: 'universal',
      universal_size_ratio: 20,
      universal_min_merge_width: 3,
      universal_max_merge_width: 5,
      universal_max_size_amplification_percent: 50,
      universal_stop_style: 'similar_size',
    },
    [
      [4139786, 9988202, 0, 0, '0 0 0 0 0 10 21'],
      [4057714, 13711832, 0, 0, '1 0 0 0 0 9 31'],
      [28150, 2069833, 0, 0, '0 0 0 0 0 0 16'],
    ],
  ],
];

/** Names of hosts in properties, and where a memtable ends: a per cent. */
function expectNear(found: number, measured: number, what: string): void {
  expect(Math.abs(found - measured), `${what}: ${found}, measured ${measured}`).toBeLessThanOrEqual(measured * 0.01);
}

it.each(RUNS)('%s', (_name, options, measured) => {
  const disk = makeDisk(1, 1 << 30);
  const engine = makeEngine(disk, options);
  engine.open();
  disk.settle();
  const written = (category: 'flush' | 'compaction'): number =>
    disk.counters.writtenBytes[CATEGORIES.indexOf(category)] ?? Number.NaN;
  const key = new Uint8Array(16);
  const value = filled('0123456789abcdef', 1000);
  const batch = new Batch();
  const before = { flush: 0, compaction: 0, relocated: 0 };
  PHASES.forEach(([order, operations, seed], phase) => {
    const indices = keyIndices(order, operations, KEYS, seed);
    for (let from = 0; from < operations; from += 50) {
      batch.clear();
      for (const index of indices.slice(from, from + 50)) {
        writeKey(index, key);
        if (order === 'evens') batch.delete(0, key);
        else batch.put(0, key, value);
      }
      expect(engine.write(batch)).toBe('ok');
      drain(engine, disk);
    }
    engine.switchMemtable();
    drain(engine, disk);
    const { figures } = engine.stats();
    const [flush, compaction, relocated, liveBlob, levels] = measured[phase] ?? [0, 0, 0, 0, ''];
    const at = `phase ${phase}`;
    expectNear(written('flush') - before.flush, flush, `${at}: flush`);
    expectNear(written('compaction') - before.compaction, compaction, `${at}: compaction`);
    expect((figures.blobRelocatedBytes ?? 0) - before.relocated, `${at}: relocated`).toBe(relocated);
    expect(figures.blobFileBytes, `${at}: live blob files`).toBe(liveBlob);
    expect(engine.store.version.levels.map((tables) => tables.length).join(' '), `${at}: files`).toBe(levels);
    Object.assign(before, {
      flush: written('flush'),
      compaction: written('compaction'),
      relocated: figures.blobRelocatedBytes,
    });
  });
  expect(engine.check()).toEqual([]);
});
