/**
 * Files as they were at one moment, sharing their blocks with the disk they came from: what a Raft
 * snapshot carries, and what preloaded stores are made from. Belongs to the block store, not to a
 * disk: it outlives a crash of the node that took it. Release it when it is no longer needed.
 */
import { assert } from '../assert.ts';
import type { BlockStore } from './block-store.ts';
import { BLOCK_BYTES } from './disk.ts';

export class DiskImage {
  readonly names: readonly string[];
  readonly lengths: readonly number[];
  /** Of each file; blocks beyond the end of the table are zeros. */
  readonly blocks: readonly Int32Array[];
  /** Sum of the lengths. */
  readonly bytes: number;
  readonly #store: BlockStore;
  #owners = 1;

  /** Takes over one owner's share of each block. */
  constructor(store: BlockStore, names: readonly string[], lengths: readonly number[], blocks: readonly Int32Array[]) {
    this.#store = store;
    this.names = names;
    this.lengths = lengths;
    this.blocks = blocks;
    let bytes = 0;
    for (const length of lengths) bytes += length;
    this.bytes = bytes;
  }

  /** Its last owner has let go of it: it must not be used any more. */
  get isReleased(): boolean {
    return this.#owners === 0;
  }

  /** One more owner, who will release it too. */
  retain(): void {
    assert(this.#owners > 0, 'disk image: retained after its release');
    this.#owners++;
  }

  /** Bytes on a device: whole blocks. */
  get deviceBytes(): number {
    let sum = 0;
    for (const length of this.lengths) sum += Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
    return sum;
  }

  release(): void {
    assert(this.#owners > 0, 'disk image: released more often than retained');
    if (--this.#owners > 0) return;
    for (const table of this.blocks) {
      for (let block = 0; block < table.length; block++) this.#store.release(table[block]);
    }
  }
}
