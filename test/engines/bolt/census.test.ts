/** The counts of pages by kind: kept along the way, against a walk over everything. */
import { describe, expect, it } from 'vitest';
import { bolt } from '../../../engines/bolt/index.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { Rng } from '../../../sim/rng.ts';
import { bytesOf, EngineBed, put } from '../bed.ts';

const KINDS = ['leafPages', 'leafOverflowPages', 'branchPages', 'branchOverflowPages'] as const;

function writeSome(bed: EngineBed, rng: Rng, rounds: number): void {
  for (let round = 0; round < rounds; round++) {
    bed.write(
      Array.from({ length: 300 }, () => {
        const bytes = rng.chance(0.02) ? 9000 : rng.int(10, 400);
        return put(`key${rng.int(10000, 99999)}`, Value.filled(bytesOf(`r${round}`), bytes));
      }),
    );
    bed.sync();
  }
}

describe.each([
  ['with a stored freelist', { noFreelistSync: false }],
  ['without one', { noFreelistSync: true }],
])('the page counts of a file %s', (_, options) => {
  const figures = (bed: EngineBed): Readonly<Record<string, number>> => bed.engine.stats().figures;
  const sum = (bed: EngineBed): number => KINDS.reduce((total, kind) => total + figures(bed)[kind]!, 0);

  it('add up to all pages that are neither metas, free nor the freelist', () => {
    const rng = new Rng(3);
    const bed = EngineBed.opened(bolt, options);
    for (let life = 0; life < 3; life++) {
      writeSome(bed, rng, 8);
      const before = figures(bed).treePages!;
      if (life === 0 || options.noFreelistSync) expect(sum(bed)).toBe(before);
      bed.restart();
      expect(figures(bed).treePages).toBe(before);
    }
  });

  it('are known again after a check, and followed from there on', () => {
    const rng = new Rng(4);
    const bed = EngineBed.opened(bolt, options);
    writeSome(bed, rng, 8);
    const known = KINDS.map((kind) => figures(bed)[kind]);
    const { liveKeys } = bed.engine.stats();
    bed.restart();
    if (!options.noFreelistSync) expect(figures(bed).leafPages).toBeNaN();
    expect(bed.engine.check()).toEqual([]);
    expect(KINDS.map((kind) => figures(bed)[kind])).toEqual(known);
    expect(bed.engine.stats().liveKeys).toBe(liveKeys);
    writeSome(bed, rng, 5);
    expect(sum(bed)).toBe(figures(bed).treePages);
  });
});
