/** Published bugs of the layers that are simulated, which cannot be had here: each with the reason. */
export interface AbsentBug {
  readonly source: string;
  readonly mechanism: string;
  readonly why: string;
}

export const ABSENT: readonly AbsentBug[] = [
  {
    source: 'etcd-io/raft #31',
    mechanism:
      'the term of a compacted entry is 0 to the leader and the follower alike, so that an empty append matches and commits beyond the log',
    why: 'it takes appends in flight that get lost unnoticed, while the window is full: here they travel in order over one connection, and its end is reported before anything else is sent',
  },
  {
    source: 'etcd #14685',
    mechanism: 'defragmentation commits without saving the consistent index, so that entries are applied twice',
    why: 'the store keeps its revision beside the index, in the same commit, and does not believe what lies above: applied again, entries leave what they left the first time',
  },
  {
    source: 'etcd #17780, #19179',
    mechanism: 'the restored revision is that of the newest key left after a compaction, which may be lower',
    why: 'the revision is saved, not counted from keys; and clients do not ask for compactions yet',
  },
  {
    source: 'etcd #20271',
    mechanism: 'a snapshot is applied while the store that it replaces is being defragmented',
    why: 'whoever replaces the store drops its background jobs in the same step: there is no second thread to race with',
  },
  {
    source: 'etcd #14571, #15220, #15271, #17247, #17529, #18089, #18667, #20221',
    mechanism: 'mistakes of authentication, transactions and watches',
    why: 'requests are puts, deletes and reads so far',
  },
  {
    source: 'bbolt #797, #819',
    mechanism: 'a rollback leaves on record which pages the transaction had allocated',
    why: 'a transaction is rolled back only where its commit has failed, which ends the process, as in etcd; the record goes with it',
  },
  {
    source: 'bbolt #701, #778',
    mechanism: 'after a power failure a page is referenced twice',
    why: 'no cause was published that could be planted; its symptom is what bolt-one-sync and bolt-meta-before-data lead to',
  },
  {
    source: 'RocksDB #10573',
    mechanism: 'CURRENT is renamed into place and its directory not synced',
    why: 'changes of one directory outlast a power failure in their order, as on a journaling file system, and each later sync of the directory, on which everything acknowledged depends, covers the rename',
  },
  {
    source: 'Badger #926',
    mechanism: 'the statistics of what can be discarded are not found once garbage collection has moved them',
    why: 'they are a hint for what to collect next; without them nothing is lost',
  },
  {
    source: 'Badger #1090',
    mechanism: 'garbage collection trusts tables of level 0 that are in memory only',
    why: 'the option to keep them there is not simulated',
  },
  {
    source: 'Badger #1756',
    mechanism: 'two compactions write the manifest at once',
    why: 'one change of the manifest is one step here: threads take turns between steps',
  },
];
