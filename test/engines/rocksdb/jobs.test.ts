/** What an operator starts by hand, and flushes beside one another. */
import { describe, expect, it } from 'vitest';
import type { RocksDb } from '../../../engines/rocksdb/rocksdb.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { Job } from '../../../sim/storage-engine.ts';
import { contentOf, drain, filled, makeDisk, makeEngine, put } from './bench.ts';

function finish(job: Job | undefined, disk: SimulatedDisk): void {
  while (job !== undefined && job.next().done !== true) disk.settle();
  disk.settle();
}

/** 400 keys of 1 kB, three rounds of them, so that every level has something. */
function fillLevels(engine: RocksDb, disk: SimulatedDisk): void {
  for (let i = 0; i < 1200; i++) {
    put(engine, `key-${(i * 7919) % 400}`, filled(`round ${i}`, 1000));
    drain(engine, disk);
  }
}

describe('maintenance', () => {
  it('flushes less than what RocksDB waits for by itself', () => {
    const disk = makeDisk();
    const engine = makeEngine(disk, { max_write_buffer_number: 4, min_write_buffer_number_to_merge: 3 });
    engine.open();
    put(engine, 'key', filled('value', 100));
    expect(engine.switchMemtable()).toBe('ok');
    expect(engine.background()).toBeUndefined();
    finish(engine.maintain('flush'), disk);
    expect(engine.stats().figures.level0Files).toBe(1);
    expect(engine.maintain('flush')).toBeUndefined();
    expect(engine.check()).toEqual([]);
  });

  it.each([
    { level_compaction_dynamic_level_bytes: false },
    { level_compaction_dynamic_level_bytes: true },
    { compaction_style: 'universal' },
  ])('compacts everything into one level: %o', (options) => {
    const disk = makeDisk();
    const engine = makeEngine(disk, {
      write_buffer_size: 65536,
      target_file_size_base: 65536,
      max_bytes_for_level_base: 131072,
      max_bytes_for_level_multiplier: 2,
      ...options,
    });
    engine.open();
    fillLevels(engine, disk);
    const before = contentOf(engine);
    expect(before.length).toBe(400);
    finish(engine.maintain('compact'), disk);
    const used = engine.store.version.levels.filter((tables) => tables.length > 0);
    expect(used.length).toBe(1);
    expect(used[0]?.reduce((sum, table) => sum + table.entries, 0)).toBe(400);
    expect(contentOf(engine)).toEqual(before);
    expect(engine.check()).toEqual([]);
  });
});

describe('flushes beside one another', () => {
  it('take effect in the order of their memtables, whichever ends first', () => {
    const disk = makeDisk();
    const engine = makeEngine(disk, { max_background_jobs: 8, max_write_buffer_number: 4 });
    engine.open();
    const jobs = ['old', 'new'].map((value) => {
      put(engine, 'key', filled(value, 100));
      engine.switchMemtable();
      return engine.background();
    });
    put(engine, 'key', filled('newest', 100));
    engine.switchMemtable();
    expect(engine.background()).toBeUndefined();
    finish(jobs[1], disk);
    expect(engine.stats().figures.level0Files).toBe(0);
    finish(jobs[0], disk);
    expect(engine.stats().figures.level0Files).toBe(2);
    drain(engine, disk);
    expect(contentOf(engine)[0]?.[1].slice(0, 6)).toBe('newest');
    expect(engine.check()).toEqual([]);
    const again = makeEngine(disk);
    disk.crash();
    expect(again.open()).toBe('recovered');
    expect(contentOf(again)).toEqual(contentOf(engine));
  });
});
