import type { DiskFaultDefinition } from '../disk/faults/index.ts';
import { defaultsOf, type ParameterValues } from '../parameters.ts';
import type { Rng } from '../rng.ts';
import { type DrawnFault, type FaultDefinition, nodeName } from './fault.ts';

function drawnOf({ isHarmless, drawn, parameters: specs }: DiskFaultDefinition): DrawnFault {
  if (drawn === undefined) {
    const parameters = (_rng: Rng, node: string): ParameterValues => ({ ...defaultsOf(specs), node });
    return { hits: isHarmless === true ? 'links' : 'disk', weight: isHarmless === true ? 1 : 0, parameters };
  }
  const { weight, weightBeyond, forgets, parameters } = drawn;
  return {
    hits: 'disk',
    weight,
    weightBeyond,
    ...(forgets !== undefined && { forgets }),
    parameters: (rng, node, _nodeCount, isBeyond) => ({ node, ...parameters(rng, isBeyond) }),
  };
}

/** Puts one of the disk's own faults on the timeline: its parameters, and the node whose disk it is. */
export function diskFault(definition: DiskFaultDefinition): FaultDefinition {
  return {
    name: definition.name,
    summary: `On a node's disk: ${definition.summary}`,
    parameters: {
      node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
      ...definition.parameters,
    },
    ...(definition.isDamage === true && { isDamage: true }),
    drawn: drawnOf(definition),
    inject(cluster, parameters, rng) {
      const node = cluster.resolveNode(parameters.node as string);
      if (node < 0) return undefined;
      const lift = cluster.addDiskFault(node, definition.create(parameters, rng));
      return { label: `${definition.name}: ${nodeName(node)}`, lift };
    },
  };
}
