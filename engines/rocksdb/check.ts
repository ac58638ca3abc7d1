/**
 * Walks the whole store as the disk has it: `CURRENT`, the manifest, every table, the live WALs.
 *
 * Checked: files are there with the sizes recorded; every block's checksum; keys in strict internal
 * order; first and last key, sequence numbers and number of entries as recorded; separators of the
 * index; every key in its filter; levels below 0 disjoint; no sequence number above the last; the
 * tables in memory are those of the manifest; live WALs read to their ends without a gap; blob files as
 * `check-blobs.ts` says.
 *
 * Not checked: that values are the ones that were written (only a checker outside knows them), and
 * tables that running jobs are still writing.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import { Work } from '../../sim/work.ts';
import { bloomHash, bloomMayContain } from './bloom-filter.ts';
import { BlobCheck } from './check-blobs.ts';
import { TYPE_BLOB_INDEX, TYPE_VALUE } from './cursor.ts';
import { readManifest } from './manifest.ts';
import { RecordLogReader } from './record-log.ts';
import { openListedTable } from './recovery.ts';
import { logName, type Store } from './store.ts';
import { compareInternalKeys, compareUserKeys, type TableFile, TRAILER_BYTES, tableName } from './table-file.ts';
import { TablesCursor } from './tables-cursor.ts';
import type { EditedFile } from './version-edit.ts';
import { WriteBatchReader } from './write-batch.ts';

/** A store with more faults than this is broken enough. */
const FAULTS_MAX = 100;

export function checkStore(store: Store, logs: readonly number[]): Fault[] {
  const faults: Fault[] = [];
  const add = (where: string, what: string): void => {
    if (faults.length < FAULTS_MAX) faults.push({ where, what });
  };
  // What a check costs is nobody's work.
  const work = new Work();
  const state = readManifest(store.disk, store.directory, store.options.levels);
  if (state === undefined) add(`${store.directory}CURRENT`, 'the file is missing');
  else if ('what' in state) faults.push(state);
  else {
    const blobs = new BlobCheck(store, state.blobs, add);
    state.levels.forEach((files, level) => {
      for (const file of files) checkTable(store, file, blobs, work, add);
      if (level > 0) checkDisjoint(store.directory, files, add);
    });
    blobs.finish();
    checkMemory(store, state.levels, add);
    if (state.lastSequence > store.lastSequence) add(state.name, 'a last sequence number from the future');
  }
  checkLogs(store, logs, add);
  return faults;
}

type Add = (where: string, what: string) => void;

function checkTable(store: Store, file: EditedFile, blobs: BlobCheck, work: Work, add: Add): void {
  const name = tableName(store.directory, file.number);
  const table = openListedTable(store.disk, store.directory, file, work);
  if (typeof table === 'string') {
    add(name, table);
    return;
  }
  checkEntries(store, name, table, blobs, work, add);
  checkIndex(store, name, table, work, add);
  store.disk.close(table.reader.file);
}

