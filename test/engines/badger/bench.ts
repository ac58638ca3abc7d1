/** Badger on a disk of its own, without a host. */
import { Badger } from '../../../engines/badger/badger.ts';
import { readOptions } from '../../../engines/badger/options.ts';
import type { Clock } from '../../../sim/clock.ts';
import { STOPPED_CLOCK } from '../../../sim/clock.ts';
import type { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Work } from '../../../sim/work.ts';
import { DIRECTORY } from '../bed.ts';

export function makeEngine(disk: SimulatedDisk, options: ParameterValues, clock: Clock = STOPPED_CLOCK): Badger {
  const context = { disk, directory: DIRECTORY, tables: ['keys'], work: new Work(), clock };
  return new Badger(context, readOptions(options));
}
