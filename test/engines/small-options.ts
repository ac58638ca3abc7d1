import type { ParameterValues } from '../../sim/parameters.ts';

/** By engine: so small that a short history has flushes, compactions, blocks and files enough. */
export const SMALL: Readonly<Record<string, ParameterValues>> = {
  bolt: {},
  rocksdb: {
    write_buffer_size: 64 * 1024,
    target_file_size_base: 16 * 1024,
    max_bytes_for_level_base: 64 * 1024,
    max_bytes_for_level_multiplier: 2,
    block_size: 1024,
  },
  badger: {
    max_table_size: 64 * 1024,
    level_one_size: 64 * 1024,
    level_size_multiplier: 2,
    value_log_file_size: 1024 * 1024,
    value_threshold: 512,
    block_size: 1024,
  },
  ledger: { block_size_entries: 16, block_interval_ms: 0, journal_file_bytes: 16 * 1024 },
  faster: {
    IndexSize: 4096,
    PageSizeBits: 12,
    MemorySizeBits: 14,
    SegmentSizeBits: 14,
    indexCheckpointLogBytes: 16 * 1024,
  },
};
