/**
 * Reads: memtables newest first, then the levels; of level 0 every table that may hold the key. A value
 * pointer is followed into the value log; if its file was collected, the value is under the key of its move.
 *
 * What cannot be read ends the read with nothing found, never with an older value from below. The port
 * cannot say so: the first such fault is kept, and all are counted.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { readU32LE } from '../../sim/bytes/fixed.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { Fault, Visitor } from '../../sim/storage-engine.ts';
import { FILTERS_PROBED } from '../../sim/work.ts';
import { BlockCursor } from './block-cursor.ts';
import type { Cursor } from './cursor.ts';
import { fingerprint } from './fingerprint.ts';
import {
  DELETE_BIT,
  isInternalKey,
  isMoveKey,
  MOVE_PREFIX,
  NEWEST_VERSION,
  tableName,
  VALUE_POINTER_BIT,
  VERSION_BYTES,
} from './format.ts';
import { Levels } from './levels.ts';
import type { Memtable } from './memtable.ts';
import { MemtableCursor } from './memtable-cursor.ts';
import type { MemtableList } from './memtable-list.ts';
import { MergingCursor } from './merging-cursor.ts';
import type { Store } from './store.ts';
import { findTable, type Table } from './table.ts';
import { TablesCursor } from './tables-cursor.ts';

/** What the tree holds for a key. `value` is borrowed until the next lookup. */
export class Found {
  version = 0;
  meta = 0;
  readonly value = new Value();

  get isDeleted(): boolean {
    return (this.meta & DELETE_BIT) !== 0;
  }
  get isPointer(): boolean {
    return (this.meta & VALUE_POINTER_BIT) !== 0;
  }
  get pointerFile(): number {
    return readU32LE(this.value.bytes, this.value.start);
  }
  get pointerLength(): number {
    return readU32LE(this.value.bytes, this.value.start + 4);
  }
  get pointerOffset(): number {
    return readU32LE(this.value.bytes, this.value.start + 8);
  }
}

export class Reader {
  readonly #store: Store;
  readonly #memtables: MemtableList;
  readonly #cursor: BlockCursor;
  /** The value log's bytes of the last `get`. */
  readonly #logged = new SparseBuffer(4096);
  readonly #found = new Found();
  #moveKey: Uint8Array = new Uint8Array(128);
  fault: Fault | undefined;
  failures = 0;

  constructor(store: Store, memtables: MemtableList) {
    this.#store = store;
    this.#memtables = memtables;
    this.#cursor = new BlockCursor(store.work);
  }

  /** The value of the user key key[0, length). */
  get(key: Uint8Array, length: number, into: Value): boolean {
    const found = this.#found;
    if (!this.find(key, 0, length, NEWEST_VERSION, found) || found.isDeleted) return false;
    return this.#resolve(key, length, found, this.#logged, into);
  }

