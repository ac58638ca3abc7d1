/** Cursors over one bucket, in nodes, in pages and in both, against a sorted list. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cursor } from '../../../engines/bolt/cursor.ts';
import { bytesOf, text } from '../bed.ts';
import { bucketOf, DatabaseBed, putText } from './database-bed.ts';

const NAME = bytesOf('bucket');
const keyOf = (n: number): string => `k${String(n).padStart(4, '0')}`;
const arbitraryMoves = fc.array(fc.oneof(fc.constantFrom('first', 'last', 'next', 'prev'), fc.nat(400).map(keyOf)), {
  minLength: 1,
  maxLength: 30,
});

describe('a cursor', () => {
  it.each(['committed', 'open', 'both'])('agrees with a sorted list: %s', (where) => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(400), { maxLength: 150 }),
        fc.uniqueArray(fc.nat(400), { maxLength: 20 }),
        arbitraryMoves,
        (stored, changed, moves) => {
          const bed = new DatabaseBed({ pageSize: 1024 });
          const names = new Set<string>();
          const add = (n: number): void => {
            names.add(keyOf(n));
            putText(bucketOf(bed.database.transaction.root.bucket(NAME)), keyOf(n), 'v'.repeat(n % 90));
          };
          bed.update((root) => {
            bucketOf(root.createBucket(NAME));
            if (where !== 'open') for (const n of stored) add(n);
          });
          const { root } = bed.database.begin();
          if (where === 'open') for (const n of stored) add(n);
          if (where === 'both') for (const n of changed) add(n);
          const bucket = bucketOf(root.bucket(NAME));
          const sorted = [...names].sort((a, b) => (a < b ? -1 : 1));
          const cursor = bucket.cursor();
          let at = -1; // before the first move, and behind either end
          for (const move of moves) {
            if ((move === 'next' || move === 'prev') && at === -1) continue;
            const there = step(cursor, move);
            if (move === 'first') at = sorted.length > 0 ? 0 : -1;
            else if (move === 'last') at = sorted.length - 1;
            else if (move === 'next') at = at + 1 < sorted.length ? at + 1 : -1;
            else if (move === 'prev') at = at - 1;
            else at = sorted.findIndex((name) => name >= move);
            expect(there).toBe(at >= 0);
            if (there) expect(text(cursor.key())).toBe(sorted[at]);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('meets nested buckets, and deletes keys but not those', () => {
    const bed = new DatabaseBed();
    bed.update((root) => {
      const bucket = bucketOf(root.createBucket(NAME));
      putText(bucket, 'a', '1');
      bucketOf(bucket.createBucket(bytesOf('b')));
      putText(bucket, 'c', '3');
    });
    bed.update((root) => {
      const cursor = bucketOf(root.bucket(NAME)).cursor();
      const seen: string[] = [];
      for (let more = cursor.first(); more; more = cursor.next()) {
        seen.push(`${text(cursor.key())} ${cursor.isBucket}`);
      }
      expect(seen).toEqual(['a false', 'b true', 'c false']);
      expect(cursor.seek(bytesOf('b'))).toBe(true);
      expect(cursor.delete()).toBe('incompatible-value');
      expect(cursor.seek(bytesOf('bb'))).toBe(true);
      expect(cursor.delete()).toBe('ok');
      expect(cursor.last()).toBe(true);
      expect(text(cursor.key())).toBe('b');
      expect(cursor.prev()).toBe(true);
      expect(cursor.prev()).toBe(false);
    });
    expect(bed.faults()).toEqual([]);
  });
});

function step(cursor: Cursor, move: string): boolean {
  if (move === 'first') return cursor.first();
  if (move === 'last') return cursor.last();
  if (move === 'next') return cursor.next();
  if (move === 'prev') return cursor.prev();
  return cursor.seek(bytesOf(move));
}
