/**
 * Merges the tables of one compaction into new tables of the level below. Of each key the newest version
 * stays (of those that a running transaction might still need, all); a deletion stays only while a
 * deeper level may hold what it deletes. A table is never moved as it is: dropping versions is the point.
 *
 * A job ends by one record of the manifest that takes the inputs out and puts the outputs in.
 */
import { readU32LE } from '../../sim/bytes/fixed.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { Compaction } from './compaction-picker.ts';
import type { Cursor } from './cursor.ts';
import { DELETE_BIT, DISCARD_EARLIER_VERSIONS_BIT, MERGE_BIT, VALUE_POINTER_BIT } from './format.ts';
import type { Change } from './manifest.ts';
import { MergingCursor } from './merging-cursor.ts';
import type { Store } from './store.ts';
import { type Table, totalBytes } from './table.ts';
import type { TableBuilder } from './table-builder.ts';
import { TablesCursor } from './tables-cursor.ts';

/** Badger's default, and what the port needs: it shows no old version. */
const VERSIONS_TO_KEEP = 1;
const SLICE_ENTRIES = 4096;
const WINDOW_BYTES = 1 << 20;

/** `more`: the slice's limit is reached, or an output has been written. */
export type StepOutcome = 'more' | 'merged' | 'failed';

export class CompactionJob {
  readonly compaction: Compaction;
  /** Bytes of the value log that dropped entries pointed to, by file. */
  readonly discarded = new Map<number, number>();
  readonly #store: Store;
  readonly #merging: MergingCursor;
  readonly #builder: TableBuilder;
  readonly #value = new Value();
  readonly #outputs: Table[] = [];
  /** Versions up to this one may be dropped. */
  readonly #discardVersion: number;
  #key: Uint8Array = new Uint8Array(64);
  #keyLength = -1;
  /** Of the last entry of that key. */
  #version = 0;
  #versions = 0;
  /** The rest of the key's entries go. */
  #skipping = false;
  /** Of the last value pointer that was kept: Badger adds it to the estimated size of every entry after it. */
  #pointerLength = 0;
  #entriesIn = 0;
  #entriesOut = 0;

  constructor(store: Store, compaction: Compaction) {
    this.#store = store;
    this.compaction = compaction;
    this.#builder = store.takeBuilder();
    this.#builder.start();
    this.#discardVersion = store.discardVersion;
    const cursors: Cursor[] = [];
    const open = (tables: readonly Table[]): void => {
      const { disk, options, work } = store;
      cursors.push(new TablesCursor(disk, WINDOW_BYTES, options.verifyBlocks, work).setTables(tables));
    };
    const { top, bottom } = compaction;
    for (let i = top.length - 1; i >= 0; i--) open([top[i]]);
    if (bottom.length > 0) open(bottom);
    this.#merging = new MergingCursor(cursors, store.work);
    this.#merging.first();
  }

  step(): StepOutcome {
    const merging = this.#merging;
    for (let entries = 0; entries < SLICE_ENTRIES; entries++) {
      const top = merging.top;
      if (top === undefined) {
        if (merging.failure !== undefined) return this.#fail(merging.failure);
        return this.#builder.entries === 0 || this.#finishOutput() ? 'merged' : 'failed';
      }
      const isNewKey = this.#keyLength < 0 || !top.isAt(this.#key, 0, this.#keyLength);
      if (isNewKey && this.#builder.reachedCapacity(this.#store.options.tableBytesMax)) {
        return this.#finishOutput() ? 'more' : 'failed';
      }
      this.#entriesIn++;
      this.#take(top, isNewKey);
      merging.next();
    }
    return 'more';
  }

