/** A host holds a member of several Raft groups; they share its processor, disk and device, and nothing else. */
import { expect, it } from 'vitest';
import { clusterSpec } from '../../bench/cluster.ts';
import { findEngine } from '../../engines/index.ts';
import { SECOND } from '../../sim/clock.ts';
import { findCostProfile } from '../../sim/cost-profiles.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { Device } from '../../sim/disk/device.ts';
import { findDeviceProfile } from '../../sim/disk/profiles.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { EventLoop } from '../../sim/loop.ts';
import { Network } from '../../sim/network/network.ts';
import { Cpu } from '../../sim/nodes/cpu.ts';
import { Host } from '../../sim/nodes/host.ts';
import { findStateMachine } from '../../sim/nodes/kv/index.ts';
import { Machine } from '../../sim/nodes/machine.ts';
import type { NodeObserver } from '../../sim/nodes/observer.ts';
import { Rng } from '../../sim/rng.ts';
import { Trace } from '../../sim/trace.ts';

const NODES = 3;
const GROUPS = 4;

function build(): { loop: EventLoop; hosts: Host[]; failures: string[] } {
  const loop = new EventLoop(new Trace());
  const rng = new Rng(1);
  const { cluster } = clusterSpec({ engine: 'bolt', clients: 1, operations: 1 });
  const network = new Network(loop, rng.fork('network'), { machines: NODES, link: cluster.network, traceId: 1 });
  const failures: string[] = [];
  const nothing = (): void => {};
  const observer: NodeObserver = {
    onLeader: nothing,
    onAppend: nothing,
    onCommit: nothing,
    onApply: nothing,
    onRestore: nothing,
    onRestart: nothing,
    onDeposed: () => {},
    onEffect: () => {},
    onConfiguration: nothing,
    onLeft: nothing,
    onFailure: (node, reason) => failures.push(`n${node + 1}: ${reason}`),
  };
  const store = new BlockStore();
  const hosts = Array.from({ length: NODES }, (_, node) => {
    const stream = rng.fork(`node/${node}`);
    const disk = new SimulatedDisk({ store, rng: stream, pageCacheBytes: 2 ** 28, capacityBytes: 2 ** 40 });
    const device = new Device(findDeviceProfile('nvme')!, stream.fork('device'), disk.faults);
    const machine = new Machine(node, loop, new Cpu(2), disk, device, findCostProfile('etcd-2021')!);
    const blueprints = Array.from({ length: GROUPS }, (_, group) => ({
      group,
      spec: cluster,
      engine: findEngine('bolt')!,
      stateMachine: findStateMachine('raw')!,
      observer,
      rng: stream.fork(`raft/${group}`),
    }));
    return new Host(machine, network, observer, blueprints);
  });
  for (const host of hosts) host.start();
  return { loop, hosts, failures };
}

/** By group: who leads, and what each member has applied. */
const state = (hosts: readonly Host[]): { leaders: number[]; applied: number[] }[] =>
  Array.from({ length: GROUPS }, (_, group) => ({
    leaders: hosts.filter((host) => host.replicas[group]?.raft.isLeader).map((host) => host.node),
    applied: hosts.map((host) => host.replicas[group]?.applyThread.appliedIndex ?? -1),
  }));

it('elects a leader in each group, survives a power cut of one node, and recovers each group from its own files', () => {
  const { loop, hosts, failures } = build();
  loop.run(5 * SECOND, 1e6);
  for (const { leaders, applied } of state(hosts)) {
    expect(leaders.length).toBe(1);
    expect(applied).toEqual([1, 1, 1]); // the entry that a new leader begins its term with
  }

  hosts[0]!.crash();
  loop.run(10 * SECOND, 1e6);
  for (const { leaders } of state(hosts)) expect(leaders.filter((node) => node !== 0).length).toBe(1);

  hosts[0]!.restart();
  loop.run(15 * SECOND, 1e6);
  for (const { leaders, applied } of state(hosts)) {
    expect(leaders.length).toBe(1);
    expect(new Set(applied).size).toBe(1);
  }
  expect(failures).toEqual([]);
  const folders = new Set(hosts[0]!.machine.disk.list('').map((name) => name.slice(0, name.lastIndexOf('/') + 1)));
  expect([...folders].filter((folder) => folder.endsWith('wal/'))).toEqual([
    'group-1/wal/',
    'group-2/wal/',
    'group-3/wal/',
    'wal/',
  ]);
});
