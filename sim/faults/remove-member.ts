import { type FaultDefinition, nodeName } from './fault.ts';
import { DRAWN_MEMBER_CHANGE, MEMBER_CHANGE } from './member-change.ts';

/**
 * A member is removed from the cluster, which goes on with those that are left; the last voter stays. Lifting adds one
 * on the same machine: under an id of its own and with an empty disk, as a removed member never comes back.
 */
export const removeMember: FaultDefinition = {
  name: 'remove-member',
  summary: 'Removes a member; lifted, adds a new one on its machine, emptied.',
  parameters: MEMBER_CHANGE,
  drawn: DRAWN_MEMBER_CHANGE,
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
