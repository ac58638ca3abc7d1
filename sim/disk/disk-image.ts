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
  #isReleased = false;

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

  get isReleased(): boolean {
    return this.#isReleased;
  }

  /** Bytes on a device: whole blocks. */
  get deviceBytes(): number {
    let sum = 0;
    for (const length of this.lengths) sum += Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES;
    return sum;
  }

  release(): void {
    assert(!this.#isReleased, 'disk image: released twice');
    this.#isReleased = true;
    for (const table of this.blocks) {
      for (let block = 0; block < table.length; block++) this.#store.release(table[block]);
    }
  }
}
