import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes } from '../../sim/bytes/compare.ts';
import { crc32c, crc32cCombine, crc32cRun, maskCrc, unmaskCrc } from '../../sim/bytes/crc32c.ts';
import * as fixed from '../../sim/bytes/fixed.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { FILL, Value } from '../../sim/bytes/value.ts';
import { readVarint, varintEnd, varintLength, writeVarint } from '../../sim/bytes/varint.ts';

/** Bit by bit, from the definition. */
function dumbCrc32c(bytes: Uint8Array): number {
  let c = 0xffffffff;
  for (const byte of bytes) {
    c ^= byte;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  }
  return ~c >>> 0;
}
const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0));

describe('crc32c', () => {
  it.each([
    // RFC 3720, appendix B.4
    ['32 zeros', new Uint8Array(32), 0x8a9136aa],
    ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
    ['ascending', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    ['check word', ascii('123456789'), 0xe3069283],
  ])('knows the published value of %s', (_, bytes, expected) => {
    expect(crc32c(0, bytes, 0, bytes.length)).toBe(expected);
  });

  it('agrees with the definition however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        const middle = Math.min(cut, bytes.length);
        const whole = dumbCrc32c(bytes);
        const head = crc32c(0, bytes, 0, middle);
        expect(crc32c(head, bytes, middle, bytes.length)).toBe(whole);
        expect(crc32cCombine(head, crc32c(0, bytes, middle, bytes.length), bytes.length - middle)).toBe(whole);
      }),
    );
  });

  it('combines a run as if it had read it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), fc.nat(255), fc.nat(5000), (prefix, byte, length) => {
        const whole = new Uint8Array(prefix.length + length).fill(byte);
        whole.set(prefix);
        expect(crc32cRun(crc32c(0, prefix, 0, prefix.length), byte, length)).toBe(dumbCrc32c(whole));
      }),
    );
  });

  it('combines the same run again and again, and others that take its place', () => {
    const prefix = Uint8Array.of(7, 0, 200);
    const start = crc32c(0, prefix, 0, 3);
    // 1008 and 1264 share a place, and each is used often enough to get a table and to take it from the other
    for (const length of [1008, 16, 1264, 1008, 5, 0]) {
      const whole = new Uint8Array(3 + length).fill(FILL);
      whole.set(prefix);
      const expected = dumbCrc32c(whole);
      for (let use = 0; use < 2000; use++) {
        if (crc32cRun(start, FILL, length) !== expected) expect([length, use]).toBe('the CRC of the bytes');
      }
    }
  });

  it('masks and unmasks', () => {
    fc.assert(
      fc.property(fc.nat(0xffffffff), (crc) => {
        expect(unmaskCrc(maskCrc(crc))).toBe(crc);
      }),
    );
    expect(maskCrc(0)).toBe(0xa282ead8);
  });
});

describe('integers in bytes', () => {
  it('round trips every width', () => {
    const bytes = new Uint8Array(16);
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(7), (value, at) => {
        fixed.writeU64LE(bytes, at, value);
        expect(fixed.readU64LE(bytes, at)).toBe(value);
        fixed.writeU64BE(bytes, at, value);
        expect(fixed.readU64BE(bytes, at)).toBe(value);
        const low = value % 2 ** 32;
        fixed.writeU32LE(bytes, at, low);
        expect(fixed.readU32LE(bytes, at)).toBe(low);
        fixed.writeU32BE(bytes, at, low);
        expect(fixed.readU32BE(bytes, at)).toBe(low);
        fixed.writeU16LE(bytes, at, low & 0xffff);
        expect(fixed.readU16LE(bytes, at)).toBe(low & 0xffff);
        const end = writeVarint(bytes, at, value);
        expect(end - at).toBe(varintLength(value));
        expect(readVarint(bytes, at, 16)).toBe(value);
        expect(varintEnd).toBe(end);
      }),
    );
  });

  it('refuses a varint that runs past its end', () => {
    readVarint(Uint8Array.of(0x80, 0x80), 0, 2);
    expect(varintEnd).toBe(-1);
    readVarint(new Uint8Array(12).fill(0x80), 0, 12);
    expect(varintEnd).toBe(-1);
  });

  it('orders bytes as unsigned, shorter first', () => {
    const sorted = [[], [0], [0, 0], [0, 255], [1], [127], [128], [255]].map((b) => Uint8Array.from(b));
    sorted.forEach((a, i) => {
      sorted.forEach((b, j) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Math.sign(i - j));
      });
    });
  });
});

