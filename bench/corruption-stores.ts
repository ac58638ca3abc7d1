/** The stores that are damaged: each engine with sizes that give so small a store every kind of file. */
import { findEngine } from '../engines/index.ts';
import type { ParameterValues } from '../sim/parameters.ts';
import type { StoreSketch } from './corruption-trials.ts';

const FASTER: ParameterValues = { IndexSize: 4096, PageSizeBits: 15, MemorySizeBits: 17, SegmentSizeBits: 16 };

const STORES: readonly (readonly [name: string, engine: string, options: ParameterValues])[] = [
  ['bolt', 'bolt', {}],
  [
    'rocksdb',
    'rocksdb',
    { write_buffer_size: 65536, target_file_size_base: 16384, max_bytes_for_level_base: 65536, bloom_bits_per_key: 10 },
  ],
  [
    'rocksdb, blob files',
    'rocksdb',
    { write_buffer_size: 65536, target_file_size_base: 16384, enable_blob_files: true, min_blob_size: 300 },
  ],
  ['badger', 'badger', { max_table_size: 32768, level_one_size: 65536, value_threshold: 300 }],
  ['badger, v3', 'badger', { profile: 'v3', max_table_size: 32768, level_one_size: 65536, value_threshold: 300 }],
  ['ledger', 'ledger', { block_size_entries: 40, journal_file_bytes: 65536, index_cache_bytes: 65536 }],
  ['ledger, chain', 'ledger', { form: 'chain', journal_file_bytes: 65536 }],
  ['faster', 'faster', FASTER],
  ['faster, snapshot', 'faster', { ...FASTER, checkpoint: 'snapshot' }],
];

export function corruptionStores(): StoreSketch[] {
  return STORES.map(([name, engine, options]) => {
    const definition = findEngine(engine);
    if (definition === undefined) throw new Error(`no engine ${engine}`);
    return { name, engine: definition, options };
  });
}

/** Formats without a checksum over their data: damage to it goes unnoticed in the real system too. */
export const UNCHECKED: ReadonlySet<string> = new Set(['bolt', 'faster']);
