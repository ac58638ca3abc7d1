/** The way of a write: value log, room in the memtable, memtable. */
import { assert } from '../../sim/assert.ts';
import type { Batch } from '../../sim/batch.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { DiskOutcome } from '../../sim/disk/disk.ts';
import type { WriteOutcome } from '../../sim/storage-engine.ts';
import { Duplicates } from './duplicates.ts';
import {
  ascii,
  DELETE_BIT,
  isInternalKey,
  KEY_BYTES_MAX,
  TRANSACTION_BIT,
  TRANSACTION_END_BIT,
  TRANSACTION_KEY,
  VALUE_POINTER_BIT,
  VALUE_POINTER_BYTES,
  writeValuePointer,
} from './format.ts';
import type { MemtableList } from './memtable-list.ts';
import { MemtableQueue } from './memtable-queue.ts';
import type { Store } from './store.ts';

/** An entry that the engine writes for itself. `value` undefined: a deletion. */
export interface OwnEntry {
  readonly key: Uint8Array;
  readonly version: number;
  readonly userMeta: number;
  readonly expiresAt: number;
  readonly value: Value | undefined;
}

export class WritePath extends MemtableQueue {
  readonly #prefixed: boolean;
  readonly #tables: number;
  readonly #duplicates = new Duplicates();
  #key = new Uint8Array(256);
  readonly #value = new Value();
  readonly #pointer = new Uint8Array(VALUE_POINTER_BYTES);
  readonly #pointerValue = Value.of(this.#pointer);
  #offsets = new Float64Array(64);
  #lengths = new Float64Array(64);

  constructor(store: Store, memtables: MemtableList, tables: number) {
    super(store, memtables);
    this.#prefixed = tables > 1;
    this.#tables = tables;
  }

  // ——— transactions ———

  write(batch: Batch): WriteOutcome {
    const store = this.store;
    const { valueLog } = store;
    const version = store.nextVersion++;
    // The transaction read at the version before, and is done with reading.
    store.discardVersion = version - 1;
    this.#duplicates.find(batch);
    if (batch.count > this.#offsets.length) {
      this.#offsets = new Float64Array(batch.count * 2);
      this.#lengths = new Float64Array(batch.count * 2);
    }
    valueLog.begin('value-log');
    let outcome = this.#logValues(batch, version);
    if (outcome === 'ok' && this.log === undefined) outcome = this.#endTransaction(version);
    const file = valueLog.pointerFile;
    if (outcome === 'ok') outcome = valueLog.end();
    if (outcome !== 'ok') return this.#failed(outcome, 'write to the value log');
    outcome = this.makeRoom();
    if (outcome !== 'ok') return this.#failed(outcome, 'sync of the value log');
    this.#toMemtable(batch, version, file);
    if (this.log !== undefined) outcome = this.#endLog(version);
    return outcome === 'ok' ? 'ok' : this.#failed(outcome, 'write to the log of the memtable');
  }

  /**
   * Entries of the engine's own, each for itself, written by a background job. It begins no new file and switches no
   * memtable: the writer's next sync would have to wait for a sync of the job's thread. See `Jobs.settleOwn`.
   */
  writeOwn(entries: readonly OwnEntry[]): WriteOutcome {
    const { valueLog, options } = this.store;
    valueLog.begin('gc');
    const pointers: number[] = [];
    let outcome: DiskOutcome = 'ok';
    for (const { key, version, userMeta, expiresAt, value } of entries) {
      const meta = value === undefined ? DELETE_BIT : 0;
      if (this.log !== undefined && !this.#isLarge(value)) {
        pointers.push(0, 0);
        continue;
      }
      outcome = valueLog.add(key, 0, key.length, version, meta, userMeta, expiresAt, value);
      if (outcome !== 'ok') return this.#failed(outcome, 'write to the value log');
      pointers.push(valueLog.pointerOffset, valueLog.pointerLength);
    }
    const file = valueLog.pointerFile;
    outcome = valueLog.end();
    if (outcome !== 'ok') return this.#failed(outcome, 'write to the value log');
    entries.forEach(({ key, version, userMeta, expiresAt, value }, i) => {
      const meta = value === undefined ? DELETE_BIT : 0;
      this.#put(key, key.length, version, meta, userMeta, expiresAt, value, file, pointers[2 * i], pointers[2 * i + 1]);
    });
    this.#noteHead();
    if (this.log !== undefined) outcome = this.log.flush();
    if (this.log !== undefined && outcome === 'ok' && options.syncWrites) outcome = this.log.sync();
    return outcome === 'ok' ? 'ok' : this.#failed(outcome, 'write to the log of the memtable');
  }

  sync(): WriteOutcome {
    let outcome = this.store.valueLog.sync();
    if (outcome === 'ok' && this.log !== undefined) outcome = this.log.sync();
    if (this.store.bugs['badger-full-memtable-not-synced'])
      return outcome === 'ok' ? 'ok' : this.#failed(outcome, 'sync');
    for (const { log } of this.memtables.immutables) if (outcome === 'ok' && log !== undefined) outcome = log.sync();
    return outcome === 'ok' ? 'ok' : this.#failed(outcome, 'sync');
  }

