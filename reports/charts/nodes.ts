/** Write amplification by the node that wrote. */
import { byNodeName, type Comparison, unique } from '../comparison.ts';
import { barSection } from './bars.ts';
import type { Chart } from './chart.ts';

/** More bars than this are a wall; result.json has them all. */
const NODES_MAX = 16;

export const nodes: Chart = {
  id: 'nodes',
  group: 'Write amplification',
  title: 'By node',
  caption: 'Bytes that each node wrote for each byte that clients wrote; the bars of a variant add up to its total.',
  width: 'half',
  build(comparison: Comparison) {
    const names = unique(
      comparison.file.runs.flatMap((run) => Object.keys(run.metrics.writeAmplification.byNode)),
    ).sort(byNodeName);
    return barSection(comparison, {
      groups: names.slice(0, NODES_MAX).map((name) => ({
        title: name,
        of: (run) => run.metrics.writeAmplification.byNode[name],
      })),
      unit: 'ratio',
      axisTitle: 'bytes written ÷ client bytes',
      groupTitle: 'node',
      ...(names.length > NODES_MAX ? { note: `The first ${NODES_MAX} of ${names.length} nodes.` } : {}),
    });
  },
};
