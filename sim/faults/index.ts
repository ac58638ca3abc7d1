/** The registry of faults for the timeline: adding one is one file and one line here. */
import { crash } from './crash.ts';
import type { FaultDefinition } from './fault.ts';
import { partition } from './partition.ts';
import { pause } from './pause.ts';
import { slowDisk } from './slow-disk.ts';
import { toxic } from './toxic.ts';

export const FAULTS: readonly FaultDefinition[] = [crash, partition, pause, slowDisk, toxic];

export function findFault(name: string): FaultDefinition | undefined {
  return FAULTS.find((fault) => fault.name === name);
}
