/**
 * The whole file, byte for byte, against the real bbolt 1.3.6: the same 150 transactions were given to
 * both, and these are the SHA-256 sums of the files that the real one left (one bucket, array
 * freelist, at most one deletion in a transaction, so that no map order comes in).
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BoltEngine } from '../../../engines/bolt/engine.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../../sim/clock.ts';
import { BlockStore } from '../../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import { Rng } from '../../../sim/rng.ts';
import { Work } from '../../../sim/work.ts';
import { batchOf, bytesOf } from '../bed.ts';
import type { Operation } from '../sorted-array.ts';
import { bucketHistory } from './bucket-history.ts';
import { DatabaseBed } from './database-bed.ts';

/** Short and long keys, small values, values of several pages, now and then a deletion. */
function history(seed: number): Operation[][] {
  const random = new Rng(seed);
  return Array.from({ length: 150 }, () => {
    const operations = new Map<string, Operation>();
    const count = random.int(1, 60);
    let hasDeleted = false;
    for (let i = 0; i < count; i++) {
      const name = (random.chance(0.2) ? 'long-prefix-for-a-key/' : 'k') + random.int(0, 3000);
      if (operations.has(name)) continue;
      const key = bytesOf(name);
      if (!hasDeleted && random.chance(0.1)) {
        hasDeleted = true;
        operations.set(name, { table: 0, key, value: undefined });
        continue;
      }
      const stamp = Uint8Array.from({ length: random.int(0, 20) }, () => random.int(0, 255));
      const fill = random.chance(0.05) ? random.int(3000, 20_000) : random.chance(0.3) ? 0 : random.int(0, 900);
      operations.set(name, { table: 0, key, value: Value.filled(stamp, fill) });
    }
    return [...operations.values()];
  });
}

function fileAfter(transactions: readonly Operation[][]): Uint8Array {
  const disk = new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(1),
    pageCacheBytes: 1024 * 1024,
    capacityBytes: 1024 * 1024 * 1024,
  });
  const engine = new BoltEngine(
    { disk, directory: '', tables: ['first'], work: new Work(), clock: STOPPED_CLOCK },
    { freelist: 'array', noFreelistSync: false, fillPercent: 0.5, initialMmapSize: 0, pageSize: 4096 },
  );
  expect(engine.open()).toBe('fresh');
  for (const operations of transactions) {
    expect(engine.write(batchOf(operations))).toBe('ok');
    expect(engine.sync()).toBe('ok');
    disk.settle();
  }
  expect(engine.check()).toEqual([]);
  return disk.exportFile('db');
}

describe('the file', () => {
  it.each([
    [1, '4346ec5aca8f2dedf9f22d4af6486dcbe1c6c64713a868d7063b6da532270bb3'],
    [2, 'e4e483c4f9721f298e616d0a900fe0cdded083144500eccdd0053954d4f5f11c'],
    [3, '6355eb229545099b18beb61cfb579834434f7d1195e69a0c4fbd8f956b2a651d'],
  ])('is the one that bbolt writes, history %i', (seed, digest) => {
    const file = fileAfter(history(seed));
    expect(createHash('sha256').update(file).digest('hex')).toBe(digest);
  });

  it.each([
    [1, false, '579808cf88d3ed8b3f0fe1cb34857c954b7a4fa5ba7aac7246d735d597c03120'],
    [2, false, 'b7b5a956b147fa6e127d4fd1be3c58f4f631284b5456c3a14ce826b064d3fca7'],
    [4, true, '23f987950d8c8047c079882c664f240000cb43981b92e21b36abb39ac1d883a5'],
    [5, true, '2e348809f586a9b911ff2928150f0ff02f44eb84e7d0840e39c641479217d45d'],
  ])(
    'is the one that bbolt writes for buckets in buckets, history %i, with readers: %s',
    (seed, hasReaders, digest) => {
      const bed = new DatabaseBed(hasReaders ? { initialMmapSize: 2 ** 25 } : {});
      bucketHistory(bed.database, bed.disk, seed, hasReaders);
      expect(bed.faults()).toEqual([]);
      expect(createHash('sha256').update(bed.disk.exportFile('db')).digest('hex')).toBe(digest);
    },
  );
});
