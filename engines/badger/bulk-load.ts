/**
 * Builds a settled store of sorted records: the value log in the order of keys, and tables on the first level
 * that holds them all. As after a load in transactions of bounded size and all its compactions, but for two things:
 * all records have one version, and the head stands in a table of its own on level 0.
 *
 * Bounded: one transaction of value log and one table are in memory at a time.
 */
import { assert } from '../../sim/assert.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { DiskOutcome } from '../../sim/disk/disk.ts';
import type { RecordSource, WriteOutcome } from '../../sim/storage-engine.ts';
import {
  ascii,
  HEAD_KEY,
  TRANSACTION_BIT,
  TRANSACTION_END_BIT,
  TRANSACTION_KEY,
  VALUE_POINTER_BIT,
  VALUE_POINTER_BYTES,
  VERSION_BYTES,
  writeValuePointer,
  writeVersion,
} from './format.ts';
import type { Store } from './store.ts';
import type { Table } from './table.ts';
import type { TableBuilder } from './table-builder.ts';
import type { WritePath } from './write-path.ts';

const TRANSACTION_RECORDS = 1000;

export function bulkLoad(store: Store, writes: WritePath, table: number, records: RecordSource): WriteOutcome {
  const { counts } = store.work;
  const before = counts.slice();
  const outcome = records.count === 0 ? 'ok' : new BulkLoad(store, writes, table).run(records);
  counts.set(before); // nobody waits for it
  if (outcome !== 'ok') store.fail(outcome, 'bulk load');
  return outcome;
}

class BulkLoad {
  readonly #store: Store;
  readonly #writes: WritePath;
  readonly #table: number;
  readonly #builder: TableBuilder;
  readonly #tables: Table[] = [];
  readonly #version: number;
  readonly #pointer = new Uint8Array(VALUE_POINTER_BYTES);
  readonly #pointerValue = Value.of(this.#pointer);
  #key: Uint8Array = new Uint8Array(256);
  #pointerLength = 0;
  #inTransaction = 0;
  #outcome: DiskOutcome = 'ok';

  constructor(store: Store, writes: WritePath, table: number) {
    assert(store.nextTable === 1 && store.nextVersion === 1, 'badger: a bulk load into a store that is not fresh');
    this.#store = store;
    this.#writes = writes;
    this.#table = table;
    this.#builder = store.takeBuilder();
    this.#builder.start();
    this.#version = store.nextVersion++;
  }

  run(records: RecordSource): WriteOutcome {
    const { valueLog } = this.#store;
    valueLog.deferSyncs = true;
    valueLog.begin('value-log');
    while (this.#outcome === 'ok' && records.next()) this.#add(records.key, records.value);
    if (this.#inTransaction > 0) this.#endTransaction();
    valueLog.deferSyncs = false;
    if (this.#outcome === 'ok') this.#outcome = valueLog.syncNewest();
    this.#finishTable();
    const head = this.#finishHead();
    return head === undefined ? this.#failure() : this.#install(head);
  }

  #add(key: Uint8Array, value: Value): void {
    const store = this.#store;
    const { valueLog, options } = store;
    const length = this.#setKey(key);
    const isLarge = value.length >= options.valueThreshold;
    if (!options.memtableLog || isLarge) {
      const meta = options.memtableLog ? 0 : TRANSACTION_BIT;
      this.#outcome = valueLog.add(this.#key, 0, length, this.#version, meta, 0, 0, value);
      this.#inTransaction++;
    }
    if (this.#builder.reachedCapacity(options.tableBytesMax)) this.#finishTable();
    let stored = value;
    let meta = TRANSACTION_BIT;
    if (isLarge) {
      this.#pointerLength = valueLog.pointerLength;
      writeValuePointer(this.#pointer, 0, valueLog.pointerFile, this.#pointerLength, valueLog.pointerOffset);
      stored = this.#pointerValue;
      meta |= VALUE_POINTER_BIT;
    }
    this.#builder.add(this.#key, length, meta, 0, 0, stored, this.#pointerLength);
    if (this.#inTransaction === TRANSACTION_RECORDS) this.#endTransaction();
  }

  /** Each transaction's end, so that a file may end behind it. */
  #endTransaction(): void {
    const { valueLog, options } = this.#store;
    this.#inTransaction = 0;
    if (this.#outcome === 'ok' && !options.memtableLog) {
      const value = Value.of(ascii(String(this.#version)));
      const { length } = TRANSACTION_KEY;
      const bit = TRANSACTION_END_BIT;
      this.#outcome = valueLog.add(TRANSACTION_KEY, 0, length, this.#version, bit, 0, 0, value);
    }
    if (this.#outcome === 'ok') this.#outcome = valueLog.end();
    valueLog.rotations = 0;
    valueLog.begin('value-log');
  }

  #finishTable(): void {
    if (this.#builder.entries === 0) return;
    const table = this.#store.writeTable(this.#builder, 'compaction');
    this.#builder.start();
    if (table === undefined) this.#outcome = this.#failure();
    else this.#tables.push(table);
  }

  /** Where replay begins: at the end of the value log. */
  #finishHead(): Table | undefined {
    const store = this.#store;
    if (this.#outcome !== 'ok') return undefined;
    writeValuePointer(this.#pointer, 0, store.valueLog.newest, 0, store.valueLog.offset);
    const { length } = HEAD_KEY;
    const key = new Uint8Array(length + VERSION_BYTES);
    key.set(HEAD_KEY);
    writeVersion(key, length, store.nextVersion);
    this.#builder.add(key, length, 0, 0, 0, this.#pointerValue, this.#pointerLength);
    const table = store.writeTable(this.#builder, 'flush');
    store.giveBuilder(this.#builder);
    return table;
  }

  #failure(): Exclude<WriteOutcome, 'ok'> {
    return this.#store.failure ?? (this.#outcome === 'no-space' ? 'no-space' : 'io-error');
  }

  /** On the first level whose size is not exceeded. */
  #install(head: Table): WriteOutcome {
    const store = this.#store;
    const { levels, valueLog, manifest } = store;
    let bytes = 0;
    for (const table of this.#tables) bytes += table.bytes;
    let level = 1;
    while (level < levels.count - 1 && bytes >= levels.bytesMax[level]) level++;
    for (const table of this.#tables) levels.add(level, table);
    levels.add(0, head);
    if (!store.syncDirectory()) return this.#failure();
    const changes = this.#tables.map(({ number }) => ({ table: number, level }));
    changes.push({ table: head.number, level: 0 });
    const outcome = manifest === undefined ? 'io-error' : manifest.add(changes);
    if (outcome !== 'ok') return outcome;
    this.#writes.setHead(valueLog.newest, valueLog.offset, 0);
    return 'ok';
  }

  #setKey(key: Uint8Array): number {
    const length = this.#writes.setKey(this.#table, key, 0, key.length);
    const stored = this.#writes.key;
    if (length + VERSION_BYTES > this.#key.length) this.#key = new Uint8Array((length + VERSION_BYTES) * 2);
    const own = this.#key;
    for (let i = 0; i < length; i++) own[i] = stored[i];
    writeVersion(own, length, this.#version);
    return length;
  }
}
