/** Memory of a simulated node by the part that holds it. */
import { type Comparison, spreadOf, unique } from '../comparison.ts';
import { barSection } from './bars.ts';
import type { Chart } from './chart.ts';

/** Owners with a bar; the smaller ones are in result.json. */
const OWNERS_MAX = 12;

export const memory: Chart = {
  id: 'memory',
  group: 'Space, syncs, memory',
  title: 'Memory by owner',
  caption:
    'Bytes that one node’s process would hold at the end of the run, by the part that holds them, greatest first; mean over nodes.',
  width: 'full',
  build(comparison: Comparison) {
    const sizes = unique(comparison.file.runs.flatMap((run) => Object.keys(run.metrics.memoryBytes.byOwner)))
      .map((owner) => ({
        owner,
        greatest: spreadOf(comparison.file.runs.map((run) => run.metrics.memoryBytes.byOwner[owner]))?.max ?? 0,
      }))
      .filter((size) => size.greatest > 0)
      .sort((a, b) => b.greatest - a.greatest || (a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0));
    return barSection(comparison, {
      groups: sizes.slice(0, OWNERS_MAX).map(({ owner }) => ({
        title: owner,
        of: (run) => run.metrics.memoryBytes.byOwner[owner],
      })),
      unit: 'bytes',
      axisTitle: 'bytes',
      groupTitle: 'owner',
      ...(sizes.length > OWNERS_MAX ? { note: `The ${OWNERS_MAX} greatest of ${sizes.length} owners.` } : {}),
    });
  },
};
