import { SECOND } from '../clock.ts';
import { type FaultDefinition, nodeName } from './fault.ts';

/** To elect a leader, should it have been that, and to send the new member what there is. */
const RECOVERY_NS = 2 * SECOND;

/**
 * What an operator does about a machine whose disk is gone or not to be trusted: the member is removed, the disk
 * emptied, and a new member under an id of its own added on the machine. Takes the time that it takes; there is nothing
 * to lift.
 */
export const replaceMember: FaultDefinition = {
  name: 'replace-member',
  summary: 'Removes a member, empties its disk and adds a new one on the machine.',
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
    cluster.joinMember(node, parameters.learner as boolean);
    return { label: `replace-member: ${nodeName(node)}`, lift: () => undefined };
  },
};
