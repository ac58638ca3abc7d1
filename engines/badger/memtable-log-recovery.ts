/** With `memtable_wal`: replays the logs that a stop or a crash left, each into a memtable of its own, and begins the next. */
import type { Fault } from '../../sim/storage-engine.ts';
import { fileNumber, memtableLogName } from './format.ts';
import { LogReader } from './log-reader.ts';
import { MemtableLog } from './memtable-log.ts';
import type { Replay } from './replay.ts';
import type { Store } from './store.ts';
import type { WritePath } from './write-path.ts';

export function recoverMemtableLogs(
  store: Store,
  replay: Replay,
  writes: WritePath,
  wanted: boolean,
  flush: () => void,
): Fault | undefined {
  const { disk, directory, work } = store;
  const numbers: number[] = [];
  for (const name of disk.list(directory)) {
    const number = fileNumber(name, directory, '.mem');
    if (number < 0) continue;
    if (!wanted) return { where: name, what: 'the store was written with memtable_wal' };
    numbers.push(number);
  }
  if (!wanted) return undefined;
  numbers.sort((a, b) => a - b);
  for (const number of numbers) {
    const name = memtableLogName(directory, number);
    const file = disk.open(name);
    if (file === undefined) return { where: name, what: 'the file is missing' };
    const reader = new LogReader(disk, file, 0, work);
    while (!replay.isBroken && reader.next()) replay.take(reader, -1);
    replay.dropOpenTransaction();
    const isLast = number === numbers[numbers.length - 1];
    if (reader.failure !== undefined && !isLast)
      return { where: name, what: `${reader.failure}, and there is a newer log` };
    writes.nextLog = number + 1;
    writes.adoptLog(new MemtableLog(disk, directory, number, file, work), flush);
  }
  const outcome = writes.startLog();
  if (outcome !== 'ok') store.fail(outcome, 'log of a memtable');
  return undefined;
}
