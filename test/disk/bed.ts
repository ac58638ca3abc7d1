/** A disk to tell stories on. */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { type CrashModel, PROCESS_KILL, TORN_SECTORS } from '../../sim/disk/crash-model.ts';
import type { DeviceRequest } from '../../sim/disk/disk.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { Rng } from '../../sim/rng.ts';

export const LOSE_ALL: CrashModel = {
  ...PROCESS_KILL,
  blockKept: 0,
  blockLost: 1,
  newestLength: 0,
  newestNames: 0,
};

export function makeDisk(seed = 1, crashModel = TORN_SECTORS, pageCacheBytes = 1 << 20): SimulatedDisk {
  return new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(seed),
    pageCacheBytes,
    capacityBytes: 1e9,
    crashModel,
  });
}

export function text(content: string): SparseBuffer {
  const buffer = new SparseBuffer();
  buffer.bytes(new TextEncoder().encode(content));
  return buffer;
}
export function run(byte: number, length: number): SparseBuffer {
  const buffer = new SparseBuffer();
  buffer.run(byte, length);
  return buffer;
}
export function contentOf(disk: SimulatedDisk, name: string): string {
  return new TextDecoder().decode(disk.exportFile(name));
}

const request: DeviceRequest = { kind: 0, bytes: 0, operations: 0 };
/** Finishes the thread's oldest request; returns its kind, −1 if there is none. */
export function finishOne(disk: SimulatedDisk, thread: number): number {
  if (!disk.takeRequest(thread, request)) return -1;
  disk.complete(thread);
  return request.kind;
}
