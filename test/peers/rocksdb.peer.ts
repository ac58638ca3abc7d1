/** RocksDB's own tools on what ours wrote, and ours on what they wrote. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportStore, importStore } from '../../cli/store-folder.ts';
import type { RocksDb } from '../../engines/rocksdb/rocksdb.ts';
import { Batch } from '../../sim/batch.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { Rng } from '../../sim/rng.ts';
import { bytes, DIRECTORY, drain, makeDisk, makeEngine } from '../engines/rocksdb/bench.ts';
import { describePeer, LDB, runTool, SST_DUMP, withFolder } from './peer.ts';

/** Small enough that a few thousand operations fill three levels. */
const SMALL: ParameterValues = {
  write_buffer_size: 65536,
  target_file_size_base: 32768,
  max_bytes_for_level_base: 131072,
  max_bytes_for_level_multiplier: 4,
};

interface Ours {
  readonly disk: SimulatedDisk;
  engine: RocksDb;
}

function ours(options: ParameterValues): Ours {
  const disk = makeDisk();
  const engine = makeEngine(disk, { ...SMALL, ...options });
  expect(engine.open()).toBe('fresh');
  disk.settle();
  return { disk, engine };
}

/** Puts of values with and without fill, overwrites, and one delete in five. */
function write({ disk, engine }: Ours, operations: number, seed = 1): void {
  const rng = new Rng(seed);
  const batch = new Batch();
  const stamp = new Uint8Array(16);
  const value = new Value();
  for (let i = 0; i < operations; ) {
    batch.clear();
    for (let left = rng.int(1, 20); left > 0; left--, i++) {
      const key = bytes(`key-${rng.int(0, 4000)}${rng.chance(0.1) ? '-longer' : ''}`);
      if (rng.chance(0.2)) {
        batch.delete(0, key);
        continue;
      }
      stamp.set(bytes(String(i).padStart(16, '.')));
      value.set(stamp, 0, 16, rng.int(0, 16), rng.chance(0.3) ? 0 : rng.int(1, 600));
      batch.put(0, key, value);
    }
    expect(engine.write(batch)).toBe('ok');
    drain(engine, disk);
  }
  expect(engine.sync()).toBe('ok');
  disk.settle();
}

function hex(content: Uint8Array): string {
  return `0x${Buffer.from(content).toString('hex').toUpperCase()}`;
}

/** As `ldb scan --hex` prints it. */
function scanned(engine: RocksDb): string[] {
  const lines: string[] = [];
  engine.scan(0, new Uint8Array(0), undefined, (key, from, to, value) => {
    lines.push(`${hex(key.subarray(from, to))} : ${hex(value.toBytes())}`);
    return true;
  });
  return lines;
}

function ldb(folder: string, ...args: readonly string[]): string {
  const { status, out, error } = runTool('ldb', [`--db=${folder}`, ...args]);
  expect(status, `ldb ${args.join(' ')}: ${out} ${error}`).toBe(0);
  return out;
}

function lines(output: string): string[] {
  return output.split('\n').filter((line) => line !== '');
}

/** As `toEqual`, without printing megabytes where it is not. */
function expectSame(found: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((line, i) => line !== found[i]);
  const line = (of: readonly string[]): string => `line ${at}: ${of[at]?.slice(0, 200)}`;
  if (at >= 0) expect(line(found)).toBe(line(expected));
  expect(found.length).toBe(expected.length);
}

/** Every reading tool on the files of `disk`; what `ldb` scans must be what `expected` says. */
function expectReadable(disk: SimulatedDisk, expected: readonly string[]): void {
  withFolder((folder) => {
    exportStore(disk, DIRECTORY, folder);
    for (const name of disk.list(DIRECTORY).filter((name) => name.endsWith('.sst'))) {
      const verified = runTool('sst_dump', [
        `--file=${join(folder, name.slice(DIRECTORY.length))}`,
        '--command=verify',
      ]);
      expect(`${verified.out}${verified.error}`).toContain('The file is ok');
      expect(verified.status).toBe(0);
    }
    const manifest = disk.list(`${DIRECTORY}MANIFEST-`)[0]?.slice(DIRECTORY.length) ?? '';
    expect(ldb(folder, 'manifest_dump', `--path=${join(folder, manifest)}`)).toContain('level 0');
    expect(ldb(folder, 'checkconsistency')).toContain('OK');
    expectSame(lines(ldb(folder, 'scan', '--hex')), expected);
  });
}

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
