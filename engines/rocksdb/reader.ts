/**
 * Reads: memtables newest first, level 0 newest first, then each level's one table that may hold the key;
 * ranges by merging them all.
 *
 * A block that cannot be read ends the read with nothing found, never with an older value from below.
 * The port cannot say so: the first such fault is kept, and all are counted.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { Fault, Visitor } from '../../sim/storage-engine.ts';
import { FILTERS_PROBED } from '../../sim/work.ts';
import { BlobReader } from './blob-reader.ts';
import { BlockCursor } from './block-cursor.ts';
import { bloomHash, bloomMayContain } from './bloom-filter.ts';
import { type Cursor, TYPE_BLOB_INDEX, TYPE_DELETION } from './cursor.ts';
import { type Memtable, MemtableCursor } from './memtable.ts';
import type { MemtableList } from './memtable-list.ts';
import { MergingCursor } from './merging-cursor.ts';
import { blobName, type Store } from './store.ts';
import { findTable, mayHoldKey, type TableFile, TRAILER_BYTES, tableName } from './table-file.ts';
import { TablesCursor } from './tables-cursor.ts';

const ABSENT = 0;
const FOUND = 1;
const FAILED = 2;

export class Reader {
  readonly #store: Store;
  readonly #memtables: MemtableList;
  readonly #lookup: BlockCursor;
  readonly #blobs: BlobReader;
  // Blob readers that no scan uses now.
  readonly #scanBlobs: BlobReader[] = [];
  // Cursors that no scan uses now: a visitor may scan in turn.
  readonly #tableCursors: TablesCursor[] = [];
  readonly #memtableCursors: MemtableCursor[] = [];
  fault: Fault | undefined;
  failures = 0;

  constructor(store: Store, memtables: MemtableList) {
    this.#store = store;
    this.#memtables = memtables;
    this.#lookup = new BlockCursor(store.work);
    this.#blobs = this.#newBlobReader();
  }

  /** The value of the user key key[0, length). */
  get(key: Uint8Array, length: number, into: Value): boolean {
    const { active, immutables } = this.#memtables;
    let memtable = active;
    let node = memtable.find(key, 0, length);
    for (let i = immutables.length - 1; node === 0 && i >= 0; i--) {
      memtable = immutables[i];
      node = memtable.find(key, 0, length);
    }
    if (node !== 0) {
      if (memtable.isDeletion(node)) return false;
      memtable.value(node, into);
      return true;
    }
    const { levels } = this.#store.version;
    const hash = this.#store.options.bloomBitsPerKey > 0 ? bloomHash(key, 0, length) : 0;
    for (const table of levels[0]) {
      const outcome = this.#find(table, key, length, hash);
      if (outcome !== ABSENT) return outcome === FOUND && this.#take(key, length, into);
    }
    for (let level = 1; level < levels.length; level++) {
      const at = findTable(levels[level], key, 0, length);
      if (at === levels[level].length) continue;
      const outcome = this.#find(levels[level][at], key, length, hash);
      if (outcome !== ABSENT) return outcome === FOUND && this.#take(key, length, into);
    }
    return false;
  }

  /** User keys in [low, high); the visitor gets each without its first `prefix` bytes. */
  scan(low: Uint8Array, high: Uint8Array | undefined, prefix: number, visit: Visitor): void {
    const tableCursors: TablesCursor[] = [];
    const sources = this.#openCursors(low, high, tableCursors);
    const merging = new MergingCursor(sources, this.#store.work);
    const blobs = this.#scanBlobs.pop() ?? this.#newBlobReader();
    const value = new Value();
    let last = new Uint8Array(64);
    let lastLength = -1;
    merging.seek(low, 0, low.length);
    try {
      for (let top = merging.top; top !== undefined; top = merging.top) {
        const { key, keyLength } = top;
        if (high !== undefined && compareRanges(key, 0, keyLength, high, 0, high.length) >= 0) break;
        if (lastLength < 0 || compareRanges(key, 0, keyLength, last, 0, lastLength) !== 0) {
          if (keyLength > last.length) last = new Uint8Array(keyLength * 2);
          for (let i = 0; i < keyLength; i++) last[i] = key[i];
          lastLength = keyLength;
          if (top.type !== TYPE_DELETION) {
            top.value(value);
            if (top.type === TYPE_BLOB_INDEX && !this.#follow(blobs, key, keyLength, value)) break;
            if (!visit(key, prefix, keyLength, value)) break;
          }
        }
        merging.next();
      }
      if (merging.failure !== undefined) this.#fail('scan', merging.failure);
    } finally {
      this.#scanBlobs.push(blobs);
      for (const cursor of tableCursors) {
        cursor.close();
        this.#tableCursors.push(cursor);
      }
      for (const source of sources) if (source instanceof MemtableCursor) this.#memtableCursors.push(source);
    }
  }

  /** `FOUND`: `#lookup` stands on the newest entry of the key in this table. */
  #find(table: TableFile, key: Uint8Array, length: number, hash: number): number {
    if (!mayHoldKey(table, key, 0, length)) return ABSENT;
    const { reader } = table;
    const { cache, work } = this.#store;
    if (reader.filter.length > 0) {
      work.counts[FILTERS_PROBED]++;
      if (!bloomMayContain(reader.filter, hash)) return ABSENT;
    }
    const block = reader.findBlock(key, 0, length, work);
    if (block === reader.blocks) return ABSENT;
    reader.handle(block);
    const slot = cache.load(reader, reader.handleOffset, reader.handleSize, false);
    const cursor = this.#lookup;
    cursor.failure = slot < 0 ? cache.failure : undefined;
    if (slot >= 0) {
      cursor.setBlock(cache.buffer(slot), 0, reader.handleSize);
      cursor.seek(key, 0, length);
    }
    if (cursor.failure !== undefined) {
      this.#fail(`${tableName(this.#store.directory, table.number)} at ${reader.handleOffset}`, cursor.failure);
      return FAILED;
    }
    return cursor.valid && compareRanges(cursor.key, 0, cursor.keyLength, key, 0, length) === 0 ? FOUND : ABSENT;
  }

  #take(key: Uint8Array, length: number, into: Value): boolean {
    const { type } = this.#lookup;
    if (type === TYPE_DELETION) return false;
    this.#lookup.value(into);
    return type !== TYPE_BLOB_INDEX || this.#follow(this.#blobs, key, length, into);
  }

  /** Replaces a reference by its blob; false: that failed. */
  #follow(blobs: BlobReader, key: Uint8Array, length: number, value: Value): boolean {
    const failure = blobs.follow(key, length, value);
    if (failure === undefined) return true;
    this.#fail(`${blobName(this.#store.directory, blobs.index.file)} at ${blobs.index.offset}`, failure);
    return false;
  }

  #newBlobReader(): BlobReader {
    const { disk, blobs, work } = this.#store;
    return new BlobReader(disk, blobs, work);
  }

  #fail(where: string, what: string): void {
    this.failures++;
    this.fault ??= { where, what };
  }

  /** A cursor on everything that may hold keys in [low, high). */
  #openCursors(low: Uint8Array, high: Uint8Array | undefined, tableCursors: TablesCursor[]): Cursor[] {
    const { version, disk, cache, work } = this.#store;
    const sources: Cursor[] = [];
    const openMemtable = (memtable: Memtable): void => {
      sources.push(this.#memtableCursors.pop()?.setMemtable(memtable) ?? new MemtableCursor(memtable));
    };
    const openTables = (tables: readonly TableFile[]): void => {
      const cursor = this.#tableCursors.pop() ?? new TablesCursor(disk, cache, work);
      cursor.setTables(tables);
      tableCursors.push(cursor);
      sources.push(cursor);
    };
    openMemtable(this.#memtables.active);
    for (const memtable of this.#memtables.immutables) openMemtable(memtable);
    for (const table of version.levels[0]) if (overlaps(table, low, high)) openTables([table]);
    for (let level = 1; level < version.levels.length; level++) {
      const tables = version.levels[level];
      const at = findTable(tables, low, 0, low.length);
      if (at < tables.length && overlaps(tables[at], low, high)) openTables(tables);
    }
    return sources;
  }
}

function overlaps(table: TableFile, low: Uint8Array, high: Uint8Array | undefined): boolean {
  const { smallest, largest } = table;
  if (compareRanges(largest, 0, largest.length - TRAILER_BYTES, low, 0, low.length) < 0) return false;
  return high === undefined || compareRanges(smallest, 0, smallest.length - TRAILER_BYTES, high, 0, high.length) < 0;
}
