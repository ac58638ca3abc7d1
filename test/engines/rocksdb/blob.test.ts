/** Stores with blob files: what happens to damaged ones and on a full disk, and values of every length. */
import { describe, expect, it } from 'vitest';
import { BLOB_FOOTER_BYTES, BLOB_HEADER_BYTES } from '../../../engines/rocksdb/blob-format.ts';
import { RecordLogWriter } from '../../../engines/rocksdb/record-log.ts';
import type { RocksDb } from '../../../engines/rocksdb/rocksdb.ts';
import { editedFile } from '../../../engines/rocksdb/store.ts';
import { encodeVersionEdit, type VersionEdit } from '../../../engines/rocksdb/version-edit.ts';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Work } from '../../../sim/work.ts';
import { bytes, contentOf, DIRECTORY, drain, filled, makeDisk, makeEngine, put, text } from './bench.ts';

const OPTIONS: ParameterValues = {
  write_buffer_size: 65536,
  target_file_size_base: 16384,
  enable_blob_files: true,
  min_blob_size: 20,
  blob_file_size: 1000,
};

/** A store of a few small blob files and what must be read from it. */
function small(): { disk: SimulatedDisk; engine: RocksDb; expected: readonly (readonly [string, string])[] } {
  const disk = makeDisk();
  const engine = makeEngine(disk, OPTIONS);
  engine.open();
  for (let i = 0; i < 20; i++) put(engine, `key-${String(i).padStart(2, '0')}`, filled(`value ${i};`, 60));
  put(engine, 'small', filled('in the table', 12));
  engine.switchMemtable();
  drain(engine, disk);
  return { disk, engine, expected: contentOf(engine) };
}

/** Flips bits of one byte behind the engine's back. */
function flip(disk: SimulatedDisk, name: string, offset: number, mask: number): void {
  const file = disk.open(name)!;
  const buffer = new SparseBuffer();
  disk.read(file, offset, 1, buffer);
  const flipped = buffer.byteAt(0) ^ mask;
  buffer.reset();
  buffer.u8(flipped);
  disk.write(file, offset, buffer);
  disk.settle();
  disk.close(file);
}

/** Appends an edit to the manifest behind the engine's back. */
function edit(disk: SimulatedDisk, change: VersionEdit): void {
  const manifest = disk.open(disk.list(`${DIRECTORY}MANIFEST`)[0]!)!;
  const writer = new RecordLogWriter(disk, manifest, new Work());
  writer.length = manifest.length;
  const record = new SparseBuffer();
  encodeVersionEdit(change, record);
  expect(writer.append(record)).toBe('ok');
}

describe('the check compares the account of the manifest with the tables', () => {
  it.each<[string, (engine: RocksDb) => VersionEdit, RegExp]>([
    [
      'garbage that something refers to',
      (engine) => ({ blobGarbage: [{ number: engine.store.blobs.files[0]!.number, blobs: 1, bytes: 98 }] }),
      /blobs referred to and 1 counted as garbage, of \d+/,
    ],
    [
      'more garbage than there is',
      (engine) => ({ blobGarbage: [{ number: engine.store.blobs.files[0]!.number, blobs: 99, bytes: 98 }] }),
      /more garbage than blob file \d+ holds/,
    ],
    [
      'garbage of no file',
      () => ({ blobGarbage: [{ number: 77, blobs: 1, bytes: 98 }] }),
      /more garbage than blob file 77/,
    ],
    [
      'a file twice',
      (engine) => ({ addedBlobFiles: [{ number: engine.store.blobs.files[0]!.number, blobs: 1, bytes: 98 }] }),
      /adds blob file \d+ twice/,
    ],
    [
      'another oldest blob file than the table refers to',
      (engine) => {
        const [table] = engine.store.version.levels[0]!;
        const deleted = [{ level: 0, number: table!.number }];
        return { deleted, added: [{ ...editedFile(0, table!), oldestBlobFile: engine.store.blobs.files[1]!.number }] };
      },
      /as its oldest, the manifest says/,
    ],
    [
      'a table that refers to a file that was never added',
      (engine) => {
        const [table] = engine.store.version.levels[0]!;
        const deleted = [{ level: 0, number: table!.number }];
        return { deleted, added: [{ ...editedFile(0, table!), oldestBlobFile: 88 }] };
      },
      /which refers to blob file 88/,
    ],
  ])('%s', (_name, change, expected) => {
    const { disk, engine } = small();
    edit(disk, change(engine));
    const faults = engine.check();
    expect(faults.map(({ what }) => what).join('; ')).toMatch(expected);
  });
});

