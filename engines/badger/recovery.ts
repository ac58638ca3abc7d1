/**
 * Opening: manifest, key registry, tables, then replay of the value log from behind the newest head.
 *
 * Badger opens in places where this refuses: it goes on without a table whose index has a wrong checksum, and
 * cuts off an older value-log file at the first bad entry. Both lose what was promised. What only a crash can
 * leave, a torn end of the manifest or of the newest log, is cut off here as there (Badger with `Truncate`).
 */
import { Value } from '../../sim/bytes/value.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import type { Fault, OpenOutcome } from '../../sim/storage-engine.ts';
import {
  DISCARD_STATISTICS_KEY,
  fileNumber,
  HEAD_KEY,
  NEWEST_VERSION,
  tableName,
  VALUE_LOG_HEADER_BYTES,
  valueLogName,
} from './format.ts';
import { checkKeyRegistry, keyRegistryName, keyRegistryRewriteName, writeKeyRegistry } from './key-registry.ts';
import { LogReader } from './log-reader.ts';
import { Manifest, manifestName, manifestRewriteName, readManifest, TableSet } from './manifest.ts';
import { recoverMemtableLogs } from './memtable-log-recovery.ts';
import { Found, type Reader } from './reader.ts';
import { Replay } from './replay.ts';
import type { Store } from './store.ts';
import { compareUserKeys, openTable } from './table.ts';
import type { WritePath } from './write-path.ts';

export interface Recovered {
  readonly outcome: OpenOutcome;
  readonly fault: Fault | undefined;
}

const IV_BYTES = 16;

/** `flush` makes a place in the queue of full memtables. */
export function recover(store: Store, reader: Reader, writes: WritePath, flush: () => void): Recovered {
  const { disk, directory } = store;
  const isFresh = disk.list(directory).every((name) => name === manifestRewriteName(directory));
  const fault =
    openManifest(store) ??
    openKeyRegistry(store) ??
    openTables(store) ??
    openValueLog(store, reader, writes, flush) ??
    (store.failure === undefined ? undefined : { where: directory, what: `${store.failureReason} failed` });
  if (fault === undefined) return { outcome: isFresh ? 'fresh' : 'recovered', fault };
  return { outcome: store.failure === undefined ? 'corrupt' : 'io-error', fault };
}

function openManifest(store: Store): Fault | undefined {
  const { disk, directory, work } = store;
  const name = manifestName(directory);
  disk.remove(manifestRewriteName(directory));
  const file = disk.open(name);
  if (file === undefined) {
    for (const other of disk.list(directory)) {
      if (/\.(sst|vlog|mem)$/.test(other)) return { where: name, what: `missing, and there is ${other}` };
    }
    const created = Manifest.create(disk, directory, work, new TableSet());
    if (created instanceof Manifest) store.manifest = created;
    else store.fail(created === 'ok' ? 'io-error' : created, 'creation of the manifest');
    return undefined;
  }
  const read = readManifest(disk, file);
  if (typeof read === 'string') {
    disk.close(file);
    return { where: name, what: read };
  }
  store.manifest = new Manifest(disk, directory, work, read.state, file);
  if (read.end < file.length && !cut(disk, file, read.end)) store.fail('io-error', 'truncation of the manifest');
  return undefined;
}

/** Durable, so that what was cut off cannot come back behind what is written next. */
function cut(disk: Disk, file: File, length: number): boolean {
  return disk.truncate(file, length) === 'ok' && disk.sync(file) === 'ok';
}

function openKeyRegistry(store: Store): Fault | undefined {
  const { disk, directory, random } = store;
  disk.remove(keyRegistryRewriteName(directory));
  const what = checkKeyRegistry(disk, directory);
  if (what !== 'absent') return what === undefined ? undefined : { where: keyRegistryName(directory), what };
  const iv = new Uint8Array(IV_BYTES);
  random.fill(iv, 0);
  const outcome = writeKeyRegistry(disk, directory, iv);
  if (outcome !== 'ok') store.fail(outcome, 'write of the key registry');
  return undefined;
}

