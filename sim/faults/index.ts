/** The registry of faults for the timeline: adding one is one file and one line here. */
import { DISK_FAULTS } from '../disk/faults/index.ts';
import { addMember } from './add-member.ts';
import { clockDrift } from './clock-drift.ts';
import { clockOffset } from './clock-offset.ts';
import { clockStep } from './clock-step.ts';
import { clockStrobe } from './clock-strobe.ts';
import { clog } from './clog.ts';
import { corrupt } from './corrupt.ts';
import { crash } from './crash.ts';
import { crashLoop } from './crash-loop.ts';
import { diskFault } from './disk-fault.ts';
import { duplicate } from './duplicate.ts';
import type { FaultDefinition } from './fault.ts';
import { flap } from './flap.ts';
import { kill } from './kill.ts';
import { maintain } from './maintain.ts';
import { partition } from './partition.ts';
import { pause } from './pause.ts';
import { removeMember } from './remove-member.ts';
import { reorder } from './reorder.ts';
import { replaceMember } from './replace-member.ts';
import { rollingRestart } from './rolling-restart.ts';
import { slowCpu } from './slow-cpu.ts';
import { swizzleClog } from './swizzle-clog.ts';
import { toxic } from './toxic.ts';
import { wipedDisk } from './wiped-disk.ts';

export const FAULTS: readonly FaultDefinition[] = [
  crash,
  partition,
  pause,
  toxic,
  ...DISK_FAULTS.map(diskFault),
  maintain,
  kill,
  crashLoop,
  slowCpu,
  clockDrift,
  clockOffset,
  clockStep,
  clockStrobe,
  addMember,
  removeMember,
  replaceMember,
  wipedDisk,
  clog,
  swizzleClog,
  flap,
  duplicate,
  reorder,
  corrupt,
  rollingRestart,
];

export function findFault(name: string): FaultDefinition | undefined {
  return FAULTS.find((fault) => fault.name === name);
}
