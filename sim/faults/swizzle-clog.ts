import { MILLISECOND, SECOND } from '../clock.ts';
import { drawnTime } from './drawn-time.ts';
import type { FaultDefinition } from './fault.ts';
import { nodeLinks } from './node-links.ts';
import { shuffled } from './shuffled.ts';

/**
 * FoundationDB's swizzle: some nodes, drawn, are clogged one after the other at random times, then freed one after the
 * other in another order; and so again with others until it is lifted. Finds what depends on who comes back first.
 */
export const swizzleClog: FaultDefinition = {
  name: 'swizzle-clog',
  summary: 'Clogs some nodes one by one and frees them in another order, again and again.',
  parameters: {
    every: {
      kind: 'duration',
      default: 100 * MILLISECOND,
      min: MILLISECOND,
      max: 60 * SECOND,
      doc: 'Mean of the time, drawn each time, from one step to the next.',
    },
    clients: { kind: 'boolean', default: true, doc: 'Their links with clients too, not only those between nodes.' },
  },
  drawn: {
    hits: 'links',
    weight: 1,
    parameters: (rng) => ({ every: rng.int(5, 200) * MILLISECOND, clients: rng.chance(0.5) }),
  },
  inject(cluster, { every, clients }, rng) {
    const clogged = new Map<number, number>();
    let steps: (() => void)[] = [];
    let stopTimer = (): void => {};
    const clogNode = (node: number): void => {
      const links = nodeLinks(cluster, { node: `n${node + 1}`, direction: 'both', clients: clients! });
      clogged.set(node, cluster.block(links!.pairs, true));
    };
    const free = (node: number): void => {
      cluster.unblock(clogged.get(node)!);
      clogged.delete(node);
    };
    const plan = (): void => {
      const all = Array.from({ length: cluster.nodeCount }, (_, node) => node);
      const some = shuffled(all, rng).slice(0, rng.int(1, all.length));
      steps = [...some.map((node) => () => clogNode(node)), ...shuffled(some, rng).map((node) => () => free(node))];
    };
    const step = (): void => {
      if (steps.length === 0) plan();
      steps.shift()!();
      stopTimer = cluster.later(drawnTime(rng, every as number), step);
    };
    step();
    return {
      label: 'swizzle-clog',
      lift: () => {
        stopTimer();
        for (const handle of clogged.values()) cluster.unblock(handle);
      },
    };
  },
};
