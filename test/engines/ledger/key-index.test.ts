/** The index in memory against a sorted list. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyIndex } from '../../../engines/ledger/key-index.ts';
import { compareBytes } from '../../../sim/bytes/compare.ts';
import { Work } from '../../../sim/work.ts';

const key = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 3 }), fc.uint8Array({ minLength: 1, maxLength: 300 }));

describe('the index in memory', () => {
  it('has every key once, in order, with what was set last', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 200 }), fc.array(key, { maxLength: 20 }), (keys, asked) => {
        const index = new KeyIndex(new Work());
        const twin: { key: Uint8Array; position: number }[] = [];
        const fill = (): void => {
          keys.forEach((each, i) => {
            index.set(each, each.length, i, 100 + i, i % 2);
            const known = twin.findIndex((entry) => compareBytes(entry.key, each) === 0);
            if (known >= 0) twin.splice(known, 1);
            twin.push({ key: each, position: i });
          });
          twin.sort((a, b) => compareBytes(a.key, b.key));
        };
        const isTheSame = (): void => {
          let node = index.lowerBound(new Uint8Array(0), 0);
          for (const { key: expected, position } of twin) {
            const found = index.arena.subarray(index.keyFrom[node]!, index.keyTo[node]!);
            expect(compareBytes(found, expected)).toBe(0);
            expect([index.position[node], index.entryLength[node], index.flags[node]]).toEqual([
              position,
              100 + position,
              position % 2,
            ]);
            node = index.next(node);
          }
          expect(node).toBe(0);
          expect(index.count).toBe(twin.length);
        };
        fill();
        isTheSame();
        for (const each of [...asked, ...keys]) {
          const node = index.lowerBound(each, each.length);
          const expected = twin.find((entry) => compareBytes(entry.key, each) >= 0);
          expect(node === 0 ? undefined : index.position[node]).toBe(expected?.position);
          const isThere = twin.some((entry) => compareBytes(entry.key, each) === 0);
          expect(index.find(each, each.length) !== 0).toBe(isThere);
        }
        index.clear();
        twin.length = 0;
        isTheSame();
        fill();
        isTheSame();
      }),
      { numRuns: 60 },
    );
  });
});