  /** Of all that was written so far, by a background job. */
  syncFromJob(number: number): WriteOutcome {
    let outcome: DiskOutcome = this.store.valueLog.syncFrom(number);
    for (const log of this.logs()) if (outcome === 'ok') outcome = this.store.disk.sync(log.file);
    return outcome === 'ok' ? 'ok' : this.#failed(outcome, 'sync of the value log');
  }

  /** The writer calls again: what it asked for before has had its time. */
  noteCall(): void {
    this.switched = false;
    this.store.valueLog.writerSyncs = false;
    this.store.valueLog.writerCalls++;
  }

  // ——— recovery ———

  /** Into the memtable only: the entry stands in a log. */
  replay(
    key: Uint8Array,
    version: number,
    meta: number,
    userMeta: number,
    expiresAt: number,
    value: Value | undefined,
  ): void {
    this.memtables.active.put(key, 0, key.length, version, meta, userMeta, expiresAt, value);
  }

  // ——— steps ———

  #logValues(batch: Batch, version: number): DiskOutcome {
    const { valueLog } = this.store;
    const value = this.#value;
    for (let i = 0; i < batch.count; i++) {
      if (this.#duplicates.isVoid(i)) continue;
      const isDelete = batch.isDelete[i] !== 0;
      batch.value(i, value);
      const length = this.setKey(batch.table[i], batch.bytes, batch.keyFrom[i], batch.keyTo[i]);
      this.#checkKey(length);
      if (this.log !== undefined && !this.#isLarge(isDelete ? undefined : value)) continue;
      // A log of its own knows the transactions; the value log then has single entries.
      const meta = (this.log === undefined ? TRANSACTION_BIT : 0) | (isDelete ? DELETE_BIT : 0);
      const outcome = valueLog.add(this.#key, 0, length, version, meta, 0, 0, isDelete ? undefined : value);
      if (outcome !== 'ok') return outcome;
      this.#offsets[i] = valueLog.pointerOffset;
      this.#lengths[i] = valueLog.pointerLength;
    }
    return 'ok';
  }

  #endTransaction(version: number): DiskOutcome {
    const { valueLog } = this.store;
    const value = Value.of(ascii(String(version)));
    const { length } = TRANSACTION_KEY;
    return valueLog.add(TRANSACTION_KEY, 0, length, version, TRANSACTION_END_BIT, 0, 0, value);
  }

  #toMemtable(batch: Batch, version: number, file: number): void {
    const value = this.#value;
    for (let i = 0; i < batch.count; i++) {
      if (this.#duplicates.isVoid(i)) continue;
      const isDelete = batch.isDelete[i] !== 0;
      batch.value(i, value);
      const length = this.setKey(batch.table[i], batch.bytes, batch.keyFrom[i], batch.keyTo[i]);
      const meta = TRANSACTION_BIT | (isDelete ? DELETE_BIT : 0);
      const put = isDelete ? undefined : value;
      this.#put(this.#key, length, version, meta, 0, 0, put, file, this.#offsets[i], this.#lengths[i]);
    }
    this.#noteHead();
  }

  #put(
    key: Uint8Array,
    keyLength: number,
    version: number,
    meta: number,
    userMeta: number,
    expiresAt: number,
    value: Value | undefined,
    file: number,
    offset: number,
    length: number,
  ): void {
    let stored = value;
    let bits = meta;
    if (this.#isLarge(value)) {
      writeValuePointer(this.#pointer, 0, file, length, offset);
      stored = this.#pointerValue;
      bits |= VALUE_POINTER_BIT;
    }
    this.memtables.active.put(key, 0, keyLength, version, bits, userMeta, expiresAt, stored);
    this.log?.add(key, 0, keyLength, version, bits, userMeta, expiresAt, stored);
  }

  #endLog(version: number): DiskOutcome {
    const { log } = this;
    if (log === undefined) return 'ok';
    const value = Value.of(ascii(String(version)));
    log.add(TRANSACTION_KEY, 0, TRANSACTION_KEY.length, version, TRANSACTION_END_BIT, 0, 0, value);
    const outcome = log.flush();
    return outcome === 'ok' && this.store.options.syncWrites ? log.sync() : outcome;
  }

  #isLarge(value: Value | undefined): boolean {
    return (value === undefined ? 0 : value.length) >= this.store.options.valueThreshold;
  }

  #noteHead(): void {
    const { pointerFile, pointerOffset, pointerLength } = this.store.valueLog;
    if (pointerLength > 0) this.setHead(pointerFile, pointerOffset, pointerLength);
  }

  #failed(outcome: Exclude<WriteOutcome, 'ok'>, reason: string): WriteOutcome {
    this.store.fail(outcome, reason);
    return outcome;
  }

  // ——— keys ———

  get key(): Uint8Array {
    return this.#key;
  }

  /** Puts the stored form of a user's key into `key`; returns its length. */
  setKey(table: number, bytes: Uint8Array, from: number, to: number): number {
    assert(table < this.#tables, 'badger: no such table');
    const prefix = this.#prefixed ? 1 : 0;
    const length = to - from + prefix;
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2);
    const key = this.#key;
    key[0] = table;
    for (let i = 0; i < to - from; i++) key[prefix + i] = bytes[from + i];
    return length;
  }

  #checkKey(length: number): void {
    assert(length > 0 && length <= KEY_BYTES_MAX, 'badger: keys have 1 to 65000 bytes');
    assert(!isInternalKey(this.#key, 0, length), "badger: keys that begin with !badger! are Badger's own");
  }
}
