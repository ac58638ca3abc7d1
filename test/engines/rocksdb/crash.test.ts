/** The crash story of RocksDB: flushes, compactions and blob garbage collection stopped after every device request. */
import { describe, expect, it } from 'vitest';
import type { RocksDb } from '../../../engines/rocksdb/rocksdb.ts';
import { Batch } from '../../../sim/batch.ts';
import { PROCESS_KILL } from '../../../sim/disk/crash-model.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { batchShown, type CrashStory, LOSE_ALL, MiniatureHost, statesOf, stopAfter } from '../crash-story.ts';
import { bytes, DIRECTORY, drain, filled, makeEngine } from './bench.ts';

const SMALL: ParameterValues = {
  write_buffer_size: 65536,
  target_file_size_base: 16384,
  max_bytes_for_level_base: 65536,
  max_bytes_for_level_multiplier: 2,
  level0_file_num_compaction_trigger: 2,
  max_background_jobs: 4,
};

interface Variant {
  readonly name: string;
  readonly options: ParameterValues;
  readonly batches: number;
  /** Figures that the whole workload must reach, or the test would stop nothing worth stopping. */
  readonly reached: Readonly<Record<string, number>>;
}

const VARIANTS: readonly Variant[] = [
  {
    name: 'leveled compaction',
    options: SMALL,
    batches: 150,
    reached: { flushes: 3, compactions: 3, level2Files: 1 },
  },
  {
    name: 'universal compaction',
    options: { ...SMALL, compaction_style: 'universal' },
    batches: 100,
    reached: { flushes: 3, compactions: 2, level6Files: 1 },
  },
  {
    name: 'blob files and their garbage collection',
    options: {
      ...SMALL,
      write_buffer_size: 65536,
      enable_blob_files: true,
      blob_file_size: 16384,
      min_blob_size: 100,
      enable_blob_garbage_collection: true,
      blob_garbage_collection_age_cutoff: 0.5,
      blob_garbage_collection_force_threshold: 0.6,
    },
    batches: 100,
    reached: { flushes: 3, compactions: 1, blobFiles: 3, blobsRelocated: 10, blobGarbageBytes: 1 },
  },
];

function storyOf({ options, batches }: Variant): CrashStory<RocksDb> {
  return {
    make: (disk) => makeEngine(disk, options),
    batches,
    keys: 150,
    operations: [1, 5],
    valueBytes: () => 800,
    syncChance: 0.3,
    recovered(engine, disk, why) {
      // what the crash cut short is gone
      const live = new Set(engine.checkpoint());
      const orphans = disk.list(DIRECTORY).filter((name) => /\.(sst|blob|log)$/.test(name) && !live.has(name));
      expect(orphans, why).toEqual([]);
    },
    useAgain(engine, disk, why) {
      const batch = new Batch();
      batch.put(0, bytes('after'), filled('the crash', 100));
      for (let i = 0; i < 5; i++) expect(engine.write(batch)).toBe('ok');
      engine.switchMemtable();
      drain(engine, disk);
      expect(engine.check(), why).toEqual([]);
    },
  };
}

describe.each(VARIANTS)('$name', (variant) => {
  const story = storyOf(variant);
  const states = statesOf(story);
  const whole = new MiniatureHost(story, 1);
  const isOver = !whole.run(Number.POSITIVE_INFINITY);
  const { figures } = whole.engine.stats();

  it('does in this workload what is to be stopped', () => {
    expect(isOver).toBe(true);
    for (const [figure, least] of Object.entries(variant.reached)) {
      expect(figures[figure], figure).toBeGreaterThanOrEqual(least);
    }
    expect(batchShown(whole.engine, states)).toBe(variant.batches);
    expect(whole.engine.check()).toEqual([]);
  });

  it.each([
    ['what was not synced half survives', undefined, 0],
    ['nothing that was not synced survives', LOSE_ALL, 1],
    ['the process dies, the machine does not', PROCESS_KILL, 2],
  ] as const)('comes back after every request: %s', (_name, model, phase) => {
    // Each model takes a third of the requests, so that together they take each once.
    for (let requests = phase; requests <= whole.finished; requests += 3) stopAfter(requests, story, states, model);
  });
});
