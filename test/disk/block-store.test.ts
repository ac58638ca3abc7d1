import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { FILL } from '../../sim/bytes/value.ts';
import { BlockStore, BlockStoreFullError, ZERO_BLOCK } from '../../sim/disk/block-store.ts';
import { BLOCK_BYTES } from '../../sim/disk/disk.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { Rng } from '../../sim/rng.ts';

const piece = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 200 }),
  // mostly zeros, as headers are
  fc
    .array(fc.constantFrom(0, 0, 0, 0, 0, 1, 255), { minLength: 1, maxLength: 300 })
    .map((bytes) => Uint8Array.from(bytes)),
  // no zeros at all, as random values are
  fc.array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 600 }).map((bytes) => Uint8Array.from(bytes)),
);
const pieces = fc.array(
  fc.oneof(
    piece.map((bytes) => ({ bytes, byte: 0, length: 0 })),
    fc.record({
      bytes: fc.constant(new Uint8Array(0)),
      byte: fc.constantFrom(0, FILL, 9),
      length: fc.integer({ min: 1, max: 5000 }),
    }),
  ),
  { maxLength: 24, size: 'max' },
);

function bufferOf(parts: readonly { bytes: Uint8Array; byte: number; length: number }[]): SparseBuffer {
  const buffer = new SparseBuffer();
  for (const part of parts) {
    buffer.bytes(part.bytes);
    buffer.run(part.byte, part.length);
  }
  return buffer;
}

const tightStore = (): BlockStore => new BlockStore(undefined, undefined, 0);

