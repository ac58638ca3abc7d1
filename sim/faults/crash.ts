import { type FaultDefinition, nodeName } from './fault.ts';

/** Power failure of one node: memory gone, unsynced disk writes left to chance; lifting it starts the node again. */
export const crash: FaultDefinition = {
  name: 'crash',
  summary: 'Cuts the power of a node; it starts again when the fault is lifted.',
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
  },
  drawn: { hits: 'node', restarts: 'machine', weight: 3, parameters: (_rng, node) => ({ node }) },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0) return undefined;
    cluster.crash(node);
    return { label: `crash: ${nodeName(node)}`, lift: () => cluster.restart(node) };
  },
};
