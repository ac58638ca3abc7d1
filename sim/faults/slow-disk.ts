import { type FaultDefinition, nodeName } from './fault.ts';

/** A gray failure: every request of the node's device takes `factor` times as long. */
export const slowDisk: FaultDefinition = {
  name: 'slow-disk',
  summary: "Makes a node's disk slower by a factor.",
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
    factor: { kind: 'number', default: 10, min: 1, max: 1e6, doc: 'How many times as long each request takes.' },
  },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0) return undefined;
    const factor = parameters.factor as number;
    return { label: `slow disk ×${factor}: ${nodeName(node)}`, lift: cluster.slowDisk(node, factor) };
  },
};
