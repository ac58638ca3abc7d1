import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeFactor, mergeMax, mergeMean, mergeMedian, POINTS_MAX } from '../../reports/series.ts';

const values = fc.array(fc.option(fc.integer({ min: 0, max: 1000 }), { nil: null }), { maxLength: 60 });

/** Groups by going through every index. */
function groupsOf(list: readonly (number | null)[], factor: number): number[][] {
  const groups: number[][] = [];
  list.forEach((value, index) => {
    const group = Math.floor(index / factor);
    groups[group] ??= [];
    if (value !== null) groups[group]!.push(value);
  });
  return groups;
}

describe('merging neighbouring steps', () => {
  test('mean, median and maximum agree with twins', () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 7 }), (list, factor) => {
        const groups = groupsOf(list, factor);
        const median = (group: number[]): number => [...group].sort((a, b) => a - b)[Math.ceil(group.length / 2) - 1]!;
        expect(mergeMax(list, factor)).toEqual(groups.map((group) => (group.length === 0 ? null : Math.max(...group))));
        expect(mergeMedian(list, factor)).toEqual(groups.map((group) => (group.length === 0 ? null : median(group))));
        mergeMean(list, factor).forEach((mean, index) => {
          const group = groups[index]!;
          if (group.length === 0) expect(mean).toBeNull();
          else
            expect(mean! * group.length).toBeCloseTo(
              group.reduce((sum, value) => sum + value, 0),
              6,
            );
        });
      }),
    );
  });

  test('never leaves more points than asked for, and merges no more than needed', () => {
    for (const steps of [0, 1, POINTS_MAX, POINTS_MAX + 1, 2 * POINTS_MAX, 123_457]) {
      const factor = mergeFactor(steps, POINTS_MAX);
      expect(Math.ceil(steps / factor)).toBeLessThanOrEqual(POINTS_MAX);
      if (factor > 1) expect(Math.ceil(steps / (factor - 1))).toBeGreaterThan(POINTS_MAX);
    }
  });
});
