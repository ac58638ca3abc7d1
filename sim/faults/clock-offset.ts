import { MILLISECOND } from '../clock.ts';
import { drawnJumpMs, jumpMs } from './clock-jump.ts';
import { type FaultDefinition, nodeName } from './fault.ts';

/**
 * A node's clock jumps, and back when it is lifted. The clock is the one that Raft's timers count by: etcd's is
 * monotonic, which only a resumed or migrated virtual machine makes jump; other stores count by the wall clock, which
 * NTP sets. Forwards, timers are due at once; back, they are held up. Safe reads survive it. Leases need not, so that a
 * nemesis draws it only if it is named; the same goes for `clock-step` and `clock-strobe`.
 */
export const clockOffset: FaultDefinition = {
  name: 'clock-offset',
  summary: "Sets a node's clock wrong until the fault is lifted.",
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
    ms: jumpMs('Milliseconds by which it is ahead, or below 0 behind.'),
  },
  drawn: { hits: 'links', weight: 0, parameters: (rng, node) => ({ node, ms: drawnJumpMs(rng) }) },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0) return undefined;
    const ms = parameters.ms as number;
    cluster.changeClock(node, 0, ms * MILLISECOND);
    return {
      label: `clock-offset: ${nodeName(node)}, ${ms} ms`,
      lift: () => cluster.changeClock(node, 0, -ms * MILLISECOND),
    };
  },
};
