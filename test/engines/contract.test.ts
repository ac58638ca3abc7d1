/** Runs the contract for every engine in the registry, with its defaults and with options that stress it. */
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../../engines/index.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { engineContract } from './contract.ts';

/** By engine, besides the defaults. */
const VARIANTS: Readonly<Record<string, readonly ParameterValues[]>> = {
  badger: [
    { max_table_size: 32768, level_one_size: 65536, value_threshold: 200, sync_writes: false },
    { profile: 'v3', max_table_size: 65536, level_one_size: 65536, value_threshold: 2000 },
  ],
  bolt: [
    { freelist: 'hashmap', noFreelistSync: true },
    { pageSize: 1024, fillPercent: 0.9 },
  ],
  faster: [
    { IndexSize: 512, PageSizeBits: 17, MemorySizeBits: 18, SegmentSizeBits: 18, indexCheckpointLogBytes: 100_000 },
    {
      checkpoint: 'snapshot',
      IndexSize: 4096,
      PageSizeBits: 17,
      MemorySizeBits: 19,
      SegmentSizeBits: 17,
      hlog_size_budget: 262144,
    },
  ],
  ledger: [{ form: 'chain' }, { block_size_entries: 100, journal_file_bytes: 20_000, index_cache_bytes: 65_536 }],
  rocksdb: [
    { write_buffer_size: 65536, target_file_size_base: 16384, max_bytes_for_level_base: 65536, bloom_bits_per_key: 10 },
    {
      write_buffer_size: 65536,
      target_file_size_base: 32768,
      max_bytes_for_level_base: 65536,
      level_compaction_dynamic_level_bytes: true,
      level0_file_num_compaction_trigger: 2,
      block_cache_bytes: 0,
    },
    {
      compaction_style: 'universal',
      write_buffer_size: 65536,
      target_file_size_base: 16384,
      level0_file_num_compaction_trigger: 2,
    },
    {
      enable_blob_files: true,
      min_blob_size: 64,
      blob_file_size: 32768,
      enable_blob_garbage_collection: true,
      blob_garbage_collection_age_cutoff: 0.5,
      blob_garbage_collection_force_threshold: 0.5,
      write_buffer_size: 65536,
      target_file_size_base: 16384,
      max_bytes_for_level_base: 65536,
    },
  ],
};

for (const engine of ENGINES) {
  for (const options of [{}, ...(VARIANTS[engine.name] ?? [])]) engineContract(engine, options);
}

describe('the registry', () => {
  it('has engines, each under its own name', () => {
    const names = ENGINES.map(({ name }) => name);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
  });
});
