/** The registry of disk faults: adding one is its file and one line here. */
import type { DiskFaultDefinition } from './disk-fault.ts';
import { ioError } from './io-error.ts';
import { slowDisk } from './slow-disk.ts';

export type { DiskFault, DiskFaultDefinition, SyncFate } from './disk-fault.ts';
export { DiskFaults } from './disk-fault.ts';

export const DISK_FAULTS: readonly DiskFaultDefinition[] = [slowDisk, ioError];

export function findDiskFault(name: string): DiskFaultDefinition | undefined {
  return DISK_FAULTS.find((fault) => fault.name === name);
}
