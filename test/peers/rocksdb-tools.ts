/** Stores of ours for RocksDB's own tools to read, and those tools. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { exportStore } from '../../cli/store-folder.ts';
import type { RocksDb } from '../../engines/rocksdb/rocksdb.ts';
import { Batch } from '../../sim/batch.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { Rng } from '../../sim/rng.ts';
import { bytes, DIRECTORY, drain, makeDisk, makeEngine } from '../engines/rocksdb/bench.ts';
import { runTool, withFolder } from './peer.ts';

/** Small enough that a few thousand operations fill three levels. */
export const SMALL: ParameterValues = {
  write_buffer_size: 65536,
  target_file_size_base: 32768,
  max_bytes_for_level_base: 131072,
  max_bytes_for_level_multiplier: 4,
};

export interface Ours {
  readonly disk: SimulatedDisk;
  engine: RocksDb;
}

export function ours(options: ParameterValues): Ours {
  const disk = makeDisk();
  const engine = makeEngine(disk, { ...SMALL, ...options });
  expect(engine.open()).toBe('fresh');
  disk.settle();
  return { disk, engine };
}

/** Puts of values with and without fill, overwrites, and one delete in five. */
export function write({ disk, engine }: Ours, operations: number, seed = 1): void {
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
export function scanned(engine: RocksDb): string[] {
  const lines: string[] = [];
  engine.scan(0, new Uint8Array(0), undefined, (key, from, to, value) => {
    lines.push(`${hex(key.subarray(from, to))} : ${hex(value.toBytes())}`);
    return true;
  });
  return lines;
}

export function ldb(folder: string, ...args: readonly string[]): string {
  const { status, out, error } = runTool('ldb', [`--db=${folder}`, ...args]);
  expect(status, `ldb ${args.join(' ')}: ${out} ${error}`).toBe(0);
  return out;
}

export function lines(output: string): string[] {
  return output.split('\n').filter((line) => line !== '');
}

/** As `toEqual`, without printing megabytes where it is not. */
export function expectSame(found: readonly string[], expected: readonly string[]): void {
  const at = expected.findIndex((line, i) => line !== found[i]);
  const line = (of: readonly string[]): string => `line ${at}: ${of[at]?.slice(0, 200)}`;
  if (at >= 0) expect(line(found)).toBe(line(expected));
  expect(found.length).toBe(expected.length);
}

/** Every reading tool on the files of `disk`; what `ldb` scans must be what `expected` says. */
export function expectReadable(disk: SimulatedDisk, expected: readonly string[]): void {
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
