import { type FaultDefinition, nodeName } from './fault.ts';

/**
 * A member is added on a spare machine (`cluster.spares`): first as a learner, and as a voter when it has caught up, or
 * as a voter at once. Lifting removes it again.
 */
export const addMember: FaultDefinition = {
  name: 'add-member',
  summary: 'Adds a member on a spare machine; lifted, removes it again.',
  parameters: {
    node: { kind: 'node', optional: true, doc: 'Which spare: n4, n5 … of a cluster of 3; left out: the first.' },
    learner: { kind: 'boolean', default: true, doc: 'It learns until it has caught up, and votes only then.' },
  },
  check({ node }, nodeCount, spareCount) {
    const number = node === undefined ? nodeCount + 1 : Number(String(node).slice(1));
    if (number > nodeCount && spareCount > 0) return undefined;
    const [first, last] = [nodeName(nodeCount), nodeName(nodeCount + spareCount - 1)];
    const spares = spareCount < 2 ? first : `${first} to ${last}`;
    const allowed = spareCount === 0 ? 'cluster.spares from 1' : spares;
    return { parameter: 'node', what: `${node ?? 'left out'}: no spare machine; allowed: ${allowed}` };
  },
  drawn: {
    hits: 'links',
    weight: 1,
    needsSpare: true,
    // a voter at once counts for the quorum before it is up: one more disk that fails just then leaves none
    parameters: (rng, _node, _nodeCount, isBeyond) => ({ learner: rng.chance(0.7) || !isBeyond }),
  },
  inject(cluster, parameters) {
    const named = parameters.node as string | undefined;
    const node = named === undefined ? cluster.spareNode() : cluster.resolveNode(named);
    if (node < 0 || cluster.isMember(node)) return undefined;
    cluster.joinMember(node, parameters.learner as boolean);
    return { label: `add-member: ${nodeName(node)}`, lift: () => cluster.leaveMember(node) };
  },
};
