/**
 * Fills an empty store from records in ascending order, as it would stand after writing them in random order and
 * waiting for all compactions: the levels above the last one are full but for one file and hold keys from
 * everywhere, the rest is in the last level. With universal compaction all of it is one sorted run.
 *
 * Records are streamed; all levels' files grow side by side. How large a level becomes is planned from the
 * first record's size: records of very different sizes shift the shares, not the order.
 */
import { assert } from '../../sim/assert.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { DiskOutcome } from '../../sim/disk/disk.ts';
import type { RecordSource, WriteOutcome } from '../../sim/storage-engine.ts';
import { BlobFileBuilder } from './blob-file-builder.ts';
import { TYPE_BLOB_INDEX, TYPE_VALUE } from './cursor.ts';
import type { Options } from './options.ts';
import { editedFile, type Store } from './store.ts';
import type { TableBuilder } from './table-builder.ts';
import { type TableFile, tableName } from './table-file.ts';
import type { VersionEdit } from './version-edit.ts';

/** Entry headers, restart points and index of a record in a table, roughly. */
const OVERHEAD_BYTES = 8;
/** What a reference to a blob takes in a table. */
const BLOB_REFERENCE_BYTES = 12;
/** Tables in one edit of the manifest. */
const EDIT_TABLES_MAX = 256;

export interface LevelShare {
  readonly level: number;
  readonly share: number;
}

/** How a settled store of so many bytes spreads over its levels, lowest first; shares of 1 in all. */
export function levelShares(options: Options, bytes: number): LevelShare[] {
  const last = options.levels - 1;
  if (options.universal) return [{ level: last, share: 1 }];
  const { levelBaseBytes, levelMultiplier, targetFileBytes } = options;
  const room = (target: number): number => Math.max(0, target - targetFileBytes);
  const above: { level: number; bytes: number }[] = [];
  let lowest: number;
  let rest = bytes;
  if (options.dynamicLevelBytes) {
    lowest = last;
    // Targets follow from the last level's size downwards, which holds all but what is above it.
    let size = (bytes * (levelMultiplier - 1)) / levelMultiplier;
    for (let level = last - 1; level > 0 && size > levelBaseBytes; level--) {
      size /= levelMultiplier;
      above.push({ level, bytes: room(Math.max(size, levelBaseBytes)) });
    }
  } else {
    lowest = 1;
    let target = levelBaseBytes;
    for (; lowest < last && rest > target; lowest++) {
      above.push({ level: lowest, bytes: room(target) });
      rest -= room(target);
      target *= levelMultiplier;
    }
    rest = bytes;
  }
  const shares: LevelShare[] = [];
  for (const upper of above) {
    const taken = Math.min(upper.bytes, rest / 2);
    rest -= taken;
    if (taken > 0) shares.push({ level: upper.level, share: taken / bytes });
  }
  shares.push({ level: lowest, share: bytes > 0 ? rest / bytes : 1 });
  return shares.sort((a, b) => a.level - b.level);
}

/** The files of one level, one after the other. */
class LevelLoad {
  readonly #store: Store;
  readonly #builder: TableBuilder;
  readonly #targetBytes: number;
  readonly level: number;
  readonly share: number;
  readonly tables: TableFile[] = [];
  loadedBytes = 0;
  #number = -1;
  #oldestBlobFile = 0;
  outcome: DiskOutcome = 'ok';

  constructor(store: Store, { level, share }: LevelShare, lowestUsed: number) {
    this.#store = store;
    this.#builder = store.takeBuilder();
    this.level = level;
    this.share = share;
    const { targetFileBytes, targetFileMultiplier, dynamicLevelBytes } = store.options;
    let target = targetFileBytes;
    for (let i = dynamicLevelBytes ? lowestUsed : 1; i < level; i++) target *= targetFileMultiplier;
    this.#targetBytes = target;
  }

