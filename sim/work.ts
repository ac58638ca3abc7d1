/**
 * What a piece of code did, counted where it was done, and what that costs in CPU time.
 *
 * Code adds to `work.counts[NODES_SPLIT]`; the host takes the counts after each call and
 * prices them with the run's cost profile. Nothing ever reads the host machine's clock.
 * A new kind of work is one line in `WORK_KINDS` and one figure in each profile.
 */
import type { Duration } from './clock.ts';

const WORK_KINDS = [
  // bytes
  'bytesCopied', // memory to memory: page serialised, value moved, message encoded
  'bytesHashed', // checksummed (CRC32C, FNV)
  'bytesDigested', // through SHA-256
  'systemCalls', // read, write, fsync: the kernel's entry and exit, not the device
  // ordered structures
  'keysCompared', // one key comparison in a binary search, a skip list or a merge
  'itemsMoved', // an element shifted to make room, or appended to a node or block
  // bolt
  'pagesTouched', // page located and its header read
  'nodesMaterialised', // page decoded into a node for writing
  'nodesSplit',
  'pagesSerialised', // node written into a page buffer
  'freelistIdsScanned', // ids looked at by the array's linear first fit
  'freelistIdsMoved', // ids copied, merged or serialised
  'freelistMapOperations', // lookups and changes of the hash maps of a freelist; see engines/bolt/go-maps.ts
  'freelistSpansWalked', // spans passed over by a walk over the whole map
  'freelistIdsSorted', // id × log2(ids) steps of a sort
  // log-structured engines
  'memtableSteps', // pointer followed in a skip list
  'blocksDecoded',
  'entriesDecoded',
  'entriesMerged', // one entry through a merging iterator
  'filtersProbed',
  'filterKeysAdded',
  // node host
  'requestsHandled', // client request decoded, checked, answered
  'messagesHandled', // Raft message decoded or encoded
  'entriesAppended', // entry into the Raft log
  'entriesApplied', // entry taken from the apply queue
  'indexSteps', // step in the in-memory key index
  'engineOperations', // put, delete or get handed to the storage engine: what its interface costs, whichever it is
] as const;

export type WorkKind = (typeof WORK_KINDS)[number];
export const WORK_KIND_NAMES: readonly WorkKind[] = WORK_KINDS;

const indexOf = (kind: WorkKind): number => WORK_KINDS.indexOf(kind);
export const BYTES_COPIED = indexOf('bytesCopied');
export const BYTES_HASHED = indexOf('bytesHashed');
export const BYTES_DIGESTED = indexOf('bytesDigested');
export const SYSTEM_CALLS = indexOf('systemCalls');
export const KEYS_COMPARED = indexOf('keysCompared');
export const ITEMS_MOVED = indexOf('itemsMoved');
export const PAGES_TOUCHED = indexOf('pagesTouched');
export const NODES_MATERIALISED = indexOf('nodesMaterialised');
export const NODES_SPLIT = indexOf('nodesSplit');
export const PAGES_SERIALISED = indexOf('pagesSerialised');
export const FREELIST_IDS_SCANNED = indexOf('freelistIdsScanned');
export const FREELIST_IDS_MOVED = indexOf('freelistIdsMoved');
export const FREELIST_MAP_OPERATIONS = indexOf('freelistMapOperations');
export const FREELIST_SPANS_WALKED = indexOf('freelistSpansWalked');
export const FREELIST_IDS_SORTED = indexOf('freelistIdsSorted');
export const MEMTABLE_STEPS = indexOf('memtableSteps');
export const BLOCKS_DECODED = indexOf('blocksDecoded');
export const ENTRIES_DECODED = indexOf('entriesDecoded');
export const ENTRIES_MERGED = indexOf('entriesMerged');
export const FILTERS_PROBED = indexOf('filtersProbed');
export const FILTER_KEYS_ADDED = indexOf('filterKeysAdded');
export const REQUESTS_HANDLED = indexOf('requestsHandled');
export const MESSAGES_HANDLED = indexOf('messagesHandled');
export const ENTRIES_APPENDED = indexOf('entriesAppended');
export const ENTRIES_APPLIED = indexOf('entriesApplied');
export const INDEX_STEPS = indexOf('indexSteps');
export const ENGINE_OPERATIONS = indexOf('engineOperations');

/** Counts since the last `take`, indexed by the constants above. */
export class Work {
  readonly counts = new Float64Array(WORK_KINDS.length);

  /** The price of the counts in whole ns; resets them. */
  take(costs: CostProfile): Duration {
    const { counts } = this;
    const { nanoseconds } = costs;
    let sum = 0;
    for (let kind = 0; kind < counts.length; kind++) {
      const count = counts[kind]!;
      if (count === 0) continue; // most are, most of the time
      sum += count * nanoseconds[kind]!;
      counts[kind] = 0;
    }
    return Math.round(sum);
  }
}

/** ns for one unit of each kind of work. */
export interface CostProfile {
  readonly name: string;
  /** Where the figures come from, for the report. */
  readonly source: string;
  readonly nanoseconds: Float64Array;
}

export function costProfile(name: string, source: string, prices: Record<WorkKind, number>): CostProfile {
  return { name, source, nanoseconds: Float64Array.from(WORK_KINDS, (kind) => prices[kind]) };
}
