import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareBytes } from '../../sim/bytes/compare.ts';
import { IndexRestore, type SharedIndex } from '../../sim/nodes/kv/index-restore.ts';
import { CHANGES_MAX, KeyIndex } from '../../sim/nodes/kv/key-index.ts';
import { INDEX_STEPS, Work } from '../../sim/work.ts';

interface Revision {
  readonly main: number;
  readonly sub: number;
  readonly isDelete: boolean;
}

/** The dumb twin: every key's whole history. */
class Twin {
  readonly histories = new Map<string, Revision[]>();

  add(key: string, main: number, sub: number, isDelete: boolean): void {
    const history = this.histories.get(key) ?? [];
    history.push({ main, sub, isDelete });
    this.histories.set(key, history);
  }
  isAlive(key: string): boolean {
    return this.histories.get(key)?.at(-1)?.isDelete === false;
  }
  /** `main_sub` of what a reader at `revision` sees, or `-`. */
  at(key: string, revision: number): string {
    const seen = (this.histories.get(key) ?? []).filter((each) => each.main <= revision).at(-1);
    return seen === undefined || seen.isDelete ? '-' : `${seen.main}_${seen.sub}`;
  }
  /** [main of the creation, version] of the key as it is now. */
  generation(key: string): [number, number] {
    const history = this.histories.get(key)!;
    const start = history.findLastIndex((each) => each.isDelete) + 1;
    return [history[start]!.main, history.length - start];
  }
  compact(revision: number): string[] {
    const kept: string[] = [];
    for (const [key, history] of this.histories) {
      const newest = history.findLastIndex((each) => each.main <= revision);
      if (newest < 0) continue;
      const each = history[newest]!;
      const isGone = each.isDelete && each.main < revision;
      if (!isGone) kept.push(`${each.main}_${each.sub}`);
      const rest = history.slice(isGone ? newest + 1 : newest);
      if (rest.length === 0) this.histories.delete(key);
      else this.histories.set(key, rest);
    }
    return kept.sort();
  }
}

const text = (of: string): Uint8Array => new TextEncoder().encode(of);
const find = (index: KeyIndex, key: string): number => index.find(text(key), 0, key.length);

type Step =
  | { readonly kind: 'put' | 'delete'; readonly key: string }
  | { readonly kind: 'compact'; readonly back: number }
  | { readonly kind: 'order' | 'copy' };
const key = fc.integer({ min: 0, max: 30 }).map((n) => `key-${n % 3 === 0 ? 'long-' : ''}${n}`);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('put' as const), key }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), back: fc.nat(10) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'order' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'copy' as const }) },
);

