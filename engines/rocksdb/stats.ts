/** The engine's figures for the report. */
import type { EngineStats } from '../../sim/storage-engine.ts';
import { BLOB_FILE_OVERHEAD_BYTES } from './blob-format.ts';
import type { Memtable } from './memtable.ts';
import type { Store } from './store.ts';
import { totalBytes } from './table-file.ts';
import type { WriteController } from './write-controller.ts';

export interface Foreground {
  readonly memtables: readonly Memtable[];
  readonly spareMemtables: readonly Memtable[];
  readonly logBytes: number;
  readonly replayedBatches: number;
  readonly readFailures: number;
}

export function storeStats(store: Store, controller: WriteController, foreground: Foreground): EngineStats {
  const { version, counters, cache } = store;
  let indexes = 0;
  let filters = 0;
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
      entries += table.entries;
      deletions += table.deletions;
    }
    figures[`level${level}Files`] = tables.length;
    figures[`level${level}Bytes`] = bytes;
    figures[`level${level}ReadBytes`] = counters.readBytes[level];
    figures[`level${level}WrittenBytes`] = counters.writtenBytes[level];
    figures[`level${level}MovedBytes`] = counters.movedBytes[level];
  });
  let blobFileBytes = 0;
  let blobGarbageBytes = 0;
  for (const blobs of version.blobs.files) {
    blobFileBytes += blobs.bytes + BLOB_FILE_OVERHEAD_BYTES;
    blobGarbageBytes += blobs.garbageBytes;
  }
  const { memtables, spareMemtables } = foreground;
  for (const memtable of memtables) {
    entries += memtable.entries;
    deletions += memtable.deletions;
  }
  const bytesOf = (list: readonly Memtable[]): number => list.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  Object.assign(figures, {
    memtables: memtables.length,
    memtableChargedBytes: memtables.reduce((sum, { arena }) => sum + arena.allocatedBytes, 0),
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
    pendingCompactionBytes: version.pendingBytes,
    compactionScore: version.score,
    stallsMemtables: controller.stalls.memtables,
    stallsLevel0Files: controller.stalls.level0Files,
    stallsPendingBytes: controller.stalls.pendingBytes,
    slowdownsMemtables: controller.slowdowns.memtables,
    slowdownsLevel0Files: controller.slowdowns.level0Files,
    slowdownsPendingBytes: controller.slowdowns.pendingBytes,
    blockCacheHits: cache.hits,
    blockCacheMisses: cache.misses,
    replayedBatches: foreground.replayedBatches,
    readFailures: foreground.readFailures,
  });
  return {
    memoryBytes: {
      memtables: bytesOf(memtables) + bytesOf(spareMemtables),
      blockCache: cache.usedBytes,
      indexes,
      filters,
    },
    fileBytes: tableBytes + blobFileBytes + foreground.logBytes + (store.manifest?.length ?? 0) + store.settingsBytes,
    liveKeys: Number.NaN,
    figures,
  };
}
