/** Every kind of fault that `check` claims to find, planted, found and named. */
import { describe, expect, it } from 'vitest';
import { readManifest } from '../../../engines/rocksdb/manifest.ts';
import { readOptions } from '../../../engines/rocksdb/options.ts';
import { RecordLogWriter } from '../../../engines/rocksdb/record-log.ts';
import type { RocksDb } from '../../../engines/rocksdb/rocksdb.ts';
import { TableBuilder } from '../../../engines/rocksdb/table-builder.ts';
import { type EditedFile, encodeVersionEdit } from '../../../engines/rocksdb/version-edit.ts';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import { Work } from '../../../sim/work.ts';
import { bytes, DIRECTORY, drain, filled, makeDisk, makeEngine, put } from './bench.ts';

const OPTIONS = { write_buffer_size: 65536, target_file_size_base: 16384, bloom_bits_per_key: 10 };

interface Store {
  readonly disk: SimulatedDisk;
  readonly engine: RocksDb;
  /** Of level 1, ascending. */
  readonly tables: readonly string[];
}

/** Several tables in level 1, some batches in the WAL. */
function store(): Store {
  const disk = makeDisk();
  const engine = makeEngine(disk, OPTIONS);
  engine.open();
  for (let i = 0; i < 260; i++) {
    put(engine, `key-${String((i * 7919) % 1000).padStart(6, '0')}`, filled(`${i}`, 900));
    drain(engine, disk);
  }
  engine.sync();
  disk.settle();
  const tables = engine.store.version.levels[1]!.map(({ number }) => name(number));
  expect(tables.length).toBeGreaterThan(2);
  expect(engine.check()).toEqual([]);
  return { disk, engine, tables };
}

function name(number: number): string {
  return `${DIRECTORY}${String(number).padStart(6, '0')}.sst`;
}

function write(disk: SimulatedDisk, file: string, at: number, content: Uint8Array): void {
  const buffer = new SparseBuffer();
  buffer.bytes(content);
  const opened = disk.open(file);
  if (opened === undefined) throw new Error(`no ${file}`);
  expect(disk.write(opened, at, buffer)).toBe('ok');
}

function flip(disk: SimulatedDisk, file: string, at: number): void {
  write(disk, file, at, Uint8Array.of(disk.exportFile(file)[at]! ^ 1));
}

/** A table of the given keys in the place of an old one, with right checksums throughout. */
function rebuild(disk: SimulatedDisk, file: string, keys: readonly string[], sequence = 1): void {
  const builder = new TableBuilder(disk, readOptions(OPTIONS), new Work());
  builder.start(file, Number.parseInt(file.slice(-10), 10), 'compaction');
  for (const key of keys) builder.add(bytes(key), key.length, sequence, 1, filled('x', 900));
  builder.finish();
}

function listed(disk: SimulatedDisk, file: string): EditedFile {
  const state = readManifest(disk, DIRECTORY, 7);
  if (state === undefined || 'what' in state) throw new Error('no manifest');
  const found = state.levels.flat().find(({ number }) => name(number) === file);
  if (found === undefined) throw new Error(`no ${file}`);
  return found;
}

/** Lists the file with other data than it was listed with. */
function relist(disk: SimulatedDisk, file: string, change: Partial<EditedFile>): void {
  const entry = listed(disk, file);
  const manifest = disk.list(`${DIRECTORY}MANIFEST`)[0]!;
  const opened = disk.open(manifest)!;
  const writer = new RecordLogWriter(disk, opened, new Work());
  writer.length = opened.length;
  const record = new SparseBuffer();
  const deleted = [{ level: entry.level, number: entry.number }];
  encodeVersionEdit({ deleted, added: [{ ...entry, ...change }] }, record);
  expect(writer.append(record)).toBe('ok');
}

