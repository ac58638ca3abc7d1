import type { DiskFaultDefinition } from '../disk/faults/index.ts';
import { defaultsOf } from '../parameters.ts';
import { type FaultDefinition, nodeName } from './fault.ts';

/** Puts one of the disk's own faults on the timeline: its parameters, and the node whose disk it is. */
export function diskFault(definition: DiskFaultDefinition): FaultDefinition {
  return {
    name: definition.name,
    summary: `On a node's disk: ${definition.summary}`,
    parameters: {
      node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
      ...definition.parameters,
    },
    drawn: {
      hits: definition.isHarmless === true ? 'links' : 'disk',
      weight: definition.isHarmless === true ? 1 : 0,
      parameters: (_rng, node) => ({ ...defaultsOf(definition.parameters), node }),
    },
    inject(cluster, parameters, rng) {
      const node = cluster.resolveNode(parameters.node as string);
      if (node < 0) return undefined;
      const lift = cluster.addDiskFault(node, definition.create(parameters, rng));
      return { label: `${definition.name}: ${nodeName(node)}`, lift };
    },
  };
}
