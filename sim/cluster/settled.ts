import type { Host } from '../nodes/host.ts';
import type { Excuses } from './excuses.ts';
import type { FaultPort } from './fault-port.ts';
import { leaderOf } from './hosts.ts';

/**
 * Every healed member that has not given up has applied all that the leader's log holds, and those are members that
 * should be. Equal applied indices alone would not do: after a power cut nobody knows what is committed until there is
 * a leader again.
 */
export function isSettled(
  hosts: readonly Host[],
  faults: FaultPort,
  healed: readonly boolean[],
  excuses: Excuses,
): boolean {
  const leader = leaderOf(hosts)?.replicas[0]?.raft;
  if (leader === undefined || !faults.operator.isSettled()) return false;
  const last = leader.state.log.lastIndex();
  for (const host of hosts) {
    const { node } = host;
    if (!faults.isMember(node) || healed[node] === false || excuses.isLost(node)) continue;
    const replica = host.replicas[0];
    if (!host.isUp || replica === undefined) return false;
    if (replica.raft.term !== leader.term || replica.applyThread.appliedIndex !== last) return false;
  }
  return true;
}
