/**
 * Walks the checkpoints, the log and the hash index.
 *
 * Checked: the metadata of the checkpoints that count, and that their files can be read; every record of the log, on
 * disk up to where it was flushed and in memory from there; that the record before each leads to a record of the same
 * tag, or below the begin address; that every entry of the index leads to a record of its tag; that exactly the keys
 * with a value are in the ordered index, each found through the hash index.
 *
 * Not checked, for there is nothing to check it by: the content of values, and keys that became another key of
 * the same tag. At most `FAULTS_MAX` faults are listed.
 */
import type { Disk } from '../../sim/disk/disk.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import type { CheckpointFiles } from './checkpoint-files.ts';
import type { HybridLog } from './hybrid-log.ts';
import { loadIndex } from './index-checkpoint.ts';
import { hashHigh, hashKey } from './key-hash.ts';
import type { LogPage } from './log-page.ts';
import type { OrderedKeys } from './ordered-keys.ts';
import { previousAddress, TOMBSTONE, VALID } from './record-format.ts';
import type { Store } from './store.ts';

const FAULTS_MAX = 100;

export function checkStore(store: Store, files: CheckpointFiles, keys: OrderedKeys, disk: Disk): Fault[] {
  const faults: Fault[] = [];
  const add = (where: string, what: string): void => {
    if (faults.length < FAULTS_MAX) faults.push({ where, what });
  };
  if (files.log !== undefined && !files.isStored(files.log)) {
    add(files.logInfoName(files.log.token), 'is not the metadata of the last checkpoint');
  }
  const tags = walkLog(store, add);
  if (tags === undefined) return faults;
  store.index.forEach((address, tag) => {
    const found = tags.get(address);
    if (address >= store.log.begin && found !== tag) add(`index, tag ${tag}`, `leads to address ${address}`);
  });
  checkKeys(store, keys, add);
  for (const info of files.indexes) {
    const name = files.indexName(info.token);
    if (!files.isIndexStored(info)) add(name, 'is not the metadata of that checkpoint');
    const image = loadIndex(info, files, disk, store.work);
    if (typeof image === 'string') {
      add(name, image);
      continue;
    }
    image.forEach((address, tag) => {
      const found = tags.get(address);
      if (address < store.log.begin || address >= info.finalLogicalAddress) {
        if (address >= info.finalLogicalAddress) add(name, `an entry leads to address ${address}`);
      } else if (found !== tag) add(name, `an entry of tag ${tag} leads to address ${address}`);
    });
  }
  return faults;
}

type Add = (where: string, what: string) => void;

/** The tag of each record by its address; undefined if the log cannot be walked. */
function walkLog(store: Store, add: Add): Map<number, number> | undefined {
  const { log } = store;
  const tags = new Map<number, number>();
  const flushedPage = log.pageNumber(log.flushed);
  for (let number = log.pageNumber(log.begin); number * log.pageBytes < log.tail; number++) {
    const start = number * log.pageBytes;
    const offset = Math.max(0, log.begin - start);
    if (number <= flushedPage && log.flushed > start + offset) {
      const to = Math.min(log.pageBytes, log.flushed - start);
      const page = log.decode(log.segments, start, number, offset, to);
      if (page === undefined) {
        add(log.segments.name, log.reason);
        return undefined;
      }
      walkPage(store, page, start, tags, add);
    }
    const page = unflushedPart(log, number);
    if (page !== undefined) walkPage(store, page, start, tags, add);
  }
  return tags;
}

/** The page, if some of it is not on the disk yet. */
function unflushedPart(log: HybridLog, number: number): LogPage | undefined {
  const start = number * log.pageBytes;
  const page = log.memoryPage(Math.max(start, log.begin, log.flushed));
  return page?.number === number ? page : undefined;
}

function walkPage(store: Store, page: LogPage, start: number, tags: Map<number, number>, add: Add): void {
  const { log } = store;
  for (let slot = 0; slot < page.count; slot++) {
    const address = start + page.offset(slot);
    if (address < log.begin || tags.has(address)) continue;
    const from = page.keyFrom(slot);
    hashKey(page.bytes, from, from + page.keyLength(slot));
    const tag = hashHigh >>> 18;
    tags.set(address, tag);
    const before = previousAddress(page.infoLow(slot), page.infoHigh(slot));
    if (before < log.begin) continue;
    if (before >= address) add(`address ${address}`, `leads to ${before}, which is not before it`);
    else if (tags.get(before) !== tag) add(`address ${address}`, `leads to ${before}, which is no record of its tag`);
  }
}

function checkKeys(store: Store, keys: OrderedKeys, add: Add): void {
  let found = 0;
  keys.walk(new Uint8Array(0), 0, 0, () => {
    if (store.find(keys.bytes, keys.from, keys.to)) found++;
    else add('ordered keys', 'a key that the hash index does not lead to');
    return true;
  });
  if (found !== keys.count) add('ordered keys', `${keys.count} keys, ${found} found`);
  const { log } = store;
  let live = 0;
  for (let number = log.pageNumber(log.begin); number * log.pageBytes < log.tail; number++) {
    const start = number * log.pageBytes;
    const pages = [log.readPage(number, log.begin, Math.min(log.tail, Math.max(log.flushed, log.begin)))];
    const inMemory = unflushedPart(log, number);
    if (inMemory !== undefined && inMemory !== pages[0]) pages.push(inMemory);
    let last = -1;
    for (const page of pages) {
      for (let slot = 0; page !== undefined && slot < page.count; slot++) {
        const flags = page.infoHigh(slot);
        const address = start + page.offset(slot);
        if (address < log.begin || address <= last) continue;
        last = address;
        if ((flags & VALID) === 0 || (flags & TOMBSTONE) !== 0) continue;
        const from = page.keyFrom(slot);
        if (store.find(page.bytes, from, from + page.keyLength(slot)) && store.chain.address === address) live++;
      }
    }
  }
  if (live !== keys.count) add('ordered keys', `${keys.count} keys, ${live} with a value in the log`);
}
