/** The ordered keys against a sorted array. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OrderedKeys } from '../../../engines/faster/ordered-keys.ts';
import { Work } from '../../../sim/work.ts';
import { bytesOf, text } from '../bed.ts';

const key = fc.nat(2000).map((n) => `key${n}`);

it('holds what a sorted array holds, from any key on', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 1500 }), key, (steps, start) => {
      const keys = new OrderedKeys(new Work());
      const twin = new Set<string>();
      for (const [isThere, name] of steps) {
        const bytes = bytesOf(name);
        if (isThere) keys.add(bytes, 0, bytes.length);
        else keys.remove(bytes, 0, bytes.length);
        if (isThere) twin.add(name);
        else twin.delete(name);
      }
      const seen: string[] = [];
      keys.walk(bytesOf(start), 0, start.length, () => seen.push(text(keys.bytes.subarray(keys.from, keys.to))) > 0);
      expect(seen).toEqual([...twin].filter((name) => name >= start).sort((a, b) => (a < b ? -1 : 1)));
      expect(keys.count).toBe(twin.size);
    }),
    { numRuns: 60 },
  );
});

it('gives back the room of removed keys, and fills its leaves in ascending order', () => {
  const keys = new OrderedKeys(new Work());
  const name = (i: number): Uint8Array => bytesOf(`a key of some length ${String(i).padStart(6, '0')}`);
  for (let i = 0; i < 40_000; i++) keys.add(name(i), 0, 27);
  const full = keys.memoryBytes;
  expect(full).toBeLessThan(40_000 * (27 + 2 + 4) * 1.2);
  for (let i = 0; i < 40_000; i++) if (i % 50 !== 0) keys.remove(name(i), 0, 27);
  expect(keys.count).toBe(800);
  expect(keys.memoryBytes).toBeLessThan(full / 2);
});
