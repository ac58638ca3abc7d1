/** Write stalls by their three triggers, and what a host must and need not do about them. */
import { describe, expect, it } from 'vitest';
import { readOptions } from '../../../engines/rocksdb/options.ts';
import { WriteController } from '../../../engines/rocksdb/write-controller.ts';
import { AssertionError } from '../../../sim/assert.ts';
import { Batch } from '../../../sim/batch.ts';
import { bytes, drain, filled, makeDisk, makeEngine, put } from './bench.ts';

const MIB = 1048576;
const GIB = 1024 * MIB;

describe('pressure', () => {
  it.each([
    // memtables, level-0 files, debt → pressure (max_write_buffer_number 2)
    [0, 0, 0, 'none'],
    [1, 19, 63 * GIB, 'none'],
    [2, 0, 0, 'stop'],
    [0, 20, 0, 'slow'],
    [0, 35, 0, 'slow'],
    [0, 36, 0, 'stop'],
    [0, 0, 64 * GIB, 'slow'],
    [0, 0, 255 * GIB, 'slow'],
    [0, 0, 256 * GIB, 'stop'],
  ] as const)('%i memtables, %i files, %i bytes: %s', (memtables, files, debt, pressure) => {
    const controller = new WriteController(readOptions({}));
    controller.update(memtables, files, debt);
    expect(controller.pressure).toBe(pressure);
  });

  it('slows down one memtable before it stops, where there are more than three', () => {
    const controller = new WriteController(readOptions({ max_write_buffer_number: 5 }));
    const seen = [1, 2, 3, 4, 5].map((memtables) => {
      controller.update(memtables, 0, 0);
      return controller.pressure;
    });
    expect(seen).toEqual(['none', 'none', 'none', 'slow', 'stop']);
  });

  it('lets compactions use all slots from a quarter of the way to a slowdown', () => {
    const speedup = (files: number, debt: number): boolean => {
      const controller = new WriteController(readOptions({}));
      controller.update(0, files, debt);
      return controller.speedup;
    };
    expect([speedup(7, 0), speedup(8, 0), speedup(0, 15 * GIB), speedup(0, 16 * GIB)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  it('changes the rate as the debt does', () => {
    const controller = new WriteController(readOptions({}));
    const rates: number[] = [];
    for (const [files, debt] of [
      [20, 100], // begins: the configured rate
      [20, 200], // grows: × 0.8
      [20, 200], // as before counts as growing
      [20, 100], // shrinks: ÷ 0.8
      [34, 90], // two files from the stop: × 0.6
      [4, 80], // over: × 1.4
      [20, 80], // again
    ] as const) {
      controller.update(0, files, debt);
      rates.push(Math.round((controller.delayedBytesPerS / MIB) * 1000) / 1000);
    }
    expect(rates).toEqual([16, 12.8, 10.24, 12.8, 7.68, 10.752, 10.752]);
  });

  it('never goes below 16 KiB/s nor above what was configured', () => {
    const controller = new WriteController(readOptions({ delayed_write_rate: 64 * 1024 }));
    for (let debt = 1; debt < 50; debt++) controller.update(0, 20, debt);
    expect(controller.delayedBytesPerS).toBe(16384);
    for (let debt = 50; debt > 1; debt--) controller.update(0, 20, debt);
    expect(controller.delayedBytesPerS).toBe(64 * 1024);
  });
});

describe('an engine whose jobs nobody runs', () => {
  it('says stop with two memtables waiting, works on for a while, and asserts in the end', () => {
    const disk = makeDisk();
    const engine = makeEngine(disk, { write_buffer_size: 65536 });
    engine.open();
    let stoppedAt = -1;
    const fill = (): void => {
      for (let i = 0; i < 1000; i++) {
        put(engine, `key-${i}`, filled(`${i}`, 1000));
        if (stoppedAt < 0 && engine.pressure() === 'stop') stoppedAt = i;
      }
    };
    expect(fill).toThrow(AssertionError);
    expect(stoppedAt).toBeGreaterThan(80);
    expect(engine.stats().figures.stallsMemtables).toBe(1);
    drain(engine, disk);
    expect(engine.pressure()).toBe('none');
    expect(engine.check()).toEqual([]);
  });

  it('writes one table of all memtables that wait', () => {
    const disk = makeDisk();
    const engine = makeEngine(disk, { write_buffer_size: 65536, max_write_buffer_number: 4 });
    engine.open();
    for (let round = 0; round < 3; round++) {
      put(engine, 'same key', filled(`round ${round}`, 100));
      engine.switchMemtable();
    }
    drain(engine, disk);
    const { figures } = engine.stats();
    expect([figures.flushes, figures.level0Files, figures.entriesDropped]).toEqual([1, 1, 2]);
  });
});

describe('deletions', () => {
  it('go when nothing older can be below, and then the level is empty', () => {
    const disk = makeDisk();
    const engine = makeEngine(disk, { write_buffer_size: 65536, level0_file_num_compaction_trigger: 2 });
    engine.open();
    for (let i = 0; i < 50; i++) put(engine, `key-${i}`, filled(`${i}`, 500));
    engine.switchMemtable();
    drain(engine, disk);
    for (let i = 0; i < 50; i++) engine.write(deletion(`key-${i}`));
    engine.switchMemtable();
    drain(engine, disk);
    expect(engine.store.version.tables).toBe(0);
    expect(engine.stats().figures.entriesDropped).toBe(100);
    expect(engine.check()).toEqual([]);
  });
});

function deletion(key: string): Batch {
  const batch = new Batch();
  batch.delete(0, bytes(key));
  return batch;
}
