/** The machines of a cluster: members at the start, and spares that hold nothing yet. */
import { findEngine } from '../../engines/index.ts';
import { assert } from '../assert.ts';
import { findCostProfile } from '../cost-profiles.ts';
import { CRASH_MODELS } from '../disk/crash-model.ts';
import { Device } from '../disk/device.ts';
import { findDeviceProfile } from '../disk/profiles.ts';
import { SimulatedDisk } from '../disk/simulated-disk.ts';
import type { EventLoop } from '../loop.ts';
import type { Network } from '../network/network.ts';
import { Cpu } from '../nodes/cpu.ts';
import { Host } from '../nodes/host.ts';
import { Machine } from '../nodes/machine.ts';
import { memberId } from '../nodes/member-id.ts';
import type { NodeObserver } from '../nodes/observer.ts';
import type { RaftNode } from '../nodes/raft/ready.ts';
import type { Rng } from '../rng.ts';
import type { ClusterSpec } from '../run-spec.ts';
import type { Preload } from './preload.ts';

export function buildHosts(
  cluster: ClusterSpec,
  loop: EventLoop,
  network: Network,
  observer: NodeObserver,
  preload: Preload,
  root: Rng,
): Host[] {
  const engine = findEngine(cluster.engine.name)!;
  const device = findDeviceProfile(cluster.disk.profile);
  const costs = findCostProfile(cluster.cpu.profile);
  const crashModel = CRASH_MODELS[cluster.disk.crash ?? 'power-cut'];
  assert(device !== undefined && costs !== undefined, 'cluster: profile not registered');
  assert(crashModel !== undefined, 'cluster: crash model not registered');
  const { image, directory, store, machine: stateMachine } = preload;
  return Array.from({ length: cluster.nodes + (cluster.spares ?? 0) }, (_, node) => {
    const stream = root.fork(`node/${node}`);
    const disk = new SimulatedDisk({
      store,
      rng: stream.fork('disk'),
      pageCacheBytes: cluster.disk.pageCacheBytes,
      capacityBytes: cluster.disk.capacityBytes > 0 ? cluster.disk.capacityBytes : device.capacityBytes,
      crashModel,
    });
    const isFounder = node < cluster.nodes;
    if (image !== undefined && isFounder) disk.preload(image, directory, directory, 'other');
    const played = new Device(device, stream.fork('device'), disk.faults);
    const machine = new Machine(node, loop, new Cpu(cluster.cpu.cores), disk, played, costs);
    const rng = stream.fork('raft');
    const isPreloaded = image !== undefined;
    const blueprint = { group: 0, spec: cluster, engine, stateMachine, observer, rng, isPreloaded };
    return new Host(machine, network, observer, [blueprint], isFounder ? memberId(node, 0) : 0);
  });
}

/** The leader of the highest term, should two nodes think that they lead. */
export function leaderOf(hosts: readonly Host[], mayLead: (raft: RaftNode) => boolean = () => true): Host | undefined {
  let leader: Host | undefined;
  let term = -1;
  for (const host of hosts) {
    const raft = host.replicas[0]?.raft;
    if (!host.isUp || !raft?.isLeader || raft.term <= term || !mayLead(raft)) continue;
    leader = host;
    term = raft.term;
  }
  return leader;
}

/** Of each node, in alphabetical order, so that two runs in the same plight say the same whoever leads. */
export function rolesOf(hosts: readonly Host[]): string {
  const roles = hosts.map((host) => (host.isUp ? (host.replicas[0]?.raft.roleName ?? 'down') : 'down'));
  return roles.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).join(', ');
}
