/**
 * What is made of files from outside of the process that uses them: images that share their blocks, and exact bytes.
 * Nothing here touches a page, a counter or a random stream.
 */
import { assert } from '../assert.ts';
import { SparseBuffer } from '../bytes/sparse-buffer.ts';
import type { BlockStore } from './block-store.ts';
import { BLOCK_BYTES } from './disk.ts';
import { DiskImage } from './disk-image.ts';
import type { DiskFaults } from './faults/disk-fault.ts';
import type { FileContent } from './file-content.ts';
import type { SimulatedFile } from './simulated-file.ts';

export class FileImages {
  readonly #store: BlockStore;
  readonly #names: ReadonlyMap<string, SimulatedFile>;
  readonly #content: FileContent;
  readonly #faults: DiskFaults;
  readonly #shownBlock = new SparseBuffer(BLOCK_BYTES + 8);

  constructor(store: BlockStore, names: ReadonlyMap<string, SimulatedFile>, content: FileContent, faults: DiskFaults) {
    this.#store = store;
    this.#names = names;
    this.#content = content;
    this.#faults = faults;
  }

  /** As the process sees the files now, with what faults make of them. */
  capture(names: readonly string[]): DiskImage {
    const lengths: number[] = [];
    const tables: Int32Array[] = [];
    for (const name of names) {
      const file = this.#find(name);
      this.#content.seal(file);
      const table = new Int32Array(file.blockCount);
      for (let block = 0; block < table.length; block++) table[block] = this.#store.share(file.blocks[block]);
      lengths.push(file.length);
      tables.push(table);
      if (this.#faults.count > 0) this.#takeShown(file, table);
    }
    return new DiskImage(this.#store, [...names], lengths, tables);
  }

  /** Puts what reads of the file show in place of what was written. */
  #takeShown(file: SimulatedFile, table: Int32Array): void {
    for (let block = 0; block < table.length; block++) {
      const shown = this.#shown(file, block);
      if (shown === undefined) continue;
      this.#store.release(table[block]);
      table[block] = this.#store.put(shown, 0, shown.length);
    }
  }

  /** Whether reads of these files show what was written, as checksums kept beside each block would tell. */
  showWhatWasWritten(names: readonly string[]): boolean {
    if (this.#faults.count === 0) return true;
    for (const name of names) {
      const file = this.#find(name);
      this.#content.seal(file);
      if (this.#faults.readOutcome(file, 0, file.length) !== 'ok') return false;
      for (let block = 0; block < file.blockCount; block++) if (this.#shown(file, block) !== undefined) return false;
    }
    return true;
  }

  /** A block of a sealed file as a read shows it, if that is not as it was written; borrowed. */
  #shown(file: SimulatedFile, block: number): SparseBuffer | undefined {
    const bytes = Math.min(BLOCK_BYTES, file.length - block * BLOCK_BYTES);
    if (bytes <= 0) return undefined;
    const shown = this.#shownBlock;
    this.#store.read(file.blocks[block], shown.reset(), 0, bytes);
    return this.#faults.content(file, block * BLOCK_BYTES, shown) ? shown : undefined;
  }

  lengthOf(name: string): number {
    return this.#find(name).length;
  }

  /** The exact bytes of a file piece by piece; a piece is valid until the next one is asked for. */
  *chunks(name: string): Generator<Uint8Array, void> {
    const file = this.#find(name);
    const chunk = new Uint8Array(BLOCK_BYTES);
    const content = new SparseBuffer(BLOCK_BYTES + 8);
    for (let at = 0; at < file.length; at += BLOCK_BYTES) {
      const count = Math.min(BLOCK_BYTES, file.length - at);
      this.#content.readBlock(file, at / BLOCK_BYTES, content.reset(), 0, count);
      content.copyTo(chunk, 0, 0, count);
      yield count === BLOCK_BYTES ? chunk : chunk.subarray(0, count);
    }
  }

  #find(name: string): SimulatedFile {
    const file = this.#names.get(name);
    assert(file !== undefined, 'disk: a look at a file that does not exist');
    return file;
  }
}
