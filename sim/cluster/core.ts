/**
 * Who is healed for the liveness phase. `all`: everybody. `quorum`: a majority, drawn, of the nodes that can be: those
 * whose disk was never made faulty come first, then those whose process has not given up.
 */
import type { Rng } from '../rng.ts';
import type { Liveness } from '../run-spec.ts';

export function healedNodes(
  liveness: Liveness,
  nodeCount: number,
  rng: Rng,
  harm: (node: number) => number,
): readonly boolean[] {
  if (liveness === 'all') return new Array<boolean>(nodeCount).fill(true);
  const ranked = Array.from({ length: nodeCount }, (_, node) => ({ node, harm: harm(node), draw: rng.float() }));
  ranked.sort((a, b) => a.harm - b.harm || a.draw - b.draw || a.node - b.node);
  const healed = new Array<boolean>(nodeCount).fill(false);
  for (const { node } of ranked.slice(0, Math.floor(nodeCount / 2) + 1)) healed[node] = true;
  return healed;
}
