/**
 * The `bolt` engine: a database (`database.ts`) behind the port that all engines have. A table is a bucket of the root.
 *
 * `write` puts into the open write transaction, which the first write after a commit begins;
 * reads see it. `sync` is its commit: two cache flushes, after which it is durable as a whole. A
 * crash before leaves the commit before. `close` commits nothing, as in bbolt.
 *
 * Limits: keys of 1 to 32,768 bytes, values below 2 GiB, 2^31 pages, 2 GiB of keys and values in one
 * transaction, all asserted; whoever writes bounds the transaction by calling `sync`. A nested bucket that another
 * program put into a table is skipped by `scan`, not found by `get`, and ends the service of who overwrites it.
 */
import { assert } from '../../sim/assert.ts';
import type { Batch } from '../../sim/batch.ts';
import { compareRanges } from '../../sim/bytes/compare.ts';
import { Value } from '../../sim/bytes/value.ts';
import type {
  EngineStats,
  Fault,
  Job,
  OpenOutcome,
  Pressure,
  RecordSource,
  StorageEngine,
  Visitor,
  WriteOutcome,
} from '../../sim/storage-engine.ts';
import type { EngineContext } from '../engine.ts';
import type { Bucket } from './bucket.ts';
import { bulkLoad } from './bulk-load.ts';
import { type BucketCensus, ROOT_BUCKET, TreeWalk } from './check.ts';
import { checkDatabase } from './check-database.ts';
import { Database } from './database.ts';
import { databaseStats } from './figures.ts';
import { KEY_BYTES_MAX, VALUE_BYTES_MAX } from './format.ts';
import * as lookup from './lookup.ts';
import { maintenanceJob } from './maintenance.ts';
import { NOTHING } from './nodes.ts';
import type { BoltOptions } from './options.ts';

export class BoltEngine implements StorageEngine {
  readonly delayedBytesPerS: number = Number.MAX_SAFE_INTEGER;
  readonly database: Database;
  readonly #value = new Value();

  constructor(context: EngineContext, options: BoltOptions) {
    const { disk, directory, work, tables } = context;
    const encoder = new TextEncoder();
    const names = tables.map((name) => encoder.encode(name));
    this.database = new Database(disk, `${directory}db`, work, options, names, undefined, context.bugs);
  }

  get corruption(): Fault | undefined {
    return this.database.corruption;
  }

  open(): OpenOutcome {
    const outcome = this.database.open();
    if (outcome === 'corrupt' || outcome === 'io-error') return outcome;
    if (this.#createMissingTables() !== 'ok') return this.corruption === undefined ? 'io-error' : 'corrupt';
    return outcome;
  }

  #createMissingTables(): WriteOutcome {
    const { database } = this;
    const { tables, root } = database.transaction;
    for (const table of tables) {
      if (table.root !== 0 || table.inline !== undefined) continue;
      this.#begin();
      if (!root.createTable(table)) return this.#damaged();
    }
    return this.sync();
  }

  get(table: number, key: Uint8Array, into: Value): boolean {
    const { database } = this;
    if (!database.isServing) return false;
    const { transaction } = database;
    const found = lookup.find(transaction, this.#table(table), key, into);
    if (found === lookup.DAMAGED) this.#damaged();
    return found === lookup.VALUE;
  }

  scan(table: number, from: Uint8Array, to: Uint8Array | undefined, visit: Visitor): void {
    if (!this.database.isServing) return;
    const cursor = this.#table(table).cursor();
    for (let more = cursor.seek(from); more; more = cursor.next()) {
      const { keyBytes, keyFrom, keyTo } = cursor;
      if (to !== undefined && compareRanges(keyBytes, keyFrom, keyTo, to, 0, to.length) >= 0) return;
      if (!cursor.isBucket && !visit(keyBytes, keyFrom, keyTo, cursor.value)) return;
    }
    if (cursor.isDamaged) this.#damaged();
  }

  write(batch: Batch): WriteOutcome {
    const { database } = this;
    if (!database.isServing) return 'io-error';
    this.#begin();
    const { transaction } = database;
    const value = this.#value;
    const { count, table, keyFrom, keyTo, isDelete, bytes } = batch;
    for (let i = 0; i < count; i++) {
      const bucket = this.#table(table[i]!);
      const from = keyFrom[i]!;
      const to = keyTo[i]!;
      assert(to > from && to - from <= KEY_BYTES_MAX, 'bolt: keys have 1 to 32768 bytes');
      let isDone: boolean;
      if (isDelete[i] === 1) {
        isDone = this.#delete(bucket, bytes, from, to);
      } else {
        batch.value(i, value);
        assert(value.length <= VALUE_BYTES_MAX, 'bolt: value too large');
        isDone = transaction.put(bucket, bytes, from, to, value, 0) !== NOTHING;
      }
      if (!isDone) return this.#damaged();
    }
    return 'ok';
  }

  /** A key that is not there leaves the tree's pages alone. */
  #delete(bucket: Bucket, bytes: Uint8Array, from: number, to: number): boolean {
    const { transaction } = this.database;
    const found = lookup.find(transaction, bucket, bytes.subarray(from, to), this.#value);
    if (found === lookup.ABSENT) return true;
    return found === lookup.VALUE && transaction.delete(bucket, bytes, from, to);
  }

  sync(): WriteOutcome {
    if (!this.database.isServing) return 'io-error';
    return this.database.transaction.isOpen ? this.database.commit() : 'ok';
  }

  #begin(): void {
    if (!this.database.transaction.isOpen) this.database.begin();
  }

  #table(index: number): Bucket {
    const table = this.database.transaction.tables[index];
    assert(table !== undefined, 'bolt: unknown table');
    return table;
  }

  /** Bolt has no background work: all of it is done in the commit. */
  background(): Job | undefined {
    return undefined;
  }

  /** Writers wait while the file is copied. */
  pressure(): Pressure {
    return this.database.isDefragmenting ? 'stop' : 'none';
  }

  maintain(task: string, argument: number): Job | undefined {
    return this.database.isServing ? maintenanceJob(this.database, task, argument) : undefined;
  }

  bulkLoad(table: number, records: RecordSource): WriteOutcome {
    const { database } = this;
    const bucket = this.#table(table);
    if (!database.isServing) return 'io-error';
    assert(!database.transaction.isOpen && bucket.root === 0, 'bolt: bulk load into a table that has been written to');
    return bulkLoad(database, bucket, records);
  }

  /** The file only ever shows the last commit. */
  checkpoint(): readonly string[] {
    return [this.database.path];
  }

  check(): Fault[] {
    return checkDatabase(this.database);
  }

  /** By table: what its tree, and those inside of it, consist of as of the last commit. Walks everything. */
  tableCensus(): BucketCensus[] {
    const { store, transaction } = this.database;
    const walk = new TreeWalk(store.pages);
    walk.walkRoot(store.meta.root);
    walk.walkBuckets();
    return transaction.tables.map(({ name }) => {
      const at = walk.buckets.findIndex((bucket) => {
        return (
          bucket.parent === ROOT_BUCKET && compareRanges(bucket.name, 0, bucket.name.length, name, 0, name.length) === 0
        );
      });
      return walk.sumOf(at);
    });
  }

  stats(): EngineStats {
    return databaseStats(this.database);
  }

  /** The open transaction is rolled back. */
  close(): WriteOutcome {
    this.database.close();
    return 'ok';
  }

  #damaged(): 'io-error' {
    this.database.stop();
    return 'io-error';
  }
}
