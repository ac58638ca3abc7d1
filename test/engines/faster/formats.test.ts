/** What stands in the files, byte by byte; and metadata that is not what it claims. */
import { describe, expect, it } from 'vitest';
import {
  decodeIndexInfo,
  decodeLogInfo,
  encodeIndexInfo,
  encodeLogInfo,
  type LogInfo,
  makeToken,
} from '../../../engines/faster/checkpoint-info.ts';
import { faster } from '../../../engines/faster/index.ts';
import { hashHigh, hashKey, hashLow } from '../../../engines/faster/key-hash.ts';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import { bytesOf, DIRECTORY, del, EngineBed, put, text } from '../bed.ts';

const OPTIONS = { IndexSize: 512, PageSizeBits: 12, MemorySizeBits: 16, SegmentSizeBits: 13 };
const LOG = `${DIRECTORY}hlog.log.0`;

function fileOf(bed: EngineBed, name: string): Uint8Array {
  const buffer = new SparseBuffer();
  const file = bed.disk.open(name)!;
  bed.disk.read(file, 0, file.length, buffer);
  return buffer.toBytes();
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

describe('the log', () => {
  it('holds records as SpanByte keys and values behind a header', () => {
    const bed = EngineBed.opened(faster, OPTIONS);
    bed.write([put('ab', 'first')]);
    bed.write([put('ab', 'other'), put('ab', 'xy')]); // in place, the second with a shorter value
    bed.write([put('ab', 'longer')]); // to the tail
    bed.sync();
    bed.write([put('ab', 'short'), del('ab')]);
    bed.sync();
    const log = fileOf(bed, LOG);
    expect(log.length).toBe(512);
    expect(hex(log.subarray(0, 64))).toBe(new Array(64).fill('00').join(' '));
    const rows = [];
    for (let at = 64; at < 192; at += 8) rows.push(hex(log.subarray(at, at + 8)));
    expect(rows).toEqual([
      '01 00 00 00 00 00 00 4b', // 64: no record before; valid, sealed, dirty, modified
      '03 00 00 00 00 61 62 00', // key: table 0, 'ab'
      '02 00 00 00 78 79 00 00', // 'xy' where 'other' stood
      '00 00 00 00 00 00 00 00', // what the longer value left
      '40 00 00 00 00 00 00 49', // 96: 64 before
      '03 00 00 00 00 61 62 00',
      '06 00 00 00 6c 6f 6e 67', // 'longer'
      '65 72 00 00 00 00 00 00',
      '60 00 00 00 00 00 80 49', // 128: 96 before; tombstone, of a value put and deleted in place
      '03 00 00 00 00 61 62 00',
      '05 00 00 00 73 68 6f 72',
      '74 00 00 00 00 00 00 00',
      '00 00 00 00 00 00 00 00',
      '00 00 00 00 00 00 00 00',
      '00 00 00 00 00 00 00 00',
      '00 00 00 00 00 00 00 00',
    ]);
  });

  it('leaves the end of a page empty rather than let a record cross it, and starts a file with each segment', () => {
    const bed = EngineBed.opened(faster, OPTIONS);
    for (let i = 0; i < 9; i++) bed.write([put(`key${i}`, 'v'.repeat(1500))]);
    bed.sync();
    const names = bed.disk.list(`${DIRECTORY}hlog`);
    expect(names).toEqual([0, 1, 2].map((segment) => `${DIRECTORY}hlog.log.${segment}`));
    const { figures } = bed.engine.stats();
    // two records a page: the ninth is on the fifth
    expect(figures.logBytes).toBe(4 * 4096 + 8 + 16 + 4 + 1500 - 64);
    bed.restart();
    bed.verify();
  });
});

describe('the hash index', () => {
  it('is written as buckets of seven entries with their overflow', () => {
    const bed = EngineBed.opened(faster, OPTIONS);
    bed.write([put('ab', 'value')]);
    bed.sync();
    const job = bed.engine.maintain!('index-checkpoint', 0)!;
    while (job.next().done !== true) bed.disk.settle();
    const table = fileOf(bed, bed.disk.list(DIRECTORY).find((name) => name.endsWith('ht.dat.0'))!);
    // 8 buckets, and 16 overflow buckets of which none is in use
    expect(table.length).toBe(512 + 1024);
    const key = bytesOf('\0ab');
    hashKey(key, 0, key.length);
    const entry = (hashLow & 7) * 64;
    const view = new DataView(table.buffer);
    expect(view.getBigUint64(entry, true)).toBe((BigInt(hashHigh >>> 18) << 48n) | 64n);
    expect(table.filter((byte, at) => byte !== 0 && (at < entry || at >= entry + 8)).length).toBe(0);
  });
});

describe('metadata', () => {
  const info: LogInfo = {
    token: makeToken(0x1234, 1),
    isSnapshot: true,
    version: 0x1234,
    nextVersion: 0x1235,
    flushedLogicalAddress: 131072,
    snapshotStartFlushedLogicalAddress: 131072,
    startLogicalAddress: 200_000,
    finalLogicalAddress: 200_000,
    snapshotFinalLogicalAddress: 200_000,
    headAddress: 64,
    beginAddress: 64,
  };

  it('is text behind its length, with the exclusive or of its values', () => {
    const buffer = new SparseBuffer();
    encodeLogInfo(info, buffer);
    const bytes = buffer.toBytes();
    expect(bytes.length).toBe(512);
    const length = new DataView(bytes.buffer).getUint32(0, true);
    const lines = String.fromCharCode(...bytes.subarray(4, 4 + length)).split('\n');
    // the GUID's bytes as .NET orders them: 34 12 00 00 00 00 00 40 | 80 00 00 00 00 00 00 01
    const halves = 0x4000_0000_0000_1234n ^ 0x0100_0000_0000_0080n;
    const checksum = halves ^ 0x1234n ^ 200_000n;
    expect(lines).toEqual([
      '5',
      `${checksum}`,
      '00001234-0000-4000-8000-000000000001',
      '1',
      '4660',
      '4661',
      '131072',
      '131072',
      '200000',
      '200000',
      '200000',
      '64',
      '64',
      '-1',
      'False',
      '0',
      '0',
      '',
    ]);
    expect(decodeLogInfo(buffer)).toEqual(info);
  });

  it('is refused when a byte of it changes, except where the checksum does not look', () => {
    const buffer = new SparseBuffer();
    encodeLogInfo(info, buffer);
    const bytes = buffer.toBytes();
    const length = new DataView(bytes.buffer).getUint32(0, true);
    const unnoticed: string[] = [];
    for (let at = 0; at < 4 + length; at++) {
      const damaged = new SparseBuffer();
      const copy = bytes.slice();
      copy[at] = copy[at]! ^ 1;
      damaged.bytes(copy);
      const found = decodeLogInfo(damaged);
      if (found !== undefined)
        unnoticed.push(...Object.keys(info).filter((name) => Reflect.get(found, name) !== Reflect.get(info, name)));
    }
    expect([...new Set(unnoticed)].sort((a, b) => (a < b ? -1 : 1))).toEqual(['isSnapshot', 'nextVersion']);
  });

  it('of the index comes back, or not at all', () => {
    const index = {
      token: makeToken(1, 2),
      buckets: 8,
      tableBytes: 512,
      overflowBytes: 1024,
      overflowBuckets: 16,
      startLogicalAddress: 64,
      finalLogicalAddress: 5000,
    };
    const buffer = new SparseBuffer();
    encodeIndexInfo(index, buffer);
    expect(decodeIndexInfo(buffer)).toEqual(index);
    const bytes = buffer.toBytes();
    const length = new DataView(bytes.buffer).getUint32(0, true);
    for (let at = 0; at < 4 + length; at++) {
      const damaged = new SparseBuffer();
      const copy = bytes.slice();
      copy[at] = copy[at]! ^ 1;
      damaged.bytes(copy);
      expect(decodeIndexInfo(damaged), text(bytes.subarray(at, at + 1))).toBeUndefined();
    }
  });
});
