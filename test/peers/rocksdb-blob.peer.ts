/** RocksDB's own tools on stores of ours with blob files, and ours on blob files that they wrote. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportStore } from '../../cli/store-folder.ts';
import type { RocksDb } from '../../engines/rocksdb/rocksdb.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { DIRECTORY, drain, makeDisk, makeEngine } from '../engines/rocksdb/bench.ts';
import { importStore } from '../import-store.ts';
import { describePeer, LDB, runTool, SST_DUMP, withFolder } from './peer.ts';
import { expectReadable, expectSame, ldb, lines, ours, SMALL, scanned, write } from './rocksdb-tools.ts';

const BLOBS: ParameterValues = { enable_blob_files: true, min_blob_size: 100, blob_file_size: 65536 };
const COLLECTED: ParameterValues = { ...BLOBS, enable_blob_garbage_collection: true };

/** Of each blob file: number, blobs, bytes, what of both is garbage, and the tables that it is the oldest of. */
function ourAccount(engine: RocksDb): string[] {
  return engine.store.blobs.files.map(({ number, blobs, bytes, garbageBlobs, garbageBytes, linkedTables }) =>
    [number, blobs, bytes, garbageBlobs, garbageBytes, [...linkedTables].sort((a, b) => a - b)].join(' '),
  );
}

/** The same from `ldb manifest_dump`. */
function dumpedAccount(dumped: string): string[] {
  return lines(dumped).flatMap((line) => {
    const [number, blobs, bytes] = /^blob_file_number: (\d+) total_blob_count: (\d+) total_blob_bytes: (\d+)/
      .exec(line)
      ?.slice(1) ?? [''];
    if (number === '') return [];
    const tables = (/linked_ssts: \{ ([\d ]*)\}/.exec(line)?.[1] ?? '').split(' ').filter((table) => table !== '');
    const garbage = /garbage_blob_count: (\d+) garbage_blob_bytes: (\d+)/.exec(line)?.slice(1) ?? [];
    return [[number, blobs, bytes, ...garbage, tables.map(Number).sort((a, b) => a - b)].join(' ')];
  });
}