test('against whole histories: lookups at every revision, order, compaction', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 120, size: 'max' }), (steps) => {
      let index = new KeyIndex(new Work());
      const originals: { index: KeyIndex; revision: number; content: string[] }[] = [];
      const twin = new Twin();
      let revision = 1;
      let compacted = 0;
      for (const each of steps) {
        if (each.kind === 'put') {
          revision++;
          const id = index.put(text(each.key), 0, each.key.length, revision, 0);
          twin.add(each.key, revision, 0, false);
          const [created, version] = twin.generation(each.key);
          // after a compaction the twin has forgotten the first revisions of a generation; the index must not
          if (compacted === 0) expect([index.created(id), index.version(id)]).toEqual([created, version]);
          else expect(index.version(id)).toBeGreaterThanOrEqual(version);
        } else if (each.kind === 'delete') {
          const id = find(index, each.key);
          expect(id >= 0 && index.isAlive(id)).toBe(twin.isAlive(each.key));
          if (id < 0 || !index.isAlive(id)) continue;
          revision++;
          index.tombstone(id, revision, 3);
          twin.add(each.key, revision, 3, true);
        } else if (each.kind === 'compact') {
          compacted = Math.max(compacted, revision - each.back);
          const kept: number[] = [];
          const end = index.idEnd;
          const half = end >>> 1;
          index.compact(compacted, 0, half, kept);
          index.compact(compacted, half, end, kept);
          const got = kept.map((place) => `${Math.floor(place / CHANGES_MAX)}_${place % CHANGES_MAX}`).sort();
          expect(got).toEqual(twin.compact(compacted));
        } else if (each.kind === 'copy') {
          originals.push({ index, revision, content: contentOf(index, revision) });
          index = index.copy(new Work());
        } else {
          expect(order(index)).toEqual([...twin.histories.keys()].sort((a, b) => compareBytes(text(a), text(b))));
        }
      }
      expect(index.count).toBe(twin.histories.size);
      let revisions = 0;
      for (const history of twin.histories.values()) revisions += history.length;
      expect(index.olderCount).toBe(revisions - index.count);
      for (const name of new Set(steps.flatMap((each) => ('key' in each ? [each.key] : [])))) {
        const id = find(index, name);
        for (let at = Math.max(compacted, 1); at <= revision; at++) {
          const got = id >= 0 && index.at(id, at) ? `${index.foundMain}_${index.foundSub}` : '-';
          expect(got, `${name} at ${at}`).toBe(twin.at(name, at));
        }
      }
      expect(order(index)).toEqual([...twin.histories.keys()].sort((a, b) => compareBytes(text(a), text(b))));
      for (const { index: original, revision: at, content } of originals)
        expect(contentOf(original, at)).toEqual(content);
    }),
    { numRuns: 150 },
  );
});

/** Every key in order, with what is read of it at every revision. */
function contentOf(index: KeyIndex, revision: number): string[] {
  return order(index).map((name) => {
    const id = find(index, name);
    const seen: string[] = [];
    for (let at = 1; at <= revision; at++) seen.push(index.at(id, at) ? `${index.foundMain}_${index.foundSub}` : '-');
    return `${name}: ${seen.join(' ')}, created ${index.created(id)}, version ${index.version(id)}`;
  });
}

describe('an index made of the records of a store', () => {
  interface StoredRecord {
    readonly key: string;
    readonly isDelete: boolean;
  }
  const stored = fc.record({ key, isDelete: fc.boolean() });
  const once = fc.uniqueArray(key, { maxLength: 25 });

  const restored = (records: readonly StoredRecord[], shared?: SharedIndex): { index: KeyIndex; steps: number } => {
    const work = new Work();
    const restore = new IndexRestore(work, shared);
    records.forEach(({ key: name, isDelete }, i) => {
      const main = i + 2;
      restore.add(text(name), 0, name.length, main, 0, isDelete ? 0 : main, isDelete ? 0 : 1);
    });
    return { index: restore.finish(), steps: work.counts[INDEX_STEPS]! };
  };

  test('is the same, at the same cost, whether an earlier one lends its own or not', () => {
    fc.assert(
      fc.property(once, fc.nat(30), fc.array(stored, { maxLength: 20 }), (keys, common, others) => {
        const first = keys.map((name) => ({ key: name, isDelete: false }));
        const shared: SharedIndex = { index: undefined };
        const lender = restored(first, shared);
        expect(shared.index).toBeDefined();
        const second = [...first.slice(0, common), ...others];
        const plain = restored(second);
        const borrower = restored(second, shared);
        expect(borrower.steps).toBe(plain.steps);
        const last = second.length + 3;
        expect(contentOf(borrower.index, last)).toEqual(contentOf(plain.index, last));
        borrower.index.put(text('one more'), 0, 8, last, 0);
        for (const name of keys) lender.index.put(text(name), 0, name.length, last, 1);
        expect(contentOf(shared.index!, last)).toEqual(contentOf(restored(first).index, last));
      }),
      { numRuns: 200 },
    );
  });

  test('is not lent if a key has more than one revision', () => {
    const shared: SharedIndex = { index: undefined };
    const records = ['a', 'b', 'a'].map((name) => ({ key: name, isDelete: false }));
    expect(restored(records, shared).index.olderCount).toBe(1);
    expect(shared.index).toBeUndefined();
  });

  test('takes next to no memory until it is written to', () => {
    const records = Array.from({ length: 50_000 }, (_, i) => ({ key: `key-${i}`, isDelete: false }));
    const shared: SharedIndex = { index: undefined };
    restored(records, shared);
    const { index } = restored(records, shared);
    expect(shared.index!.memoryBytes).toBeGreaterThan(2_000_000);
    expect(index.memoryBytes).toBeLessThan(1000);
    index.put(text('key-777'), 0, 7, 60_000, 0);
    expect(index.memoryBytes).toBeLessThan(100_000);
  });
});

