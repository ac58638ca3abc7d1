/** What is counted, and how RocksDB's own table shows it. */
import { describe, expect, it } from 'vitest';
import { rocksDbStatsText } from '../../../engines/rocksdb/stats-text.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { EngineStats } from '../../../sim/storage-engine.ts';
import { bytes, drain, filled, makeDisk, makeEngine, put } from './bench.ts';

const GIB = 2 ** 30;

describe('the text', () => {
  it('has RocksDB’s columns and its way of rounding', () => {
    const stats: EngineStats = {
      memoryBytes: {},
      fileBytes: 0,
      liveKeys: Number.NaN,
      figures: {
        level0Files: 2,
        level0FilesBeingCompacted: 1,
        level0Bytes: 409_600,
        level0Score: 0.5,
        level0WrittenBytes: 4 * GIB,
        level0Jobs: 55,
        level0Seconds: 128,
        level1Files: 41,
        level1FilesBeingCompacted: 0,
        level1Bytes: 9_678_356,
        level1Score: 0.92,
        level1UpperReadBytes: 4 * GIB,
        level1OutputReadBytes: 3 * GIB,
        level1WrittenBytes: 6.5 * GIB,
        level1MovedBytes: GIB,
        level1Jobs: 12,
        level1EntriesIn: 334_210,
        level1EntriesDropped: 999,
        level1Seconds: 64,
        level2Files: 0,
        uptimeSeconds: 256,
        stallsMemtables: 40,
        slowdownsLevel0Files: 3,
        slowdownsLevel0FilesWithCompaction: 2,
      },
    };
    expect(rocksDbStatsText(stats)).toMatchInlineSnapshot(`
      "
      ** Compaction Stats [default] **
      Level    Files   Size     Score Read(GB)  Rn(GB) Rnp1(GB) Write(GB) Wnew(GB) Moved(GB) W-Amp Rd(MB/s) Wr(MB/s) Comp(sec) CompMergeCPU(sec) Comp(cnt) Avg(sec) KeyIn KeyDrop Rblob(GB) Wblob(GB)
      ------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------------
        L0      2/1   400.00 KB   0.5      0.0     0.0      0.0       4.0      4.0       0.0   1.0      0.0     32.0    128.00              0.00        55    2.327       0      0       0.0       0.0
        L1     41/0    9.23 MB   0.9      7.0     4.0      3.0       6.5      3.5       1.0   1.6    112.0    104.0     64.00              0.00        12    5.333    334K    999       0.0       0.0
       Sum     43/1    9.62 MB   0.0      7.0     4.0      3.0      10.5      7.5       1.0   2.6     37.3     56.0    192.00              0.00        67    2.866    334K    999       0.0       0.0

      Blob file count: 0, total size: 0.0 GB, garbage size: 0.0 GB, space amp: 0.0

      Uptime(secs): 256.0 total
      Flush(GB): cumulative 4.000
      Cumulative compaction: 10.50 GB write, 42.00 MB/s write, 7.00 GB read, 28.00 MB/s read, 192.0 seconds
      Stalls(count): 3 level0_slowdown, 2 level0_slowdown_with_compaction, 0 level0_numfiles, 0 level0_numfiles_with_compaction, 0 stop for pending_compaction_bytes, 0 slowdown for pending_compaction_bytes, 40 memtable_compaction, 0 memtable_slowdown
      "
    `);
  });
});

describe('what is counted', () => {
  it('agrees with itself: levels, jobs, entries, and what the disk was given', () => {
    const disk = makeDisk();
    const options = {
      write_buffer_size: 65536,
      target_file_size_base: 32768,
      max_bytes_for_level_base: 131072,
      bloom_bits_per_key: 10,
    };
    const engine = makeEngine(disk, options);
    engine.open();
    for (let i = 0; i < 2000; i++) {
      put(engine, `key-${(i * 7919) % 700}`, filled(`round ${i}`, 300));
      drain(engine, disk);
    }
    const { figures, memoryBytes } = engine.stats();
    const sum = (name: string): number =>
      [0, 1, 2, 3, 4, 5, 6].reduce((total, level) => total + (figures[`level${level}${name}`] ?? 0), 0);
    expect(sum('Jobs')).toBe((figures.flushes ?? 0) + (figures.compactions ?? 0));
    expect(sum('UpperReadBytes') + sum('OutputReadBytes')).toBe(sum('ReadBytes'));
    // Everything that was flushed was dropped on the way or is still there.
    const tables = engine.store.version.levels.flat();
    const kept = tables.reduce((total, table) => total + table.entries, 0);
    const inMemtable = 2000 - kept - (figures.entriesDropped ?? 0);
    expect(inMemtable).toBeGreaterThanOrEqual(0);
    expect(sum('Bytes')).toBe(tables.reduce((total, table) => total + table.bytes, 0));

    // Memory by owner: what the tables hold, and the blocks that reads have fetched, as long as they are.
    expect(memoryBytes.indexes).toBe(tables.reduce((total, { reader }) => total + reader.index.length, 0));
    expect(memoryBytes.filters).toBe(tables.reduce((total, { reader }) => total + reader.filter.length, 0));
    expect(memoryBytes.filters).toBeGreaterThan(0);
    expect(memoryBytes.memtables).toBeGreaterThan(0);
    expect(memoryBytes.blockCache).toBe(0);
    const into = new Value();
    for (let i = 0; i < 700; i++) expect(engine.get(0, bytes(`key-${i}`), into)).toBe(true);
    const after = engine.stats();
    const blocks = tables.reduce((total, { reader }) => total + reader.blocks, 0);
    expect(after.figures.blockCacheMisses).toBeLessThanOrEqual(blocks);
    expect(after.memoryBytes.blockCache).toBeGreaterThan(0);
    expect(after.memoryBytes.blockCache).toBeLessThan(sum('Bytes'));
  });

  it('keeps the block cache within its bound', () => {
    const disk = makeDisk();
    const engine = makeEngine(disk, { write_buffer_size: 65536, block_cache_bytes: 20_000 });
    engine.open();
    for (let i = 0; i < 400; i++) {
      put(engine, `key-${i}`, filled(`${i}`, 1000));
      drain(engine, disk);
    }
    const into = new Value();
    for (let i = 0; i < 400; i++) {
      engine.get(0, bytes(`key-${(i * 7919) % 400}`), into);
      expect(engine.stats().memoryBytes.blockCache).toBeLessThanOrEqual(20_000);
    }
    expect(engine.stats().figures.blockCacheHits).toBeLessThan(100);
  });
});
