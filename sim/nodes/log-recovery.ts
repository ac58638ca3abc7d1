/** What a starting replica finds in its write-ahead log: who it is, and what it has promised and accepted. */

import type { StateMachine } from './kv/state-machine.ts';
import { decodeMemberId, encodeMemberId } from './member-id.ts';
import { configurationAt } from './raft/membership.ts';
import { type Configuration, Entry } from './raft/messages.ts';
import type { SnapshotKeeper } from './snapshot-keeper.ts';
import { createWriteAheadLog } from './wal/new-log.ts';
import { openWriteAheadLog } from './wal/recovery.ts';
import type { SnapshotMark } from './wal/wal-entry.ts';
import type { WalOptions } from './wal/wal-options.ts';
import { WriteAheadLog } from './wal/write-ahead-log.ts';

/** Of a new log: nothing accepted, nothing promised. */
export interface RecoveredLog {
  readonly wal: WriteAheadLog;
  readonly memberId: number;
  readonly term: number;
  readonly vote: number;
  readonly commit: number;
  readonly snapshot: SnapshotMark;
  readonly entries: Entry[];
  /** Indices of entries that are damaged on disk; with redundant storage only. */
  readonly damaged: readonly number[];
}

/** Where there is no log one is begun, for `memberId`. A text: why the replica cannot start. */
export function recoverLog(
  options: WalOptions,
  snapshotMarks: Parameters<typeof openWriteAheadLog>[1],
  memberId: number,
): RecoveredLog | string {
  const makeEntry = (term: number, index: number, type: number, data: Entry['data']): Entry =>
    new Entry(term, index, type, data);
  const opening = openWriteAheadLog<Entry>(options, snapshotMarks, makeEntry);
  switch (opening.outcome) {
    case 'ok': {
      const { log, metadata, state, snapshot, entries, damaged } = opening;
      const { term, vote, commit } = state;
      return {
        wal: log,
        memberId: decodeMemberId(metadata) || memberId,
        term,
        vote,
        commit,
        snapshot,
        entries,
        damaged,
      };
    }
    case 'missing': {
      const wal = createWriteAheadLog(options, encodeMemberId(memberId));
      if (!(wal instanceof WriteAheadLog)) return `write-ahead log: ${wal}`;
      const snapshot = { index: 0, term: 0 };
      return { wal, memberId, term: 0, vote: 0, commit: 0, snapshot, entries: [], damaged: [] };
    }
    case 'corrupt':
      return `write-ahead log: corrupt at ${opening.corruption.where}: ${opening.corruption.what}`;
    default:
      return `write-ahead log: ${opening.outcome}`;
  }
}

/**
 * Damaged entries that the store holds already need no repair: it stands in for them, as a snapshot of its own.
 * `before`: the configuration that the log begins with. Undefined: the disk failed.
 */
export function coverDamage(
  recovered: RecoveredLog,
  { appliedIndex: index, appliedTerm: term }: StateMachine,
  before: Configuration,
  snapshots: SnapshotKeeper,
): Pick<RecoveredLog, 'snapshot' | 'entries' | 'damaged'> | undefined {
  const { wal, entries, damaged, vote } = recovered;
  if (damaged.length === 0 || damaged[0]! > index) return recovered;
  // a change of the configuration among the damaged entries is missed: nothing else tells what it was
  const snapshot = { index, term, configuration: configurationAt(index, before, entries) };
  const state = { term: recovered.term, vote, commit: Math.max(recovered.commit, index) };
  if (!snapshots.standIn(snapshot, wal) || wal.save(state, []) !== 'ok' || wal.sync() !== 'ok') return undefined;
  return {
    snapshot,
    entries: entries.filter((entry) => entry.index > index),
    damaged: damaged.filter((each) => each > index),
  };
}
