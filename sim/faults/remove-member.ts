import { SECOND } from '../clock.ts';
import { type FaultDefinition, nodeName } from './fault.ts';

/** To elect a leader, should it have been that, and to send the new member what there is. */
const RECOVERY_NS = 2 * SECOND;

/**
 * A member is removed from the cluster, which goes on with those that are left; the last voter stays. Lifting adds one
 * on the same machine: under an id of its own and with an empty disk, as a removed member never comes back.
 */
export const removeMember: FaultDefinition = {
  name: 'remove-member',
  summary: 'Removes a member; lifted, adds a new one on its machine, emptied.',
  parameters: {
    node: { kind: 'node', doc: 'Which node: n1, n2 …, leader or follower.' },
    learner: { kind: 'boolean', default: true, doc: 'The new one learns until it has caught up, and votes only then.' },
  },
  drawn: {
    hits: 'node',
    recoveryNs: RECOVERY_NS,
    weight: 1,
    parameters: (rng, node) => ({ node, learner: rng.chance(0.7) }),
  },
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0 || !cluster.isMember(node)) return undefined;
    cluster.leaveMember(node);
    return {
      label: `remove-member: ${nodeName(node)}`,
      lift: () => cluster.joinMember(node, parameters.learner as boolean),
    };
  },
};
