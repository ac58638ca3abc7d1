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
    if (reader.failure !== undefined || replay.isBroken) {
      const isLast = number === numbers[numbers.length - 1];
      const what = reader.failure ?? 'a pointer past the end of the value log';
      if (!isLast) return { where: name, what: `${what}, and there is a newer log` };
      // Durable, so that the next log does not make a torn one of this that is not the last.
      const kept = Math.min(reader.validEnd, file.length);
      if (disk.truncate(file, kept) !== 'ok' || disk.sync(file) !== 'ok') store.fail('io-error', 'truncation of a log');
    }
    writes.nextLog = number + 1;
    writes.adoptLog(new MemtableLog(disk, directory, number, file, work), flush);
  }
  const outcome = writes.startLog();
  if (outcome !== 'ok') store.fail(outcome, 'log of a memtable');
  return undefined;
}
