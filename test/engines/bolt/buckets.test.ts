/** Buckets inside of buckets: what each call says, what is stored where, and arbitrary histories against plain objects. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bucket } from '../../../engines/bolt/bucket.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { bytesOf } from '../bed.ts';
import { bucketOf, type Content, contentOf, DatabaseBed, putText } from './database-bed.ts';

const value = Value.of(bytesOf('value'));

describe('a bucket', () => {
  it('says why it refuses', () => {
    const bed = new DatabaseBed();
    bed.update((root) => {
      const outer = bucketOf(root.createBucket(bytesOf('outer')));
      putText(outer, 'key', 'value');
      expect(outer.createBucket(bytesOf(''))).toBe('bucket-name-required');
      expect(outer.createBucket(bytesOf('key'))).toBe('incompatible-value');
      expect(outer.createBucketIfNotExists(bytesOf('key'))).toBe('incompatible-value');
      const inner = bucketOf(outer.createBucket(bytesOf('inner')));
      expect(outer.createBucket(bytesOf('inner'))).toBe('bucket-exists');
      expect(outer.createBucketIfNotExists(bytesOf('inner'))).toBe(inner);
      expect(outer.put(bytesOf('inner'), value)).toBe('incompatible-value');
      expect(outer.delete(bytesOf('inner'))).toBe('incompatible-value');
      expect(outer.deleteBucket(bytesOf('key'))).toBe('incompatible-value');
      expect(outer.deleteBucket(bytesOf('none'))).toBe('bucket-not-found');
      expect(outer.put(bytesOf(''), value)).toBe('key-required');
      expect(outer.put(new Uint8Array(32769), value)).toBe('key-too-large');
      expect(outer.put(bytesOf('big'), Value.filled(new Uint8Array(0), 2147483647))).toBe('value-too-large');
      expect(outer.get(bytesOf('inner'), new Value())).toBe(false);
      expect(outer.bucket(bytesOf('key'))).toBeUndefined();
    });
    const reader = bed.database.beginRead();
    const outer = bucketOf(reader.root.bucket(bytesOf('outer')));
    expect(outer.put(bytesOf('a'), value)).toBe('transaction-not-writable');
    expect(outer.delete(bytesOf('a'))).toBe('transaction-not-writable');
    expect(outer.createBucket(bytesOf('a'))).toBe('transaction-not-writable');
    expect(outer.deleteBucket(bytesOf('inner'))).toBe('transaction-not-writable');
    expect(outer.nextSequence()).toBe('transaction-not-writable');
    bed.database.endRead(reader);
    expect(bed.faults()).toEqual([]);
  });

  it('is inline up to a quarter page of keys and values, and again once it has shrunk', () => {
    const bed = new DatabaseBed();
    const root = (): number => {
      const bucket = bucketOf(bed.database.transaction.root.bucket(bytesOf('b')));
      return bucket.root;
    };
    const name = bytesOf('b');
    bed.update((all) => bucketOf(all.createBucket(name)));
    expect(root()).toBe(0);
    const put = (key: string, bytes: number) =>
      bed.update((all) => {
        expect(bucketOf(all.bucket(name)).put(bytesOf(key), Value.filled(new Uint8Array(0), bytes))).toBe('ok');
      });
    put('a', 1024 - 16 - 16 - 1); // header, element, key: exactly a quarter page
    expect(root()).toBe(0);
    put('a', 1024 - 16 - 16);
    expect(root()).toBeGreaterThan(3);
    put('a', 1024 - 16 - 16 - 1);
    expect(root()).toBe(0);
    bed.update((all) => bucketOf(bucketOf(all.bucket(name)).createBucket(bytesOf('inner'))));
    expect(root()).toBeGreaterThan(3); // a bucket with buckets inside is never inline
    bed.update((all) => expect(bucketOf(all.bucket(name)).deleteBucket(bytesOf('inner'))).toBe('ok'));
    expect(root()).toBe(0);
    expect(bed.faults()).toEqual([]);
  });

  it('counts its own sequence, which a rollback takes back', () => {
    const bed = new DatabaseBed();
    const name = bytesOf('b');
    bed.update((root) => {
      const bucket = bucketOf(root.createBucket(name));
      expect([bucket.nextSequence(), bucket.nextSequence(), bucket.sequence]).toEqual([1, 2, 2]);
    });
    const again = bucketOf(bed.database.begin().root.bucket(name));
    expect(again.setSequence(99)).toBe('ok');
    bed.database.rollback();
    bed.reopen();
    expect(contentOf(bed.database.transaction)).toEqual({ b: { sequence: 2, content: {} } });
  });

  it('gives back all pages of a deleted tree', () => {
    const bed = new DatabaseBed();
    const fill = (bucket: Bucket): void => {
      for (let i = 0; i < 300; i++) putText(bucket, `key${1000 + i}`, 'x'.repeat(100));
    };
    bed.update((root) => {
      const outer = bucketOf(root.createBucket(bytesOf('outer')));
      fill(outer);
      fill(bucketOf(outer.createBucket(bytesOf('inner'))));
    });
    const { highWater } = bed.figures;
    bed.update((root) => expect(root.deleteBucket(bytesOf('outer'))).toBe('ok'));
    expect(contentOf(bed.database.transaction)).toEqual({});
    expect(bed.faults()).toEqual([]);
    const { free, pending } = bed.figures;
    expect(free! + pending!).toBeGreaterThanOrEqual(highWater! - 6);
  });
});

// ——— arbitrary histories ———

type Twin = { sequence: number; keys: Map<string, string | Twin> };
const newTwin = (): Twin => ({ sequence: 0, keys: new Map() });
const copied = (twin: Twin): Twin => ({
  sequence: twin.sequence,
  keys: new Map([...twin.keys].map(([key, inner]) => [key, typeof inner === 'string' ? inner : copied(inner)])),
});
function shown(twin: Twin): Content {
  const content: Content = {};
  for (const key of [...twin.keys.keys()].sort((a, b) => (a < b ? -1 : 1))) {
    const inner = twin.keys.get(key)!;
    content[key] = typeof inner === 'string' ? inner : { sequence: inner.sequence, content: shown(inner) };
  }
  return content;
}

const arbitraryName = fc.nat(30).map((n) => `n${n}`);
const arbitraryAct = fc.record({
  path: fc.array(
    fc.nat(5).map((n) => `n${n}`),
    { maxLength: 3 },
  ),
  name: arbitraryName,
  what: fc.oneof(
    { weight: 5, arbitrary: fc.record({ put: fc.integer({ min: 0, max: 700 }) }) },
    { weight: 2, arbitrary: fc.constant('delete' as const) },
    { weight: 3, arbitrary: fc.constant('create' as const) },
    { weight: 1, arbitrary: fc.constant('drop' as const) },
    { weight: 1, arbitrary: fc.constant('count' as const) },
  ),
});
const arbitraryTransactions = fc.array(
  fc.record({
    acts: fc.array(arbitraryAct, { maxLength: 40 }),
    end: fc.constantFrom('commit', 'commit', 'commit', 'rollback', 'reopen'),
  }),
  { maxLength: 12 },
);

describe.each<ParameterValues>([{ pageSize: 1024 }, { freelist: 'hashmap', noFreelistSync: true, pageSize: 1024 }])(
  'buckets under %j',
  (options) => {
    it('agree with nested maps', () => {
      fc.assert(
        fc.property(arbitraryTransactions, (transactions) => {
          const bed = new DatabaseBed(options);
          let committed = newTwin();
          bed.update((root) => {
            for (let i = 0; i < 6; i++) {
              bucketOf(root.createBucket(bytesOf(`n${i}`)));
              committed.keys.set(`n${i}`, newTwin());
            }
          });
          for (const { acts, end } of transactions) {
            const twin = copied(committed);
            const { root } = bed.database.begin();
            for (const { path, name, what } of acts) {
              let bucket: Bucket | undefined = root;
              let inner: Twin | undefined = twin;
              for (const step of path) {
                const next: string | Twin | undefined = inner?.keys.get(step);
                inner = typeof next === 'string' ? undefined : next;
                bucket = bucket?.bucket(bytesOf(step));
                expect(bucket === undefined).toBe(inner === undefined);
              }
              if (bucket === undefined || inner === undefined || bucket === root) continue;
              act(bucket, inner, name, what);
            }
            expect(contentOf(bed.database.transaction)).toEqual(shown(twin));
            if (end === 'rollback') {
              bed.database.rollback();
            } else {
              expect(bed.database.commit()).toBe('ok');
              bed.disk.settle();
              committed = twin;
              if (end === 'reopen') bed.reopen();
            }
            expect(contentOf(bed.database.transaction)).toEqual(shown(committed));
            expect(bed.faults()).toEqual([]);
          }
        }),
        { numRuns: 40 },
      );
    });
  },
);

function act(bucket: Bucket, twin: Twin, name: string, what: 'delete' | 'create' | 'drop' | 'count' | { put: number }) {
  const key = bytesOf(name);
  const there = twin.keys.get(name);
  if (what === 'create') {
    const outcome = bucket.createBucket(key);
    if (there === undefined) {
      expect(typeof outcome).toBe('object');
      twin.keys.set(name, newTwin());
    } else {
      expect(outcome).toBe(typeof there === 'string' ? 'incompatible-value' : 'bucket-exists');
    }
  } else if (what === 'drop') {
    const expected = there === undefined ? 'bucket-not-found' : typeof there === 'string' ? 'incompatible-value' : 'ok';
    expect(bucket.deleteBucket(key)).toBe(expected);
    if (expected === 'ok') twin.keys.delete(name);
  } else if (what === 'count') {
    expect(bucket.nextSequence()).toBe(++twin.sequence);
  } else if (typeof there === 'object') {
    expect(what === 'delete' ? bucket.delete(key) : bucket.put(key, value)).toBe('incompatible-value');
  } else if (what === 'delete') {
    expect(bucket.delete(key)).toBe('ok');
    twin.keys.delete(name);
  } else {
    const content = name.padEnd(what.put, '.');
    putText(bucket, name, content);
    twin.keys.set(name, content.slice(0, 40)); // as much as `text` shows
  }
}
