/** A disk that is alive and slow: every request takes `factor` times as long. Content and outcomes are untouched. */
import type { DeviceRequest } from '../disk.ts';
import type { DiskFaultDefinition } from './disk-fault.ts';

export const slowDisk: DiskFaultDefinition = {
  name: 'slow-disk',
  summary: 'the device takes several times as long for every request',
  parameters: {
    factor: { kind: 'number', doc: 'what the device times are multiplied by', default: 10, min: 1, max: 100_000 },
  },
  isHarmless: true,
  create(parameters) {
    const factor = parameters.factor as number;
    return {
      name: 'slow-disk',
      onDeviceTime: (_request: DeviceRequest, time) => Math.round(time * factor),
    };
  },
};
