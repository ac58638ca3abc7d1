/** The `OPTIONS` file, which tells RocksDB's tools how a store was made. */
import { blobOptionsText } from './blob-options.ts';
import type { Options } from './options.ts';
import { universalOptionsText } from './universal-options.ts';

/** The options by which a store's files differ, in RocksDB's own notation. */
export function optionsText(options: Options): string {
  return [
    '[Version]',
    '  rocksdb_version=7.8.3',
    '  options_file_version=1.1',
    '',
    '[DBOptions]',
    `  max_background_jobs=${options.backgroundJobsMax}`,
    `  delayed_write_rate=${options.delayedBytesPerS}`,
    '',
    '[CFOptions "default"]',
    `  write_buffer_size=${options.writeBufferBytes}`,
    `  max_write_buffer_number=${options.writeBuffersMax}`,
    `  min_write_buffer_number_to_merge=${options.writeBuffersToMerge}`,
    `  level0_file_num_compaction_trigger=${options.level0CompactionTrigger}`,
    `  level0_slowdown_writes_trigger=${options.level0SlowdownTrigger}`,
    `  level0_stop_writes_trigger=${options.level0StopTrigger}`,
    `  target_file_size_base=${options.targetFileBytes}`,
    `  target_file_size_multiplier=${options.targetFileMultiplier}`,
    `  max_bytes_for_level_base=${options.levelBaseBytes}`,
    `  max_bytes_for_level_multiplier=${options.levelMultiplier}`,
    `  level_compaction_dynamic_level_bytes=${options.dynamicLevelBytes}`,
    `  num_levels=${options.levels}`,
    ...universalOptionsText(options),
    ...blobOptionsText(options),
    '  compression=kNoCompression',
    '  comparator=leveldb.BytewiseComparator',
    '  table_factory=BlockBasedTable',
    '',
    '[TableOptions/BlockBasedTable "default"]',
    `  block_size=${options.blockBytes}`,
    `  block_restart_interval=${options.restartInterval}`,
    '  checksum=kCRC32c',
    '  format_version=5',
    '',
  ].join('\n');
}
