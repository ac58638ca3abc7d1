import { type FaultDefinition, nodeName } from './fault.ts';

/** SIGKILL: the process and its connections are gone; what it had written is in the page cache, durable or not. */
export const kill: FaultDefinition = {
  name: 'kill',
  summary: 'Kills a process (SIGKILL); it starts again when the fault is lifted.',
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
  },
  drawn: { hits: 'node', restarts: 'process', weight: 1, parameters: (_rng, node) => ({ node }) },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0) return undefined;
    cluster.kill(node);
    return { label: `kill: ${nodeName(node)}`, lift: () => cluster.restart(node) };
  },
};
