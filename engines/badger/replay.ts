/** Puts the entries of logs into memtables: those of a transaction when its end has come, single ones at once. */
import { readU32LE } from '../../sim/bytes/fixed.ts';
import { Value } from '../../sim/bytes/value.ts';
import {
  TRANSACTION_BIT,
  TRANSACTION_END_BIT,
  VALUE_POINTER_BIT,
  VALUE_POINTER_BYTES,
  writeValuePointer,
} from './format.ts';
import type { LogReader } from './log-reader.ts';
import type { Store } from './store.ts';
import type { WritePath } from './write-path.ts';

interface Entry {
  readonly key: Uint8Array;
  readonly version: number;
  readonly meta: number;
  readonly userMeta: number;
  readonly expiresAt: number;
  readonly value: Value;
}

export class Replay {
  readonly #store: Store;
  readonly #writes: WritePath;
  readonly #flush: () => void;
  readonly #transaction: Entry[] = [];
  /** A memtable's log survived with a pointer to a value that did not: what comes from there on was never synced. */
  isBroken = false;

  /** `flush` makes a place in the queue of full memtables. */
  constructor(store: Store, writes: WritePath, flush: () => void) {
    this.#store = store;
    this.#writes = writes;
    this.#flush = flush;
  }

  /** The current entry of value-log file `file`; −1: of a memtable's log, which holds pointers as they are. */
  take(reader: LogReader, file: number): void {
    const { entry } = reader;
    const store = this.#store;
    store.nextVersion = Math.max(store.nextVersion, entry.version);
    if (file < 0 && (entry.meta & VALUE_POINTER_BIT) !== 0 && !this.#isPointerSound(reader)) {
      this.isBroken = true;
      return;
    }
    const isEnd = (entry.meta & TRANSACTION_END_BIT) !== 0;
    if (!isEnd) this.#transaction.push(this.#copy(reader, file));
    if (!isEnd && (entry.meta & TRANSACTION_BIT) !== 0) return;
    this.#apply();
    // not before: a memtable that became full is flushed with the head, and the next replay begins behind it
    if (file >= 0) this.#writes.setHead(file, reader.offset, entry.length);
  }

  /** The log ends: what is left has no end, so it has not happened. */
  dropOpenTransaction(): void {
    this.#transaction.length = 0;
  }

  #isPointerSound(reader: LogReader): boolean {
    const value = new Value();
    reader.value(value);
    const { bytes, start, length, fillLength } = value;
    if (length !== VALUE_POINTER_BYTES || fillLength > 0) return false;
    const [number, size, offset] = [0, 4, 8].map((at) => readU32LE(bytes, start + at));
    return this.#store.valueLog.reaches(number, offset, size);
  }

  #copy(reader: LogReader, file: number): Entry {
    const { entry } = reader;
    const key = entry.key.slice(0, entry.keyLength);
    const { version, userMeta, expiresAt } = entry;
    const bytes = entry.valueTo - entry.valueFrom;
    if (file >= 0 && bytes >= this.#store.options.valueThreshold) {
      const pointer = new Uint8Array(VALUE_POINTER_BYTES);
      writeValuePointer(pointer, 0, file, entry.length, reader.offset);
      return { key, version, meta: entry.meta | VALUE_POINTER_BIT, userMeta, expiresAt, value: Value.of(pointer) };
    }
    const value = new Value();
    reader.value(value);
    return { key, version, meta: entry.meta, userMeta, expiresAt, value: value.copy() };
  }

  #apply(): void {
    const store = this.#store;
    if (this.#writes.isFull) this.#flush();
    const outcome = this.#writes.makeRoom();
    if (outcome !== 'ok') store.fail(outcome, 'replay');
    for (const { key, version, meta, userMeta, expiresAt, value } of this.#transaction) {
      this.#writes.replay(key, version, meta, userMeta, expiresAt, value);
      store.counters.replayedEntries++;
    }
    this.#transaction.length = 0;
  }
}
