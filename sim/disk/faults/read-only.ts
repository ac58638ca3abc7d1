/** A file system that was remounted read-only after an error: writes and syncs fail, reads go on. */
import type { DiskFaultDefinition } from './disk-fault.ts';

export const readOnly: DiskFaultDefinition = {
  name: 'read-only',
  summary: 'writes and syncs fail, reads go on: a file system remounted read-only',
  parameters: {},
  drawn: { weight: 0.3, weightBeyond: 0.5, parameters: () => ({}) },
  create: () => ({ name: 'read-only', onWrite: () => 'io-error', onSync: () => 'io-error' }),
};
