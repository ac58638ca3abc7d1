/** RocksDB's own tools on what ours wrote, and ours on what they wrote. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Batch } from '../../sim/batch.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { DIRECTORY, drain, makeDisk, makeEngine } from '../engines/rocksdb/bench.ts';
import { importStore } from '../import-store.ts';
import { describePeer, LDB, runTool, SST_DUMP, withFolder } from './peer.ts';
import { expectReadable, expectSame, ldb, lines, ours, SMALL, scanned, write } from './rocksdb-tools.ts';

describePeer('RocksDB 7.8', [LDB, SST_DUMP], () => {
  describe('its tools read what ours wrote', () => {
    it.each<[string, ParameterValues]>([
      ['leveled', {}],
      ['leveled with dynamic level sizes', { level_compaction_dynamic_level_bytes: true }],
      ['with bloom filters', { bloom_bits_per_key: 10 }],
      ['with other block sizes', { block_size: 1024, block_restart_interval: 4 }],
      ['universal', { compaction_style: 'universal' }],
    ])('%s', (_, options) => {
      const store = ours(options);
      write(store, 20_000);
      expect(store.engine.store.version.tables).toBeGreaterThan(5);
      expectReadable(store.disk, scanned(store.engine));
    });

    it('a store that lives in its WAL only', () => {
      const store = ours({});
      write(store, 100);
      expect(store.engine.store.version.tables).toBe(0);
      expectReadable(store.disk, scanned(store.engine));
    });

    it('after a crash and the recovery from it', () => {
      const store = ours({});
      write(store, 5000);
      const before = scanned(store.engine);
      store.disk.crash();
      store.engine = makeEngine(store.disk, SMALL);
      expect(store.engine.open()).toBe('recovered');
      store.disk.settle();
      expectSame(scanned(store.engine), before);
      expectReadable(store.disk, before);
      write(store, 5000, 2);
      expectReadable(store.disk, scanned(store.engine));
    });

    it('what a crash left, without our recovery', () => {
      const store = ours({});
      write(store, 5000);
      const before = scanned(store.engine);
      store.disk.crash();
      expectReadable(store.disk, before);
    });

    it('after everything was deleted', () => {
      const store = ours({});
      write(store, 5000);
      const batch = new Batch();
      store.engine.scan(0, new Uint8Array(0), undefined, (key, from, to) => {
        batch.delete(0, key.slice(from, to));
        return true;
      });
      expect(store.engine.write(batch)).toBe('ok');
      store.engine.sync();
      drain(store.engine, store.disk);
      expectReadable(store.disk, []);
    });
  });

  describe('ours reads what its tools wrote', () => {
    const UNCOMPRESSED = ['--create_if_missing', '--compression_type=no'];

    function expectOpened(folder: string): void {
      const expected = lines(ldb(folder, 'scan', '--hex', '--try_load_options=false'));
      const disk = makeDisk();
      importStore(folder, disk, DIRECTORY);
      const engine = makeEngine(disk);
      expect(engine.open(), JSON.stringify(engine.corruption)).toBe('recovered');
      disk.settle();
      expectSame(scanned(engine), expected);
      expect(engine.check()).toEqual([]);
      // And goes on from there.
      write({ disk, engine }, 200);
      expect(engine.maintain('compact')).toBeDefined();
      expectReadable(disk, scanned(engine));
    }

    it('a WAL', () => {
      withFolder((folder) => {
        ldb(folder, 'batchput', 'a', 'one', 'b', 'two', 'c', '', ...UNCOMPRESSED);
        ldb(folder, 'delete', 'b');
        expectOpened(folder);
      });
    });

    it.each([
      ['tables with XXH3 checksums', []],
      ['tables with its newer filters', ['--bloom_bits=10']],
      ['tables of small blocks', ['--block_size=512']],
    ])('%s', (_, options) => {
      withFolder((folder) => {
        const input = join(folder, 'input.txt');
        const rows = Array.from(
          { length: 20_000 },
          (_, i) => `key-${(i * 7919) % 10_000} ==> ${'v'.repeat(i % 300)}${i}`,
        );
        writeFileSync(input, `${rows.join('\n')}\n`);
        const store = join(folder, 'store');
        const sizes = ['--write_buffer_size=262144', '--file_size=262144'];
        const command = ['ldb', `--db=${store}`, 'load', ...UNCOMPRESSED, ...sizes, ...options].join(' ');
        const loaded = runTool('sh', ['-c', `${command} < ${input}`]);
        expect(loaded.status, loaded.error).toBe(0);
        expectOpened(store);
      });
    });

    it('names what it cannot read', () => {
      withFolder((folder) => {
        ldb(folder, 'batchput', 'a', 'one', 'b', 'x'.repeat(1000), '--create_if_missing', '--compression_type=zlib');
        ldb(folder, 'compact', '--compression_type=zlib');
        const disk = makeDisk();
        importStore(folder, disk, DIRECTORY);
        const engine = makeEngine(disk);
        expect(engine.open()).toBe('corrupt');
        expect(engine.corruption?.what).toBe('compression Zlib');
      });
    });
  });
});
