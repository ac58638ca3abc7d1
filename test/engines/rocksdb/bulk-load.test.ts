/** A bulk-loaded store is one that was written to and has come to rest. */
import { describe, expect, it } from 'vitest';
import { levelShares } from '../../../engines/rocksdb/bulk-load.ts';
import { readOptions } from '../../../engines/rocksdb/options.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import type { RecordSource } from '../../../sim/storage-engine.ts';
import { bytes, contentOf, drain, filled, makeDisk, makeEngine, put } from './bench.ts';

const SMALL: ParameterValues = {
  write_buffer_size: 65536,
  target_file_size_base: 32768,
  max_bytes_for_level_base: 131072,
  max_bytes_for_level_multiplier: 4,
};
const MIB = 1048576;

function source(count: number, valueBytes: number): RecordSource {
  let at = -1;
  const value = new Value();
  return {
    count,
    value,
    get key() {
      return bytes(`key-${String(at).padStart(8, '0')}`);
    },
    next() {
      if (++at === count) return false;
      value.assign(filled(`value-${at}`, valueBytes));
      return true;
    },
  };
}

describe('bulk load', () => {
  it.each<[string, ParameterValues]>([
    ['leveled', {}],
    ['dynamic level sizes', { level_compaction_dynamic_level_bytes: true }],
    ['universal', { compaction_style: 'universal' }],
    ['filters', { bloom_bits_per_key: 10 }],
    ['blob files', { enable_blob_files: true, min_blob_size: 100, blob_file_size: 1 << 20 }],
  ])('leaves a sound store with nothing to do: %s', (_, options) => {
    const disk = makeDisk();
    const engine = makeEngine(disk, { ...SMALL, ...options });
    engine.open();
    expect(engine.bulkLoad(0, source(2000, 200))).toBe('ok');
    disk.settle();
    expect(engine.background()).toBeUndefined();
    expect(engine.check()).toEqual([]);
    const content = contentOf(engine);
    expect(content.length).toBe(2000);
    expect(content[1234]).toEqual(['key-00001234', content[1234]?.[1]]);
    expect(content[1234]?.[1]).toMatch(/^value-1234/);

    disk.crash();
    const again = makeEngine(disk, { ...SMALL, ...options });
    expect(again.open()).toBe('recovered');
    disk.settle();
    expect(contentOf(again)).toEqual(content);
    for (let i = 0; i < 100; i++) {
      put(again, `key-${String((i * 7919) % 2000).padStart(8, '0')}`, filled(`new ${i}`, 300));
      drain(again, disk);
    }
    expect(contentOf(again).filter(([, value]) => value.startsWith('new')).length).toBe(100);
    expect(again.check()).toEqual([]);
  });

  it('of nothing is nothing', () => {
    const disk = makeDisk();
    const engine = makeEngine(disk);
    engine.open();
    expect(engine.bulkLoad(0, source(0, 10))).toBe('ok');
    expect(engine.store.version.tables).toBe(0);
    expect(engine.check()).toEqual([]);
  });

  it.each([
    // bytes, dynamic → MiB by level; level 1 holds 256 MiB, each deeper one ten times as much
    [100, false, { 1: 100 }],
    [2000, false, { 1: 192, 2: 1808 }],
    [64_000, false, { 1: 192, 2: 2496, 3: 25_536, 4: 35_776 }],
    [100, true, { 6: 100 }],
    [64_000, true, { 3: 192, 4: 512, 5: 5696, 6: 57_600 }],
  ] as const)('of %i MiB with default options, dynamic %s', (mebibytes, dynamic, expected) => {
    const options = readOptions({ level_compaction_dynamic_level_bytes: dynamic });
    const shares = levelShares(options, mebibytes * MIB);
    const found = Object.fromEntries(shares.map(({ level, share }) => [level, Math.round(share * mebibytes)]));
    expect(found).toEqual(expected);
  });
});
