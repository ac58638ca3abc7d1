/** Tables against a sorted list of entries: what was built is what is read, whatever its shape. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlockCache } from '../../../engines/rocksdb/block-cache.ts';
import { readOptions } from '../../../engines/rocksdb/options.ts';
import { TableBuilder } from '../../../engines/rocksdb/table-builder.ts';
import type { TableFile } from '../../../engines/rocksdb/table-file.ts';
import { openTable, TableReader } from '../../../engines/rocksdb/table-reader.ts';
import { TablesCursor } from '../../../engines/rocksdb/tables-cursor.ts';
import { compareBytes } from '../../../sim/bytes/compare.ts';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Work } from '../../../sim/work.ts';
import { bytes, filled, makeDisk } from './bench.ts';

interface Entry {
  readonly key: Uint8Array;
  readonly value: Value | undefined;
}

const work = new Work();

function build(disk: SimulatedDisk, entries: readonly Entry[], values: ParameterValues = {}): TableFile {
  const builder = new TableBuilder(disk, readOptions(values), work);
  builder.start('000009.sst', 9, 'flush');
  entries.forEach(({ key, value }, i) => {
    builder.add(key, key.length, entries.length - i, value === undefined ? 0 : 1, value ?? new Value());
  });
  expect(builder.finish()).toBe('ok');
  return {
    number: 9,
    bytes: builder.file.length,
    smallest: builder.smallest,
    largest: builder.largest,
    smallestSequence: builder.smallestSequence,
    largestSequence: builder.largestSequence,
    oldestBlobFile: 0,
    entries: builder.entries,
    deletions: builder.deletions,
    rawKeyBytes: 0,
    rawValueBytes: builder.rawValueBytes,
    compensatedBytes: 0,
    beingCompacted: false,
    reader: new TableReader(9, builder.file, builder.indexBlock, builder.filterBlock),
  };
}

/** Writes the file again without runs, as a copy from elsewhere would be. */
function writeLiterally(disk: SimulatedDisk): void {
  const content = disk.exportFile('000009.sst');
  const buffer = new SparseBuffer(content.length);
  buffer.bytes(content);
  const file = disk.open('000009.sst');
  if (file === undefined) throw new Error('no table');
  disk.write(file, 0, buffer);
}

function expectCursorAt(cursor: TablesCursor, entry: Entry | undefined): void {
  expect(cursor.failure).toBeUndefined();
  if (entry === undefined) {
    expect(cursor.valid).toBe(false);
    return;
  }
  expect(cursor.valid).toBe(true);
  expect(cursor.key.slice(0, cursor.keyLength)).toEqual(entry.key);
  expect(cursor.type).toBe(entry.value === undefined ? 0 : 1);
  const value = new Value();
  cursor.value(value);
  expect(value.equals(entry.value ?? new Value())).toBe(true);
}

const arbitraryKey = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 6 }),
  fc.nat(100_000).map((n) => bytes(`key-${String(n).padStart(12, '0')}`)),
  fc.nat(50).map((n) => bytes(`a rather long key that shares much with its neighbours ${'x'.repeat(150)}${n}`)),
);
const arbitraryValue = fc.oneof(
  fc.constant(undefined),
  fc.uint8Array({ maxLength: 40 }).map((content) => Value.of(content)),
  fc.tuple(fc.nat(999), fc.nat(3000)).map(([stamp, length]) => filled(`${stamp}`, length)),
  fc.nat(3000).map((length) => new Value().set(bytes('beforeafter'), 0, 11, 6, length)),
  fc.nat(300).map((length) => Value.of(new Uint8Array(length).fill(0xfb))),
  fc.constant(Value.of(new Uint8Array(6000))),
);
const arbitraryEntries = fc
  .uniqueArray(fc.record({ key: arbitraryKey, value: arbitraryValue }), {
    selector: ({ key }) => key.join(),
    minLength: 1,
    maxLength: 150,
  })
  .map((entries) => entries.sort((a, b) => compareBytes(a.key, b.key)));
const arbitraryOptions = fc.record({
  block_size: fc.constantFrom(256, 1024, 4096),
  block_restart_interval: fc.constantFrom(1, 3, 16),
  bloom_bits_per_key: fc.constantFrom(0, 10),
});

