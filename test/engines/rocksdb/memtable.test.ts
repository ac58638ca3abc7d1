/** The skip list against a sorted array, and the arena against the flush sizes that RocksDB shows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Arena } from '../../../engines/rocksdb/arena.ts';
import { Memtable, MemtableCursor } from '../../../engines/rocksdb/memtable.ts';
import { compareBytes } from '../../../sim/bytes/compare.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { MEMTABLE_STEPS, Work } from '../../../sim/work.ts';
import { bytes, filled } from './bench.ts';

interface Entry {
  readonly key: Uint8Array;
  readonly sequence: number;
  readonly value: Value | undefined;
}

const key = fc.oneof(
  fc.uint8Array({ maxLength: 9 }),
  fc.nat(30).map((n) => bytes(`key-${n}`)),
);
const value = fc.option(
  fc.tuple(fc.uint8Array({ maxLength: 12 }), fc.nat(3000)).map(([b, n]) => Value.filled(b, n)),
  {
    nil: undefined,
  },
);

describe('the memtable', () => {
  it('holds what the sorted twin holds, newest first', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value), { maxLength: 120 }), fc.array(key), (operations, probes) => {
        const memtable = new Memtable(1 << 20, new Work());
        memtable.reset(9, 1000);
        const twin: Entry[] = [];
        operations.forEach(([k, v], i) => {
          memtable.add(1001 + i, k, 0, k.length, v);
          twin.push({ key: k, sequence: 1001 + i, value: v });
        });
        twin.sort((a, b) => compareBytes(a.key, b.key) || b.sequence - a.sequence);
        const cursor = new MemtableCursor(memtable);
        const into = new Value();
        cursor.first();
        for (const entry of twin) {
          expect(cursor.valid).toBe(true);
          expect(cursor.key.slice(0, cursor.keyLength)).toEqual(entry.key);
          expect(cursor.sequence).toBe(entry.sequence);
          expect(cursor.type).toBe(entry.value === undefined ? 0 : 1);
          cursor.value(into);
          expect(into.equals(entry.value ?? new Value())).toBe(true);
          cursor.next();
        }
        expect(cursor.valid).toBe(false);
        for (const probe of [...probes, ...operations.map(([k]) => k)]) {
          cursor.seek(probe, 0, probe.length);
          const expected = twin.find((entry) => compareBytes(entry.key, probe) >= 0);
          expect(cursor.valid ? cursor.sequence : undefined).toBe(expected?.sequence);
          const node = memtable.find(probe, 0, probe.length);
          expect(node !== 0).toBe(expected !== undefined && compareBytes(expected.key, probe) === 0);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is empty again after a reset', () => {
    const memtable = new Memtable(1 << 20, new Work());
    memtable.add(1, bytes('a'), 0, 1, filled('x', 100));
    memtable.reset(2, 1);
    expect([memtable.first(), memtable.entries, memtable.find(bytes('a'), 0, 1)]).toEqual([0, 0, 0]);
  });

  it('takes few steps for ascending keys and about as many as a skip list should for random ones', () => {
    const steps = (order: (i: number) => number): number => {
      const work = new Work();
      const memtable = new Memtable(1 << 30, work);
      for (let i = 0; i < 4096; i++) {
        const k = bytes(String(order(i)).padStart(8, '0'));
        memtable.add(i + 1, k, 0, k.length, filled('v', 20));
      }
      return work.counts[MEMTABLE_STEPS]! / 4096;
    };
    expect(steps((i) => i)).toBeLessThan(2);
    const random = steps((i) => ((i * 2654435761) % 4294967296) % 100_000_000);
    // Branching 4: some 2.5 steps on each of log4(4096) = 6 levels, less at the start.
    expect(random).toBeGreaterThan(8);
    expect(random).toBeLessThan(30);
  });
});

describe('the arena', () => {
  /** Entries of `keyBytes` + `valueBytes` until the memtable is full. */
  const entriesUntilFull = (writeBufferBytes: number, keyBytes: number, valueBytes: number): number => {
    const memtable = new Memtable(writeBufferBytes, new Work());
    const k = new Uint8Array(keyBytes);
    let count = 0;
    while (!memtable.full) {
      k[0] = count >>> 16;
      k[1] = count >>> 8;
      k[2] = count++;
      memtable.add(count, k, 0, keyBytes, filled('', valueBytes));
    }
    return count;
  };

  // Measured: 1760 entries, in batches of 10, where the write buffer is 256 KiB and entries have 16 + 100 bytes.
  it('is full within a batch of where RocksDB 7.8 flushes', () => {
    const entries = entriesUntilFull(262144, 16, 100);
    expect(entries).toBeGreaterThan(1740);
    expect(entries).toBeLessThanOrEqual(1760);
  });

  it('gives what is larger than a quarter of a block its own', () => {
    const arena = new Arena(262144);
    expect(arena.blockBytes).toBe(32768);
    const before = arena.allocatedBytes;
    arena.allocate(10_000);
    expect(arena.allocatedBytes - before).toBe(10_008);
    arena.allocate(8000);
    expect(arena.allocatedBytes - before).toBe(10_008 + 32_776);
  });

  it('starts over', () => {
    const arena = new Arena(1 << 20);
    const empty = arena.allocatedBytes;
    while (!arena.full) arena.allocate(500);
    arena.reset();
    expect([arena.allocatedBytes, arena.full]).toEqual([empty, false]);
  });
});
