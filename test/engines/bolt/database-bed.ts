/** A bolt database of its own on a disk, and how to look at all that is in it. */
import { expect } from 'vitest';
import type { Bucket, BucketFailure } from '../../../engines/bolt/bucket.ts';
import { checkDatabase } from '../../../engines/bolt/check-database.ts';
import { Database } from '../../../engines/bolt/database.ts';
import { boltOptions } from '../../../engines/bolt/options.ts';
import type { Transaction } from '../../../engines/bolt/transaction.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { BlockStore } from '../../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Rng } from '../../../sim/rng.ts';
import { Work } from '../../../sim/work.ts';
import { bytesOf, text } from '../bed.ts';

export class DatabaseBed {
  readonly disk: SimulatedDisk;
  readonly #options: ParameterValues;
  database: Database;

  constructor(options: ParameterValues = {}, seed = 1) {
    this.#options = options;
    this.disk = new SimulatedDisk({
      store: new BlockStore(),
      rng: new Rng(seed),
      pageCacheBytes: 64 * 1024 * 1024,
      capacityBytes: 64 * 1024 * 1024 * 1024,
    });
    this.database = this.#make();
    expect(this.database.open()).toBe('fresh');
    this.disk.settle();
  }

  #make(): Database {
    return new Database(this.disk, 'db', new Work(), boltOptions(this.#options));
  }

  /** One write transaction. */
  update(act: (root: Bucket) => void): void {
    act(this.database.begin().root);
    expect(this.database.commit()).toBe('ok');
    this.disk.settle();
  }

  reopen(): void {
    this.database.close();
    this.database = this.#make();
    expect(this.database.open()).toBe('recovered');
    this.disk.settle();
  }

  /** A new process after the disk has crashed; the file may never have been created. */
  reopenAfterCrash(): void {
    this.database = this.#make();
    expect(this.database.open()).toMatch(/fresh|recovered/);
    this.disk.settle();
  }

  faults(): string[] {
    return checkDatabase(this.database).map(({ where, what }) => `${where}: ${what}`);
  }

  get figures(): { readonly [name: string]: number } {
    const { store } = this.database;
    return { free: store.freelist.pages.count, pending: store.freelist.pendingCount, highWater: store.meta.highWater };
  }
}

export function bucketOf(outcome: Bucket | BucketFailure | undefined): Bucket {
  if (outcome === undefined || typeof outcome === 'string') throw new Error(`no bucket: ${outcome}`);
  return outcome;
}

export function putText(bucket: Bucket, key: string, value: string): void {
  expect(bucket.put(bytesOf(key), Value.of(bytesOf(value)))).toBe('ok');
}

/** Everything inside of a bucket: keys with their values, buckets with their sequence and what is inside of them. */
export type Content = { [key: string]: string | { sequence: number; content: Content } };

export function contentOf(transaction: Transaction, bucket: Bucket = transaction.root): Content {
  const content: Content = {};
  const cursor = bucket.cursor();
  for (let more = cursor.first(); more; more = cursor.next()) {
    const key = text(cursor.key());
    if (cursor.isBucket) {
      const inner = bucketOf(bucket.bucket(cursor.key()));
      content[key] = { sequence: inner.sequence, content: contentOf(transaction, inner) };
    } else {
      content[key] = text(cursor.value.toBytes());
    }
  }
  expect(cursor.isDamaged).toBe(false);
  return content;
}
