/** Faults planted in the file, and what `check` or `open` says of each. */
import { beforeEach, describe, expect, it } from 'vitest';
import { bolt } from '../../../engines/bolt/index.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { bytesOf, EngineBed, put } from '../bed.ts';

const PATH = 'data/db';
const PAGE = 4096;

describe('check', () => {
  let store: EngineBed;
  let file: Buffer;
  beforeEach(() => {
    store = EngineBed.opened(bolt);
    for (let round = 0; round < 3; round++) {
      store.write(
        Array.from({ length: 600 }, (_, i) =>
          put(`key${String(i).padStart(5, '0')}`, Value.filled(bytesOf(`r${round}`), 200)),
        ),
      );
      store.sync();
    }
    expect(store.engine.check()).toEqual([]);
    file = Buffer.from(store.disk.exportFile(PATH));
  });

  const whats = (): string[] => store.engine.check().map(({ what }) => what);
  const figures = (): Readonly<Record<string, number>> => store.engine.stats().figures;
  const metaInUse = (): number => figures().txid! % 2;
  const meta = (field: number): number => Number(file.readBigUInt64LE(metaInUse() * PAGE + 16 + field));
  const u32 = (value: number): Uint8Array => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    return bytes;
  };
  /** Page of the first table's root, which is a branch: value of the first element of the root bucket. */
  const tableRoot = (): number => {
    const root = meta(16) * PAGE;
    const at = root + 16 + file.readUInt32LE(root + 20) + file.readUInt32LE(root + 24);
    return Number(file.readBigUInt64LE(at));
  };
  const child = (index: number): number => Number(file.readBigUInt64LE(tableRoot() * PAGE + 16 + index * 16 + 8));

  it('has a tree worth damaging', () => {
    expect(file.readUInt16LE(tableRoot() * PAGE + 8)).toBe(1);
    expect(file.readUInt16LE(tableRoot() * PAGE + 10)).toBeGreaterThan(10);
    expect(file.readUInt16LE(child(0) * PAGE + 8)).toBe(2);
  });

  it('finds a page that two parents name', () => {
    store.damage(PATH, tableRoot() * PAGE + 16 + 3 * 16 + 8, u32(child(2)));
    expect(whats()).toContain('reachable more than once');
    expect(whats()).toContain('neither in use nor in the freelist');
  });

  it('finds a page that is in use and free', () => {
    const freelist = meta(32);
    const first = Number(file.readBigUInt64LE(freelist * PAGE + 16));
    store.damage(PATH, tableRoot() * PAGE + 16 + 8, u32(first));
    // what stands there is an old leaf of the same table
    expect(whats()).toContain('in use and in the freelist');
  });

  it('finds a page that nobody names', () => {
    const freelist = meta(32);
    const count = file.readUInt16LE(freelist * PAGE + 10);
    store.damage(PATH, freelist * PAGE + 10, Uint8Array.of(count - 1, (count - 1) >> 8));
    expect(whats()).toEqual([expect.stringContaining('stored freelist differs')]);
    expect(store.reopen()).toBe('recovered');
    expect(whats()).toEqual(['neither in use nor in the freelist']);
  });

  it('finds a key out of order', () => {
    const leaf = child(1) * PAGE;
    const key = leaf + 16 + 16 + file.readUInt32LE(leaf + 16 + 16 + 4);
    store.damage(PATH, key, bytesOf('zzz'));
    expect(whats()).toContain('key 2 is not above the one before');
    expect(whats()).toContain("key 1 is not below its parent's next key");
  });

  it("finds a key below its parent's bound", () => {
    const leaf = child(1) * PAGE;
    store.damage(PATH, leaf + 16 + file.readUInt32LE(leaf + 16 + 4), bytesOf('aaa'));
    expect(whats()).toEqual(["key 0 is below its parent's bound"]);
  });

  it('finds an element that points out of its page', () => {
    store.damage(PATH, child(1) * PAGE + 16 + 4, u32(9000));
    expect(whats()).toContain('element 0 points outside of its page');
  });

  it('finds a page of the wrong kind', () => {
    store.damage(PATH, child(1) * PAGE + 8, Uint8Array.of(16));
    expect(whats()).toContain('flags 16 where a branch or leaf page was expected');
  });

  it('finds a page with the wrong number', () => {
    store.damage(PATH, child(1) * PAGE, u32(77));
    expect(whats()).toContain('header names page 77');
  });

  it('finds a damaged meta, in use or not', () => {
    for (const slot of [0, 1]) {
      store.damage(PATH, slot * PAGE + 20, u32(3));
      expect(store.engine.check()).toContainEqual({
        where: `${PATH} meta ${slot}`,
        what: 'format version 3 instead of 2',
      });
      store.damage(PATH, slot * PAGE + 20, u32(2));
      expect(whats()).toEqual([]);
    }
  });

  it('accepts one torn meta after a restart, and goes on from the other', () => {
    const txid = figures().txid!;
    store.damage(PATH, metaInUse() * PAGE + 40, u32(1));
    expect(store.reopen()).toBe('recovered');
    expect(figures().txid).toBe(txid - 1);
    expect(whats()).toEqual([]);
    store.twin.apply([]);
    store.write([put('one', 'more')]);
    store.sync();
    expect(figures().txid).toBe(txid);
    expect(whats()).toEqual([]);
  });

  it('refuses a file without a valid meta', () => {
    for (const slot of [0, 1]) store.damage(PATH, slot * PAGE + 70, Uint8Array.of(1, 2, 3));
    expect(store.reopen()).toBe('corrupt');
    expect(store.engine.corruption).toEqual({ where: `${PATH} metas`, what: 'wrong checksum' });
  });

  it('stops serving when a page turns out damaged', () => {
    store.damage(PATH, child(1) * PAGE + 16 + 8, u32(0));
    const key = bytesOf('key00010');
    expect(store.tryWrite([{ table: 0, key, value: Value.of(key) }])).toBe('io-error');
    expect(store.engine.corruption?.where).toBe(`${PATH} page ${child(1)}`);
    expect(store.engine.get(0, key, new Value())).toBe(false);
    expect(store.engine.check()).toEqual([store.engine.corruption]);
  });
});
