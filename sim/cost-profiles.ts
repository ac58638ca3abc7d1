/**
 * What work costs in CPU time: named profiles, ns for one unit of each kind.
 *
 * `etcd-2021` stands for etcd 3.4 and its engines on a two-core cloud machine of that time. Two measurements of real
 * etcd pin its sums, all three nodes together, 1 KiB puts: 192–233 µs a put with 100 clients, about 1.5 ms with one. With
 * 100 clients some 16 puts share a WAL sync, and a round of replication is 16 encodings and decodings (two
 * followers; append, its answer, the commit index, its answer; each written once and read once). On each node, beside
 * what these prices say of an entry, a put costs some 1 µs in the WAL and 4 µs in a bolt backend that commits 650 at a time:
 *
 *     100 clients   60 request + 3 × (5 append + 5 apply + 6 engine call + 5) + 85 × 16 ÷ 16 messages ≈ 208 µs
 *     1 client      60 request + 3 × (5 append + 5 apply + 6 engine call + 9) + 85 × 16 messages ≈ 1.5 ms
 *
 * A put into the engine is pinned by two more (CPU of one put under etcd, 2018): bolt 7.1 µs, RocksDB 7.78 µs through its
 * Go binding and 1.38 µs by its C interface. Here: 6 µs a call, and what bolt (20 compares) and RocksDB count.
 *
 * How a sum is split among its kinds is an estimate (E); the others are measured (M) or derived from a measurement (D).
 * Structures are priced cold: a simulated store is larger than the processor's cache.
 */
import { type CostProfile, costProfile, type WorkKind } from './work.ts';

const ETCD_2021: Record<WorkKind, number> = {
  bytesCopied: 0.25, // M: copying 4 KiB takes 1,050 ns cold, 50 ns hot; the cold figure
  bytesHashed: 0.27, // M: native CRC-32C, 190 ns for 64 B and 1,260 ns for 4 KiB: the slope between
  bytesDigested: 0.7, // M: SHA-256 of 1 KiB with the processor's SHA instructions, 716 ns; without them three times that
  systemCalls: 1_500, // E: entry, exit and the file system's share of a small write; usually given as 1–2 µs

  keysCompared: 45, // D: a lookup among 10 M keys of 20 B takes 1.1 µs, some 24 compares and their cache misses
  itemsMoved: 3, // E: 16 B of a slice shifted, at the price of bytesCopied less the loop

  pagesTouched: 100, // E: one miss in a memory-mapped file's hot part
  nodesMaterialised: 2_500, // E: some 30 elements of 3 slice headers each, allocated and filled
  nodesSplit: 1_500, // E: as half a materialised node
  pagesSerialised: 1_500, // E: one cold copy of 4 KiB and its allocation
  freelistIdsScanned: 1, // M: linear first fit over 6.5 M ids, 1,200 times, took 8 s; Go 1.19 alone, 0.8 ns an id
  freelistIdsMoved: 1, // D: 8 B copied, merged or written at the rate of the scan
  freelistMapOperations: 12, // M: Go 1.19, map of 1,000 entries: 6 ns a lookup, 15 ns an insertion or deletion
  freelistSpansWalked: 9, // M: Go 1.19, a loop over a map of 492,000 entries
  freelistIdsSorted: 7, // M: Go 1.19, sort.Sort of 492,000 ids in random order, 65 ms

  memtableSteps: 20, // E: a skip list's pointer, its compare counted apart; some 20 of both make RocksDB's 1.38 µs a put
  blocksDecoded: 1_200, // E: 4 KiB block located in the cache or read and checked
  entriesDecoded: 30, // E: three varints and a key prefix
  entriesMerged: 300, // E: a compaction's read, compare, copy and append of one entry: about 3 M entries a second
  filtersProbed: 80, // E: hash and one or two cache lines
  filterKeysAdded: 40, // E: hash and seven bits

  requestsHandled: 60_000, // E: gRPC server call: HTTP/2 frames, protobuf, goroutines, reply; see the sums above
  messagesHandled: 85_000, // D: what one client costs more than 100 do, over 16 messages less the 1 of a shared round
  entriesAppended: 5_000, // E: marshal into the WAL record, raft log, unstable and storage
  entriesApplied: 5_000, // E: unmarshal, authorisation, transaction locks, watchers, metrics, wake the waiter
  indexSteps: 45, // D: as keysCompared
  engineOperations: 6_000, // D: bolt's 7.1 µs less its compares; RocksDB's Go binding less its C interface is 6.4 µs
};

export const COST_PROFILES: readonly CostProfile[] = [
  costProfile(
    'etcd-2021',
    'etcd 3.4.23 on two cores: CPU time of a put over three nodes, 192–233 µs (100 clients) and 1.5 ms (1 client); single operations from micro-measurements on the same machine',
    ETCD_2021,
  ),
];

export function findCostProfile(name: string): CostProfile | undefined {
  return COST_PROFILES.find((profile) => profile.name === name);
}
