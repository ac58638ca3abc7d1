/** A full disk: what would make a file longer fails, overwriting goes on. */
import type { DiskFaultDefinition } from './disk-fault.ts';

export const noSpace: DiskFaultDefinition = {
  name: 'no-space',
  summary: 'writes that would make a file longer fail: the disk is full',
  parameters: {},
  drawn: { weight: 0.3, weightBeyond: 0.5, parameters: () => ({}) },
  create: () => ({
    name: 'no-space',
    onWrite: (file, offset, length) => (offset + length > file.length ? 'no-space' : 'ok'),
  }),
};
