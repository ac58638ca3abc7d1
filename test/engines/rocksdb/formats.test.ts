/** The encodings, each against a dumb twin that reads or writes the format by its description. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BloomBuilder, bloomHash, bloomMayContain } from '../../../engines/rocksdb/bloom-filter.ts';
import { RecordLogReader, RecordLogWriter } from '../../../engines/rocksdb/record-log.ts';
import { appendProperties, readMetaBlock } from '../../../engines/rocksdb/table-properties.ts';
import { decodeVersionEdit, encodeVersionEdit, type VersionEdit } from '../../../engines/rocksdb/version-edit.ts';
import { encodeWriteBatch, WriteBatchReader } from '../../../engines/rocksdb/write-batch.ts';
import { xxh3Low32 } from '../../../engines/rocksdb/xxh3.ts';
import { Batch } from '../../../sim/batch.ts';
import { crc32c, maskCrc } from '../../../sim/bytes/crc32c.ts';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { Work } from '../../../sim/work.ts';
import { bytes, filled, makeDisk, text } from './bench.ts';

const BLOCK = 32768;

/** The record log written byte by byte, as the format says. */
function dumbLog(records: readonly Uint8Array[]): Uint8Array {
  const out: number[] = [];
  for (const record of records) {
    let from = 0;
    let first = true;
    for (let last = false; !last; ) {
      const left = BLOCK - (out.length % BLOCK);
      if (left < 7) {
        for (let i = 0; i < left; i++) out.push(0);
        continue;
      }
      const part = record.slice(from, from + left - 7);
      from += part.length;
      last = from === record.length;
      const type = first && last ? 1 : first ? 2 : last ? 4 : 3;
      const crc = maskCrc(crc32c(0, Uint8Array.of(type, ...part), 0, part.length + 1));
      out.push(
        crc & 255,
        (crc >>> 8) & 255,
        (crc >>> 16) & 255,
        crc >>> 24,
        part.length & 255,
        part.length >>> 8,
        type,
      );
      for (const byte of part) out.push(byte);
      first = false;
    }
  }
  return Uint8Array.from(out);
}

function writeLog(records: readonly SparseBuffer[]) {
  const disk = makeDisk();
  const writer = new RecordLogWriter(disk, disk.create('log', 'engine-wal'), new Work());
  for (const record of records) expect(writer.append(record)).toBe('ok');
  return { disk, writer };
}

function sparse(content: Uint8Array, run = 0): SparseBuffer {
  const buffer = new SparseBuffer();
  buffer.bytes(content);
  buffer.run(0xfb, run);
  return buffer;
}

const lengths = fc.oneof(fc.nat(200), fc.integer({ min: BLOCK - 30, max: BLOCK + 10 }), fc.nat(100_000));

