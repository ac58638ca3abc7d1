/** RocksDB's options by RocksDB's names: those that shape what reaches the disk. Defaults are 7.8's. */
import { assert } from '../../sim/assert.ts';
import type { ParameterSpecs, ParameterValues } from '../../sim/parameters.ts';
import { BLOB_OPTION_SPECS, type BlobOptions, readBlobOptions } from './blob-options.ts';
import { readUniversalOptions, UNIVERSAL_OPTION_SPECS, type UniversalOptions } from './universal-options.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

export const OPTION_SPECS: ParameterSpecs = {
  write_buffer_size: {
    kind: 'bytes',
    default: 64 * MIB,
    min: 64 * KIB,
    max: GIB,
    doc: 'Memory charged to a memtable before it is flushed.',
  },
  max_write_buffer_number: {
    kind: 'integer',
    default: 2,
    min: 1,
    max: 64,
    doc: 'Immutable memtables that wait for their flush at which writes stop.',
  },
  min_write_buffer_number_to_merge: {
    kind: 'integer',
    default: 1,
    min: 1,
    max: 64,
    doc: 'Immutable memtables that are collected before a flush.',
  },
  level0_file_num_compaction_trigger: {
    kind: 'integer',
    default: 4,
    min: 1,
    max: 10_000,
    doc: 'Level-0 files that start a compaction.',
  },
  level0_slowdown_writes_trigger: {
    kind: 'integer',
    default: 20,
    min: 1,
    max: 100_000,
    doc: 'Level-0 files that slow writers down.',
  },
  level0_stop_writes_trigger: {
    kind: 'integer',
    default: 36,
    min: 1,
    max: 100_000,
    doc: 'Level-0 files that stop writers.',
  },
  target_file_size_base: {
    kind: 'bytes',
    default: 64 * MIB,
    min: 16 * KIB,
    max: GIB,
    doc: 'Size at which a compaction starts its next output file.',
  },
  target_file_size_multiplier: {
    kind: 'integer',
    default: 1,
    min: 1,
    max: 100,
    doc: 'Growth of the target file size from one level to the next.',
  },
  max_bytes_for_level_base: {
    kind: 'bytes',
    default: 256 * MIB,
    min: 64 * KIB,
    max: 1024 * GIB,
    doc: 'Target size of the first level below level 0.',
  },
  max_bytes_for_level_multiplier: {
    kind: 'number',
    default: 10,
    min: 1.1,
    max: 100,
    doc: 'Growth of the target size from one level to the next.',
  },
  level_compaction_dynamic_level_bytes: {
    kind: 'boolean',
    default: false,
    doc: 'Derive the level targets from the size of the last level, and start at the lowest level needed.',
  },
  compaction_style: {
    kind: 'choice',
    choices: ['level', 'universal'],
    default: 'level',
    doc: 'Leveled compaction, or universal: whole sorted runs are merged with their neighbours in age.',
    newStoresOnly: true,
  },
  ...UNIVERSAL_OPTION_SPECS,
  ...BLOB_OPTION_SPECS,
  num_levels: { kind: 'integer', default: 7, min: 2, max: 7, doc: 'Levels, level 0 included.', newStoresOnly: true },
  max_compaction_bytes: {
    kind: 'bytes',
    default: 0,
    min: 0,
    max: 1024 * GIB,
    doc: 'Limit on what one compaction takes in; 0: 25 × target_file_size_base.',
  },
  max_background_jobs: {
    kind: 'integer',
    default: 2,
    min: 1,
    max: 16,
    doc: 'Background jobs; a quarter (at least one) flush, the others compact.',
  },
  soft_pending_compaction_bytes_limit: {
    kind: 'bytes',
    default: 64 * GIB,
    min: 0,
    max: 1024 * GIB,
    doc: 'Estimated compaction debt that slows writers down; 0: never.',
  },
  hard_pending_compaction_bytes_limit: {
    kind: 'bytes',
    default: 256 * GIB,
    min: 0,
    max: 4096 * GIB,
    doc: 'Estimated compaction debt that stops writers; 0: never.',
  },
  delayed_write_rate: {
    kind: 'bytes',
    default: 16 * MIB,
    min: 16 * KIB,
    max: 16 * GIB,
    doc: 'Bytes per second that slowed writers start at.',
  },
  block_size: { kind: 'bytes', default: 4 * KIB, min: 256, max: 4 * MIB, doc: 'Size at which a data block ends.' },
  block_restart_interval: { kind: 'integer', default: 16, min: 1, max: 256, doc: 'Entries between restart points.' },
  bloom_bits_per_key: {
    kind: 'integer',
    default: 0,
    min: 0,
    max: 50,
    doc: 'Bits a key in each table’s bloom filter; 0, as in RocksDB, writes no filter.',
  },
  block_cache_bytes: {
    kind: 'bytes',
    default: 8 * MIB,
    min: 0,
    max: 64 * GIB,
    doc: 'Data blocks kept for reads. 8 MiB is 7.8’s default; 32 MiB from version 8.2 on.',
  },
};

