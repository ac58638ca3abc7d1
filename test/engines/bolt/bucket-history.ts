/**
 * A history of a bucket in a bucket in a bucket in which bbolt leaves no order to chance: one bucket inside of each, at
 * most one deletion in each in a transaction. Buckets grow, shrink, go and come back; readers open and end in between.
 */
import { expect } from 'vitest';
import type { Bucket } from '../../../engines/bolt/bucket.ts';
import type { Database } from '../../../engines/bolt/database.ts';
import type { Transaction } from '../../../engines/bolt/transaction.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { Disk } from '../../../sim/disk/disk.ts';
import { bytesOf } from '../bed.ts';

/** The history that `bolt chain` of test/peers/bolt.go plays to the real one. */
export function bucketHistory(database: Database, disk: Disk, seed: number, hasReaders: boolean): void {
  let state = seed;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % limit;
  };
  const readers: Transaction[] = [];
  for (let transaction = 0; transaction < 80; transaction++) {
    if (hasReaders && below(4) === 0) readers.push(database.beginRead());
    if (readers.length > 0 && below(4) === 0) database.endRead(readers.splice(below(readers.length), 1)[0]!);
    let bucket = inside(database.begin().root, 'outer');
    for (const name of ['middle', 'inner', '']) {
      let hasDeleted = false;
      for (let i = below(40); i > 0; i--) {
        const key = bytesOf(`key${below(300)}`);
        const size = below(20);
        const kind = below(12);
        if (kind === 0) {
          if (!hasDeleted) expect(bucket.delete(key)).toBe('ok');
          hasDeleted = true;
          continue;
        }
        let bytes = size;
        if (kind === 1) bytes = 200 + 30 * size;
        if (kind === 2) bytes = below(8) === 0 ? 5000 + 100 * size : -1;
        if (bytes >= 0) expect(bucket.put(key, Value.of(new Uint8Array(bytes)))).toBe('ok');
      }
      if (below(3) === 0) bucket.nextSequence();
      if (name === '') continue;
      if (below(15) === 0 && bucket.bucket(bytesOf(name)) !== undefined) {
        expect(bucket.deleteBucket(bytesOf(name))).toBe('ok');
      }
      bucket = inside(bucket, name);
    }
    expect(database.commit()).toBe('ok');
    disk.settle();
  }
}

export function inside(bucket: Bucket, name: string): Bucket {
  const inner = bucket.createBucketIfNotExists(bytesOf(name));
  if (typeof inner === 'string') throw new Error(inner);
  return inner;
}
