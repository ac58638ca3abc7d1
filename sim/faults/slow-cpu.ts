import { type FaultDefinition, nodeName } from './fault.ts';

const FACTOR_MAX = 1000;

/** All work of a node takes so many times as long: a throttled container, a noisy neighbour. Nothing fails. */
export const slowCpu: FaultDefinition = {
  name: 'slow-cpu',
  summary: "Slows a node's processor down.",
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
    factor: { kind: 'integer', default: 10, min: 2, max: FACTOR_MAX, doc: 'Work takes so many times as long.' },
  },
  drawn: { hits: 'links', weight: 1, parameters: (rng, node) => ({ node, factor: rng.int(2, 50) }) },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0) return undefined;
    const factor = parameters.factor as number;
    const lift = cluster.slowCpu(node, factor);
    return { label: `slow-cpu: ${nodeName(node)}, ${factor} times`, lift };
  },
};
