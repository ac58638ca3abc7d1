import { MILLISECOND } from '../clock.ts';
import { drawnJumpMs, jumpMs } from './clock-jump.ts';
import { type FaultDefinition, nodeName } from './fault.ts';

/** A node's clock jumps once. That stays: lifting the fault sets nothing right. Which clock: see `clock-offset.ts`. */
export const clockStep: FaultDefinition = {
  name: 'clock-step',
  summary: "Makes a node's clock jump once, for good.",
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
    ms: jumpMs('Milliseconds that it jumps ahead, or below 0 back.'),
  },
  drawn: { hits: 'links', weight: 0, parameters: (rng, node) => ({ node, ms: drawnJumpMs(rng) }) },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0) return undefined;
    const ms = parameters.ms as number;
    cluster.changeClock(node, 0, ms * MILLISECOND);
    return { label: `clock-step: ${nodeName(node)}, ${ms} ms`, lift: () => {} };
  },
};
