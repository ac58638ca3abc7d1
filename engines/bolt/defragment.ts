/**
 * Defragmentation: everything is copied in key order into a new file, by transactions of some thousand keys, as etcd
 * does it; nested buckets and sequences as bbolt's `Compact` does. The new file then takes the old one's name.
 *
 * Nobody may write meanwhile (`Database.isDefragmenting`, the engine's pressure), but for the commit of what was
 * written before, which is waited for; a write that comes all the same ends
 * the job, since what it has copied would be stale. Reads go on from the old file.
 *
 * A crash at any moment leaves the old file or the new one under the name: the new one is synced before it is
 * renamed, and nothing is written to it before the rename is durable. What is left of an unfinished copy is removed
 * when the database is opened.
 */
import type { Disk } from '../../sim/disk/disk.ts';
import type { Job } from '../../sim/storage-engine.ts';
import type { Bucket, BucketFailure } from './bucket.ts';
import type { Database } from './database.ts';
import type { PageCensus } from './statistics.ts';
import type { Transaction } from './transaction.ts';

/** etcd's: keys in a transaction, and how full it leaves pages. */
export const DEFRAGMENT_KEYS = 10_000;
const FILL_PERCENT = 0.9;
/** Keys copied between two yields. */
const SLICE_KEYS = 256;

/** Looks again after so long whether the transaction that was open is over, and gives up after 10 s. */
const WAIT_NS = 10_000_000;
const WAITS_MAX = 1000;

/** Copies with a commit after every `keysMax` keys. Of a database that is serving and has no readers. */
export function* defragment(database: Database, keysMax: number): Job {
  database.isDefragmenting = true;
  // whoever began the open transaction commits it: they wait for its syncs
  for (let waits = 0; database.transaction.isOpen && waits < WAITS_MAX; waits++) yield WAIT_NS;
  if (database.transaction.isOpen || !database.isServing) {
    database.isDefragmenting = false;
    return;
  }
  const target = database.temporary();
  const reader = database.beginRead();
  const copy = new Copy(database, reader, target, keysMax);
  const isReady = target.open() === 'fresh' && (yield* copy.run());
  database.endRead(reader);
  const census = isReady ? target.store.census : undefined;
  target.close();
  if (reader.pages.fault !== undefined) database.stop(reader.pages.takeFault());
  if (census !== undefined && database.isServing) yield* takeOver(database, target.path, census);
  else database.disk.remove(target.path);
  database.isDefragmenting = false;
}

/** The copy gets the name; once that is durable, the database goes on with it. */
function* takeOver(database: Database, path: string, census: PageCensus): Job {
  const { disk } = database;
  disk.rename(path, database.path);
  if (disk.syncDirectory(directoryOf(database.path)) !== 'ok') {
    // which of the files has the name after a crash is open: whoever goes on must not write to either
    database.stop({ where: database.path, what: 'the directory could not be synced after defragmentation' });
    return;
  }
  yield undefined;
  database.reload(census);
}

/** What is left of a copy that was interrupted. */
export function removeUnfinishedCopy(disk: Disk, path: string): void {
  if (disk.list(path).includes(path)) disk.remove(path);
}

function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

class Copy {
  readonly #source: Database;
  readonly #reader: Transaction;
  readonly #target: Database;
  readonly #keysMax: number;
  /** Since the last commit, and since the last yield. */
  #uncommitted = 0;
  #sliced = 0;

  constructor(source: Database, reader: Transaction, target: Database, keysMax: number) {
    this.#source = source;
    this.#reader = reader;
    this.#target = target;
    this.#keysMax = keysMax;
  }

  /** True if all is there, committed and synced. */
  *run(): Generator<undefined, boolean> {
    this.#target.begin();
    if (!(yield* this.#bucket(this.#reader.root, []))) return false;
    const outcome = this.#target.commit();
    yield undefined;
    return outcome === 'ok' && !this.#isStale();
  }

  /** Copies what is in a bucket into the one of that path; false: it can't go on. */
  *#bucket(source: Bucket, path: readonly Uint8Array[]): Generator<undefined, boolean> {
    const cursor = source.cursor();
    let target = this.#open(path);
    for (let more = cursor.first(); more; more = cursor.next()) {
      // buckets of the root don't count, nor does the key that opens a transaction: so etcd counts
      if (path.length > 0 && ++this.#uncommitted > this.#keysMax) {
        if (this.#target.commit() !== 'ok') return false;
        yield undefined;
        this.#target.begin();
        this.#uncommitted = 0;
        target = undefined;
      }
      if (this.#sliced >= SLICE_KEYS) {
        this.#sliced = 0;
        yield undefined;
      }
      if (this.#isStale()) return false;
      target ??= this.#open(path);
      if (target === undefined) return false;
      const key = cursor.key();
      this.#sliced++;
      if (!cursor.isBucket) {
        if (target.put(key, cursor.value) !== 'ok') return false;
        continue;
      }
      const inner = source.bucket(key);
      if (inner === undefined || !hasMade(target.createBucket(key), inner.sequence)) return false;
      if (!(yield* this.#bucket(inner, [...path, key]))) return false;
      target = undefined; // of a transaction that may be over
    }
    return !cursor.isDamaged;
  }

  #open(path: readonly Uint8Array[]): Bucket | undefined {
    let bucket: Bucket | undefined = this.#target.transaction.root;
    for (const name of path) bucket = bucket?.bucket(name);
    if (bucket !== undefined && path.length > 0) bucket.fillPercent = FILL_PERCENT;
    return bucket;
  }

  /** Somebody wrote, or the database has stopped serving. */
  #isStale(): boolean {
    const source = this.#source;
    return !source.isServing || source.transaction.isOpen || source.store.meta.txid !== this.#reader.txid;
  }
}

function hasMade(bucket: Bucket | BucketFailure, sequence: number): boolean {
  return typeof bucket !== 'string' && bucket.setSequence(sequence) === 'ok';
}
