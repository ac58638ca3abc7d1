import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import { decodeSnapshotMark, encodeSnapshotMark, readHardState, writeHardState } from '../../sim/nodes/wal/protobuf.ts';
import { RECORD_METADATA, RecordEncoder } from '../../sim/nodes/wal/record-encoder.ts';
import { decodeSnapshotFile } from '../../sim/nodes/wal/snapshot-files.ts';
import { Work } from '../../sim/work.ts';

const hex = (bytes: ArrayLike<number>): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** CRC-32C bit by bit, over what `crc` covered and `bytes`. */
function slowCrc(crc: number, bytes: ArrayLike<number>): number {
  let c = ~crc;
  for (let i = 0; i < bytes.length; i++) {
    c ^= bytes[i]!;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  }
  return ~c >>> 0;
}

/** LEB128 by BigInt. */
function slowVarint(value: bigint): number[] {
  const out: number[] = [];
  for (; value >= 128n; value >>= 7n) out.push(Number(value & 127n) | 128);
  out.push(Number(value));
  return out;
}

/** One record the plain way: fields, frame, padding. */
function slowRecord(type: number, crc: number, data: number[] | undefined): number[] {
  const body = [0x08, type, 0x10, ...slowVarint(BigInt(crc))];
  if (data !== undefined) body.push(0x1a, ...slowVarint(BigInt(data.length)), ...data);
  const padding = (8 - (body.length % 8)) % 8;
  const frame = BigInt(body.length) | (padding === 0 ? 0n : BigInt(0x80 | padding) << 56n);
  const out: number[] = [];
  for (let i = 0n; i < 8n; i++) out.push(Number((frame >> (8n * i)) & 255n));
  return [...out, ...body, ...new Array<number>(padding).fill(0)];
}

describe('records, worked out by hand', () => {
  test('the first record of a log: a checksum of nothing', () => {
    const out = new SparseBuffer();
    new RecordEncoder(0, new Work()).checksum(out);
    // 4 B of record, 4 of padding: top byte 0x84
    expect(hex(out.toBytes())).toBe('04 00 00 00 00 00 00 84 08 04 10 00 00 00 00 00');
  });

  test('metadata of one byte', () => {
    const out = new SparseBuffer();
    const encoder = new RecordEncoder(0, new Work());
    encoder.blob(out, RECORD_METADATA, Uint8Array.of(0x61));
    // CRC-32C of "a" is c1d04330: as varint b0 86 c1 8e 0c
    expect(encoder.crc).toBe(0xc1d04330);
    // 2 type + 6 crc + 3 data = 11, padding 5
    expect(hex(out.toBytes())).toBe('0b 00 00 00 00 00 00 85 08 01 10 b0 86 c1 8e 0c 1a 01 61 00 00 00 00 00');
  });

  test('an entry: type, term and index always there, data last', () => {
    const out = new SparseBuffer();
    new RecordEncoder(0, new Work()).entry(out, { term: 2, index: 300, type: 0, data: Value.of(Uint8Array.of(0x78)) });
    const data = [0x08, 0x00, 0x10, 0x02, 0x18, 0xac, 0x02, 0x22, 0x01, 0x78];
    expect(hex(out.toBytes())).toBe(hex(slowRecord(2, slowCrc(0, data), data)));
  });

  test('an entry without payload leaves the data field out', () => {
    const out = new SparseBuffer();
    new RecordEncoder(0, new Work()).entry(out, { term: 1, index: 1, type: 0, data: new Value() });
    const data = [0x08, 0x00, 0x10, 0x01, 0x18, 0x01];
    expect(hex(out.toBytes())).toBe(hex(slowRecord(2, slowCrc(0, data), data)));
  });

  test('a vote is ten bytes wide, as a 64-bit member id is; no vote is one', () => {
    const bytes = new Uint8Array(40);
    expect(writeHardState(bytes, 0, { term: 1, vote: 0, commit: 0 })).toBe(6);
    expect(hex(bytes.subarray(0, 6))).toBe('08 01 10 00 18 00');
    const end = writeHardState(bytes, 0, { term: 1, vote: 3, commit: 5 });
    const id = (0x9e3779b9n << 32n) | 3n;
    expect(hex(bytes.subarray(0, end))).toBe(hex([0x08, 1, 0x10, ...slowVarint(id), 0x18, 5]));
    expect(readHardState(bytes, 0, end)).toEqual({ term: 1, vote: 3, commit: 5 });
  });

  test('a snapshot with its configuration', () => {
    const mark = {
      index: 130,
      term: 2,
      configuration: { voters: [1, 2], learners: [3], votersOutgoing: [], learnersNext: [], autoLeave: false },
    };
    const id = (node: bigint): number[] => slowVarint((0x9e3779b9n << 32n) | node);
    const configuration = [0x08, ...id(1n), 0x08, ...id(2n), 0x10, ...id(3n), 0x28, 0];
    expect(hex(encodeSnapshotMark(mark))).toBe(
      hex([0x08, 0x82, 0x01, 0x10, 0x02, 0x1a, configuration.length, ...configuration]),
    );
    expect(decodeSnapshotMark(encodeSnapshotMark(mark))).toEqual(mark);
  });
});

