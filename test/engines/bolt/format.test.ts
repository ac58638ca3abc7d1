import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fnv64 } from '../../../engines/bolt/fnv.ts';
import { type Meta, mapBytesFor, NO_FREELIST, readMetaPage, writeMetaPage } from '../../../engines/bolt/format.ts';
import { mergeIds, sortIds } from '../../../engines/bolt/ids.ts';
import { bolt } from '../../../engines/bolt/index.ts';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import { bytesOf, EngineBed, put } from '../bed.ts';

/** From the definition. */
function dumbFnv(bytes: Uint8Array): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
}

describe('FNV-1a', () => {
  it.each([
    ['', 'cbf29ce484222325'],
    ['a', 'af63dc4c8601ec8c'],
    ['foobar', '85944171f73967e8'],
  ])('knows the published value of "%s"', (input, expected) => {
    const bytes = bytesOf(input);
    const { high, low } = new Fnv64().update(bytes, 0, bytes.length);
    expect(high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')).toBe(expected);
  });

  it('agrees with the definition', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const { high, low } = new Fnv64().update(bytes, 0, bytes.length);
        expect((BigInt(high) << 32n) | BigInt(low)).toBe(dumbFnv(bytes));
      }),
    );
  });
});

describe('meta pages', () => {
  const meta: Meta = { pageSize: 4096, root: 3, sequence: 0, freelist: 2, highWater: 4, txid: 7 };

  it.each([
    ['with a freelist', meta],
    ['without one', { ...meta, freelist: NO_FREELIST }],
    ['of a large file', { ...meta, root: 2_000_000_000, highWater: 2_000_000_001, txid: 5e12 }],
  ])('are read as they were written: %s', (_, original) => {
    const page = new SparseBuffer();
    writeMetaPage(page, original);
    expect(page.length).toBe(original.pageSize);
    expect(readMetaPage(page, 0)).toEqual(original);
  });

  it('are refused after any change of one byte', () => {
    const page = new SparseBuffer();
    writeMetaPage(page, meta);
    const bytes = page.toBytes();
    for (let at = 16; at < 80; at++) {
      const changed = new SparseBuffer();
      changed.bytes(bytes.map((byte, i) => (i === at ? byte ^ 0x10 : byte)));
      expect(typeof readMetaPage(changed, 0), `byte ${at}`).toBe('string');
    }
  });

  it.each([
    [0, 32_768],
    [32_768, 32_768],
    [32_769, 65_536],
    [1_000_000_000, 1_073_741_824],
    [1_073_741_825, 2_147_483_648],
    [10 * 1_073_741_824, 10 * 1_073_741_824],
  ])('a map for %i bytes has %i', (bytes, expected) => {
    expect(mapBytesFor(bytes)).toBe(expected);
  });
});

describe('a new file', () => {
  /*
   * The 32 KiB that bbolt 1.3.6 leaves after creating one bucket "first" and one "second" differ from
   * ours in nothing that the layout in FORMAT.md leaves open; these are its pages, spelled out.
   */
  it('has two metas, a freelist and a root with two inline buckets', () => {
    const { disk } = EngineBed.opened(bolt);
    const file = Buffer.from(disk.exportFile('data/db'));
    expect(file.length).toBe(32_768);
    const pageHeader = (page: number): number[] => {
      const at = page * 4096;
      return [
        Number(file.readBigUInt64LE(at)),
        file.readUInt16LE(at + 8),
        file.readUInt16LE(at + 10),
        file.readUInt32LE(at + 12),
      ];
    };
    expect(pageHeader(0)).toEqual([0, 4, 0, 0]);
    expect(pageHeader(1)).toEqual([1, 4, 0, 0]);
    expect(pageHeader(4)).toEqual([4, 2, 2, 0]);
    expect(pageHeader(5)).toEqual([5, 16, 2, 0]);
    // transaction 2 stands in meta 0: root 4, freelist 5, high water 6
    expect([32, 48, 56, 64].map((at) => Number(file.readBigUInt64LE(at)))).toEqual([4, 5, 6, 2]);
    expect([0, 8].map((at) => Number(file.readBigUInt64LE(5 * 4096 + 16 + at)))).toEqual([2, 3]);
    const root = file.subarray(4 * 4096);
    // flags, pos, key length, value length; names and inline pages follow
    expect([16, 20, 24, 28].map((at) => root.readUInt32LE(at))).toEqual([1, 32, 5, 32]);
    expect([32, 36, 40, 44].map((at) => root.readUInt32LE(at))).toEqual([1, 53, 6, 32]);
    expect(root.subarray(48, 53).toString()).toBe('first');
    expect(root.subarray(85, 91).toString()).toBe('second');
    expect([...root.subarray(53, 85)]).toEqual([...new Array(24).fill(0), 2, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('has the same bytes whenever the same is written', () => {
    const digest = (): string => {
      const store = EngineBed.opened(bolt, { freelist: 'hashmap' });
      for (let i = 0; i < 20; i++) {
        store.write([put(`key ${i % 7}`, 'x'.repeat(100 * i)), put(`other ${i}`, 'y'.repeat(900), 1)]);
        store.sync();
      }
      return createHash('sha256').update(store.disk.exportFile('data/db')).digest('hex');
    };
    expect(digest()).toBe(digest());
  });
});

describe('lists of ids', () => {
  it('are sorted along with what belongs to each', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(2 ** 31 - 1), { maxLength: 300 }), (ids) => {
        const sorted = Int32Array.from(ids);
        const payload = Int32Array.from(ids, (id) => id ^ 0x5555);
        sortIds(sorted, payload, ids.length);
        expect([...sorted]).toEqual([...ids].sort((a, b) => a - b));
        expect([...payload]).toEqual([...sorted].map((id) => id ^ 0x5555));
      }),
    );
  });

  it('are merged', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(500)), fc.nat(100), (ids, cut) => {
        const parts = [ids.slice(0, cut), ids.slice(cut)].map((part) => Int32Array.from(part).sort((a, b) => a - b));
        const merged = new Int32Array(ids.length);
        mergeIds(parts[0]!, 0, parts[0]!.length, parts[1]!, parts[1]!.length, merged);
        expect([...merged]).toEqual([...ids].sort((a, b) => a - b));
      }),
    );
  });
});
