/** The registry of disk faults: adding one is its file and one line here. */
import { bitRot } from './bit-rot.ts';
import type { DiskFaultDefinition } from './disk-fault.ts';
import { failedSync } from './failed-sync.ts';
import { ioError } from './io-error.ts';
import { latentSectorError } from './latent-sector-error.ts';
import { lostWrite } from './lost-write.ts';
import { lyingSync } from './lying-sync.ts';
import { misdirectedWrite } from './misdirected-write.ts';
import { noSpace } from './no-space.ts';
import { readOnly } from './read-only.ts';
import { slowDisk } from './slow-disk.ts';
import { stallingDisk } from './stalling-disk.ts';

export type { DiskFault, DiskFaultDefinition, SyncFate } from './disk-fault.ts';
export { DiskFaults } from './disk-fault.ts';

export const DISK_FAULTS: readonly DiskFaultDefinition[] = [
  slowDisk,
  stallingDisk,
  ioError,
  latentSectorError,
  bitRot,
  lyingSync,
  noSpace,
  readOnly,
  failedSync,
  lostWrite,
  misdirectedWrite,
];

export function findDiskFault(name: string): DiskFaultDefinition | undefined {
  return DISK_FAULTS.find((fault) => fault.name === name);
}
