/** The engine's figures for the report. */
import type { EngineStats } from '../../sim/storage-engine.ts';
import { KEY_REGISTRY_BYTES } from './key-registry.ts';
import type { MemtableList } from './memtable-list.ts';
import type { Reader } from './reader.ts';
import type { Store } from './store.ts';

export function storeStats(store: Store, memtables: MemtableList, reader: Reader, logBytes: number): EngineStats {
  const { levels, counters, cache, valueLog, manifest } = store;
  let indexes = 0;
  let filters = 0;
  let tableBytes = 0;
  let entries = 0;
  const figures: Record<string, number> = {};
  levels.tables.forEach((tables, level) => {
    for (const table of tables) {
      indexes += table.index.memoryBytes;
      filters += table.filter.bytes;
      tableBytes += table.bytes;
      entries += Math.max(0, table.entries);
    }
    figures[`level${level}Files`] = tables.length;
    figures[`level${level}Bytes`] = levels.bytes[level];
    figures[`level${level}ReadBytes`] = counters.readBytes[level];
    figures[`level${level}WrittenBytes`] = counters.writtenBytes[level];
  });
  Object.assign(figures, {
    memtables: memtables.count,
    memtableChargedBytes: chargedBytes(memtables),
    tableEntries: entries,
    tableBytes,
    valueLogFiles: valueLog.numbers.length,
    valueLogBytes: valueLog.bytes,
    valueLogFsyncs: valueLog.syncs,
    flushes: counters.flushes,
    compactions: counters.compactions,
    entriesDropped: counters.entriesDropped,
    stalls: counters.stalls,
    collectedFiles: counters.collectedFiles,
    movedEntries: counters.movedEntries,
    replayedEntries: counters.replayedEntries,
    blockCacheHits: cache.hits,
    blockCacheMisses: cache.misses,
    readFailures: reader.failures,
  });
  return {
    memoryBytes: { memtables: memtables.memoryBytes, blockCache: cache.usedBytes, indexes, filters },
    fileBytes: tableBytes + valueLog.bytes + logBytes + (manifest?.length ?? 0) + KEY_REGISTRY_BYTES,
    liveKeys: Number.NaN,
    figures,
  };
}

function chargedBytes(memtables: MemtableList): number {
  let sum = 0;
  for (let i = 0; i < memtables.count; i++) sum += memtables.newest(i).arena.usedBytes;
  return sum;
}
