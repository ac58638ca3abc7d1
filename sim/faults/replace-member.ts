import { type FaultDefinition, nodeName } from './fault.ts';
import { DRAWN_MEMBER_CHANGE, MEMBER_CHANGE } from './member-change.ts';

/**
 * What an operator does about a machine whose disk is gone or not to be trusted: the member is removed, the disk
 * emptied, and a new member under an id of its own added on the machine. Takes the time that it takes; there is nothing
 * to lift.
 */
export const replaceMember: FaultDefinition = {
  name: 'replace-member',
  summary: 'Removes a member, empties its disk and adds a new one on the machine.',
  parameters: MEMBER_CHANGE,
  drawn: DRAWN_MEMBER_CHANGE,
  inject(cluster, parameters) {
    const node = cluster.resolveNode(parameters.node as string);
    if (node < 0 || !cluster.isMember(node)) return undefined;
    cluster.joinMember(node, parameters.learner as boolean);
    return { label: `replace-member: ${nodeName(node)}`, lift: () => undefined };
  },
};
