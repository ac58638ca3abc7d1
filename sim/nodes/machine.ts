/**
 * What a node's processes share: processor, disk and device. One Raft group or many.
 *
 * A disk thread's requests are played on the device one after the other, as the thread blocks on
 * each; `finish` then tells the disk that they are complete. A crash in between finds them incomplete.
 */
import type { Time } from '../clock.ts';
import type { Device } from '../disk/device.ts';
import { type DeviceRequest, REQUEST_FLUSH } from '../disk/disk.ts';
import { type SimulatedDisk, WRITE_BACK_THREAD } from '../disk/simulated-disk.ts';
import type { EventLoop } from '../loop.ts';
import type { CostProfile, Work } from '../work.ts';
import type { Cpu } from './cpu.ts';
import { NodeClock } from './node-clock.ts';

export class Machine {
  readonly node: number;
  readonly loop: EventLoop;
  readonly cpu: Cpu;
  readonly clock = new NodeClock();
  readonly disk: SimulatedDisk;
  readonly device: Device;
  readonly costs: CostProfile;
  readonly #request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
  readonly #played: number[] = [];
  // By thread: what is left of a request that is played in pieces; 0 bytes if nothing.
  readonly #restKind: number[] = [];
  readonly #restBytes: number[] = [];
  readonly #restOperations: number[] = [];

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
    return (this.#restBytes[thread] ?? 0) > 0 || this.disk.nextRequestKind(thread) >= 0;
  }

  /**
   * Plays the thread's requests from now on up to the next flush, or one piece of a long one; returns when that is done.
   * The device knows no future and serves in order of submission: a flush or a long write that is submitted ahead of
   * its time would hold up whatever comes before it, and one of gigabytes everybody until it is through.
   */
  playSome(thread: number, now: Time): Time {
    const request = this.#request;
    let at = now;
    do {
      if (!this.#nextPiece(thread, request)) break;
      at = this.device.submit(at, request);
    } while (!(this.#restBytes[thread]! > 0) && this.disk.nextRequestKind(thread) !== REQUEST_FLUSH);
    return at;
  }

  /** The next request, or as much of it as the device works on at a time. */
  #nextPiece(thread: number, into: DeviceRequest): boolean {
    const rest = this.#restBytes[thread] ?? 0;
    if (rest > 0) {
      into.kind = this.#restKind[thread]!;
      into.bytes = rest;
      into.operations = this.#restOperations[thread]!;
    } else if (!this.disk.takeRequest(thread, into)) return false;
    const pieceBytes = this.device.profile.channels * this.device.profile.operationBytesMax;
    if (into.bytes > pieceBytes) {
      const operations = Math.max(1, Math.floor((into.operations * pieceBytes) / into.bytes));
      this.#restKind[thread] = into.kind;
      this.#restBytes[thread] = into.bytes - pieceBytes;
      this.#restOperations[thread] = Math.max(1, into.operations - operations);
      into.bytes = pieceBytes;
      into.operations = operations;
      return true;
    }
    this.#restBytes[thread] = 0;
    this.#played[thread] = (this.#played[thread] ?? 0) + 1;
    return true;
  }

  /** What was played for the thread has finished. */
  finish(thread: number): void {
    for (let count = this.#played[thread] ?? 0; count > 0; count--) this.disk.complete(thread);
    this.#played[thread] = 0;
  }

  /** The process is gone: nobody waits for what its threads played. The device still works it off. */
  endProcess(): void {
    this.#played.fill(0, 0, WRITE_BACK_THREAD);
    this.#restBytes.length = 0;
    this.cpu.clear();
  }

  /** The power is gone: nothing that was played will finish. */
  forget(): void {
    this.endProcess();
    this.#played.length = 0;
    this.device.powerCycle();
  }
}
