/**
 * The engine's figures for the report. Memory is what RocksDB would have charged: memtables by their arenas, blocks and
 * their index and filter by the bytes they have on the disk, values included.
 */
import { SECOND } from '../../sim/clock.ts';
import type { EngineStats } from '../../sim/storage-engine.ts';
import { BLOB_FILE_OVERHEAD_BYTES } from './blob-format.ts';
import type { Memtable } from './memtable.ts';
import type { Store } from './store.ts';
import { totalBytes } from './table-file.ts';
import type { WriteController } from './write-controller.ts';

export interface Foreground {
  readonly memtables: readonly Memtable[];
  readonly logBytes: number;
  readonly replayedBatches: number;
  readonly readFailures: number;
}

export function storeStats(store: Store, controller: WriteController, foreground: Foreground): EngineStats {
  const { version, counters, cache } = store;
  let indexes = 0;
  let filters = 0;
  /** What the version knows of a table beside those: its key range. */
  let tableCacheBytes = 0;
  let tableBytes = 0;
  let entries = 0;
  let deletions = 0;
  const figures: Record<string, number> = {};
  version.levels.forEach((tables, level) => {
    const bytes = totalBytes(tables);
    tableBytes += bytes;
    for (const { reader, ...table } of tables) {
      indexes += reader.index.length;
      filters += reader.filter.length;
      tableCacheBytes += table.smallest.length + table.largest.length;
      entries += table.entries;
      deletions += table.deletions;
    }
    figures[`level${level}Files`] = tables.length;
    figures[`level${level}Bytes`] = bytes;
    const done = counters.levels[level];
    Object.assign(figures, {
      [`level${level}FilesBeingCompacted`]: tables.filter((table) => table.beingCompacted).length,
      [`level${level}Score`]: version.scores[version.scoreLevels.indexOf(level)] ?? 0,
      [`level${level}ReadBytes`]: done.readBytes + done.blobReadBytes,
      [`level${level}UpperReadBytes`]: done.upperReadBytes,
      [`level${level}OutputReadBytes`]: done.outputReadBytes,
      [`level${level}WrittenBytes`]: done.writtenBytes,
      [`level${level}MovedBytes`]: done.movedBytes,
      [`level${level}BlobReadBytes`]: done.blobReadBytes,
      [`level${level}BlobWrittenBytes`]: done.blobWrittenBytes,
      [`level${level}Jobs`]: done.jobs,
      [`level${level}EntriesIn`]: done.entriesIn,
      [`level${level}EntriesDropped`]: done.entriesDropped,
      [`level${level}Seconds`]: done.durationNs / SECOND,
    });
  });
  let blobFileBytes = 0;
  let blobGarbageBytes = 0;
  for (const blobs of version.blobs.files) {
    blobFileBytes += blobs.bytes + BLOB_FILE_OVERHEAD_BYTES;
    blobGarbageBytes += blobs.garbageBytes;
  }
  const { memtables } = foreground;
  for (const memtable of memtables) {
    entries += memtable.entries;
    deletions += memtable.deletions;
  }
  const memtableBytes = memtables.reduce((sum, { arena }) => sum + arena.allocatedBytes, 0);
  Object.assign(figures, {
    memtables: memtables.length,
    baseLevel: version.baseLevel,
    estimatedKeys: Math.max(0, entries - 2 * deletions),
    flushes: counters.flushes,
    compactions: counters.compactions,
    trivialMoves: counters.trivialMoves,
    entriesDropped: counters.entriesDropped,
    blobFiles: version.blobs.files.length,
    blobFileBytes,
    blobGarbageBytes,
    blobFilesWritten: counters.blobFilesWritten,
    blobFlushBytes: counters.blobFlushBytes,
    blobCompactionBytes: counters.blobCompactionBytes,
    blobsRelocated: counters.blobsRelocated,
    blobRelocatedBytes: counters.blobRelocatedBytes,
    uptimeSeconds: store.clock.now / SECOND,
    pendingCompactionBytes: version.pendingBytes,
    compactionScore: version.score,
    stallsMemtables: controller.stalls.memtables,
    stallsLevel0Files: controller.stalls.level0Files,
    stallsPendingBytes: controller.stalls.pendingBytes,
    slowdownsMemtables: controller.slowdowns.memtables,
    stallsLevel0FilesWithCompaction: controller.stalls.level0FilesWithCompaction,
    slowdownsLevel0Files: controller.slowdowns.level0Files,
    slowdownsLevel0FilesWithCompaction: controller.slowdowns.level0FilesWithCompaction,
    slowdownsPendingBytes: controller.slowdowns.pendingBytes,
    blockCacheHits: cache.hits,
    blockCacheMisses: cache.misses,
    replayedBatches: foreground.replayedBatches,
    readFailures: foreground.readFailures,
  });
  return {
    memoryBytes: {
      memtables: memtableBytes,
      blockCache: cache.usedBytes,
      indexes,
      filters,
      tableCache: tableCacheBytes,
    },
    fileBytes: tableBytes + blobFileBytes + foreground.logBytes + (store.manifest?.length ?? 0) + store.settingsBytes,
    liveKeys: Number.NaN,
    figures,
  };
}