describe.each([
  ['loosely', () => new BlockStore()],
  ['tightly', tightStore],
] as const)('the block store, packing %s,', (_, makeStore) => {
  it('gives back the bytes of every block, whole and in part', () => {
    fc.assert(
      fc.property(pieces, fc.nat(4096), fc.nat(4096), (parts, one, other) => {
        const data = bufferOf(parts);
        const bytes = data.toBytes();
        const store = makeStore();
        const from = Math.min(one, other);
        const to = Math.max(one, other);
        store.startSeries();
        for (let at = 0; at < data.length; at += BLOCK_BYTES) {
          const end = Math.min(data.length, at + BLOCK_BYTES);
          const ref = store.putNext(data, at, end);
          const expected = new Uint8Array(BLOCK_BYTES);
          expected.set(bytes.subarray(at, end));
          const into = new SparseBuffer();
          store.read(ref, into, 0, BLOCK_BYTES);
          expect(Buffer.compare(into.toBytes(), expected)).toBe(0);
          store.read(ref, into.reset(), from, to);
          expect(Buffer.compare(into.toBytes(), expected.subarray(from, to))).toBe(0);
          store.readTrimmed(ref, into.reset());
          into.run(0, BLOCK_BYTES - into.length);
          expect(Buffer.compare(into.toBytes(), expected)).toBe(0);
          store.release(ref);
        }
        expect([store.blockCount, store.usedBytes]).toEqual([0, 0]);
      }),
      { numRuns: 300 },
    );
  });

  it('gives back runs as runs: what a block boundary cut is whole again when read over it', () => {
    const data = new SparseBuffer();
    data.run(FILL, 4093);
    data.u64(77);
    data.run(FILL, 4095 - 8);
    data.u8(1);
    const store = makeStore();
    const into = new SparseBuffer();
    store.startSeries();
    for (let at = 0; at < data.length; at += BLOCK_BYTES) {
      const end = Math.min(data.length, at + BLOCK_BYTES);
      store.read(store.putNext(data, at, end), into, 0, end - at);
    }
    expect([into.runCount, into.literalLength]).toEqual([2, 9]);
    expect([...into.runLength.subarray(0, 2)]).toEqual([4093, 4087]);
  });

  it('gives back blocks that are packed against others, whatever came in between', () => {
    const page = fc.record({
      // where the block starts in its data: whole words are packed another way than odd bytes
      before: fc.nat(9),
      header: fc.constantFrom(0, 16, 96, 97, 256, 257, 300),
      records: fc.array(
        fc.record({
          bytes: fc.constantFrom(1, 7, 32, 33, 84, 255),
          seed: fc.nat(255),
          run: fc.constantFrom(1, 9, 1008),
        }),
        { maxLength: 6 },
      ),
    });
    fc.assert(
      fc.property(fc.array(page, { minLength: 2, maxLength: 30 }), (pages) => {
        const store = makeStore();
        const stored = pages.map(({ before, header, records }) => {
          const data = new SparseBuffer();
          for (let i = 0; i < before; i++) data.u8(i);
          for (let i = 0; i < header; i++) data.u8(i % 16 === 0 ? records.length : i % 3);
          for (const { bytes, seed, run } of records) {
            for (let i = 0; i < bytes; i++) data.u8(i % 5 === 0 ? seed : i);
            data.run(FILL, run);
          }
          const to = Math.min(data.length, before + BLOCK_BYTES);
          const expected = new Uint8Array(BLOCK_BYTES);
          data.copyTo(expected, 0, before, to);
          return { ref: store.put(data, before, to), expected };
        });
        const into = new SparseBuffer();
        for (const { ref, expected } of stored) {
          into.reset().u8(9); // behind something else, at an odd place
          store.read(ref, into, 0, BLOCK_BYTES);
          expect(Buffer.compare(into.toBytes().subarray(1), expected)).toBe(0);
          store.read(ref, into.reset(), 0, BLOCK_BYTES);
          expect(Buffer.compare(into.toBytes(), expected)).toBe(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('packs stretches longer than one count can say', () => {
    const store = makeStore();
    for (const byte of [0, 7]) {
      const data = new SparseBuffer();
      // literal bytes, not a run; 8, 2048, 2056 and more in whole words, and odd ends
      for (const length of [8, 2040, 2048, 2056, 2064, 3001]) {
        data.reset();
        data.bytes(new Uint8Array(length).fill(byte));
        data.run(FILL, 500);
        data.u32(99);
        const into = new SparseBuffer();
        store.read(store.put(data, 0, data.length), into, 0, data.length);
        expect(Buffer.compare(into.toBytes(), data.toBytes())).toBe(0);
      }
    }
  });

  it('keeps a block until its last owner lets go, also beyond 65,535 owners', () => {
    const store = makeStore();
    const data = new SparseBuffer();
    data.u64(1234567);
    const refs = [store.put(data, 0, 8)];
    for (let i = 0; i < 70_000; i++) refs.push(store.share(refs[0]));
    expect(store.blockCount).toBe(1 + 70_000 - 65_534);
    const into = new SparseBuffer();
    store.read(refs[70_000], into, 0, 8);
    expect(into.readU64(0)).toBe(1234567);
    for (const ref of refs) store.release(ref);
    expect([store.blockCount, store.usedBytes]).toEqual([0, 0]);
  });

  it('can stand on another one, which it reads and never writes', () => {
    const block = (id: number): SparseBuffer => {
      const data = new SparseBuffer();
      data.u64(id);
      data.run(FILL, 3000);
      data.u64(id + 1);
      return data;
    };
    const base = makeStore();
    const refs = [1, 2, 3].map((id) => base.put(block(id), 0, 3016));
    const own = [1, 2].map(() => new BlockStore(undefined, base));
    const texts = (store: BlockStore, of: readonly number[]): number[] =>
      of.map((ref) => {
        const into = new SparseBuffer();
        store.read(ref, into, 0, BLOCK_BYTES);
        return into.readU64(0);
      });
    for (const [i, store] of own.entries()) {
      for (const ref of refs) expect(store.share(ref)).toBe(ref);
      const written = [10, 20].map((id) => store.put(block(id + i), 0, 3016));
      expect(texts(store, [...refs, ...written])).toEqual([1, 2, 3, 10 + i, 20 + i]);
      for (const ref of [...written, ...refs, ...refs]) store.release(ref);
      expect([store.blockCount, store.usedBytes]).toEqual([0, 0]);
    }
    expect(texts(base, refs)).toEqual([1, 2, 3]);
    expect(base.blockCount).toBe(3);
    expect(() => new BlockStore(1 << 20, base).put(block(4), 0, 3016)).toThrow(BlockStoreFullError);
  });
});

describe('the block store', () => {
  it('packs loosely what comes while it holds little', () => {
    const store = new BlockStore(undefined, undefined, 1 << 16);
    const data = new SparseBuffer();
    const cost = (): number => {
      const used = store.usedBytes;
      store.put(data, 0, data.length);
      return store.usedBytes - used;
    };
    data.u64(1);
    for (let i = 0; i < 88; i++) data.u8(i);
    data.run(FILL, 1000);
    expect(cost()).toBe(104); // 96 literal bytes, 5 for the shape, head and owners
    while (store.usedBytes < 1 << 16) store.put(data, 0, data.length);
    cost(); // the template
    expect(cost()).toBeLessThanOrEqual(16);
  });

  it('stores no block of one byte, and one that does not shrink as it is', () => {
    const rng = new Rng(5);
    const random = new SparseBuffer();
    for (let at = 0; at < BLOCK_BYTES; at++) random.u8(rng.int(0, 255));
    // few zeros, and no byte like the one an element before
    const dense = new SparseBuffer();
    for (let at = 0; at < BLOCK_BYTES; at++) dense.u8((at % 8 === 0 ? 0 : at * 7) + (at >>> 8));
    const elements = new SparseBuffer();
    for (let at = 0; at < BLOCK_BYTES; at += 16) {
      elements.u64(at);
      elements.u64(0x0400_0000_0010);
    }
    const run = (byte: number): SparseBuffer => {
      const buffer = new SparseBuffer();
      buffer.run(byte, BLOCK_BYTES);
      return buffer;
    };
    const cost = (data: SparseBuffer): number => {
      const store = tightStore();
      store.put(data, 0, data.length);
      return store.usedBytes;
    };
    expect(
      ['zeros', 'fill', 'other', 'random', 'dense'].map((name, i) => [
        name,
        cost([run(0), run(FILL), run(7), random, dense][i]),
      ]),
    ).toEqual([
      ['zeros', 0],
      ['fill', 0],
      ['other', 0],
      ['random', 4104],
      ['dense', 4104],
    ]);
    expect(cost(elements)).toBeLessThan(BLOCK_BYTES / 3);
    expect(tightStore().put(run(0), 0, 100)).toBe(ZERO_BLOCK);
  });

  it('takes a fraction of its literal bytes for a page like others', () => {
    const store = tightStore();
    const sizes = [1, 2].map((id) => {
      const used = store.usedBytes;
      const data = new SparseBuffer();
      data.u64(id);
      for (let i = 0; i < 88; i++) data.u8(i);
      data.run(FILL, 1000);
      store.put(data, 0, data.length);
      return store.usedBytes - used;
    });
    expect(sizes[0]).toBeGreaterThan(96);
    expect(sizes[1]).toBeLessThanOrEqual(16);
  });

  it('uses freed slots again and refuses to grow beyond its limit', () => {
    const store = new BlockStore(1 << 20);
    const data = new SparseBuffer();
    const rng = new Rng(1);
    for (let at = 0; at < 2000; at++) data.u8(rng.int(1, 255));
    for (let i = 0; i < 5000; i++) store.release(store.put(data, 0, 2000));
    expect(store.reservedBytes).toBe(1 << 20);
    expect(() => {
      for (let i = 0; i < 1000; i++) store.put(data, 0, 2000);
    }).toThrow(BlockStoreFullError);
  });

  it('takes at most 110 bytes, all in, for a B+tree leaf of three 1 KiB values', () => {
    const pages = 20_000;
    const store = tightStore();
    const disk = new SimulatedDisk({ store, rng: new Rng(1), pageCacheBytes: 1e9, capacityBytes: 1e12 });
    const file = disk.create('db', 'page');
    const rng = new Rng(2);
    const page = new SparseBuffer();
    for (let id = 0; id < pages; id++) {
      page.reset();
      page.u64(1_000_000 + id);
      page.u16(2);
      page.u16(3);
      page.u32(0);
      for (let i = 0; i < 3; i++) {
        page.u32(0);
        page.u32(48 - 16 * i + i * 1032);
        page.u32(8);
        page.u32(1024);
      }
      for (let i = 0; i < 3; i++) {
        const key = String(10_000_000 + rng.int(0, 9_999_999));
        for (const digit of key) page.u8(digit.charCodeAt(0));
        page.u32(rng.int(0, 99));
        page.u32(0);
        page.u32(rng.int(0, 1 << 24));
        page.u32(0);
        page.run(FILL, 1008);
      }
      page.run(0, BLOCK_BYTES - page.length);
      disk.write(file, id * BLOCK_BYTES, page);
      if (id % 100 === 99) {
        disk.sync(file);
        disk.settle();
      }
    }
    // two bytes of owners and the packing rounded up to a class; block table, page table and ring beside it
    expect(store.usedBytes / pages).toBeLessThanOrEqual(96);
    expect((store.usedBytes + disk.memoryBytes) / pages).toBeLessThanOrEqual(130);
    const perPage = store.usedBytes / pages + 4 + 1 + 8;
    expect(perPage).toBeLessThanOrEqual(110);
  });
});