type Plant = (store: Store) => void;
const PLANTS: readonly (readonly [string, Plant, RegExp])[] = [
  ['a flipped byte of a value', ({ disk, tables }) => flip(disk, tables[1]!, 200), /checksum mismatch/],
  ['a flipped byte of a key', ({ disk, tables }) => flip(disk, tables[0]!, 5), /checksum mismatch/],
  [
    'a flipped byte of the footer',
    ({ disk, tables }) => flip(disk, tables[0]!, disk.open(tables[0]!)!.length - 3),
    /bad footer/,
  ],
  ['a missing table', ({ disk, tables }) => disk.remove(tables[1]!), /file is missing/],
  ['a longer table', ({ disk, tables }) => disk.truncate(disk.open(tables[1]!)!, 99_999), /99999 bytes, not/],
  [
    'keys in the wrong order',
    ({ disk, tables }) => {
      rebuild(disk, tables[0]!, ['key-000000', 'key-000009', 'key-000005']);
      relist(disk, tables[0]!, { bytes: disk.open(tables[0]!)!.length });
    },
    /entry 2 is out of order/,
  ],
  [
    'another smallest key than listed',
    ({ disk, tables }) => relist(disk, tables[0]!, { smallest: bytes('a-------t') }),
    /another smallest key/,
  ],
  [
    'another largest key than listed',
    ({ disk, tables }) => relist(disk, tables[2]!, { largest: bytes('zzzzzzzzzzzzzzzzzz') }),
    /another largest key/,
  ],
  [
    'overlapping tables',
    ({ disk, tables }) => relist(disk, tables[1]!, { smallest: listed(disk, tables[0]!).smallest }),
    /overlaps table/,
  ],
  [
    'a sequence number that nobody has given yet',
    ({ disk, tables }) => {
      const { smallest } = listed(disk, tables[0]!);
      rebuild(disk, tables[0]!, [String.fromCharCode(...smallest.slice(0, -8))], 1_000_000);
      relist(disk, tables[0]!, { bytes: disk.open(tables[0]!)!.length });
    },
    /sequence number from the future/,
  ],
  [
    'sequence numbers outside those listed',
    ({ disk, tables }) => relist(disk, tables[0]!, { smallestSequence: 900, largestSequence: 901 }),
    /sequence number outside/,
  ],
  [
    'a table listed in another level than it is in',
    ({ disk, tables }) => relist(disk, tables[0]!, { level: 3 }),
    /in level 1 in memory, not so in the manifest/,
  ],
  ['CURRENT gone', ({ disk }) => disk.remove(`${DIRECTORY}CURRENT`), /file is missing/],
  [
    'CURRENT with rubbish',
    ({ disk }) => write(disk, `${DIRECTORY}CURRENT`, 0, bytes('rubbish')),
    /no name of a manifest/,
  ],
  ['the manifest gone', ({ disk }) => disk.remove(disk.list(`${DIRECTORY}MANIFEST`)[0]!), /file is missing/],
  [
    'a WAL with a flipped byte',
    ({ disk }) => flip(disk, disk.list(DIRECTORY).findLast((file) => file.endsWith('.log'))!, 40),
    /checksum mismatch/,
  ],
  [
    'a WAL gone',
    ({ disk }) => disk.remove(disk.list(DIRECTORY).findLast((file) => file.endsWith('.log'))!),
    /file is missing/,
  ],
];

describe('check finds', () => {
  it.each(PLANTS)('%s', (_name, plant, expected) => {
    const planted = store();
    plant(planted);
    const faults = planted.engine.check();
    expect(faults.map(({ what }) => what).join('; ')).toMatch(expected);
    for (const { where } of faults) expect(where).not.toBe('');
  });

  it('a manifest edit that takes out what was never there', () => {
    const { disk, engine, tables } = store();
    const entry = listed(disk, tables[0]!);
    relist(disk, tables[0]!, {});
    const manifest = disk.open(disk.list(`${DIRECTORY}MANIFEST`)[0]!)!;
    const writer = new RecordLogWriter(disk, manifest, new Work());
    writer.length = manifest.length;
    const record = new SparseBuffer();
    encodeVersionEdit({ deleted: [{ level: 5, number: entry.number }] }, record);
    writer.append(record);
    expect(engine.check()[0]?.what).toMatch(/which level 5 does not have/);
  });
});

describe('a read', () => {
  it('that meets damage says no and keeps the fault', () => {
    const { disk, engine, tables } = store();
    for (const table of tables) flip(disk, table, 200);
    let found = 0;
    engine.scan(0, new Uint8Array(0), undefined, () => ++found > 0);
    expect(engine.corruption?.what).toMatch(/checksum mismatch/);
    expect(engine.stats().figures.readFailures).toBeGreaterThan(0);
  });

  it('that cannot see the newest value does not give an older one', () => {
    const disk = makeDisk();
    const engine = makeEngine(disk);
    engine.open();
    const numbers: number[] = [];
    for (const round of ['old', 'new']) {
      put(engine, 'key', filled(round, 100));
      engine.switchMemtable();
      drain(engine, disk);
      numbers.push(engine.store.version.levels[0]![0]!.number);
    }
    flip(disk, name(numbers[1]!), 8);
    expect(engine.get(0, bytes('key'), new Value())).toBe(false);
    expect(engine.corruption?.where).toContain(name(numbers[1]!));
  });

  it('of a compaction that meets damage stops all writing', () => {
    const { disk, engine, tables } = store();
    for (const table of tables) flip(disk, table, 200);
    const before = engine.store.version.tables;
    for (let i = 0; i < 2000 && engine.store.failure === undefined; i++) {
      put(engine, `key-${String((i * 31) % 1000).padStart(6, '0')}`, filled(`${i}`, 900));
      drain(engine, disk);
    }
    expect(engine.store.failure).toBe('io-error');
    expect(engine.store.failureReason).toMatch(/checksum mismatch/);
    expect(engine.background()).toBeUndefined();
    expect(engine.store.version.tables).toBeGreaterThanOrEqual(before);
  });
});