describe('damage in a blob file', () => {
  it('of any byte is found, and never read as another value', () => {
    const { disk, engine, expected } = small();
    const [name] = disk.list(DIRECTORY).filter((file) => file.endsWith('.blob'));
    const { length } = disk.open(name!)!;
    const into = new Value();
    let unreadable = 0;
    const wrong: string[] = [];
    for (let offset = 0; offset < length; offset++) {
      const mask = 1 << (offset % 8);
      flip(disk, name!, offset, mask);
      const faults = engine.check();
      expect(faults.map(({ where }) => where).join(), `byte ${offset}`).toContain(name);
      for (const [key, value] of expected) {
        if (!engine.get(0, bytes(key), into)) unreadable++;
        else if (text(into.toBytes()) !== value) wrong.push(`${key}, byte ${offset}`);
      }
      flip(disk, name!, offset, mask);
    }
    expect(engine.check()).toEqual([]);
    expect(wrong).toEqual([]);
    // Every byte but those of header and footer belongs to one key.
    expect(unreadable).toBe(length - BLOB_HEADER_BYTES - BLOB_FOOTER_BYTES);
    console.log(
      `rocksdb blob files: ${length} bytes flipped, ${length} found by the check, ${unreadable} met by a read`,
    );
  });

  it.each<[string, (disk: SimulatedDisk, name: string) => void, RegExp]>([
    ['a missing file', (disk, name) => disk.remove(name), /file is missing/],
    ['a shorter one', (disk, name) => disk.truncate(disk.open(name)!, 500), /500 bytes, not/],
    ['a longer one', (disk, name) => disk.truncate(disk.open(name)!, 99_999), /99999 bytes, not/],
    ['another header', (disk, name) => flip(disk, name, 13, 1), /a bad header/],
    ['another footer', (disk, name) => flip(disk, name, disk.open(name)!.length - 20, 1), /footer: checksum mismatch/],
  ])('is named when the store is opened: %s', (_name, plant, expected) => {
    const { disk } = small();
    const [name] = disk.list(DIRECTORY).filter((file) => file.endsWith('.blob'));
    plant(disk, name!);
    const engine = makeEngine(disk, OPTIONS);
    expect(engine.open()).toBe('corrupt');
    expect(engine.corruption?.where).toBe(name);
    expect(engine.corruption?.what).toMatch(expected);
  });

  it('ends the compaction that meets it, and all writing', () => {
    const { disk, engine } = small();
    for (const name of disk.list(DIRECTORY).filter((file) => file.endsWith('.blob'))) flip(disk, name, 100, 1);
    engine.close();
    const collecting = makeEngine(disk, {
      ...OPTIONS,
      enable_blob_garbage_collection: true,
      blob_garbage_collection_age_cutoff: 1,
    });
    expect(collecting.open()).toBe('recovered');
    put(collecting, 'key-99', filled('new', 200));
    const job = collecting.maintain('compact');
    for (let slices = 0; job?.next().done !== true; slices++) {
      expect(slices).toBeLessThan(10_000);
      disk.settle();
    }
    expect(collecting.store.failure).toBe('io-error');
    expect(collecting.store.failureReason).toMatch(/checksum mismatch/);
  });
});

