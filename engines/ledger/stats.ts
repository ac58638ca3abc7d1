/** What a ledger is made of, for people. */
import type { EngineStats } from '../../sim/storage-engine.ts';
import type { KeyIndex } from './key-index.ts';
import type { Store } from './store.ts';

export function ledgerStats(store: Store, keys: readonly KeyIndex[], waiting: number): EngineStats {
  const { index, accumulator, commits, commit, journal, writer, options } = store;
  const keyBytes = keys.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const figures: Record<string, number> = {
    entries: writer.sequence,
    blocks: commit.number + 1,
    'entries in no block': waiting,
    'journal files': journal.files.length,
    'journal bytes': journal.bytes,
    'commit bytes': commits?.file.length ?? 0,
  };
  if (index !== undefined && accumulator !== undefined) {
    const { hits, misses } = index.cache;
    figures['keys ever written'] = commit.keys;
    figures['index bytes'] = index.file.length;
    figures['accumulator bytes'] = accumulator.file.length;
    figures['index cache hit share'] = hits + misses === 0 ? Number.NaN : hits / (hits + misses);
  }
  return {
    memoryBytes: {
      [options.chain ? 'key index' : 'keys in no block']: keyBytes,
      ...(index === undefined ? {} : { 'index cache': index.cache.bytes }),
    },
    fileBytes: store.fileBytes,
    liveKeys: options.chain ? Number.NaN : commit.liveKeys,
    figures,
  };
}