describePeer('RocksDB 7.8 with blob files', [LDB, SST_DUMP], () => {
  describe('its tools read what ours wrote', () => {
    it.each<[string, ParameterValues]>([
      ['without garbage collection', BLOBS],
      ['with garbage collection', COLLECTED],
      [
        'forced',
        { ...COLLECTED, blob_garbage_collection_age_cutoff: 0.5, blob_garbage_collection_force_threshold: 0.4 },
      ],
      ['with all of it collected', { ...COLLECTED, blob_garbage_collection_age_cutoff: 1 }],
      ['from level 1 on', { ...COLLECTED, blob_file_starting_level: 1 }],
      ['under universal compaction', { ...COLLECTED, compaction_style: 'universal' }],
      ['a few blobs a file', { ...BLOBS, blob_file_size: 2000 }],
    ])('%s', (_, options) => {
      const store = ours(options);
      write(store, 8000);
      const { engine, disk } = store;
      expect(engine.store.blobs.files.length).toBeGreaterThan(3);
      expectReadable(disk, scanned(engine));
      withFolder((folder) => {
        exportStore(disk, DIRECTORY, folder);
        const manifest = disk.list(`${DIRECTORY}MANIFEST-`)[0]?.slice(DIRECTORY.length) ?? '';
        const dumped = ldb(folder, 'manifest_dump', `--path=${join(folder, manifest)}`);
        expectSame(dumpedAccount(dumped), ourAccount(engine));
      });
    });

    it('as it decodes each reference, and dumps each blob file', () => {
      const store = ours({ ...COLLECTED, write_buffer_size: 65536 });
      write(store, 3000);
      withFolder((folder) => {
        exportStore(store.disk, DIRECTORY, folder);
        const dumped = ldb(folder, 'dump_live_files', '--decode_blob_index', '--dump_uncompressed_blobs');
        for (const { number } of store.engine.store.blobs.files) {
          expect(dumped).toContain(`${String(number).padStart(6, '0')}.blob`);
        }
        expect(dumped).toContain('[blob ref]');
        expect(dumped).not.toMatch(/[Cc]orruption|Error/);
      });
    });

    it('what a crash left, before and after our recovery', () => {
      const store = ours(COLLECTED);
      write(store, 5000);
      const before = scanned(store.engine);
      store.disk.crash();
      expectReadable(store.disk, before);
      store.engine = makeEngine(store.disk, { ...SMALL, ...COLLECTED });
      expect(store.engine.open()).toBe('recovered');
      store.disk.settle();
      expectReadable(store.disk, before);
      write(store, 3000, 2);
      expectReadable(store.disk, scanned(store.engine));
    });

    it('after blob files were turned off, and after all values moved back into tables', () => {
      const store = ours(BLOBS);
      write(store, 3000);
      expect(store.engine.close()).toBe('ok');
      store.disk.settle();
      store.engine = makeEngine(store.disk, {
        ...SMALL,
        enable_blob_garbage_collection: true,
        blob_garbage_collection_age_cutoff: 1,
      });
      expect(store.engine.open()).toBe('recovered');
      expectReadable(store.disk, scanned(store.engine));
      const job = store.engine.maintain('compact');
      while (job?.next().done !== true) store.disk.settle();
      drain(store.engine, store.disk);
      expectReadable(store.disk, scanned(store.engine));
    });
  });

  it('its tools take their options from our options file', () => {
    const store = ours({
      ...COLLECTED,
      compaction_style: 'universal',
      universal_size_ratio: 7,
      blob_garbage_collection_age_cutoff: 0.75,
    });
    write(store, 3000);
    withFolder((folder) => {
      exportStore(store.disk, DIRECTORY, folder);
      ldb(folder, '--try_load_options', 'put', 'key', 'v'.repeat(300));
      const theirs = readdirSync(folder).filter((name) => name.startsWith('OPTIONS-'));
      theirs.sort((a, b) => Number(a.slice(8)) - Number(b.slice(8)));
      const text = readFileSync(join(folder, theirs.at(-1) ?? ''), 'utf8');
      // Its switches for blob files are off unless given on the command line.
      for (const line of [
        'compaction_style=kCompactionStyleUniversal',
        'size_ratio=7',
        'min_blob_size=100',
        'blob_file_size=65536',
        'blob_garbage_collection_age_cutoff=0.75',
      ]) {
        expect(text).toContain(line);
      }
    });
  });

  it('ours reads what its tools wrote', () => {
    withFolder((folder) => {
      const input = join(folder, 'input.txt');
      const rows = Array.from({ length: 8000 }, (_, i) => `key-${(i * 7919) % 4000} ==> ${'v'.repeat(i % 900)}${i}`);
      writeFileSync(input, `${rows.join('\n')}\n`);
      const path = join(folder, 'store');
      const options = [
        '--create_if_missing',
        '--compression_type=no',
        '--write_buffer_size=262144',
        '--enable_blob_files',
        '--min_blob_size=200',
        '--blob_file_size=100000',
        '--enable_blob_garbage_collection',
      ];
      const loaded = runTool('sh', ['-c', `ldb --db=${path} load ${options.join(' ')} < ${input}`]);
      expect(loaded.status, loaded.error).toBe(0);
      const expected = lines(ldb(path, 'scan', '--hex', '--try_load_options=false'));
      const disk = makeDisk();
      importStore(path, disk, DIRECTORY);
      expect(disk.list(DIRECTORY).filter((name) => name.endsWith('.blob')).length).toBeGreaterThan(3);
      const engine = makeEngine(disk, { ...SMALL, ...COLLECTED });
      expect(engine.open(), JSON.stringify(engine.corruption)).toBe('recovered');
      disk.settle();
      expectSame(scanned(engine), expected);
      expect(engine.check()).toEqual([]);
      write({ disk, engine }, 2000);
      expect(engine.check()).toEqual([]);
      expectReadable(disk, scanned(engine));
    });
  });
});
