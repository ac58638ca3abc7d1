import type { EngineDefinition } from '../engine.ts';
import { rocksdbBench } from './bench.ts';
import { OPTION_SPECS, readOptions } from './options.ts';
import { RocksDb } from './rocksdb.ts';

export const rocksdb: EngineDefinition = {
  name: 'rocksdb',
  summary: 'RocksDB 7.8: memtable, WAL, block-based tables, leveled or universal compaction, blob files, write stalls',
  hasChecksums: true,
  options: OPTION_SPECS,
  maintenance: [
    { name: 'flush', summary: 'write the memtables to level 0 (Flush)' },
    { name: 'compact', summary: 'flush, and compact everything into the last level (CompactRange)' },
  ],
  bench: rocksdbBench,
  create: (context, options) => new RocksDb(context, readOptions(options)),
};