describe('the record log', () => {
  it('is written as the dumb twin writes it, and read back', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.uint8Array({ maxLength: 40 }), lengths), { maxLength: 6 }), (parts) => {
        const records = parts.map(([content, run]) => sparse(content, run));
        const { disk, writer } = writeLog(records);
        const expected = dumbLog(records.map((record) => record.toBytes()));
        expect(Buffer.compare(disk.exportFile('log'), expected)).toBe(0);
        const reader = new RecordLogReader(disk, writer.file);
        for (const record of records) {
          expect(reader.next()).toBe(true);
          expect(Buffer.compare(reader.record.toBytes(), record.toBytes())).toBe(0);
        }
        expect(reader.next()).toBe(false);
        expect(reader.end).toBe('end');
      }),
      { numRuns: 60 },
    );
  });

  it('starts a record with an empty fragment where a block has room for its header only', () => {
    const { disk, writer } = writeLog([sparse(new Uint8Array(0), BLOCK - 14), sparse(bytes('x'))]);
    expect([...disk.exportFile('log').slice(BLOCK - 3, BLOCK)]).toEqual([0, 0, 2]);
    const reader = new RecordLogReader(disk, writer.file);
    expect([reader.next(), reader.next()]).toEqual([true, true]);
    expect(text(reader.record.toBytes())).toBe('x');
    expect([reader.next(), reader.end]).toEqual([false, 'end']);
  });

  it('ends a block with zeros where no header fits', () => {
    // 32768 − 7 − 6 = 32755 bytes leave six: the next record starts in the next block
    const { disk, writer } = writeLog([sparse(new Uint8Array(0), 32755), sparse(bytes('next'))]);
    expect(writer.length).toBe(BLOCK + 7 + 4);
    const content = disk.exportFile('log');
    expect([...content.slice(BLOCK - 6, BLOCK)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it.each([
    ['cut inside the header', (log: Uint8Array) => log.slice(0, log.length - 9), 1, 'torn'],
    ['cut inside the data', (log: Uint8Array) => log.slice(0, log.length - 1), 1, 'torn'],
    ['cut between records', (log: Uint8Array) => log.slice(0, 7 + 5), 1, 'end'],
    ['flipped in the second record', (log: Uint8Array) => flip(log, log.length - 1), 1, 'torn'],
    ['flipped in a length', (log: Uint8Array) => flip(log, 4), 0, 'torn'],
    ['followed by zeros', (log: Uint8Array) => Uint8Array.from([...log, ...new Uint8Array(20)]), 2, 'torn'],
    ['empty', () => new Uint8Array(0), 0, 'end'],
  ] as const)('%s: reads what is whole', (_name, damage, records, end) => {
    const log = dumbLog([bytes('first'), bytes('second')]);
    const disk = makeDisk();
    const file = disk.create('log', 'engine-wal');
    disk.write(file, 0, sparse(damage(log)));
    const reader = new RecordLogReader(disk, file);
    let count = 0;
    while (reader.next()) count++;
    expect([count, reader.end]).toEqual([records, end]);
  });
});

function flip(content: Uint8Array, at: number): Uint8Array {
  const copy = content.slice();
  copy[at]! ^= 0x40;
  return copy;
}

describe('the write batch', () => {
  it('round trips with and without a table prefix', () => {
    const operation = fc.record({
      key: fc.uint8Array({ minLength: 1, maxLength: 20 }),
      value: fc.option(fc.tuple(fc.uint8Array({ maxLength: 30 }), fc.nat(2000))),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 20 }), fc.boolean(), fc.nat(), (operations, prefixed, sequence) => {
        const batch = new Batch();
        for (const { key, value } of operations) {
          if (value === null) batch.delete(3, key);
          else batch.put(3, key, Value.filled(value[0], value[1]));
        }
        const record = new SparseBuffer();
        encodeWriteBatch(batch, sequence, prefixed, record);
        const reader = new WriteBatchReader();
        expect(reader.start(record)).toBe(true);
        expect([reader.sequence, reader.count]).toEqual([sequence, operations.length]);
        for (const { key, value } of operations) {
          expect(reader.next()).toBe(true);
          const expected = prefixed ? Uint8Array.of(3, ...key) : key;
          expect(reader.key.slice(0, reader.keyLength)).toEqual(expected);
          expect(reader.type).toBe(value === null ? 0 : 1);
          if (value !== null) expect(reader.value.equals(Value.filled(value[0], value[1]))).toBe(true);
        }
        expect(reader.next()).toBe(false);
        expect(reader.malformed).toBe(false);
      }),
    );
  });

  it('is these bytes', () => {
    const batch = new Batch();
    batch.put(0, bytes('a'), Value.of(bytes('xy')));
    batch.delete(0, bytes('bc'));
    const record = new SparseBuffer();
    encodeWriteBatch(batch, 258, false, record);
    const header = [2, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0];
    expect([...record.toBytes()]).toEqual([...header, 1, 1, 97, 2, 120, 121, 0, 2, 98, 99]);
  });
});

describe('XXH3', () => {
  // What xxHash's own implementation says of byte i = 131 i + (i >> 3), from byte n % 7 on: every path of the algorithm.
  it.each([
    [0, 0x38d394c2],
    [1, 0x69f447c1],
    [2, 0xc55c4c56],
    [3, 0x93e05352],
    [5, 0x90a83296],
    [12, 0x115a2eee],
    [20, 0x9a301bbf],
    [100, 0xd7b37a4d],
    [130, 0x5accf8ea],
    [200, 0xe438dc1d],
    [240, 0xc128dd71],
    [241, 0xf635b160],
    [1024, 0x1219f9ba],
    [1025, 0xc54787c6],
    [2500, 0x2ab69fa8],
  ])('of %i bytes', (length, hash) => {
    expect(xxh3Low32(pattern, length % 7, (length % 7) + length)).toBe(hash);
  });

  it('of every length up to 2,599', () => {
    let all = 0;
    for (let n = 0; n < 2600; n++) all = (Math.imul(all, 31) + xxh3Low32(pattern, n % 7, (n % 7) + n)) >>> 0;
    expect(all).toBe(0xbf315104);
  });

  const pattern = Uint8Array.from({ length: 3000 }, (_, i) => i * 131 + (i >> 3));
});

