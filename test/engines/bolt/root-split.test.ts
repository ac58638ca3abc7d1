/**
 * A root that is split gets a parent, and the new node may be the one for which the arena grows. Found by
 * seed 153 of the scenario `toxics`, whose root lost its second half.
 */
import { describe, expect, it } from 'vitest';
import { bolt } from '../../../engines/bolt/index.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { bytesOf, EngineBed } from '../bed.ts';
import type { Operation } from '../sorted-array.ts';

const put = (number: number): Operation => ({
  table: 0,
  key: bytesOf(`k${String(number).padStart(15, '0')}`),
  value: Value.filled(bytesOf('v'), 100),
});
/** Every `step`th number below 10,000. */
const every = (step: number): Operation[] => Array.from({ length: Math.floor(10_000 / step) }, (_, i) => put(i * step));

describe('a root split', () => {
  it('keeps both halves, however many nodes the transaction has by then', () => {
    const leaves: number[] = [];
    for (let step = 30; step < 70; step++) {
      const bed = EngineBed.opened(bolt, { pageSize: 1024 });
      bed.write(every(160));
      bed.sync();
      const { branchPages } = bed.engine.stats().figures;
      bed.write(every(step));
      bed.sync();
      bed.verify();
      const after = bed.engine.stats().figures;
      if (branchPages === 1 && after.branchPages! >= 3) leaves.push(after.leafPages!);
    }
    // commits in which the root was split, with fewer and with more nodes than the arena begins with
    expect(Math.min(...leaves)).toBeLessThan(60);
    expect(Math.max(...leaves)).toBeGreaterThan(68);
  });
});
