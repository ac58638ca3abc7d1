/** What the log holds, as types: structural, so that the protocol's own objects fit without conversion. */
import type { Value } from '../../bytes/value.ts';
import type { Configuration } from '../raft/messages.ts';

export type { Configuration } from '../raft/messages.ts';

/** `type`: 0 normal, 1 configuration change, 2 configuration change v2. Shared by all replicas and never changed. */
export interface WalEntry {
  readonly term: number;
  readonly index: number;
  readonly type: number;
  readonly data: Value;
}

/** `vote`: a node number, 0 for none. */
export interface HardState {
  readonly term: number;
  readonly vote: number;
  readonly commit: number;
}

/** A point up to which a snapshot stands in for the log. Index 0 is the empty state before the first entry. */
export interface SnapshotMark {
  readonly index: number;
  readonly term: number;
  readonly configuration?: Configuration | undefined;
}
