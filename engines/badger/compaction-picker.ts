/**
 * What one compaction takes: all tables of level 0, or of a deeper level the first free one in the order of
 * how many tables it overlaps below.
 */
import { EVERYTHING, type KeyRange, keyRange, type Levels } from './levels.ts';
import { pdqSort } from './pdq-sort.ts';
import type { Table } from './table.ts';

export interface Compaction {
  readonly level: number;
  /** Of `level`: for level 0 oldest first. */
  readonly top: readonly Table[];
  /** Of the level below. */
  readonly bottom: readonly Table[];
  /** A deeper level may hold older entries: deletions must stay. */
  readonly overlapsBelow: boolean;
  readonly release: () => void;
}

/** Undefined: nothing of the level can be compacted now. */
export function pickCompaction(levels: Levels, level: number): Compaction | undefined {
  return level === 0 ? pickLevelZero(levels) : pickDeeper(levels, level);
}

function pickLevelZero(levels: Levels): Compaction | undefined {
  const top = levels.tables[0].slice();
  if (top.length === 0) return undefined;
  const range = keyRange(top);
  const bottom = levels.overlapping(1, range);
  const release = levels.claim(0, EVERYTHING, bottom.length === 0 ? range : keyRange(bottom), 0);
  return release && finish(levels, 0, top, bottom, release);
}

function pickDeeper(levels: Levels, level: number): Compaction | undefined {
  const tables = levels.tables[level].slice();
  const overlaps = tables.map((table) => levels.countOverlapping(level + 1, keyRange([table])));
  const order = tables.map((_, i) => i);
  // Badger counts by place, and its sort moves tables but not their counts: so does this.
  pdqSort(tables.length, {
    less: (i, j) => overlaps[i] < overlaps[j],
    swap: (i, j) => {
      const moved = order[i];
      order[i] = order[j];
      order[j] = moved;
    },
  });
  for (const i of order) {
    const table = tables[i];
    const range = keyRange([table]);
    if (levels.isClaimed(level, range)) continue;
    const bottom = levels.overlapping(level + 1, range);
    const nextRange: KeyRange = bottom.length === 0 ? range : keyRange(bottom);
    const release = levels.claim(level, range, nextRange, table.bytes);
    if (release !== undefined) return finish(levels, level, [table], bottom, release);
  }
  return undefined;
}

function finish(
  levels: Levels,
  level: number,
  top: readonly Table[],
  bottom: readonly Table[],
  release: () => void,
): Compaction {
  const overlapsBelow = levels.overlapsFrom(level + 2, keyRange([...top, ...bottom]));
  return { level, top, bottom, overlapsBelow, release };
}
