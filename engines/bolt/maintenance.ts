/** What an operator does to a database by hand. */
import type { Job } from '../../sim/storage-engine.ts';
import type { MaintenanceTask } from '../engine.ts';
import type { Database } from './database.ts';
import { DEFRAGMENT_KEYS, defragment } from './defragment.ts';

export const MAINTENANCE: readonly MaintenanceTask[] = [
  {
    name: 'hold-read',
    summary: 'Opens a read transaction that stays open and holds back the pages that it can reach.',
  },
  {
    name: 'defragment',
    summary: 'Copies everything into a new file, without free pages, and goes on with that. Not while a read is held.',
    argument: {
      name: 'keys',
      doc: 'Keys copied in one transaction (etcd: 10,000).',
      default: DEFRAGMENT_KEYS,
      min: 1,
      max: 1_000_000_000,
    },
  },
  { name: 'release-read', summary: 'Ends the oldest read transaction that hold-read has opened.' },
];

/** Undefined if there is nothing to do. */
export function maintenanceJob(database: Database, task: string, argument: number): Job | undefined {
  if (task === 'hold-read') return database.isDefragmenting ? undefined : once(() => database.beginRead());
  if (task === 'defragment') {
    if (database.isDefragmenting || database.readers.length > 0) return undefined;
    return defragment(database, argument > 0 ? argument : DEFRAGMENT_KEYS);
  }
  const oldest = database.isDefragmenting ? undefined : database.readers[0];
  if (task === 'release-read' && oldest !== undefined) return once(() => database.endRead(oldest));
  return undefined;
}

function* once(act: () => void): Job {
  act();
  yield undefined;
}
