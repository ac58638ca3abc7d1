/** How a write-ahead log is to be kept. */
import type { Bugs } from '../../bugs.ts';
import type { Disk } from '../../disk/disk.ts';
import type { Integrity } from '../../run-spec.ts';
import type { Work } from '../../work.ts';

export interface WalOptions {
  readonly disk: Disk;
  /** Ends in '/'; segments and their temporary files live directly in it. */
  readonly directory: string;
  /** etcd: 64,000,000. */
  readonly segmentBytes: number;
  /** Released segments are removed until so many are left. etcd: 5. */
  readonly segmentsMax: number;
  readonly work: Work;
  /** Left out: `checksum`. */
  readonly integrity?: Integrity;
  /** A cluster of one: what might be damage or a torn tail is taken for a torn tail, as nobody could repair it. */
  readonly isAlone?: boolean;
  /**
   * What counts as a torn tail. `etcd`, the default: see `segment-reader.ts`; it relies on sectors that are written whole
   * or not at all. `first-damage`: any damage in the newest segment ends the log, as RocksDB's tolerant mode has
   * it; bit rot there then loses what follows without a word.
   */
  readonly tornRule?: 'etcd' | 'first-damage';
  /** Mistakes that are planted. */
  readonly bugs?: Bugs;
}
