import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closest, editDistance } from '../../scenarios/suggestion.ts';

/** The definition, by recursion; exponential, so for short words. */
function dumbDistance(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length;
  const choices = [
    dumbDistance(a.slice(1), b) + 1,
    dumbDistance(a, b.slice(1)) + 1,
    dumbDistance(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1),
  ];
  if (a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0])
    choices.push(dumbDistance(a.slice(2), b.slice(2)) + 1);
  return Math.min(...choices);
}

describe('suggestions', () => {
  it('measures as the definition does', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 5 });
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(dumbDistance(a, b));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['rokcsdb', 'rocksdb'],
    ['Bolt', 'bolt'],
    ['bot', 'bolt'],
    ['roc', 'rocksdb'],
    ['ro', undefined],
    ['faster', undefined],
    ['', undefined],
    ['x'.repeat(500), undefined],
  ])('%s: %s', (word, expected) => {
    expect(closest(word, ['bolt', 'rocksdb', 'badger'])).toBe(expected);
  });
});