  /** User keys in [low, high); the visitor gets each without its first `prefix` bytes. */
  scan(low: Uint8Array, high: Uint8Array | undefined, prefix: number, visit: Visitor): void {
    const merging = this.merge(low, high);
    const value = new Value();
    const found = new Found();
    const logged = new SparseBuffer(4096);
    let last = new Uint8Array(64);
    let lastLength = -1;
    merging.seek(low, 0, low.length, NEWEST_VERSION);
    for (let top = merging.top; top !== undefined; top = merging.top) {
      const { key, keyLength } = top;
      if (high !== undefined && compareRanges(key, 0, keyLength, high, 0, high.length) >= 0) break;
      if (lastLength < 0 || compareRanges(key, 0, keyLength, last, 0, lastLength) !== 0) {
        if (keyLength > last.length) last = new Uint8Array(keyLength * 2);
        for (let i = 0; i < keyLength; i++) last[i] = key[i];
        lastLength = keyLength;
        if ((top.meta & DELETE_BIT) === 0 && !isInternalKey(key, 0, keyLength)) {
          top.value(found.value);
          found.meta = top.meta;
          found.version = top.version;
          if (this.#resolve(key, keyLength, found, logged, value) && !visit(key, prefix, keyLength, value)) break;
        }
      }
      merging.next();
    }
    if (merging.failure !== undefined) this.fail('scan', merging.failure);
  }

  /** A cursor over everything with keys in [low, high), all versions. */
  merge(low: Uint8Array, high: Uint8Array | undefined): MergingCursor {
    const { levels, disk, options, work } = this.#store;
    const sources: Cursor[] = [];
    for (let i = 0; i < this.#memtables.count; i++) sources.push(new MemtableCursor(this.#memtables.newest(i)));
    const open = (tables: readonly Table[]): void => {
      sources.push(new TablesCursor(disk, 0, options.verifyBlocks, work).setTables(tables));
    };
    const [zero] = levels.tables;
    for (let i = zero.length - 1; i >= 0; i--) if (overlaps(zero[i], low, high)) open([zero[i]]);
    for (let level = 1; level < levels.count; level++) {
      const tables = levels.tables[level];
      const at = findTable(tables, low, 0, low.length);
      if (at < tables.length && overlaps(tables[at], low, high)) open(tables);
    }
    return new MergingCursor(sources, work);
  }

  /**
   * What the tree holds for key[from, to) at `version` or before. Keys of moved values are looked for
   * everywhere, since garbage collection writes old versions above newer ones.
   */
  find(key: Uint8Array, from: number, to: number, version: number, found: Found): boolean {
    const everywhere = isMoveKey(key, from, to) && !this.#store.bugs['badger-moved-value-not-found'];
    let best = -1;
    const memtables = this.#memtables;
    for (let i = 0; i < memtables.count; i++) {
      const memtable = memtables.newest(i);
      const node = memtable.find(key, from, to, version);
      if (node === 0 || memtable.version(node) <= best) continue;
      best = memtable.version(node);
      takeNode(memtable, node, found);
      if (!everywhere || best === version) return true;
    }
    const inTables = this.findInTables(key, from, to, version, best, everywhere, found);
    return inTables || best >= 0;
  }

  /** The same without memtables; false if there is nothing newer than `best`. */
  findInTables(
    key: Uint8Array,
    from: number,
    to: number,
    version: number,
    newerThan: number,
    everywhere: boolean,
    found: Found,
  ): boolean {
    const { levels } = this.#store;
    fingerprint(key, from, to);
    let best = newerThan;
    for (let level = 0; level < levels.count; level++) {
      const tables = levels.tables[level];
      let bestOfLevel = -1;
      const look = (table: Table): boolean => {
        const at = this.#findInTable(table, key, from, to, version);
        if (at === FAILED) return false;
        if (at > bestOfLevel) {
          bestOfLevel = at;
          if (at > best) {
            best = at;
            this.#cursor.value(found.value);
            if (level === 0 || everywhere) found.value.assign(found.value.copy()); // others are still looked at
            found.meta = this.#cursor.meta;
            found.version = at;
          }
        }
        return true;
      };
      if (level === 0) {
        for (let i = tables.length - 1; i >= 0; i--) if (!look(tables[i])) return false;
      } else {
        const at = findTable(tables, key, from, to);
        if (at < tables.length && !look(tables[at])) return false;
      }
      if (bestOfLevel >= 0 && (!everywhere || bestOfLevel === version)) return true;
    }
    return best > newerThan;
  }

  fail(where: string, what: string): void {
    this.failures++;
    this.fault ??= { where, what };
  }

  /** Makes `into` stand for the value of what was found. */
  #resolve(key: Uint8Array, length: number, found: Found, buffer: SparseBuffer, into: Value): boolean {
    if (!found.isPointer) {
      into.assign(found.value);
      return true;
    }
    const { valueLog } = this.#store;
    let outcome = valueLog.read(found.pointerFile, found.pointerOffset, found.pointerLength, buffer, into);
    if (outcome === 'gone') {
      const { version } = found;
      const moveKey = this.#setMoveKey(key, length);
      if (!this.find(this.#moveKey, 0, moveKey, version, found) || found.version !== version || found.isDeleted) {
        this.fail(`value of version ${version}`, 'its value-log file is gone and the value was not moved');
        return false;
      }
      if (!found.isPointer) {
        into.assign(found.value);
        return true;
      }
      outcome = valueLog.read(found.pointerFile, found.pointerOffset, found.pointerLength, buffer, into);
    }
    if (outcome === 'damaged') this.fail('value log', valueLog.damage);
    else if (outcome === 'gone') this.fail(`value of version ${found.version}`, 'its value-log file is gone');
    return outcome === 'ok';
  }

  /** Version of what `#cursor` stands on; ABSENT or FAILED. */
  #findInTable(table: Table, key: Uint8Array, from: number, to: number, version: number): number {
    if (!Levels.mayHold(table, key, from, to)) return ABSENT;
    const { cache, work, options, directory } = this.#store;
    work.counts[FILTERS_PROBED]++;
    if (!table.filter.mayContain()) return ABSENT;
    const { index } = table;
    const cursor = this.#cursor;
    for (let block = Math.max(0, index.firstAfter(key, from, to, version) - 1); block < index.count; block++) {
      const buffer = cache.load(table, block);
      if (buffer === undefined) cursor.failure = 'read failed';
      else {
        cursor.setBlock(buffer, 0, buffer.length, options.verifyBlocks);
        cursor.seek(key, from, to, version);
      }
      if (cursor.failure !== undefined) {
        this.fail(`${tableName(directory, table.number)}, block ${block}`, cursor.failure);
        cursor.failure = undefined;
        return FAILED;
      }
      if (cursor.valid) return cursor.isAt(key, from, to) ? cursor.version : ABSENT;
    }
    return ABSENT;
  }

  #setMoveKey(key: Uint8Array, length: number): number {
    const bytes = MOVE_PREFIX.length + length;
    if (bytes > this.#moveKey.length) this.#moveKey = new Uint8Array(bytes * 2);
    this.#moveKey.set(MOVE_PREFIX, 0);
    this.#moveKey.set(key.subarray(0, length), MOVE_PREFIX.length);
    return bytes;
  }
}

const ABSENT = -1;
const FAILED = -2;

function takeNode(memtable: Memtable, node: number, found: Found): void {
  memtable.value(node, found.value);
  found.meta = memtable.meta(node);
  found.version = memtable.version(node);
}

function overlaps({ smallest, largest }: Table, low: Uint8Array, high: Uint8Array | undefined): boolean {
  if (compareRanges(largest, 0, largest.length - VERSION_BYTES, low, 0, low.length) < 0) return false;
  return high === undefined || compareRanges(smallest, 0, smallest.length - VERSION_BYTES, high, 0, high.length) < 0;
}