function order(index: KeyIndex): string[] {
  const names: string[] = [];
  index.seek(new Uint8Array(0), 0, 0);
  for (let id = index.next(); id >= 0; id = index.next()) {
    const from = index.keyFrom(id);
    names.push(new TextDecoder().decode(index.keyBytes(id).subarray(from, from + index.keyLength(id))));
  }
  return names;
}

describe('many keys', () => {
  const name = (n: number): Uint8Array => text(`k${String(n).padStart(15, '0')}`);
  /** 0 … count−1 in a scattered order. */
  const scattered = (count: number): number[] => Array.from({ length: count }, (_, i) => (i * 7919) % count);

  test.each([
    ['at once, ordered afterwards', false],
    ['into a list that is in order already', true],
  ])('100,003 keys in scattered order, %s', (_, isOrderedFirst) => {
    const count = 100_003;
    const index = new KeyIndex(new Work());
    if (isOrderedFirst) index.seek(new Uint8Array(0), 0, 0);
    let revision = 1;
    for (const n of scattered(count)) index.put(name(n), 0, 16, ++revision, 0);
    expect(index.count).toBe(count);
    const from = name(50_000);
    index.seek(from, 0, 16);
    for (let n = 50_000; n < 50_100; n++) {
      const id = index.next();
      const at = index.keyFrom(id);
      expect(compareBytes(index.keyBytes(id).slice(at, at + 16), name(n))).toBe(0);
    }
    let last: Uint8Array | undefined;
    let seen = 0;
    index.seek(new Uint8Array(0), 0, 0);
    for (let id = index.next(); id >= 0; id = index.next()) {
      const at = index.keyFrom(id);
      const each = index.keyBytes(id).slice(at, at + 16);
      if (last !== undefined && compareBytes(last, each) >= 0) throw new Error('out of order');
      last = each;
      seen++;
    }
    expect(seen).toBe(count);
  });

  test('16 B keys take at most 60 B each, in order too', () => {
    const index = new KeyIndex(new Work());
    const count = 200_000;
    for (let n = 0; n < count; n++) index.put(name((n * 7919) % count), 0, 16, n + 2, 0);
    expect(index.memoryBytes / count).toBeLessThanOrEqual(60);
    index.seek(name(0), 0, 16);
    index.next();
    expect(index.memoryBytes / count).toBeLessThanOrEqual(60);
  });

  test('deleted, compacted and written again: nothing grows', () => {
    const index = new KeyIndex(new Work());
    let revision = 1;
    let after = 0;
    for (let round = 0; round < 5; round++) {
      for (let n = 0; n < 20_000; n++) index.put(name(n + round * 20_000), 0, 16, ++revision, 0);
      for (let n = 0; n < 20_000; n++)
        index.tombstone(find(index, `k${String(n + round * 20_000).padStart(15, '0')}`), ++revision, 0);
      index.compact(revision + 1, 0, index.idEnd, []);
      expect([index.count, index.olderCount]).toEqual([0, 0]);
      if (round === 0) after = index.memoryBytes;
    }
    expect(index.memoryBytes).toBe(after);
  });
});
