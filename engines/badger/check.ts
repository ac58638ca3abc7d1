/**
 * Walks the whole store as the disk has it: manifest, key registry, every table, every value-log file.
 *
 * Checked: files are there; every checksum; entries of a table in strict order, the first of each block as the index
 * says, every key in the filter; levels below 0 disjoint; tables in memory as in the manifest; value-log files
 * sound from end to end, each transaction whole; every pointer into a file that exists is to an entry of that key; every
 * key's newest value can be read.
 *
 * Not checked: that values are the ones that were written (only a checker outside knows them), and tables that
 * running jobs are still writing. The IVs of an unencrypted store mean nothing and have no checksum.
 */
import { readU32LE } from '../../sim/bytes/fixed.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import { Work } from '../../sim/work.ts';
import { fingerprint } from './fingerprint.ts';
import {
  isMoveKey,
  MOVE_PREFIX,
  tableName,
  VALUE_POINTER_BIT,
  VALUE_POINTER_BYTES,
  VERSION_BYTES,
  valueLogName,
} from './format.ts';
import { checkKeyRegistry, keyRegistryName } from './key-registry.ts';
import { LogEntry } from './log-entry.ts';
import { LogReader } from './log-reader.ts';
import { manifestName, readManifest, type TableSet } from './manifest.ts';
import type { MemtableList } from './memtable-list.ts';
import { Reader } from './reader.ts';
import type { Store } from './store.ts';
import { compareInternalKeys, compareUserKeys, openTable, type Table } from './table.ts';
import { TablesCursor } from './tables-cursor.ts';

/** A store with more faults than this is broken enough. */
const FAULTS_MAX = 100;
type Add = (where: string, what: string) => void;

export function checkStore(store: Store, memtables: MemtableList, isOpen: boolean): Fault[] {
  const faults: Fault[] = [];
  const add: Add = (where, what) => {
    if (faults.length < FAULTS_MAX) faults.push({ where, what });
  };
  const { disk, directory } = store;
  const registry = checkKeyRegistry(disk, directory);
  if (registry !== undefined) add(keyRegistryName(directory), registry);
  const file = disk.open(manifestName(directory));
  if (file === undefined) {
    add(manifestName(directory), 'absent');
    return faults;
  }
  const manifest = readManifest(disk, file);
  const { length } = file;
  disk.close(file);
  if (typeof manifest === 'string') add(manifestName(directory), manifest);
  else {
    if (manifest.end !== length) add(manifestName(directory), `torn at ${manifest.end}`);
    checkTables(store, manifest.state, add);
    if (isOpen) checkMemory(store, manifest.state, add);
  }
  checkValueLog(store, add);
  if (isOpen) checkValues(store, memtables, add);
  return faults;
}

function checkTables(store: Store, state: TableSet, add: Add): void {
  // What a check costs is nobody's work.
  const work = new Work();
  const levels: Table[][] = store.levels.tables.map(() => []);
  for (const { table: number, level } of state.sorted()) {
    const name = tableName(store.directory, number);
    const table = openTable(store.disk, name, number, work);
    if (typeof table === 'string') add(name, table);
    else if (levels[level] === undefined) add(name, `on level ${level}`);
    else {
      checkEntries(store, name, table, work, add);
      levels[level].push(table);
      store.disk.close(table.file);
    }
  }
  for (const tables of levels.slice(1)) {
    tables.sort((a, b) => compareInternalKeys(a.smallest, b.smallest));
    for (let i = 1; i < tables.length; i++) {
      if (compareUserKeys(tables[i - 1].largest, tables[i].smallest) < 0) continue;
      add(tableName(store.directory, tables[i].number), `overlaps table ${tables[i - 1].number} of its level`);
    }
  }
}

