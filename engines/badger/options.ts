/** Badger's options by Badger's names (Go's WithValueThreshold is value_threshold): those that shape what reaches the disk. Defaults are v2.2007.2's. */
import { assert } from '../../sim/assert.ts';
import type { ParameterSpecs, ParameterValues } from '../../sim/parameters.ts';
import { NODE_BYTES_MAX } from './arena.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

export const OPTION_SPECS = {
  profile: {
    kind: 'choice',
    choices: ['v2', 'v1.6', 'v3'],
    default: 'v2',
    doc: 'Whose defaults hold: v1.6 keeps values of 32 bytes and more in the value log only; v3 keeps them from 1 MiB on, does not sync writes and logs memtables apart. What an option says counts more.',
    newStoresOnly: true,
  },
  value_threshold: {
    kind: 'bytes',
    optional: true,
    min: 0,
    max: MIB,
    doc: 'A value of so many bytes or more is kept in the value log only (v2: 1 KiB, v1.6: 32, v3: 1 MiB).',
  },
  sync_writes: {
    kind: 'boolean',
    optional: true,
    doc: 'Make each write durable by itself instead of at the next sync (v2 and v1.6: true, v3: false).',
  },
  memtable_wal: {
    kind: 'boolean',
    optional: true,
    doc: "v3's way: each memtable has a log of its own, and the value log holds the large values only.",
    newStoresOnly: true,
  },
  max_table_size: {
    kind: 'bytes',
    default: 64 * MIB,
    min: 32 * KIB,
    max: GIB,
    doc: 'Memory charged to a memtable before it is flushed, and size at which a compaction starts its next table.',
  },
  level_one_size: { kind: 'bytes', default: 256 * MIB, min: 16 * KIB, max: 1024 * GIB, doc: 'Size of level 1.' },
  level_size_multiplier: {
    kind: 'integer',
    default: 10,
    min: 2,
    max: 100,
    doc: 'Growth of the size from one level to the next.',
  },
  max_levels: { kind: 'integer', default: 7, min: 2, max: 7, doc: 'Levels, level 0 included.', newStoresOnly: true },
  num_memtables: {
    kind: 'integer',
    default: 5,
    min: 1,
    max: 64,
    doc: 'Full memtables that wait for their flush at which writes stop.',
  },
  num_level_zero_tables: {
    kind: 'integer',
    default: 5,
    min: 1,
    max: 1000,
    doc: 'Level-0 tables that make a compaction due.',
  },
  num_level_zero_tables_stall: {
    kind: 'integer',
    default: 15,
    min: 2,
    max: 10_000,
    doc: 'Level-0 tables at which a flush waits until there are fewer than make a compaction due.',
  },
  num_compactors: {
    kind: 'integer',
    default: 2,
    min: 2,
    max: 6,
    doc: 'Compacting threads; the first serves levels 0 and 1, the others the deeper ones.',
  },
  compact_l0_on_close: { kind: 'boolean', default: true, doc: 'Compact level 0 into level 1 at a clean stop.' },
  value_log_file_size: {
    kind: 'bytes',
    default: GIB - 1,
    min: MIB,
    max: 2 * GIB,
    doc: 'Size at which the value log starts its next file.',
  },
  value_log_max_entries: {
    kind: 'integer',
    default: 1_000_000,
    min: 1,
    max: 4_000_000_000,
    doc: 'Entries at which the value log starts its next file.',
  },
  log_rotates_to_flush: {
    kind: 'integer',
    default: 2,
    min: 1,
    max: 1000,
    doc: 'New value-log files since the last flush that make the memtable be flushed, however full.',
  },
  block_size: { kind: 'bytes', default: 4 * KIB, min: 256, max: MIB, doc: 'Size at which a block of a table ends.' },
  block_cache_size: {
    kind: 'bytes',
    default: 0,
    min: 0,
    max: 64 * GIB,
    doc: 'Blocks kept for reads; 0, as in Badger: none, tables are memory-mapped.',
  },
  verify_value_checksum: {
    kind: 'boolean',
    default: true,
    doc: 'Check the checksum of each value read from the value log (in Badger false: damage shows as a wrong value).',
  },
  verify_block_checksum: {
    kind: 'boolean',
    default: true,
    doc: 'Check the checksum of each block read (ChecksumVerificationMode; in Badger off: damage shows as a wrong value).',
  },
} as const satisfies ParameterSpecs;

