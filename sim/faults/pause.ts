import { type FaultDefinition, nodeName } from './fault.ts';

/** SIGSTOP: the process keeps its memory and its sockets, and does nothing; its disk and network go on. */
export const pause: FaultDefinition = {
  name: 'pause',
  summary: 'Stops a process (SIGSTOP) until the fault is lifted (SIGCONT).',
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
  },
  drawn: { hits: 'node', weight: 2, parameters: (_rng, node) => ({ node }) },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0) return undefined;
    cluster.pause(node);
    return { label: `pause: ${nodeName(node)}`, lift: () => cluster.resume(node) };
  },
};
