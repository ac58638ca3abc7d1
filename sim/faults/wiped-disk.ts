import { type FaultDefinition, nodeName } from './fault.ts';

/**
 * A node goes down, its disk is replaced by an empty one, and it comes back under the same id when the fault is lifted.
 *
 * Beyond what Raft survives: the node has forgotten its vote and what it acknowledged, so that a majority may be made
 * of members that never had a committed entry. Usually it does not get that far: the leader counts what the node had,
 * tells it of a commit that its log does not reach, and it stops by itself. `replace-member` is how it is done safely.
 */
export const wipedDisk: FaultDefinition = {
  name: 'wiped-disk',
  summary: 'Takes a node down and empties its disk; it comes back as if nothing had been.',
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
  },
  drawn: {
    hits: 'disk',
    restarts: 'machine',
    forgets: 'any',
    weight: 0,
    weightBeyond: 1,
    parameters: (_rng, node) => ({ node }),
  },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0) return undefined;
    cluster.crash(node);
    cluster.wipeDisk(node);
    return { label: `wiped-disk: ${nodeName(node)}`, lift: () => cluster.restart(node) };
  },
};
