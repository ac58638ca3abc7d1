/**
 * Three nodes, four acknowledged entries, each of the twelve copies whole or damaged: what the cluster does about it.
 * A sample of the 4096 cases; all of them: `npm run bench integrity`.
 */
import { expect, it } from 'vitest';
import { CASES, gridCase, isRecoverable } from '../../bench/integrity-grid.ts';

const all = Array.from({ length: CASES }, (_, damage) => damage);
/** Prime, so that every bit is met in both states. */
const SAMPLE_EVERY = 151;
const sample = all.filter((damage) => damage % SAMPLE_EVERY === 0);

it('has 4096 cases, of which 2401 can be recovered', () => {
  expect(all.length).toBe(4096);
  expect(all.filter(isRecoverable).length).toBe(2401);
});

it('redundant: recovers what can be, and waits with the rest', () => {
  const outcomes = sample.map((damage) => [damage, gridCase('redundant', damage)]);
  expect(outcomes).toEqual(sample.map((damage) => [damage, isRecoverable(damage) ? 'recovered' : 'unavailable']));
});

// by node, a letter an entry: w whole, d damaged
const CASES_BY_HAND: readonly (readonly [damage: string, none: string, checksum: string, redundant: string])[] = [
  ['wwww wwww wwww', 'recovered', 'recovered', 'recovered'],
  ['dddd wwww wwww', 'unsafe', 'recovered', 'recovered'],
  ['wwww wwwd wwwd', 'unsafe', 'unavailable', 'recovered'],
  ['dwww wdww wwdw', 'unsafe', 'unavailable', 'recovered'],
  ['wddd dwdd ddww', 'unsafe', 'unavailable', 'recovered'],
  ['wwwd wwwd wwwd', 'unsafe', 'unavailable', 'unavailable'],
  ['dddd dddd dddd', 'unsafe', 'unavailable', 'unavailable'],
];

it.each(CASES_BY_HAND)('%s: none %s, checksum %s, redundant %s', (copies, none, checksum, redundant) => {
  let damage = 0;
  [...copies.replaceAll(' ', '')].forEach((copy, place) => {
    if (copy === 'd') damage |= 1 << place;
  });
  expect(gridCase('none', damage)).toBe(none);
  expect(gridCase('checksum', damage)).toBe(checksum);
  expect(gridCase('redundant', damage)).toBe(redundant);
});