  add(key: Uint8Array, keyLength: number, sequence: number, type: number, value: Value, blobFile: number): void {
    const builder = this.#builder;
    if (this.#number < 0) {
      this.#number = this.#store.newFileNumber();
      this.#oldestBlobFile = 0;
      builder.start(tableName(this.#store.directory, this.#number), this.#number, 'compaction');
    }
    builder.add(key, keyLength, sequence, type, value);
    this.#oldestBlobFile ||= blobFile;
    if (builder.fileBytes >= this.#targetBytes) this.finish();
  }

  finish(): void {
    if (this.#number < 0) return;
    const builder = this.#builder;
    let outcome = builder.finish();
    if (outcome === 'ok') outcome = this.#store.disk.sync(builder.file);
    if (outcome !== 'ok') this.outcome = outcome;
    this.tables.push(this.#store.tableOf(builder, this.#number, this.#oldestBlobFile));
    this.#number = -1;
  }

  close(): void {
    this.finish();
    this.#store.giveBuilder(this.#builder);
  }
}

export class BulkLoad {
  readonly #store: Store;
  readonly #prefix: Uint8Array;
  #key = new Uint8Array(256);

  /** `prefix` comes before every key. */
  constructor(store: Store, prefix: Uint8Array) {
    this.#store = store;
    this.#prefix = prefix;
  }

  run(records: RecordSource): WriteOutcome {
    const store = this.#store;
    assert(
      store.lastSequence === 0 && store.version.tables === 0,
      'rocksdb: a bulk load into a store that was written to',
    );
    if (!records.next()) return 'ok';
    const { options } = store;
    const blobs = options.blobFiles ? new BlobFileBuilder(store, 'compaction') : undefined;
    const shares = levelShares(options, records.count * this.#tableBytes(records));
    const levels = shares.map((share) => new LevelLoad(store, share, shares[0]!.level));
    const value = new Value();
    let loadedBytes = 0;
    let outcome: WriteOutcome = 'ok';
    do {
      const bytes = this.#tableBytes(records);
      loadedBytes += bytes;
      const level = nextLevel(levels, loadedBytes);
      level.loadedBytes += bytes;
      const keyLength = this.#setKey(records.key);
      value.assign(records.value);
      store.lastSequence++;
      let type = TYPE_VALUE;
      const mayBeBlob = level.level >= options.blobStartingLevel && value.length >= options.blobBytesMin;
      if (blobs !== undefined && mayBeBlob) {
        blobs.add(this.#key, keyLength, value);
        type = TYPE_BLOB_INDEX;
        if (blobs.outcome !== 'ok') outcome = blobs.outcome;
      }
      // As a compaction leaves them: nothing is below the last level.
      const sequence = level === levels[levels.length - 1] ? 0 : store.lastSequence;
      level.add(this.#key, keyLength, sequence, type, value, type === TYPE_BLOB_INDEX ? blobs!.number : 0);
      if (level.outcome !== 'ok') outcome = level.outcome;
    } while (outcome === 'ok' && records.next());
    for (const level of levels) {
      level.close();
      if (level.outcome !== 'ok') outcome = level.outcome;
    }
    if (outcome === 'ok' && blobs?.finish() === false) outcome = blobs.outcome;
    if (outcome === 'ok') outcome = store.disk.syncDirectory(store.directory);
    if (outcome === 'ok') outcome = this.#commit(levels, blobs);
    if (outcome !== 'ok') this.#abandon(levels, blobs);
    return outcome;
  }

  #commit(levels: readonly LevelLoad[], blobs: BlobFileBuilder | undefined): DiskOutcome {
    const store = this.#store;
    const { nextFile, lastSequence, version } = store;
    const edits: VersionEdit[] = [];
    if (blobs !== undefined) edits.push({ nextFile, lastSequence, addedBlobFiles: blobs.built });
    for (const { level, tables } of levels) {
      for (let from = 0; from < tables.length; from += EDIT_TABLES_MAX) {
        const added = tables.slice(from, from + EDIT_TABLES_MAX).map((table) => editedFile(level, table));
        edits.push({ nextFile, lastSequence, added });
      }
    }
    const outcome = store.commit(edits);
    if (outcome !== 'ok') return outcome;
    store.committed.length = 0;
    if (blobs !== undefined) store.settleBlobFiles(blobs.built, []);
    for (const { level, tables } of levels) for (const table of tables) version.add(level, table);
    version.update();
    return 'ok';
  }

  #abandon(levels: readonly LevelLoad[], blobs: BlobFileBuilder | undefined): void {
    for (const { tables } of levels) {
      for (const { number, reader } of tables) this.#store.removeTable(number, reader.file);
    }
    blobs?.abandon();
  }

  /** What the current record takes in a table. */
  #tableBytes({ key, value }: RecordSource): number {
    const { blobFiles, blobBytesMin } = this.#store.options;
    const valueBytes = blobFiles && value.length >= blobBytesMin ? BLOB_REFERENCE_BYTES : value.length;
    return this.#prefix.length + key.length + valueBytes + OVERHEAD_BYTES;
  }

  #setKey(key: Uint8Array): number {
    const prefix = this.#prefix.length;
    const length = prefix + key.length;
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2);
    this.#key.set(this.#prefix);
    const target = this.#key;
    for (let i = 0; i < key.length; i++) target[prefix + i] = key[i]!;
    return length;
  }
}

/** The level that is furthest behind its share. */
function nextLevel(levels: readonly LevelLoad[], loadedBytes: number): LevelLoad {
  let furthest = levels[levels.length - 1]!;
  let lag = furthest.share * loadedBytes - furthest.loadedBytes;
  for (let i = levels.length - 2; i >= 0; i--) {
    const level = levels[i]!;
    const behind = level.share * loadedBytes - level.loadedBytes;
    if (behind > lag) {
      furthest = level;
      lag = behind;
    }
  }
  return furthest;
}
