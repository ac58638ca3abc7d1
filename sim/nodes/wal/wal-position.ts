/** Where appending to a log goes on. */
import type { File } from '../../disk/disk.ts';
import type { DamagedEntry } from './damaged-entries.ts';
import type { Segment } from './segment.ts';
import type { HardState } from './wal-entry.ts';

/** Made by `createWriteAheadLog` and by recovery. */
export interface WalPosition {
  readonly metadata: Uint8Array;
  readonly state: HardState;
  readonly crc: number;
  readonly lastIndex: number;
  /** Ascending, the tail last. */
  readonly segments: readonly Segment[];
  readonly tail: File;
  readonly offset: number;
  /** Records in the tail; counted with `redundant` only. */
  readonly records: number;
  readonly damaged: readonly DamagedEntry[];
}

export const NO_STATE: HardState = { term: 0, vote: 0, commit: 0 };
