/** The open file, and what is known of it in memory. Made anew by every `open`. */
import type { Bugs } from '../../sim/bugs.ts';
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import type { Work } from '../../sim/work.ts';
import type { Meta } from './format.ts';
import type { Freelist } from './freelist.ts';
import type { Pages } from './pages.ts';
import type { Space } from './space.ts';
import type { PageCensus, TransactionStats } from './statistics.ts';

export interface Store {
  readonly disk: Disk;
  readonly file: File;
  readonly work: Work;
  readonly pageSize: number;
  readonly pages: Pages;
  readonly freelist: Freelist;
  readonly space: Space;
  readonly stats: TransactionStats;
  readonly census: PageCensus;
  readonly noFreelistSync: boolean;
  readonly bugs: Bugs;
  /** A page in the making. */
  readonly out: SparseBuffer;
  /** The last that was committed. */
  meta: Meta;
  /** Pages of the stored freelist. */
  freelistPages: number;
  /** The other meta page was found torn, and is about to be overwritten by the next commit. */
  spareMetaIsTorn: boolean;
}