describe('a table', () => {
  it('gives back its entries and finds every key', () => {
    fc.assert(
      fc.property(
        arbitraryEntries,
        fc.array(arbitraryKey, { maxLength: 20 }),
        arbitraryOptions,
        fc.boolean(),
        (entries, probes, options, literal) => {
          const disk = makeDisk();
          const table = build(disk, entries, options);
          if (literal) writeLiterally(disk);
          const cache = new BlockCache(disk, 2000, work);
          for (const cursor of [new TablesCursor(disk, undefined, work), new TablesCursor(disk, cache, work)]) {
            cursor.setTables([table]).first();
            for (const entry of entries) {
              expectCursorAt(cursor, entry);
              cursor.next();
            }
            expectCursorAt(cursor, undefined);
            for (const probe of [...probes, ...entries.map(({ key }) => key)]) {
              cursor.seek(probe, 0, probe.length);
              expectCursorAt(
                cursor,
                entries.find(({ key }) => compareBytes(key, probe) >= 0),
              );
            }
            cursor.close();
          }
        },
      ),
      { numRuns: 120 },
    );
  });

  it('opens from its file as it was built', () => {
    fc.assert(
      fc.property(arbitraryEntries, arbitraryOptions, (entries, options) => {
        const disk = makeDisk();
        const table = build(disk, entries, options);
        const opened = openTable(disk, '000009.sst', 9, table.bytes, work);
        if (typeof opened === 'string') throw new Error(opened);
        expect(opened.reader.index).toEqual(table.reader.index);
        expect(opened.reader.filter).toEqual(table.reader.filter);
        expect([opened.entries, opened.deletions, opened.rawValueBytes]).toEqual([
          table.entries,
          table.deletions,
          table.rawValueBytes,
        ]);
      }),
      { numRuns: 60 },
    );
  });

  it('separates blocks by the shortest key that will do', () => {
    const disk = makeDisk();
    const keys = ['aaaa', 'aaab1', 'aac', 'b\xff\xff', 'c', 'cat', 'catalogue', 'dog'];
    const entries = keys.map((key) => ({ key: Uint8Array.from(key, (c) => c.charCodeAt(0)), value: filled(key, 300) }));
    const { reader } = build(disk, entries, { block_size: 256, bloom_bits_per_key: 0 });
    const separators = Array.from({ length: reader.blocks }, (_, k) => {
      const [from, to] = reader.separator(k);
      return String.fromCharCode(...reader.index.slice(from, to));
    });
    // one entry a block; the last key of a file stays whole
    expect(separators).toEqual(['aaab', 'aab', 'b', 'b\xff\xff', 'c', 'cat', 'd', 'dog']);
  });

  it('counts 2^16 entries of a run of megabytes without holding them', () => {
    const disk = makeDisk();
    const entries = Array.from({ length: 3000 }, (_, i) => ({
      key: bytes(`key-${String(i).padStart(12, '0')}`),
      value: filled(`${i}`, 4000),
    }));
    const table = build(disk, entries);
    expect(table.bytes).toBeGreaterThan(3000 * 4000);
    // 3000 keys and stamps, two bytes a block of offsets and checksums, and descriptors of runs
    expect(disk.store.reservedBytes).toBeLessThan(2_000_000);
  });

  it('notices every flipped byte', () => {
    const disk = makeDisk();
    const entries = Array.from({ length: 60 }, (_, i) => ({ key: bytes(`key-${100 + i}`), value: filled(`${i}`, 90) }));
    const table = build(disk, entries, { block_size: 1024, bloom_bits_per_key: 10 });
    const content = disk.exportFile('000009.sst');
    const file = disk.open('000009.sst');
    if (file === undefined) throw new Error('no table');
    const unnoticed: number[] = [];
    const one = new SparseBuffer();
    const poke = (at: number, byte: number): void => {
      one.reset().u8(byte);
      disk.write(file, at, one);
    };
    for (let at = 0; at < content.length; at += 3) {
      poke(at, content[at]! ^ 0x04);
      const opened = openTable(disk, '000009.sst', 9, table.bytes, work);
      if (typeof opened !== 'string') {
        const cursor = new TablesCursor(disk, undefined, work).setTables([{ ...table, reader: opened.reader }]);
        cursor.first();
        while (cursor.valid) cursor.next();
        if (cursor.failure === undefined) unnoticed.push(at);
      }
      poke(at, content[at]!);
    }
    // Zeros between the footer's handles and its version are nobody's.
    const padding = content.length - 53;
    expect(unnoticed.filter((at) => at < padding || at >= content.length - 12)).toEqual([]);
  });
});
