/** Which links a fault of the network touches: all, those of one node, or one; in one direction or both; with clients or not. */
import type { BlockedPairs } from '../network/partition.ts';
import type { LinkName, ParameterSpecs, ParameterValues } from '../parameters.ts';
import type { Rng } from '../rng.ts';
import { type FaultTarget, nodeName, type ParameterProblem } from './fault.ts';

export const NODE_LINKS: ParameterSpecs = {
  node: {
    kind: 'node',
    optional: true,
    doc: 'Whose links: n1, n2 …, leader or follower. Left out: those of all nodes.',
  },
  link: {
    kind: 'link',
    optional: true,
    doc: 'Instead of node, one link: {from: n1, to: n2}, or {from: clients, to: n1}.',
  },
  direction: {
    kind: 'choice',
    choices: ['both', 'in', 'out'],
    default: 'both',
    doc: "in: what comes to the node, or to the link's `from`; out: what it sends.",
  },
  clients: { kind: 'boolean', default: true, doc: 'Its links with clients too, not only those between nodes.' },
};

const DIRECTIONS = ['both', 'both', 'in', 'out'];

export function drawNodeLinks(rng: Rng, node: string): ParameterValues {
  return { node, direction: DIRECTIONS[rng.int(0, DIRECTIONS.length - 1)]!, clients: rng.chance(0.5) };
}

export function checkNodeLinks({ node, link }: ParameterValues): ParameterProblem | undefined {
  if (node === undefined || link === undefined) return undefined;
  return { parameter: 'link', what: 'goes without node' };
}

/** undefined: the node is not there at the moment. */
export function nodeLinks(
  cluster: FaultTarget,
  { node, link, direction, clients }: ParameterValues,
): { readonly pairs: BlockedPairs; readonly label: string } | undefined {
  if (link !== undefined) return oneLink(cluster, link as LinkName, direction as string);
  const nodes = Array.from({ length: cluster.nodeCount }, (_, i) => i);
  const machines = clients === true ? [...nodes, ...cluster.clientMachines] : nodes;
  const one = typeof node === 'string' ? cluster.resolveNode(node) : undefined;
  if (one === -1) return undefined;
  const isMeant = (machine: number): boolean => (one === undefined ? machine < cluster.nodeCount : machine === one);
  const pairs: [number, number][] = [];
  for (const from of machines) {
    for (const to of machines) {
      const isTouched = (direction !== 'out' && isMeant(to)) || (direction !== 'in' && isMeant(from));
      if (from !== to && isTouched) pairs.push([from, to]);
    }
  }
  const way = direction === 'in' ? 'to ' : direction === 'out' ? 'by ' : '';
  return { pairs, label: `${way}${one === undefined ? 'all' : nodeName(one)}` };
}

function oneLink(
  cluster: FaultTarget,
  link: LinkName,
  direction: string,
): { readonly pairs: BlockedPairs; readonly label: string } | undefined {
  const out = cluster.pairsOf(link);
  if (out.length === 0) return undefined;
  const back = out.map(([from, to]) => [to, from] as const);
  const arrow = direction === 'in' ? '←' : direction === 'out' ? '→' : '↔';
  const pairs = direction === 'in' ? back : direction === 'out' ? out : [...out, ...back];
  return { pairs, label: `${link.from} ${arrow} ${link.to}` };
}