function checkEntries(store: Store, name: string, table: Table, work: Work, add: Add): void {
  const cursor = new TablesCursor(store.disk, 1 << 20, true, work).setTables([table]);
  const value = new Value();
  let last: Uint8Array | undefined;
  let block = -1;
  let entries = 0;
  for (cursor.first(); cursor.valid; cursor.next(), entries++) {
    const { keyLength } = cursor;
    const key = cursor.key.slice(0, keyLength + VERSION_BYTES);
    if (cursor.block !== block) {
      block = cursor.block;
      if (compareInternalKeys(table.index.key(block), key) !== 0) add(name, `block ${block} begins with another key`);
    }
    if (last !== undefined && compareInternalKeys(last, key) >= 0) add(name, `entry ${entries} is out of order`);
    fingerprint(key, 0, keyLength);
    if (!table.filter.mayContain()) add(name, `entry ${entries} is not in the filter`);
    cursor.value(value);
    if ((cursor.meta & VALUE_POINTER_BIT) !== 0) {
      const what = pointerFault(store, value, key, keyLength);
      if (what !== undefined) add(name, `entry ${entries}: ${what}`);
    }
    last = key;
  }
  if (cursor.failure !== undefined) add(name, cursor.failure);
  else if (last === undefined || compareInternalKeys(last, table.largest) !== 0) add(name, 'ends with another key');
}

/** What is wrong with a value pointer. One into a file that was collected is not, by itself. */
function pointerFault(store: Store, pointer: Value, key: Uint8Array, keyLength: number): string | undefined {
  if (pointer.length !== VALUE_POINTER_BYTES || pointer.fillLength > 0) return 'a value pointer that is none';
  const [number, length, offset] = [0, 4, 8].map((at) => readU32LE(pointer.bytes, pointer.start + at));
  const file = store.valueLog.file(number);
  if (file === undefined) return undefined;
  const buffer = new SparseBuffer(256);
  const entry = new LogEntry();
  if (offset + length > file.length) return 'a pointer past the end of the value log';
  if (store.disk.read(file, offset, length, buffer) !== 'ok') return 'the value cannot be read';
  if (!entry.readHeader(buffer, 0, length) || entry.length !== length) return 'a pointer to no entry';
  entry.takeKey(buffer);
  const skip = isMoveKey(key, 0, keyLength) && !isMoveKey(entry.key, 0, entry.keyLength) ? MOVE_PREFIX.length : 0;
  const same = entry.keyLength + skip === keyLength && key.subarray(skip).every((byte, i) => entry.key[i] === byte);
  return same ? undefined : 'a pointer to an entry of another key';
}

function checkMemory(store: Store, state: TableSet, add: Add): void {
  const pending = new Set(store.committed);
  const known = new Map<number, number>();
  store.levels.tables.forEach((tables, level) => {
    for (const { number } of tables) known.set(number, level);
  });
  // A running job's change is on disk first; it names the tables that it will add.
  if (pending.size > 0) return;
  for (const { table, level } of state.sorted()) {
    if (known.get(table) !== level) add(tableName(store.directory, table), `on level ${level}, not so in memory`);
  }
  if (known.size !== state.tables.size)
    add(manifestName(store.directory), `${state.tables.size} tables, ${known.size} in memory`);
}

function checkValueLog(store: Store, add: Add): void {
  const { disk, directory, valueLog } = store;
  const work = new Work();
  for (const number of valueLog.numbers) {
    const name = valueLogName(directory, number);
    const file = disk.open(name);
    if (file === undefined) {
      add(name, 'the file is missing');
      continue;
    }
    const reader = new LogReader(disk, file, 0, work);
    while (reader.next());
    if (reader.failure !== undefined) add(`${name} at ${reader.validEnd}`, reader.failure);
    disk.close(file);
  }
}

/** Every key's newest value, from wherever it stands now. */
function checkValues(store: Store, memtables: MemtableList, add: Add): void {
  const { counts } = store.work;
  const before = counts.slice();
  const reader = new Reader(store, memtables);
  reader.scan(new Uint8Array(0), undefined, 0, () => reader.fault === undefined);
  if (reader.fault !== undefined) add(reader.fault.where, reader.fault.what);
  counts.set(before);
}
