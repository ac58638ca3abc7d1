import { type FaultDefinition, nodeName } from './fault.ts';

/** As far as `drawn` goes: what leases allow for unless `raft.clockDriftMax` says otherwise. Real ones: some 0.05 %. */
const DRAWN_PPM = 10_000;

/**
 * A node's clock runs fast or slow while it lasts, and is not set right after it. Its election, heartbeat and
 * quorum-check timers run with it, and the lease of `readOnly: lease`. Harmless to safe reads, whatever the drift.
 */
export const clockDrift: FaultDefinition = {
  name: 'clock-drift',
  summary: "Makes a node's clock run fast or slow.",
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
    ppm: {
      kind: 'integer',
      min: -900_000,
      max: 9_000_000,
      doc: 'Parts per million by which it is fast, or below 0 slow.',
    },
  },
  drawn: {
    hits: 'links',
    weight: 1,
    parameters: (rng, node) => ({ node, ppm: rng.int(-DRAWN_PPM, DRAWN_PPM) }),
  },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0) return undefined;
    const ppm = parameters.ppm as number;
    cluster.changeClock(node, ppm, 0);
    return { label: `clock-drift: ${nodeName(node)}, ${ppm} ppm`, lift: () => cluster.changeClock(node, -ppm, 0) };
  },
};