function openTables(store: Store): Fault | undefined {
  const { disk, directory, levels, manifest, work } = store;
  if (manifest === undefined) return undefined;
  const { tables } = manifest.state;
  for (const name of disk.list(directory)) {
    const number = fileNumber(name, directory, '.sst');
    if (number >= 0 && !tables.has(number)) disk.remove(name);
  }
  for (const { table: number, level } of manifest.state.sorted()) {
    const name = tableName(directory, number);
    if (level >= levels.count) return { where: name, what: `on level ${level} of ${levels.count}` };
    const table = openTable(disk, name, number, work);
    if (typeof table === 'string') return { where: name, what: table };
    levels.add(level, table);
    store.nextTable = Math.max(store.nextTable, number + 1);
  }
  for (let level = 1; level < levels.count; level++) {
    const onLevel = levels.tables[level];
    for (let i = 1; i < onLevel.length; i++) {
      if (compareUserKeys(onLevel[i - 1].largest, onLevel[i].smallest) < 0) continue;
      const where = tableName(directory, onLevel[i].number);
      return { where, what: `overlaps table ${onLevel[i - 1].number} of level ${level}` };
    }
  }
  store.syncDirectory();
  return undefined;
}

function openValueLog(store: Store, reader: Reader, writes: WritePath, flush: () => void): Fault | undefined {
  const { disk, directory, valueLog, options } = store;
  const head = new Found();
  const hasHead = reader.find(HEAD_KEY, 0, HEAD_KEY.length, NEWEST_VERSION, head);
  if (reader.fault !== undefined) return reader.fault;
  if (hasHead) store.nextVersion = head.version;
  const headFile = hasHead ? head.pointerFile : 0;
  const headEnd = hasHead ? head.pointerOffset + head.pointerLength : 0;
  const numbers = valueLogNumbers(disk, directory);
  if (numbers.length === 0) {
    if (hasHead) return { where: valueLogName(directory, headFile), what: 'the file is missing' };
    const outcome = valueLog.createFile(0);
    if (outcome !== 'ok') store.fail(outcome, 'creation of the value log');
  } else if (hasHead && !numbers.includes(headFile)) {
    return { where: valueLogName(directory, headFile), what: 'the file is missing' };
  }
  const replay = new Replay(store, writes, flush);
  const newest = numbers[numbers.length - 1];
  for (const number of numbers) {
    const name = valueLogName(directory, number);
    const file = disk.open(name);
    if (file === undefined) return { where: name, what: 'the file is missing' };
    valueLog.adopt(number, file);
    if (number < headFile) continue;
    const from = number === headFile ? headEnd : 0;
    const what = replayFile(store, replay, number, file, from, number === newest);
    if (what !== undefined) return { where: name, what };
  }
  if (numbers.length > 0 || options.memtableLog) writes.setHead(valueLog.newest, valueLog.offset, 0);
  const fault = recoverMemtableLogs(store, replay, writes, options.memtableLog, flush);
  if (fault !== undefined) return fault;
  store.discardVersion = store.nextVersion;
  store.nextVersion++;
  loadDiscardStatistics(store, reader);
  return undefined;
}

function valueLogNumbers(disk: Disk, directory: string): number[] {
  const numbers: number[] = [];
  for (const name of disk.list(directory)) {
    const number = fileNumber(name, directory, '.vlog');
    if (number >= 0) numbers.push(number);
  }
  return numbers.sort((a, b) => a - b);
}

/** What is wrong with the file, if it is not what a crash can leave. */
function replayFile(
  store: Store,
  replay: Replay,
  number: number,
  file: File,
  from: number,
  isNewest: boolean,
): string | undefined {
  const { disk, work, valueLog, options } = store;
  if (file.length < from) return `${file.length} bytes, but entries up to ${from} are in tables`;
  const reader = new LogReader(disk, file, from, work);
  // With logs of their own, memtables hold the entries; the value log is read for its end only.
  while (reader.next()) if (!options.memtableLog) replay.take(reader, number);
  replay.dropOpenTransaction();
  if (reader.failure === 'read failed') {
    store.fail('io-error', 'read of the value log');
    return undefined;
  }
  const end = reader.validEnd;
  if (end === file.length && reader.failure === undefined) return undefined;
  if (!isNewest && store.bugs['badger-damaged-log-cut-off']) return cut(disk, file, end) ? undefined : 'read failed';
  if (!isNewest) return `${reader.failure ?? 'cut off'} at ${end}, and there is a newer file`;
  if (end <= VALUE_LOG_HEADER_BYTES) {
    let outcome = disk.truncate(file, 0);
    if (outcome === 'ok') outcome = valueLog.writeHeader(file);
    if (outcome === 'ok') outcome = disk.sync(file);
    if (outcome !== 'ok') store.fail(outcome, 'new header of the value log');
    return undefined;
  }
  if (!cut(disk, file, end)) store.fail('io-error', 'truncation of the value log');
  valueLog.resume(end);
  return undefined;
}

function loadDiscardStatistics(store: Store, reader: Reader): void {
  const value = new Value();
  const key = DISCARD_STATISTICS_KEY;
  if (reader.get(key, key.length, value)) store.discard.load(value.toBytes());
}