describe('a full disk', () => {
  it.each([
    [0, 1],
    [50, 1],
    [100, 2],
    [150, 2],
  ])('with %d KiB of room ends the job that meets it, after %d flushes, and loses nothing', (roomKiB, flushes) => {
    const capacity = 1 << 24;
    const disk = makeDisk(1, 64 << 20, capacity);
    const engine = makeEngine(disk, {
      ...OPTIONS,
      write_buffer_size: 1 << 20,
      blob_file_size: 65536,
      enable_blob_garbage_collection: true,
      blob_garbage_collection_age_cutoff: 1,
      level0_file_num_compaction_trigger: 2,
    });
    engine.open();
    disk.settle();
    for (let round = 0; round < 2; round++) {
      for (let i = round * 20; i < 40; i++) put(engine, `key-${i}`, filled(`round ${round}, ${i};`, 4096));
      engine.switchMemtable();
      if (round === 0) drain(engine, disk);
    }
    const before = contentOf(engine);
    // The second flush needs 83 KiB and gives back as much of the WAL; the compaction after it copies all 40 values.
    const ballast = disk.create('ballast', 'other');
    expect(disk.truncate(ballast, capacity - disk.usedBytes - roomKiB * 1024)).toBe('ok');
    drain(engine, disk);
    expect(engine.store.failure).toBe('no-space');
    expect(engine.stats().figures.flushes).toBe(flushes);
    expect(contentOf(engine)).toEqual(before);
    expect(engine.check()).toEqual([]);
    disk.remove('ballast');
    disk.close(ballast);
    const again = makeEngine(disk, OPTIONS);
    expect(again.open()).toBe('recovered');
    expect(contentOf(again)).toEqual(before);
    expect(again.check()).toEqual([]);
  });
});

describe('blobs', () => {
  it('are never expanded: a hundred megabytes of fill in a few kilobytes', () => {
    const disk = makeDisk();
    const engine = makeEngine(disk, { ...OPTIONS, write_buffer_size: 1 << 30, blob_file_size: 1 << 30 });
    engine.open();
    for (let i = 0; i < 10; i++) put(engine, `key-${i}`, filled(`value ${i};`, 10 << 20));
    engine.switchMemtable();
    drain(engine, disk);
    const into = new Value();
    expect(engine.get(0, bytes('key-7'), into)).toBe(true);
    expect(into.length).toBe(10 << 20);
    expect(into.literalLength).toBeLessThan(100);
    expect(engine.check()).toEqual([]);
  });

  it('may be empty, and keys long', () => {
    const disk = makeDisk();
    const engine = makeEngine(disk, { ...OPTIONS, min_blob_size: 0 });
    engine.open();
    const long = 'k'.repeat(3000);
    put(engine, 'empty', Value.of(new Uint8Array(0)));
    put(engine, long, filled('x', 1));
    put(engine, 'zeros', Value.of(new Uint8Array(5000)));
    engine.switchMemtable();
    drain(engine, disk);
    const found = contentOf(engine).map(([key, value]) => [key.length, value.length]);
    expect(found).toEqual([
      [5, 0],
      [3000, 1],
      [5, 5000],
    ]);
    expect(engine.store.blobs.files.reduce((sum, { blobs }) => sum + blobs, 0)).toBe(3);
    expect(engine.check()).toEqual([]);
  });

  it('are read by a scan inside a scan', () => {
    const { engine, expected } = small();
    const pairs: string[] = [];
    engine.scan(0, new Uint8Array(0), undefined, (_key, _from, _to, outer) => {
      const first = text(outer.toBytes());
      engine.scan(0, bytes('key-05'), bytes('key-06'), (_k, _f, _t, inner) => {
        pairs.push(text(inner.toBytes()));
        return true;
      });
      // The outer value is still what it was.
      expect(text(outer.toBytes())).toBe(first);
      return true;
    });
    expect(pairs.length).toBe(expected.length);
    expect(new Set(pairs)).toEqual(new Set([expected[5]?.[1]]));
  });
});
