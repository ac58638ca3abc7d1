/**
 * Blocks that were written to another place than asked for. The page cache still shows what belongs there; the medium
 * shows the stray until that place is written again. At most `STRAYS_MAX` at a time; further ones vanish.
 */

import { SparseBuffer } from '../bytes/sparse-buffer.ts';
import type { BlockRef, BlockStore } from './block-store.ts';
import { BLOCK_BYTES } from './disk.ts';
import type { SimulatedFile } from './simulated-file.ts';

const STRAYS_MAX = 4096;

interface Stray {
  readonly file: SimulatedFile;
  readonly block: number;
  /** Owned. */
  readonly content: BlockRef;
}

export class Strays {
  readonly #store: BlockStore;
  readonly #scratch = new SparseBuffer(BLOCK_BYTES + 8);
  #all: Stray[] = [];

  constructor(store: BlockStore) {
    this.#store = store;
  }

  get count(): number {
    return this.#all.length;
  }

  /** `where`, 0 to 1: which of all blocks of all files is hit. */
  add(where: number, files: Iterable<SimulatedFile>, content: BlockRef): void {
    const all = [...files];
    const blocks = all.reduce((sum, file) => sum + file.blockCount, 0);
    let block = Math.floor(where * blocks);
    for (const file of all) {
      if (block < file.blockCount) {
        this.overwritten(file, block, block + 1);
        if (this.#all.length < STRAYS_MAX) this.#all.push({ file, block, content: this.#store.share(content) });
        return;
      }
      block -= file.blockCount;
    }
  }

  /** Blocks [from, to) are written, in part or whole: the medium is right again. */
  overwritten(file: SimulatedFile, from: number, to: number): void {
    this.#all = this.#all.filter((stray) => {
      const isHit = stray.file === file && stray.block >= from && stray.block < to;
      if (isHit) this.#store.release(stray.content);
      return !isHit;
    });
  }

  /** The page cache is gone. How many files show a stray now. */
  land(successors: ReadonlyMap<SimulatedFile, SimulatedFile>): number {
    const hit = new Set<SimulatedFile>();
    for (const { file, block, content } of this.#all) {
      const fresh = successors.get(file);
      const bytes = fresh === undefined ? 0 : Math.min(BLOCK_BYTES, fresh.length - block * BLOCK_BYTES);
      if (fresh !== undefined && bytes > 0 && fresh.block(block) !== content) {
        fresh.cover(block + 1);
        this.#store.release(fresh.blocks[block]);
        fresh.blocks[block] = this.#cut(content, bytes);
        hit.add(fresh);
      }
      this.#store.release(content);
    }
    this.#all = [];
    return hit.size;
  }

  /** Bytes behind the file's end are zero. */
  #cut(content: BlockRef, bytes: number): BlockRef {
    if (bytes === BLOCK_BYTES) return this.#store.share(content);
    this.#store.read(content, this.#scratch.reset(), 0, bytes);
    return this.#store.put(this.#scratch, 0, bytes);
  }
}
