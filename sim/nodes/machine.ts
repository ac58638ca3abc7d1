/**
 * What a node's processes share: processor, disk and device. One Raft group or many.
 *
 * A disk thread's requests are played on the device one after the other, as the thread blocks on
 * each; `finish` then tells the disk that they are complete. A crash in between finds them incomplete.
 */
import type { Time } from '../clock.ts';
import type { Device } from '../disk/device.ts';
import { type DeviceRequest, REQUEST_FLUSH } from '../disk/disk.ts';
import type { SimulatedDisk } from '../disk/simulated-disk.ts';
import type { EventLoop } from '../loop.ts';
import type { CostProfile, Work } from '../work.ts';
import type { Cpu } from './cpu.ts';

export class Machine {
  readonly node: number;
  readonly loop: EventLoop;
  readonly cpu: Cpu;
  readonly disk: SimulatedDisk;
  readonly device: Device;
  readonly costs: CostProfile;
  readonly #request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  readonly #played: number[] = [];

  constructor(node: number, loop: EventLoop, cpu: Cpu, disk: SimulatedDisk, device: Device, costs: CostProfile) {
    this.node = node;
    this.loop = loop;
    this.cpu = cpu;
    this.disk = disk;
    this.device = device;
    this.costs = costs;
  }

  /** Takes processor time for what was counted; returns when it is done. */
  compute(now: Time, work: Work): Time {
    const cost = work.take(this.costs);
    return cost === 0 ? now : this.cpu.run(now, cost);
  }

  /** Plays all requests of the thread from `start` on; returns when the last is done. `finish` must follow at that time. */
  play(thread: number, start: Time): Time {
    const request = this.#request;
    let at = start;
    let count = 0;
    while (this.disk.takeRequest(thread, request)) {
      at = this.device.submit(at, request);
      count++;
    }
    this.#played[thread] = (this.#played[thread] ?? 0) + count;
    return at;
  }

  hasRequests(thread: number): boolean {
    return this.disk.nextRequestKind(thread) >= 0;
  }

  /**
   * As `play`, but stops before the next flush, which is to be played when its time has come. The device knows no future:
   * a flush, or the work of a long commit, that is submitted ahead of its time holds up whatever comes before it.
   */
  playUntilFlush(thread: number, start: Time): Time {
    const request = this.#request;
    let at = start;
    let count = 0;
    do {
      if (!this.disk.takeRequest(thread, request)) break;
      at = this.device.submit(at, request);
      count++;
    } while (this.disk.nextRequestKind(thread) !== REQUEST_FLUSH);
    this.#played[thread] = (this.#played[thread] ?? 0) + count;
    return at;
  }

  /** What was played for the thread has finished. */
  finish(thread: number): void {
    for (let count = this.#played[thread] ?? 0; count > 0; count--) this.disk.complete(thread);
    this.#played[thread] = 0;
  }

  /** The power is gone: nothing that was played will finish. */
  forget(): void {
    this.#played.length = 0;
  }
}
