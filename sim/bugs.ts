/**
 * Published mistakes that can be planted, each at the place in the code where it was made: what `cluster.bugs` of a
 * scenario names. None is planted unless it is named there, and what is not planted costs one field read.
 *
 * To add one: an entry here, `bugs['its-name']` at its place, and a scenario of its name that finds it.
 */

export interface BugEntry {
  readonly name: string;
  /** What was wrong, in a sentence. */
  readonly mechanism: string;
  /** Where it was published. */
  readonly source: string;
  /** The file that it is planted in. */
  readonly place: string;
  /** Which check is the first to complain in the museum's scenario. */
  readonly check: string;
}

export const BUGS = [
  {
    name: 'figure-8',
    mechanism: 'a leader commits entries of earlier terms by counting their copies',
    source: 'Ongaro & Ousterhout 2014, Figure 8',
    place: 'sim/nodes/raft/replication.ts',
    check: 'leader-completeness',
  },
  {
    name: 'acknowledged-before-saved',
    mechanism: 'a single voter commits an entry, and answers its client, before the log is saved',
    source: 'etcd #14370',
    place: 'sim/nodes/raft/proposal.ts',
    check: 'leader-completeness',
  },
  {
    name: 'read-index-before-commit',
    mechanism: 'a new leader answers reads with its commit index before it has committed anything in its term',
    source: 'Ongaro 2014, §6.4',
    place: 'sim/nodes/raft/read-index.ts',
    check: 'session-order',
  },
  {
    name: 'read-index-context-reused',
    mechanism: 'the retry of a ReadIndex keeps its context, so that the answer to the first question confirms it',
    source: 'etcd #20418',
    place: 'sim/nodes/read-queue.ts',
    check: 'linearizability',
  },
  {
    name: 'lease-ignores-drift',
    mechanism:
      'a leader answers reads by a lease of a whole election time-out, which allows for no drift of the clocks',
    source: 'Ongaro 2014, §6.4.1; etcd raft, ReadOnlyLeaseBased',
    place: 'sim/nodes/raft/read-index.ts',
    check: 'linearizability',
  },
  {
    name: 'membership-change-before-commit',
    mechanism:
      'a new leader takes a change of the membership before it has committed anything in its term, so that two of them are under way',
    source: 'Ongaro 2015, raft-dev: bug in single-server membership changes',
    place: 'sim/nodes/raft/election.ts',
    check: 'leader-completeness',
  },
  {
    name: 'campaign-before-change-applied',
    mechanism:
      'a node goes on while its apply thread has not come to a committed change, and counts votes by the members before it',
    source: 'etcd #7280; etcd-io/raft #234, #456',
    place: 'sim/nodes/raft-thread.ts',
    check: 'leader-completeness',
  },
  {
    name: 'change-applied-behind-snapshot',
    mechanism:
      'a change of the membership that waits to be applied is applied though a snapshot behind it has come in, and adds a removed member again',
    source: 'etcd #11510, TiKV #6344',
    place: 'sim/nodes/raft/ready.ts',
    check: 'membership',
  },
  {
    name: 'vote-not-synced',
    mechanism: 'term and vote are written and not synced before the vote is sent',
    source: 'Ongaro & Ousterhout 2014, §5.1',
    place: 'sim/nodes/wal/write-ahead-log.ts',
    check: 'one-leader-per-term',
  },
  {
    name: 'inflight-bytes-never-reset',
    mechanism: 'the bytes in flight to a follower are not forgotten when it has to be probed again',
    source: 'etcd raft, bytes in flight',
    place: 'sim/nodes/raft/inflights.ts',
    check: 'progress',
  },
  {
    name: 'retry-applied-twice',
    mechanism: 'a proposal that the client repeats is applied again',
    source: 'etcd #14890, #18424',
    place: 'sim/nodes/kv/applied-store.ts',
    check: 'exactly-once',
  },
  {
    name: 'consistent-index-ahead',
    mechanism: 'a periodic commit saves the index of an entry whose writes are not in it yet',
    source: 'etcd #13766',
    place: 'sim/nodes/kv/applied-store.ts',
    check: 'apply-order',
  },
  {
    name: 'snapshot-mark-before-commit',
    mechanism: 'a snapshot is marked in the log before the store has committed what it stands for',
    source: 'etcd, order of snapshot and backend commit',
    place: 'sim/nodes/snapshot-keeper.ts',
    check: 'node-failure',
  },
  {
    name: 'snapshot-installed-unsynced',
    mechanism: "a leader's snapshot is marked as received before its files are synced",
    source: 'FAST 2018, protocol-aware recovery',
    place: 'sim/nodes/snapshot-keeper.ts',
    check: 'node-failure',
  },
  {
    name: 'snapshot-not-verified',
    mechanism:
      'a snapshot is sent as the disk shows it, without a look at checksums, so that one damaged block spreads',
    source: 'Ganesan et al., FAST 2017',
    place: 'sim/nodes/snapshot-keeper.ts',
    check: 'acknowledged-writes',
  },
  {
    name: 'snapshot-released-before-installed',
    mechanism: 'a snapshot that arrives removes those before it, though one of them waits to be installed',
    source: 'etcd #18055, #20133',
    place: 'sim/nodes/snapshot-keeper.ts',
    check: 'node-failure',
  },
  {
    name: 'wal-directory-not-synced',
    mechanism: 'a new segment of the log is renamed into place and its directory not synced',
    source: 'etcd #6368',
    place: 'sim/nodes/wal/write-ahead-log.ts',
    check: 'leader-completeness',
  },
  {
    name: 'recovered-without-sync',
    mechanism:
      'a process that starts relies on what a killed one left in the page cache, and a power cut takes that back',
    source: 'SurrealKV #191, Kuzu #5843; PostgreSQL syncs its data directory for it',
    place: 'sim/nodes/replica.ts',
    check: 'leader-completeness',
  },
  {
    name: 'wal-torn-tail-fatal',
    mechanism: 'a record torn by a power failure counts as corruption, and the node does not start',
    source: 'etcd #6378, #14098',
    place: 'sim/nodes/wal/segment-reader.ts',
    check: 'node-failure',
  },
  {
    name: 'wal-damage-cut-off',
    mechanism: 'a damaged record amid the log counts as its torn end, and what follows is cut off',
    source: 'Alagappan et al., FAST 2018 (CTRL)',
    place: 'sim/nodes/wal/segment-reader.ts',
    check: 'leader-completeness',
  },
  {
    name: 'wal-sync-failure-ignored',
    mechanism: 'a sync of the log that failed counts as done',
    source: 'Rebello et al., ATC 2020 (fsyncgate)',
    place: 'sim/nodes/wal/write-ahead-log.ts',
    check: 'leader-completeness',
  },
  {
    name: 'bolt-meta-before-data',
    mechanism: 'the meta page is written and synced before the pages that it names',
    source: 'bbolt, order of a commit',
    place: 'engines/bolt/commit.ts',
    check: 'node-failure',
  },
  {
    name: 'bolt-one-sync',
    mechanism: 'pages and meta page are written with one sync behind both',
    source: 'bbolt, order of a commit',
    place: 'engines/bolt/commit.ts',
    check: 'node-failure',
  },
  {
    name: 'rocksdb-newest-wal-synced',
    mechanism: 'a sync covers the newest log of the store, though an older one has not been synced yet',
    source: 'RocksDB #12489',
    place: 'engines/rocksdb/write-ahead-logs.ts',
    check: 'node-failure',
  },
  {
    name: 'badger-damaged-log-cut-off',
    mechanism: 'opening cuts off a file of the value log at its first damaged entry, though newer files follow it',
    source: 'Badger #1049',
    place: 'engines/badger/recovery.ts',
    check: 'acknowledged-writes',
  },
  {
    name: 'rocksdb-compaction-read-error-ignored',
    mechanism: 'a compaction whose read fails takes that for the end of its input, and removes what it has not read',
    source: 'RocksDB, read errors in compaction',
    place: 'engines/rocksdb/compaction-job.ts',
    check: 'acknowledged-writes',
  },
  {
    name: 'badger-full-memtable-not-synced',
    mechanism: 'a sync leaves out the logs of full memtables that wait for their flush',
    source: 'Badger #1953',
    place: 'engines/badger/write-path.ts',
    check: 'node-failure',
  },
  {
    name: 'badger-moved-value-not-found',
    mechanism:
      'a moved value is looked for as any other, up to the first level that has its key, though garbage collection writes old versions above newer ones',
    source: 'Badger #578, #479',
    place: 'engines/badger/reader.ts',
    check: 'acknowledged-writes',
  },
] as const satisfies readonly BugEntry[];

export type BugName = (typeof BUGS)[number]['name'];

/** By name: is it planted? */
export type Bugs = Readonly<Record<BugName, boolean>>;

export const BUG_NAMES: readonly BugName[] = BUGS.map((bug) => bug.name);

/** Names that are none are the caller's to refuse. */
export function bugsOf(names: readonly string[]): Bugs {
  return Object.fromEntries(BUG_NAMES.map((name) => [name, names.includes(name)])) as Bugs;
}

export const NO_BUGS: Bugs = bugsOf([]);
