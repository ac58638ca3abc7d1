/** The engine's figures for the report. */
import type { EngineStats } from '../../sim/storage-engine.ts';
import type { CheckpointFiles } from './checkpoint-files.ts';
import type { OrderedKeys } from './ordered-keys.ts';
import type { Store } from './store.ts';

export function storeStats(store: Store, files: CheckpointFiles, keys: OrderedKeys, checkpoints: number): EngineStats {
  const { log, index, counters } = store;
  const logFileBytes = log.segments.bytes;
  const checkpointBytes = files.bytes;
  return {
    memoryBytes: {
      log: log.memoryBytes,
      hashIndex: index.tableBytes + index.overflowBytes,
      orderedKeys: keys.memoryBytes,
    },
    fileBytes: logFileBytes + checkpointBytes,
    liveKeys: keys.count,
    figures: {
      logBytes: log.tail - log.begin,
      mutableBytes: log.tail - Math.max(log.readOnly, log.begin),
      memoryLogBytes: log.tail - Math.max(log.head, log.begin),
      logFileBytes,
      checkpointBytes,
      overflowBuckets: index.overflowCount,
      checkpoints,
      indexCheckpoints: files.indexes.length,
      pagesFlushed: log.pagesFlushed,
      flushStalls: log.stalls,
      diskReads: store.chain.diskReads,
      ...counters,
    },
  };
}
