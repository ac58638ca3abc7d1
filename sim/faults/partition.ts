import { type BlockedPairs, bridge, isolate, majorityRing, oneWay, ring, symmetric } from '../network/partition.ts';
import type { ParameterValues } from '../parameters.ts';
import type { Rng } from '../rng.ts';
import { type FaultDefinition, type FaultTarget, nodeName, type ParameterProblem } from './fault.ts';
import { shuffled } from './shuffled.ts';

/**
 * Cuts links between nodes; clients still reach every node. What is in flight on a cut link is caught too.
 *
 * isolate: `node` hears nobody and nobody hears it. one-way: others hear `node` but it hears nobody; or, with two
 * `groups`, the second does not hear the first, and the first hears the second. split: `groups` hear only their own
 * members. ring: each node hears only the two next to it. majority-ring, Jepsen's: each node hears a majority, itself
 * among it, and no two the same one, in an order that is drawn. bridge: two halves that only the node between them
 * (`node`, or the middle one) hears both of.
 */
export const partition: FaultDefinition = {
  name: 'partition',
  summary: 'Cuts links between nodes: isolate, one-way, split, ring, majority-ring or bridge.',
  parameters: {
    shape: {
      kind: 'choice',
      choices: ['isolate', 'one-way', 'split', 'ring', 'majority-ring', 'bridge'],
      default: 'isolate',
      doc: 'Which links are cut.',
    },
    node: { kind: 'node', optional: true, doc: 'isolate, one-way, bridge: the node that the shape turns on.' },
    groups: {
      kind: 'groups',
      optional: true,
      doc: 'split: the sides, e.g. [[n1], [n2, n3]]; one-way: who is not heard, and by whom.',
    },
  },
  check: checkShape,
  isOfOneNode: ({ shape, groups }) => shape === 'isolate' || (shape === 'one-way' && groups === undefined),
  drawn: { hits: 'links', weight: 4, parameters: drawShape },
  inject(cluster, parameters, rng) {
    const cut = cutPairs(cluster, parameters, rng);
    if (cut === undefined) return undefined;
    const handle = cluster.block(cut.pairs);
    return { label: `partition: ${cut.label}`, lift: () => cluster.unblock(handle) };
  },
};

/** Smallest cluster in which a shape cuts anything. */
const NODES_MIN: Readonly<Record<string, number>> = {
  isolate: 2,
  'one-way': 2,
  split: 2,
  ring: 4,
  'majority-ring': 3,
  bridge: 3,
};

function checkShape(parameters: ParameterValues, nodeCount: number): ParameterProblem | undefined {
  const shape = parameters.shape as string;
  const least = NODES_MIN[shape]!;
  if (nodeCount < least) {
    return {
      parameter: 'shape',
      what: `${shape} cuts nothing in a cluster of ${nodeCount}; allowed: from ${least} nodes`,
    };
  }
  if (shape === 'split' && ((parameters.groups ?? []) as readonly unknown[]).length === 0) {
    return { parameter: 'groups', what: 'missing; allowed: the sides of the split, e.g. [[n1], [n2, n3]]' };
  }
  if (shape !== 'split' && shape !== 'one-way' && parameters.groups !== undefined) {
    return { parameter: 'groups', what: `goes with split and one-way, not with ${shape}` };
  }
  if (shape === 'one-way' && parameters.groups !== undefined) return checkOneWay(parameters);
  if ((shape === 'split' || shape === 'ring' || shape === 'majority-ring') && parameters.node !== undefined) {
    return { parameter: 'node', what: `goes with isolate, one-way and bridge, not with ${shape}` };
  }
  return undefined;
}

function checkOneWay({ groups, node }: ParameterValues): ParameterProblem | undefined {
  if (node !== undefined) return { parameter: 'node', what: 'goes with one-way where there are no groups' };
  const sides = groups as readonly unknown[];
  if (sides.length === 2) return undefined;
  return { parameter: 'groups', what: `${sides.length} of them; allowed: two, who is not heard and by whom` };
}

/** Each shape that cuts something in a cluster of this size is as likely as the others. */
function drawShape(rng: Rng, node: string, nodeCount: number): ParameterValues {
  const shapes = Object.keys(NODES_MIN).filter((shape) => nodeCount >= NODES_MIN[shape]!);
  const shape = shapes[rng.int(0, Math.max(0, shapes.length - 1))] ?? 'isolate';
  if (shape === 'ring' || shape === 'majority-ring') return { shape };
  if (shape !== 'split' && (shape !== 'one-way' || rng.chance(0.5))) return { shape, node };
  const cut = rng.int(1, nodeCount - 1);
  const nodes = Array.from({ length: nodeCount }, (_, i) => nodeName(i));
  const names = shuffled(nodes, rng);
  return { shape, groups: [names.slice(0, cut), names.slice(cut)] };
}

function cutPairs(
  cluster: FaultTarget,
  parameters: ParameterValues,
  rng: Rng,
): { readonly pairs: BlockedPairs; readonly label: string } | undefined {
  const nodes = Array.from({ length: cluster.nodeCount }, (_, node) => node);
  const shape = parameters.shape as string;
  if (shape === 'ring') return { pairs: ring(nodes), label: 'ring' };
  if (shape === 'majority-ring') {
    const order = shuffled(nodes, rng);
    return { pairs: majorityRing(order), label: `majority ring ${order.map(nodeName).join(' ')}` };
  }
  if (parameters.groups !== undefined) {
    const names = parameters.groups as readonly (readonly string[])[];
    const groups = names.map((group) => group.map((name) => cluster.resolveNode(name)).filter((node) => node >= 0));
    const label = names.map((group) => group.join(' ')).join(shape === 'split' ? ' | ' : ' not heard by ');
    return { pairs: shape === 'split' ? symmetric(groups) : oneWay(groups[0]!, groups[1]!), label };
  }
  const named = parameters.node as string | undefined;
  const node = named === undefined ? Math.floor(nodes.length / 2) : cluster.resolveNode(named);
  if (node < 0) return undefined;
  const others = nodes.filter((other) => other !== node);
  if (shape === 'one-way') return { pairs: oneWay(others, [node]), label: `${nodeName(node)} hears nobody` };
  if (shape === 'bridge') {
    const half = Math.floor(others.length / 2);
    return { pairs: bridge(others.slice(0, half), node, others.slice(half)), label: `bridge over ${nodeName(node)}` };
  }
  return { pairs: isolate(node, others), label: `${nodeName(node)} isolated` };
}