export interface Options extends UniversalOptions, BlobOptions {
  readonly writeBufferBytes: number;
  readonly writeBuffersMax: number;
  readonly writeBuffersToMerge: number;
  readonly level0CompactionTrigger: number;
  readonly level0SlowdownTrigger: number;
  readonly level0StopTrigger: number;
  readonly targetFileBytes: number;
  readonly targetFileMultiplier: number;
  readonly levelBaseBytes: number;
  readonly levelMultiplier: number;
  readonly dynamicLevelBytes: boolean;
  /** The compaction style: universal, or else leveled. */
  readonly universal: boolean;
  readonly levels: number;
  readonly compactionBytesMax: number;
  readonly backgroundJobsMax: number;
  readonly softPendingBytes: number;
  readonly hardPendingBytes: number;
  readonly delayedBytesPerS: number;
  readonly blockBytes: number;
  readonly restartInterval: number;
  readonly bloomBitsPerKey: number;
  readonly blockCacheBytes: number;
}

/** Missing values take their default; the triggers are raised to be in order, as RocksDB sanitises them. */
export function readOptions(values: ParameterValues): Options {
  const number = (name: string): number => {
    const spec = OPTION_SPECS[name];
    const value = values[name] ?? (spec !== undefined && 'default' in spec ? spec.default : undefined);
    assert(typeof value === 'number', 'rocksdb: an option that is no number');
    return value;
  };
  const universal = values.compaction_style === 'universal';
  const targetFileBytes = number('target_file_size_base');
  const level0CompactionTrigger = number('level0_file_num_compaction_trigger');
  const level0SlowdownTrigger = Math.max(number('level0_slowdown_writes_trigger'), level0CompactionTrigger);
  return {
    writeBufferBytes: number('write_buffer_size'),
    writeBuffersMax: number('max_write_buffer_number'),
    writeBuffersToMerge: Math.min(
      number('min_write_buffer_number_to_merge'),
      Math.max(1, number('max_write_buffer_number') - 1),
    ),
    level0CompactionTrigger,
    level0SlowdownTrigger,
    level0StopTrigger: Math.max(number('level0_stop_writes_trigger'), level0SlowdownTrigger),
    targetFileBytes,
    targetFileMultiplier: number('target_file_size_multiplier'),
    levelBaseBytes: number('max_bytes_for_level_base'),
    levelMultiplier: number('max_bytes_for_level_multiplier'),
    dynamicLevelBytes: !universal && values.level_compaction_dynamic_level_bytes === true,
    ...readUniversalOptions(values),
    ...readBlobOptions(values),
    universal,
    levels: number('num_levels'),
    compactionBytesMax: number('max_compaction_bytes') || targetFileBytes * 25,
    backgroundJobsMax: number('max_background_jobs'),
    softPendingBytes: number('soft_pending_compaction_bytes_limit'),
    hardPendingBytes: number('hard_pending_compaction_bytes_limit'),
    delayedBytesPerS: number('delayed_write_rate'),
    blockBytes: number('block_size'),
    restartInterval: number('block_restart_interval'),
    bloomBitsPerKey: number('bloom_bits_per_key'),
    blockCacheBytes: number('block_cache_bytes'),
  };
}
