/** What a MsgSnap carries besides its metadata: the engine's files as of its index, shared copy-on-write. */
import type { DiskImage } from '../disk/disk-image.ts';

export interface SnapshotData {
  readonly image: DiskImage;
  /** Directory of the engine on the sender, which the receiver replaces by its own. */
  readonly directory: string;
  readonly bytes: number;
}