function checkEntries(store: Store, name: string, table: TableFile, blobs: BlobCheck, work: Work, add: Add): void {
  const cursor = new TablesCursor(store.disk, undefined, work).setTables([table]);
  const { filter } = table.reader;
  const value = new Value();
  let oldestBlobFile = 0;
  let last: Uint8Array | undefined;
  let entries = 0;
  let deletions = 0;
  cursor.first();
  for (; cursor.valid; cursor.next()) {
    const key = cursor.key.slice(0, cursor.keyLength + TRAILER_BYTES);
    if (last === undefined && compareInternalKeys(key, table.smallest) !== 0)
      add(name, 'another smallest key than recorded');
    if (last !== undefined && compareInternalKeys(last, key) >= 0) add(name, `entry ${entries} is out of order`);
    if (cursor.type === TYPE_BLOB_INDEX) {
      cursor.value(value);
      const blobFile = blobs.reference(name, cursor.key, cursor.keyLength, value);
      if (oldestBlobFile === 0 || blobFile < oldestBlobFile) oldestBlobFile = blobFile;
    } else if (cursor.type > TYPE_VALUE) add(name, `entry ${entries} has type ${cursor.type}`);
    if (cursor.sequence < table.smallestSequence || cursor.sequence > table.largestSequence) {
      add(name, `entry ${entries} has a sequence number outside the table's`);
    }
    if (cursor.sequence > store.lastSequence) add(name, `entry ${entries} has a sequence number from the future`);
    if (filter.length > 0 && !bloomMayContain(filter, bloomHash(key, 0, cursor.keyLength))) {
      add(name, `entry ${entries} is not in the filter`);
    }
    if (cursor.type === 0) deletions++;
    entries++;
    last = key;
  }
  if (cursor.failure !== undefined) {
    add(name, cursor.failure);
    return;
  }
  if (last === undefined) {
    add(name, 'holds no entry');
    return;
  }
  if (compareInternalKeys(last, table.largest) !== 0) add(name, 'another largest key than recorded');
  if (oldestBlobFile !== table.oldestBlobFile) {
    add(name, `refers to blob file ${oldestBlobFile} as its oldest, the manifest says ${table.oldestBlobFile}`);
  }
  if (entries !== table.entries) add(name, `${entries} entries, its properties say ${table.entries}`);
  if (deletions !== table.deletions) add(name, `${deletions} deletions, its properties say ${table.deletions}`);
}

/** Each separator is ≥ every key of its block and < every key of the next. */
function checkIndex(store: Store, name: string, table: TableFile, work: Work, add: Add): void {
  const { reader } = table;
  const cursor = new TablesCursor(store.disk, undefined, work).setTables([table]);
  let block = 0;
  cursor.first();
  while (cursor.valid && block < reader.blocks) {
    const [from, to] = reader.separator(block);
    if (compareRanges(cursor.key, 0, cursor.keyLength, reader.index, from, to) > 0) {
      block++;
      continue;
    }
    // The key belongs to `block` by its separator: a lookup must find it there.
    if (reader.findBlock(cursor.key, 0, cursor.keyLength, work) !== block)
      add(name, `index entry ${block} is out of order`);
    if (!cursor.isInBlock(block)) {
      add(name, `separator ${block} does not separate`);
      return;
    }
    cursor.next();
  }
}

function checkDisjoint(directory: string, files: readonly EditedFile[], add: Add): void {
  const sorted = files.slice().sort((a, b) => compareInternalKeys(a.smallest, b.smallest));
  for (let i = 1; i < sorted.length; i++) {
    if (compareUserKeys(sorted[i - 1].largest, sorted[i].smallest) >= 0) {
      add(tableName(directory, sorted[i].number), `overlaps table ${sorted[i - 1].number} of its level`);
    }
  }
}

/** An edit takes effect in memory after its sync: until then the manifest is ahead, by running jobs only. */
function checkMemory(store: Store, levels: readonly (readonly EditedFile[])[], add: Add): void {
  const onDisk = new Map<number, number>();
  levels.forEach((files, level) => {
    for (const file of files) onDisk.set(file.number, level);
  });
  store.version.levels.forEach((tables, level) => {
    for (const table of tables) {
      const found = onDisk.get(table.number);
      if (found !== level && !table.beingCompacted) {
        add(tableName(store.directory, table.number), `in level ${level} in memory, not so in the manifest`);
      }
    }
  });
}

function checkLogs(store: Store, logs: readonly number[], add: Add): void {
  let expected = -1;
  const batch = new WriteBatchReader();
  for (const number of logs) {
    const name = logName(store.directory, number);
    const file = store.disk.open(name);
    if (file === undefined) {
      add(name, 'the file is missing');
      continue;
    }
    const reader = new RecordLogReader(store.disk, file);
    while (reader.next()) {
      if (!batch.start(reader.record)) add(name, 'a record that is no batch');
      else if (expected >= 0 && batch.sequence !== expected) add(name, 'a gap in the sequence numbers');
      while (batch.next());
      if (batch.malformed) add(name, 'a batch that does not decode');
      expected = batch.sequence + batch.count;
    }
    store.disk.close(file);
    if (reader.end !== 'end') add(`${name} at ${reader.offset}`, reader.reason);
  }
  if (expected > store.lastSequence + 1) add('WAL', 'a sequence number from the future');
}
