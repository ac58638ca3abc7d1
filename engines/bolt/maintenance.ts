/** What an operator does to a database by hand. */
import type { Job } from '../../sim/storage-engine.ts';
import type { MaintenanceTask } from '../engine.ts';
import type { Database } from './database.ts';

export const MAINTENANCE: readonly MaintenanceTask[] = [
  {
    name: 'hold-read',
    summary: 'Opens a read transaction that stays open and holds back the pages that it can reach.',
  },
  { name: 'release-read', summary: 'Ends the oldest read transaction that hold-read has opened.' },
];

/** Undefined if there is nothing to do. */
export function maintenanceJob(database: Database, task: string, _argument: number): Job | undefined {
  if (task === 'hold-read') return once(() => database.beginRead());
  const oldest = database.readers[0];
  if (task === 'release-read' && oldest !== undefined) return once(() => database.endRead(oldest));
  return undefined;
}

function* once(act: () => void): Job {
  act();
  yield undefined;
}