describe('version edits', () => {
  it('round trip', () => {
    const number = fc.nat(2 ** 40);
    const internalKey = fc.uint8Array({ minLength: 8, maxLength: 30 });
    const blobAmount = fc.record({ number, blobs: number, bytes: number });
    const edit: fc.Arbitrary<VersionEdit> = fc.record(
      {
        logNumber: number,
        logToKeep: number,
        nextFile: number,
        lastSequence: number,
        deleted: fc.array(fc.record({ level: fc.nat(6), number }), { minLength: 1, maxLength: 4 }),
        added: fc.array(
          fc.record({
            level: fc.nat(6),
            number,
            bytes: number,
            smallest: internalKey,
            largest: internalKey,
            smallestSequence: number,
            largestSequence: number,
            oldestBlobFile: number,
            uniqueId: fc.uint8Array({ minLength: 0, maxLength: 16 }),
          }),
          { minLength: 1, maxLength: 4 },
        ),
        addedBlobFiles: fc.array(blobAmount, { minLength: 1, maxLength: 3 }),
        blobGarbage: fc.array(blobAmount, { minLength: 1, maxLength: 3 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(edit, (expected) => {
        const record = new SparseBuffer();
        encodeVersionEdit(expected, record);
        expect(decodeVersionEdit(record)).toEqual(expected);
      }),
    );
  });

  it.each([
    ['an unknown tag', [77, 1], 'unknown tag 77'],
    ['another comparator', [1, 3, 97, 98, 99], 'comparator abc'],
    ['a cut number', [2, 0x80], 'the record ends inside a field'],
    ['a cut key', [103, 0, 1, 1, 20, 1], 'the record ends inside a field'],
  ] as const)('refuses %s', (_name, content, why) => {
    expect(decodeVersionEdit(sparse(Uint8Array.from(content)))).toBe(why);
  });

  it('skips what says that it may be skipped', () => {
    // tag 8193 with three bytes, then the next file number
    expect(decodeVersionEdit(sparse(Uint8Array.of(0x81, 0x40, 3, 9, 9, 9, 3, 7)))).toEqual({ nextFile: 7 });
  });
});

describe('the bloom filter', () => {
  it('hashes as the format does', () => {
    const values: [number[], number][] = [
      [[], 3164544308],
      [[0x08], 422599524],
      [[0x9a], 3195034349],
      [[0x4d, 0x76], 2447836956],
      [[0x91, 0xf7], 31066776],
      [[0x30, 0x46, 0x0b], 3808221797],
      [[0xd4, 0x52, 0x33], 1721992661],
      [[0x67, 0x53, 0x81, 0x1c], 118283265],
    ];
    for (const [content, hash] of values) expect(bloomHash(Uint8Array.from(content), 0, content.length)).toBe(hash);
  });

  it('has every key, and few others', () => {
    const builder = new BloomBuilder(10);
    const key = (i: number): Uint8Array => bytes(`key ${i}`);
    for (let i = 0; i < 5000; i++) builder.add(key(i), key(i).length);
    const filter = builder.finish();
    let missing = 0;
    let wrong = 0;
    for (let i = 0; i < 5000; i++) {
      if (!bloomMayContain(filter, bloomHash(key(i), 0, key(i).length))) missing++;
      const other = key(i + 1_000_000);
      if (bloomMayContain(filter, bloomHash(other, 0, other.length))) wrong++;
    }
    expect(missing).toBe(0);
    // About 1 % by design; the format's lines of 64 bytes cost a little.
    expect(wrong / 5000).toBeLessThan(0.02);
    expect(wrong).toBeGreaterThan(0);
  });
});

describe('table properties', () => {
  it('stand in the order of their names', () => {
    for (const bloomBitsPerKey of [0, 10]) {
      const out = new SparseBuffer();
      appendProperties(out, {
        number: 7,
        rawKeyBytes: 1,
        rawValueBytes: 2,
        dataBytes: 3,
        indexBytes: 4,
        entries: 300,
        deletions: 6,
        dataBlocks: 7,
        filterBytes: 8,
        bloomBitsPerKey,
        flushed: true,
      });
      const rows = readMetaBlock(out.toBytes());
      const names = [...(rows?.keys() ?? [])];
      expect(names.length).toBeGreaterThan(30);
      expect(names).toEqual(names.slice().sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
      expect([...(rows?.get('rocksdb.num.entries') ?? [])]).toEqual([0xac, 0x02]);
      expect(text(rows?.get('rocksdb.comparator') ?? bytes(''))).toBe('leveldb.BytewiseComparator');
    }
  });
});

it('has a helper whose fill is real fill', () => {
  expect(filled('abc', 10).length).toBe(10);
});
