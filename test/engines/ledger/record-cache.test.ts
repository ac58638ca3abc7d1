/** The cache against a list in the order of use. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RecordCache } from '../../../engines/ledger/record-cache.ts';

it('keeps what was used last, within its limit', () => {
  const step = fc.record({ offset: fc.nat(30), length: fc.nat(400), drop: fc.nat(9) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const cache = new RecordCache(1500);
      let twin: { offset: number; length: number }[] = [];
      const bytes = (): number => twin.reduce((sum, { length }) => sum + length + 64, 0);
      for (const { offset, length, drop } of steps) {
        const known = twin.find((each) => each.offset === offset);
        if (drop === 0) {
          cache.drop(offset);
          twin = twin.filter((each) => each !== known);
        } else if (drop === 1) {
          cache.dropFrom(offset);
          twin = twin.filter((each) => each.offset < offset);
        } else {
          expect(cache.get(offset)?.length).toBe(known?.length);
          if (known === undefined) cache.add(offset, new Uint8Array(length));
          twin = [...twin.filter((each) => each !== known), known ?? { offset, length }];
          while (bytes() > 1500 && twin.length > 1) twin.shift();
        }
        expect(cache.bytes).toBe(bytes());
      }
      for (const { offset, length } of twin) expect(cache.get(offset)?.length).toBe(length);
    }),
  );
});