type Piece = { kind: 'bytes'; bytes: Uint8Array } | { kind: 'run'; byte: number; length: number };
const piece: fc.Arbitrary<Piece> = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => ({ kind: 'bytes' as const, bytes })),
  fc.record({ kind: fc.constant('run' as const), byte: fc.constantFrom(0, FILL, 7), length: fc.nat(60) }),
);

function build(pieces: readonly Piece[]): { sparse: SparseBuffer; plain: Uint8Array } {
  const sparse = new SparseBuffer(4);
  const plain: number[] = [];
  for (const p of pieces) {
    if (p.kind === 'bytes') {
      sparse.bytes(p.bytes);
      plain.push(...p.bytes);
    } else {
      sparse.run(p.byte, p.length);
      plain.push(...new Array(p.length).fill(p.byte));
    }
  }
  return { sparse, plain: Uint8Array.from(plain) };
}

describe('sparse buffer', () => {
  it('is, for every reader, the bytes that were written', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(), fc.nat(), (pieces, x, y) => {
        const { sparse, plain } = build(pieces);
        expect(sparse.length).toBe(plain.length);
        expect(sparse.toBytes()).toEqual(plain);
        const from = Math.min(x % (plain.length + 1), y % (plain.length + 1));
        const to = Math.max(x % (plain.length + 1), y % (plain.length + 1));
        const part = plain.slice(from, to);

        const copy = new Uint8Array(part.length);
        sparse.copyTo(copy, 0, from, to);
        expect(copy).toEqual(part);

        const sliced = new SparseBuffer(4);
        sliced.slice(sparse, from, to);
        expect(sliced.toBytes()).toEqual(part);

        expect(sparse.crc32c(0, from, to)).toBe(dumbCrc32c(part));

        const value = new Value();
        sparse.valueAt(from, to, value);
        expect(value.length).toBe(part.length);
        expect(value.toBytes()).toEqual(part);
        expect(value.crc32c(0)).toBe(dumbCrc32c(part));

        if (from < plain.length) expect(sparse.byteAt(from)).toBe(plain[from]);
        if (from + 8 <= plain.length) {
          expect(sparse.readU16(from)).toBe(fixed.readU16LE(plain, from));
          expect(sparse.readU32(from)).toBe(fixed.readU32LE(plain, from));
          expect(sparse.readU64(from)).toBe(fixed.readU64LE(plain, from));
        }
        const index = sparse.literalIndex(from, to - from);
        if (index >= 0) expect(sparse.literal.slice(index, index + part.length)).toEqual(part);
      }),
      { numRuns: 300 },
    );
  });

  it('stores a page of values as a few bytes', () => {
    const page = new SparseBuffer();
    for (let i = 0; i < 3; i++) page.value(Value.filled(new Uint8Array(16), 1008));
    page.run(0, 4096 - page.length);
    expect(page.length).toBe(4096);
    expect(page.literalLength).toBe(48);
    expect(page.runCount).toBe(4);
  });

  it('is empty again after a reset, and patches what was literal', () => {
    const { sparse } = build([{ kind: 'run', byte: 0, length: 100 }]);
    sparse.reset();
    expect(sparse.length).toBe(0);
    sparse.u32(0);
    sparse.run(9, 50);
    sparse.patchU32(0, 0xdeadbeef);
    expect(sparse.readU32(0)).toBe(0xdeadbeef);
  });
});

describe('value', () => {
  it('compares as bytes, fill or not', () => {
    const filled = Value.filled(Uint8Array.of(1, 2), 30);
    const literal = Value.of(filled.toBytes());
    expect(filled.equals(literal)).toBe(true);
    expect(literal.equals(filled)).toBe(true);
    expect(filled.equals(Value.filled(Uint8Array.of(1, 3), 30))).toBe(false);
    expect(filled.equals(Value.filled(Uint8Array.of(1, 2), 31))).toBe(false);
    expect(filled.copy().equals(filled)).toBe(true);
  });
});