describe('against the plain encoder', () => {
  const value = fc.record({
    head: fc.uint8Array({ maxLength: 40 }),
    fill: fc.nat(5000),
    tail: fc.uint8Array({ maxLength: 40 }),
  });
  const anyEntry = fc.record({ term: fc.nat(2 ** 31), index: fc.nat(), type: fc.nat(2), value });

  test('any sequence of entries and states gives the same bytes and the same rolling sum', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyEntry, fc.record({ commit: fc.nat() })), { maxLength: 8 }), (steps) => {
        const out = new SparseBuffer();
        const encoder = new RecordEncoder(7, new Work());
        const expected: number[] = [];
        let crc = 7;
        for (const step of steps) {
          let data: number[];
          let type: number;
          if ('commit' in step) {
            encoder.state(out, { term: 9, vote: 2, commit: step.commit });
            data = [0x08, 9, 0x10, ...slowVarint((0x9e3779b9n << 32n) | 2n), 0x18, ...slowVarint(BigInt(step.commit))];
            type = 3;
          } else {
            const { head, fill, tail } = step.value;
            const literal = Uint8Array.from([...head, ...tail]);
            const payload = new Value().set(literal, 0, literal.length, head.length, fill);
            encoder.entry(out, { term: step.term, index: step.index, type: step.type, data: payload });
            data = [0x08, step.type, 0x10, ...slowVarint(BigInt(step.term)), 0x18, ...slowVarint(BigInt(step.index))];
            const bytes = payload.toBytes();
            if (bytes.length > 0) data.push(0x22, ...slowVarint(BigInt(bytes.length)), ...bytes);
            type = 2;
          }
          crc = slowCrc(crc, data);
          expected.push(...slowRecord(type, crc, data));
        }
        expect(Buffer.from(out.toBytes()).equals(Buffer.from(expected))).toBe(true);
        expect(encoder.crc).toBe(crc);
      }),
      { numRuns: 60 },
    );
  });

  test('snapshot marks and hard states read back', () => {
    const nodes = fc.array(fc.integer({ min: 1, max: 64 }), { maxLength: 5 });
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(2 ** 31),
        nodes,
        nodes,
        nodes,
        nodes,
        fc.boolean(),
        (index, term, a, b, c, d, autoLeave) => {
          const configuration = { voters: a, learners: b, votersOutgoing: c, learnersNext: d, autoLeave };
          expect(decodeSnapshotMark(encodeSnapshotMark({ index, term, configuration }))).toEqual({
            index,
            term,
            configuration,
          });
          const bytes = new Uint8Array(40);
          const state = { term, vote: a[0] ?? 0, commit: index };
          expect(readHardState(bytes, 0, writeHardState(bytes, 0, state))).toEqual(state);
        },
      ),
    );
  });

  test('bytes that are no snapshot file are refused, not believed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(decodeSnapshotFile(bytes)).toBeUndefined();
      }),
    );
  });
});
