/** How a thread's disk requests are played: in stages, so that nothing is submitted long before its time. */
import { expect, test } from 'vitest';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { findCostProfile } from '../../sim/cost-profiles.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { Device } from '../../sim/disk/device.ts';
import { REQUEST_WRITE } from '../../sim/disk/disk.ts';
import { findDeviceProfile } from '../../sim/disk/profiles.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { EventLoop } from '../../sim/loop.ts';
import { Cpu } from '../../sim/nodes/cpu.ts';
import { Machine } from '../../sim/nodes/machine.ts';
import { Rng } from '../../sim/rng.ts';
import { Trace } from '../../sim/trace.ts';

const LOG = 0;
const STORE = 1;
const MIB = 1 << 20;

function newMachine(): Machine {
  const disk = new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(1, 'disk'),
    pageCacheBytes: 256 * MIB,
    capacityBytes: 2 ** 40,
  });
  const device = new Device(findDeviceProfile('nvme')!, new Rng(1, 'device'), disk.faults);
  return new Machine(0, new EventLoop(new Trace()), new Cpu(4), disk, device, findCostProfile('etcd-2021')!);
}

/** The requests of `write` and `sync`, for `thread`. */
function save(machine: Machine, thread: number, name: string, bytes: number): void {
  const { disk } = machine;
  disk.thread = thread;
  const file = disk.create(name, 'other');
  const content = new SparseBuffer();
  content.run(0x5a, bytes);
  expect(disk.write(file, 0, content, 0, bytes, 'other')).toBe('ok');
  expect(disk.sync(file)).toBe('ok');
}

test('a commit plays in stages: long writes in pieces, and each flush when it is due', () => {
  const machine = newMachine();
  save(machine, STORE, 'pages', 20 * MIB);
  save(machine, STORE, 'meta', 4096);
  const stages: number[] = [];
  let at = 0;
  while (machine.hasRequests(STORE)) {
    at = machine.playSome(STORE, at);
    machine.finish(STORE);
    stages.push(at);
  }
  // five pieces of 32 channels × 128 KiB, 2 GB/s; flush and write; flush
  expect(stages.length).toBe(7);
  expect(stages[4]).toBeGreaterThan(10e6);
  expect(stages[4]).toBeLessThan(12e6);
  expect(stages[6]! - stages[4]!).toBeLessThan(5e6);
  const { bytes } = machine.device.figures;
  expect(bytes[REQUEST_WRITE]).toBe(20 * MIB + 4096);
  expect(machine.disk.nextRequestKind(STORE)).toBe(-1);
});

test('a save that comes during a long write waits for one piece of it', () => {
  const machine = newMachine();
  save(machine, STORE, 'pages', 1024 * MIB);
  const pieceDone = machine.playSome(STORE, 0);
  save(machine, LOG, 'log', 4096);
  expect(machine.play(LOG, 1000)).toBeLessThan(pieceDone + 2e6);
});

test("the log's save is not held up by a commit that has not come to its flush yet", () => {
  const saved = (commit: (machine: Machine) => void): number => {
    const machine = newMachine();
    commit(machine);
    save(machine, LOG, 'log', 4096);
    return machine.play(LOG, 0);
  };
  const alone = saved(() => {});
  const staged = saved((machine) => {
    save(machine, STORE, 'pages', 64 * 1024);
    machine.playSome(STORE, 0);
  });
  const submittedAhead = saved((machine) => {
    save(machine, STORE, 'pages', 64 * 1024);
    machine.play(STORE, 300e6);
  });
  expect(staged).toBeLessThan(alone + 100e3);
  // what the device makes of requests that are ahead of their time, and why nobody may submit them so
  expect(submittedAhead).toBeGreaterThan(300e6);
});