  /** Outputs become part of the store when the manifest says so. False: the store has failed. */
  commit(): boolean {
    const { level, top, bottom } = this.compaction;
    const { manifest, committed } = this.#store;
    const changes: Change[] = [];
    for (const { number } of this.#outputs) {
      changes.push({ table: number, level: level + 1 });
      committed.push(number);
    }
    for (const { number } of top) changes.push({ table: number, level: -1 });
    for (const { number } of bottom) changes.push({ table: number, level: -1 });
    const outcome = manifest === undefined ? 'io-error' : manifest.add(changes);
    if (outcome !== 'ok') this.#store.fail(outcome, 'manifest of a compaction');
    return outcome === 'ok';
  }

  /** The commit's sync has had its time: change the levels, remove the inputs' files. */
  install(): void {
    const store = this.#store;
    const { level, top, bottom } = this.compaction;
    const { levels, counters } = store;
    levels.remove(level + 1, bottom);
    levels.remove(level, top);
    for (const table of this.#outputs) {
      levels.add(level + 1, table);
      store.settleTable(table.number);
    }
    for (const table of top) store.removeTable(table);
    for (const table of bottom) store.removeTable(table);
    const inputBytes = totalBytes(top) + totalBytes(bottom);
    const outputBytes = totalBytes(this.#outputs);
    counters.compactions++;
    counters.readBytes[level + 1] += inputBytes;
    counters.writtenBytes[level + 1] += outputBytes;
    counters.entriesDropped += this.#entriesIn - this.#entriesOut;
    store.giveBuilder(this.#builder);
    store.onJob?.({
      kind: 'compaction',
      level,
      top: top.length,
      bottom: bottom.length,
      outputs: this.#outputs.length,
      inputBytes,
      outputBytes,
    });
  }

  /** Removes what a failed job has written. */
  abandon(): void {
    for (const table of this.#outputs) this.#store.removeTable(table);
    this.#outputs.length = 0;
  }

  #take(top: Cursor, isNewKey: boolean): void {
    if (isNewKey) {
      this.#setKey(top);
      this.#skipping = false;
      this.#versions = 0;
    } else if (top.version === this.#version) return; // the same entry again, from an older table
    this.#version = top.version;
    if (this.#skipping) {
      this.#discard(top);
      return;
    }
    const { meta } = top;
    if (top.version <= this.#discardVersion && (meta & MERGE_BIT) === 0) {
      this.#versions++;
      const isLast = (meta & DISCARD_EARLIER_VERSIONS_BIT) !== 0 || this.#versions === VERSIONS_TO_KEEP;
      const isDeleted = (meta & DELETE_BIT) !== 0;
      this.#skipping = isDeleted || isLast;
      if (isDeleted && !this.compaction.overlapsBelow) {
        this.#discard(top);
        return;
      }
    }
    this.#add(top);
  }

  #add(top: Cursor): void {
    const value = this.#value;
    top.value(value);
    if ((top.meta & VALUE_POINTER_BIT) !== 0) this.#pointerLength = readU32LE(value.bytes, value.start + 4);
    this.#builder.add(top.key, top.keyLength, top.meta, top.userMeta, top.expiresAt, value, this.#pointerLength);
    this.#entriesOut++;
  }

  #discard(top: Cursor): void {
    if ((top.meta & VALUE_POINTER_BIT) === 0) return;
    const value = this.#value;
    top.value(value);
    const file = readU32LE(value.bytes, value.start);
    this.discarded.set(file, (this.discarded.get(file) ?? 0) + readU32LE(value.bytes, value.start + 4));
  }

  #setKey(top: Cursor): void {
    const { key, keyLength } = top;
    if (keyLength > this.#key.length) this.#key = new Uint8Array(keyLength * 2);
    const own = this.#key;
    for (let i = 0; i < keyLength; i++) own[i] = key[i];
    this.#keyLength = keyLength;
  }

  #finishOutput(): boolean {
    const table = this.#store.writeTable(this.#builder, 'compaction');
    if (table === undefined) return false;
    this.#outputs.push(table);
    this.#builder.start();
    return true;
  }

  #fail(reason: string): StepOutcome {
    this.#store.fail('io-error', reason);
    return 'failed';
  }
}
