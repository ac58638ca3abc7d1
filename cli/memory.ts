/** What runs may take of the machine's memory. */
import { freemem } from 'node:os';

/** What the program, the operating system and the reports keep for themselves is the rest. */
const SHARE = 0.8;

/** Of so many runs at a time. */
export function memoryBytesForEach(runs: number): number {
  return (freemem() * SHARE) / runs;
}
