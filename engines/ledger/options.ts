/** The options of a ledger. LedgerDB publishes no names for them; these say what they are. */
import { assert } from '../../sim/assert.ts';
import { MILLISECOND } from '../../sim/clock.ts';
import type { ParameterSpecs, ParameterValues } from '../../sim/parameters.ts';

const MIB = 1024 * 1024;

export const OPTION_SPECS: ParameterSpecs = {
  form: {
    kind: 'choice',
    choices: ['ledger', 'chain'],
    default: 'ledger',
    doc: 'ledger: LedgerDB, with accumulator, version index and trie on disk; chain: entries linked by hash and an index in memory.',
    newStoresOnly: true,
  },
  block_size_entries: {
    kind: 'integer',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    doc: 'Entries that make a block due.',
  },
  block_interval_ms: {
    kind: 'integer',
    default: 100,
    min: 0,
    max: 3_600_000,
    doc: 'Age of the oldest entry in no block that makes a block due; 0: only block_size_entries does. LedgerDB’s open implementation is measured with 100.',
  },
  block_backlog_max: {
    kind: 'integer',
    default: 16,
    min: 1,
    max: 1000,
    doc: 'Writers stop once so many blocks’ entries wait for theirs.',
  },
  journal_file_bytes: {
    kind: 'bytes',
    default: 1024 * MIB,
    min: 4096,
    max: 1024 * 1024 * MIB,
    doc: 'Length at which the next journal file is begun.',
  },
  index_cache_bytes: {
    kind: 'bytes',
    default: 128 * MIB,
    min: 65_536,
    max: 64 * 1024 * MIB,
    doc: 'Records of the index kept in memory. LedgerDB’s open implementation gives its store’s block cache 128 MiB.',
  },
};

export interface Options {
  readonly chain: boolean;
  readonly blockSizeEntries: number;
  readonly blockIntervalNs: number;
  readonly backlogEntriesMax: number;
  readonly journalFileBytes: number;
  readonly indexCacheBytes: number;
}

/** Missing values take their default. */
export function readOptions(values: ParameterValues): Options {
  const number = (name: string): number => {
    const spec = OPTION_SPECS[name];
    const value = values[name] ?? (spec !== undefined && 'default' in spec ? spec.default : undefined);
    assert(typeof value === 'number', 'ledger: an option that is no number');
    return value;
  };
  const blockSizeEntries = number('block_size_entries');
  return {
    chain: values.form === 'chain',
    blockSizeEntries,
    blockIntervalNs: number('block_interval_ms') * MILLISECOND,
    backlogEntriesMax: number('block_backlog_max') * blockSizeEntries,
    journalFileBytes: number('journal_file_bytes'),
    indexCacheBytes: number('index_cache_bytes'),
  };
}
