/** Read transactions that stay open: what they see, and which pages they hold back. */
import { describe, expect, it } from 'vitest';
import { Freelist } from '../../../engines/bolt/freelist.ts';
import { ArrayFreePages } from '../../../engines/bolt/freelist-array.ts';
import type { Transaction } from '../../../engines/bolt/transaction.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Rng } from '../../../sim/rng.ts';
import { Work } from '../../../sim/work.ts';
import { bytesOf } from '../bed.ts';
import { bucketOf, type Content, contentOf, DatabaseBed, putText } from './database-bed.ts';

const NAME = bytesOf('bucket');

describe.each<ParameterValues>([{}, { freelist: 'hashmap', noFreelistSync: true }])('readers under %j', (options) => {
  it('each see the commit that they began with, whatever is written and reclaimed since', () => {
    const bed = new DatabaseBed({ ...options, pageSize: 1024, initialMmapSize: 1 << 30 });
    const random = new Rng(5);
    bed.update((root) => bucketOf(root.createBucket(NAME)));
    const open: { reader: Transaction; content: Content }[] = [];
    for (let round = 0; round < 120; round++) {
      bed.update((root) => {
        const bucket = bucketOf(root.bucket(NAME));
        for (let i = 0; i < 12; i++) {
          const key = `k${random.int(0, 300)}`;
          if (random.chance(0.3)) bucket.delete(bytesOf(key));
          else putText(bucket, key, `${round}`.padEnd(random.int(1, 200), '.').slice(0, 30));
        }
      });
      if (random.chance(0.2)) {
        const reader = bed.database.beginRead();
        open.push({ reader, content: contentOf(reader) });
      }
      if (open.length > 0 && random.chance(0.15)) {
        const [ended] = open.splice(random.int(0, open.length - 1), 1);
        bed.database.endRead(ended!.reader);
      }
      for (const { reader, content } of open) expect(contentOf(reader)).toEqual(content);
      expect(bed.faults()).toEqual([]);
    }
    expect(open.length).toBeGreaterThan(0);
    const { highWater } = bed.figures;
    for (const { reader } of open) bed.database.endRead(reader);
    bed.update(() => undefined);
    expect(bed.figures.pending).toBeLessThan(5);
    expect(bed.figures.free).toBeGreaterThan(highWater! / 3);
  });
});

describe('pending pages', () => {
  /** Transactions 10, 11, … each free a page; readers as given; then what is free when the next one begins. */
  const list = (): Freelist => {
    const work = new Work();
    const freelist = new Freelist(new ArrayFreePages(work), work);
    freelist.setReaders(true);
    return freelist;
  };

  it('are released up to the transaction before the oldest reader', () => {
    const freelist = list();
    freelist.free(10, 100, 1);
    freelist.free(11, 110, 2);
    freelist.free(12, 120, 1);
    freelist.release(11);
    expect([freelist.pages.count, freelist.pendingCount]).toEqual([3, 1]);
  });

  it('are released if they were allocated and freed between two readers', () => {
    const freelist = list();
    freelist.load(Int32Array.of(20, 30, 40), 3);
    expect(freelist.allocate(11, 1)).toBe(20); // reader 10 opened before, reader 15 afterwards
    expect(freelist.allocate(12, 1)).toBe(30);
    expect(freelist.allocate(16, 1)).toBe(40);
    freelist.free(13, 20, 1); // within (10, 15)
    freelist.free(13, 50, 1); // nobody knows who allocated it: from the end of the file, or long ago
    freelist.free(16, 30, 1); // reader 15 sees it
    freelist.free(17, 40, 1); // after both
    freelist.releaseRange(11, 14);
    expect(freelist.ids()).toEqual([20, 30, 40, 50]);
    expect(freelist.pages.count).toBe(1);
    expect(freelist.allocate(18, 1)).toBe(20);
    freelist.releaseRange(16, 2147483647);
    expect(freelist.allocate(18, 1)).toBe(40);
    expect(freelist.allocate(18, 1)).toBe(0);
    expect(freelist.pendingCount).toBe(2);
  });

  it('are not looked through twice for the same beginning', () => {
    const freelist = list();
    freelist.load(Int32Array.of(20), 1);
    freelist.allocate(11, 1);
    freelist.free(12, 20, 1);
    freelist.releaseRange(13, 20); // after it: nothing
    freelist.releaseRange(12, 20); // began too late for the allocation: nothing
    freelist.releaseRange(11, 20);
    expect(freelist.pages.count).toBe(1);
  });

  it('of a transaction that is rolled back are in use again', () => {
    const freelist = list();
    freelist.free(10, 100, 3);
    freelist.free(11, 200, 1);
    freelist.rollback(11);
    expect(freelist.isFree(200)).toBe(false);
    expect(freelist.pendingCount).toBe(3);
    expect(freelist.free(11, 200, 1)).toBe(true);
  });
});
