/** A checkpoint's files, copied to another disk at any moment of a job, are a store with the same content. */
import { expect, it } from 'vitest';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import { contentOf, filled, makeDisk, makeEngine, put } from './bench.ts';

const OPTIONS = { write_buffer_size: 65536, target_file_size_base: 16384, level0_file_num_compaction_trigger: 2 };

function copyOf(disk: SimulatedDisk, names: readonly string[]): SimulatedDisk {
  const copy = makeDisk(2);
  for (const name of names) {
    const content = new SparseBuffer();
    content.bytes(disk.exportFile(name));
    copy.write(copy.create(name, 'snapshot'), 0, content);
  }
  copy.settle();
  return copy;
}

const BLOBS = {
  ...OPTIONS,
  enable_blob_files: true,
  blob_file_size: 16384,
  min_blob_size: 100,
  enable_blob_garbage_collection: true,
  blob_garbage_collection_age_cutoff: 0.5,
};

it.each([
  ['tables', OPTIONS],
  ['tables and blob files', BLOBS],
  ['tables of universal compaction', { ...OPTIONS, compaction_style: 'universal' }],
])('opens elsewhere, wherever the jobs stand: %s', (_name, options) => {
  const disk = makeDisk();
  const engine = makeEngine(disk, options);
  engine.open();
  let copies = 0;
  for (let i = 0; i < 420; i++) {
    put(engine, `key-${(i * 7919) % 300}`, filled(`${i};`, 800));
    for (let job = engine.background(); job !== undefined; job = engine.background()) {
      while (job.next().done !== true) {
        disk.settle();
        const elsewhere = makeEngine(copyOf(disk, engine.checkpoint()), options);
        expect(elsewhere.open(), elsewhere.corruption?.what).toBe('recovered');
        expect(contentOf(elsewhere)).toEqual(contentOf(engine));
        expect(elsewhere.check()).toEqual([]);
        copies++;
      }
      disk.settle();
    }
  }
  expect(copies).toBeGreaterThan(20);
  const { figures } = engine.stats();
  expect(figures.flushes).toBeGreaterThan(3);
  expect(figures.compactions).toBeGreaterThan(1);
});
