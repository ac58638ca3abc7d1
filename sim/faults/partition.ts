import type { ParameterValues } from '../parameters.ts';
import { type FaultDefinition, type FaultTarget, nodeName, type ParameterProblem } from './fault.ts';

type Pair = readonly [from: number, to: number];

/**
 * Cuts links between nodes; clients still reach every node. What is in flight on a cut link is caught too.
 *
 * isolate: `node` hears nobody and nobody hears it. one-way: others hear `node` but it hears nobody.
 * split: `groups` hear only their own members. ring: each node hears only the two next to it.
 * bridge: two halves that only the node between them (`node`, or the middle one) hears both of.
 */
export const partition: FaultDefinition = {
  name: 'partition',
  summary: 'Cuts links between nodes: isolate, one-way, split, ring or bridge.',
  parameters: {
    shape: {
      kind: 'choice',
      choices: ['isolate', 'one-way', 'split', 'ring', 'bridge'],
      default: 'isolate',
      doc: 'Which links are cut.',
    },
    node: { kind: 'node', optional: true, doc: 'isolate, one-way, bridge: the node that the shape turns on.' },
    groups: { kind: 'groups', optional: true, doc: 'split: the sides, e.g. [[n1], [n2, n3]].' },
  },
  check: checkShape,
  inject(cluster, parameters) {
    const cut = cutPairs(cluster, parameters);
    if (cut === undefined) return undefined;
    const handle = cluster.block(cut.pairs);
    return { label: `partition: ${cut.label}`, lift: () => cluster.unblock(handle) };
  },
};

/** Smallest cluster in which a shape cuts anything. */
const NODES_MIN: Readonly<Record<string, number>> = { isolate: 2, 'one-way': 2, split: 2, ring: 4, bridge: 3 };

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
  if (shape !== 'split' && parameters.groups !== undefined) {
    return { parameter: 'groups', what: `goes with shape split, not with ${shape}` };
  }
  if ((shape === 'split' || shape === 'ring') && parameters.node !== undefined) {
    return { parameter: 'node', what: `goes with isolate, one-way and bridge, not with ${shape}` };
  }
  return undefined;
}

function cutPairs(cluster: FaultTarget, parameters: ParameterValues): { pairs: Pair[]; label: string } | undefined {
  const count = cluster.nodeCount;
  const shape = parameters.shape as string;
  if (shape === 'split') {
    const groups = (parameters.groups ?? []) as readonly (readonly string[])[];
    const side = new Int32Array(count).fill(-1);
    groups.forEach((members, group) => {
      for (const name of members) {
        const node = cluster.resolveNode(name);
        if (node >= 0) side[node] = group;
      }
    });
    return {
      pairs: pairsWhere(count, (a, b) => side[a] !== side[b]),
      label: groups.map((g) => g.join(' ')).join(' | '),
    };
  }
  if (shape === 'ring') {
    return {
      pairs: pairsWhere(count, (a, b) => (a + 1) % count !== b && (b + 1) % count !== a),
      label: 'ring',
    };
  }
  const named = parameters.node as string | undefined;
  const node = named === undefined ? Math.floor(count / 2) : cluster.resolveNode(named);
  if (node < 0) return undefined;
  if (shape === 'one-way') {
    return { pairs: pairsWhere(count, (_, b) => b === node), label: `${nodeName(node)} hears nobody` };
  }
  if (shape === 'bridge') {
    const others = Array.from({ length: count }, (_, n) => n).filter((n) => n !== node);
    const left = new Set(others.slice(0, Math.floor(others.length / 2)));
    return {
      pairs: pairsWhere(count, (a, b) => a !== node && b !== node && left.has(a) !== left.has(b)),
      label: `bridge over ${nodeName(node)}`,
    };
  }
  return { pairs: pairsWhere(count, (a, b) => a === node || b === node), label: `${nodeName(node)} isolated` };
}

function pairsWhere(count: number, cut: (from: number, to: number) => boolean): Pair[] {
  const pairs: Pair[] = [];
  for (let from = 0; from < count; from++) {
    for (let to = 0; to < count; to++) {
      if (from !== to && cut(from, to)) pairs.push([from, to]);
    }
  }
  return pairs;
}