export interface Options {
  readonly valueThreshold: number;
  readonly syncWrites: boolean;
  readonly memtableLog: boolean;
  readonly tableBytesMax: number;
  readonly levelOneBytes: number;
  readonly levelMultiplier: number;
  readonly levels: number;
  readonly memtablesMax: number;
  readonly levelZeroTables: number;
  readonly levelZeroTablesStall: number;
  readonly compactors: number;
  readonly compactOnClose: boolean;
  readonly valueLogFileBytes: number;
  readonly valueLogEntriesMax: number;
  readonly logRotatesToFlush: number;
  readonly blockBytes: number;
  readonly blockCacheBytes: number;
  readonly verifyValues: boolean;
  readonly verifyBlocks: boolean;
  /** What one transaction may hold: garbage collection keeps to it. */
  readonly batchBytesMax: number;
  readonly batchEntriesMax: number;
}

const PROFILES: Readonly<Record<string, Pick<Options, 'valueThreshold' | 'syncWrites' | 'memtableLog'>>> = {
  v2: { valueThreshold: KIB, syncWrites: true, memtableLog: false },
  'v1.6': { valueThreshold: 32, syncWrites: true, memtableLog: false },
  v3: { valueThreshold: MIB, syncWrites: false, memtableLog: true },
};

/** Missing values take the profile's default or their own; the stall comes after the trigger. */
export function readOptions(values: ParameterValues): Options {
  const read = (name: keyof typeof OPTION_SPECS): unknown => {
    const spec = OPTION_SPECS[name];
    return values[name] ?? ('default' in spec ? spec.default : undefined);
  };
  const number = (name: keyof typeof OPTION_SPECS): number => {
    const value = read(name);
    assert(typeof value === 'number', `badger: option ${name} is not a number`);
    return value;
  };
  const profile = PROFILES[String(read('profile'))];
  assert(profile !== undefined, `badger: no profile ${String(read('profile'))}`);
  const tableBytesMax = number('max_table_size');
  const levelZeroTables = number('num_level_zero_tables');
  const batchBytesMax = Math.floor((15 * tableBytesMax) / 100);
  return {
    valueThreshold: Number(values.value_threshold ?? profile.valueThreshold),
    syncWrites: Boolean(values.sync_writes ?? profile.syncWrites),
    memtableLog: Boolean(values.memtable_wal ?? profile.memtableLog),
    tableBytesMax,
    levelOneBytes: number('level_one_size'),
    levelMultiplier: number('level_size_multiplier'),
    levels: number('max_levels'),
    memtablesMax: number('num_memtables'),
    levelZeroTables,
    levelZeroTablesStall: Math.max(number('num_level_zero_tables_stall'), levelZeroTables + 1),
    compactors: number('num_compactors'),
    compactOnClose: read('compact_l0_on_close') === true,
    valueLogFileBytes: number('value_log_file_size'),
    valueLogEntriesMax: number('value_log_max_entries'),
    logRotatesToFlush: number('log_rotates_to_flush'),
    blockBytes: number('block_size'),
    blockCacheBytes: number('block_cache_size'),
    verifyValues: read('verify_value_checksum') === true,
    verifyBlocks: read('verify_block_checksum') === true,
    batchBytesMax,
    batchEntriesMax: Math.floor(batchBytesMax / NODE_BYTES_MAX),
  };
}
