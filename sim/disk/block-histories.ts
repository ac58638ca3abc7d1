/**
 * What the undo records of a file tell about its blocks: which records touched a block, and the block as it was after
 * any of them. So any subset of the records can be replayed: threads that wrote to the same block are kept apart by the byte.
 */
import { SparseBuffer } from '../bytes/sparse-buffer.ts';
import { type BlockRef, type BlockStore, ZERO_BLOCK } from './block-store.ts';
import { BLOCK_BYTES } from './disk.ts';
import type { SimulatedFile } from './simulated-file.ts';
import { APPENDED, CUT, FILLED_HOLE, GREW, OVERWRITTEN, RANGE_SCALE, type UndoLog } from './undo-log.ts';

/** A run shorter than this stays literal when bytes become sparse again. */
const RUN_BYTES_MIN = 16;

export class BlockHistories {
  readonly #undo: UndoLog;
  readonly #store: BlockStore;
  readonly #sparse = new SparseBuffer(BLOCK_BYTES + 8);
  readonly #image = new Uint8Array(BLOCK_BYTES);

  constructor(undo: UndoLog, store: BlockStore) {
    this.#undo = undo;
    this.#store = store;
  }

  /** Its records by block, oldest first; those of a block that was and is zeros are left out. The hot block must be cold. */
  of(file: SimulatedFile): Map<number, number[]> {
    const undo = this.#undo;
    const histories = new Map<number, number[]>();
    const add = (block: number, record: number): void => {
      const known = histories.get(block);
      if (known === undefined) histories.set(block, [record]);
      else known.push(record);
    };
    const overwritten = new Set<number>();
    for (let r = file.firstRecord; r >= 0; r = undo.next[r]) {
      if (undo.kind[r] >= OVERWRITTEN) overwritten.add(undo.a[r]);
    }
    let last = file.blockCount - 1;
    for (const block of overwritten) last = Math.max(last, block);
    for (let r = file.firstRecord; r >= 0; r = undo.next[r]) {
      const kind = undo.kind[r];
      if (kind >= OVERWRITTEN) add(undo.a[r], r);
      else if (kind === APPENDED || kind === FILLED_HOLE) {
        const from = Math.floor(undo.a[r] / BLOCK_BYTES);
        const to = Math.min(last, Math.ceil(undo.b[r] / BLOCK_BYTES) - 1);
        for (let block = from; block <= to; block++) {
          if (file.block(block) !== ZERO_BLOCK || overwritten.has(block)) add(block, r);
        }
      }
    }
    return histories;
  }

  changesLength(record: number): boolean {
    const kind = this.#undo.kind[record];
    return kind === APPENDED || kind === GREW || kind === CUT;
  }

  /** The block as it was when record `index` of its history had just been made; −1: before all. Valid until the next call. */
  imageAfter(records: readonly number[], index: number, current: BlockRef, block: number): Uint8Array {
    const undo = this.#undo;
    const image = this.#image;
    let next = index + 1;
    while (next < records.length && undo.kind[records[next]] < OVERWRITTEN) next++;
    const ref = next < records.length ? undo.ref[records[next]] : current;
    this.#store.read(ref, this.#sparse.reset(), 0, BLOCK_BYTES);
    this.#sparse.copyTo(image, 0, 0, BLOCK_BYTES);
    // what later records without old content wrote was zeros then
    for (let i = index + 1; i < next; i++) image.fill(0, this.from(records[i], block), this.to(records[i], block));
    return image;
  }

  /** Bytes [from, to) of the block are what the record wrote. */
  from(record: number, block: number): number {
    const undo = this.#undo;
    if (undo.kind[record] >= OVERWRITTEN) return Math.floor(undo.b[record] / RANGE_SCALE);
    return Math.max(0, undo.a[record] - block * BLOCK_BYTES);
  }
  to(record: number, block: number): number {
    const undo = this.#undo;
    if (undo.kind[record] >= OVERWRITTEN) return undo.b[record] % RANGE_SCALE;
    return Math.min(BLOCK_BYTES, undo.b[record] - block * BLOCK_BYTES);
  }

  /** Where in its file the bytes end that a record wrote below the length; 0: it wrote none there. */
  end(record: number): number {
    const undo = this.#undo;
    const kind = undo.kind[record];
    if (kind === FILLED_HOLE) return undo.b[record];
    return kind === OVERWRITTEN ? undo.a[record] * BLOCK_BYTES + (undo.b[record] % RANGE_SCALE) : 0;
  }

  /** Drops what lies beyond the file's length in its last block: every byte there is zero. */
  cutTail(file: SimulatedFile): void {
    const cut = file.length % BLOCK_BYTES;
    const last = Math.floor(file.length / BLOCK_BYTES);
    if (cut === 0 || last >= file.blockCount || file.blocks[last] === ZERO_BLOCK) return;
    this.#store.read(file.blocks[last], this.#sparse.reset(), 0, cut);
    const ref = this.#store.put(this.#sparse, 0, cut);
    this.#store.release(file.blocks[last]);
    file.blocks[last] = ref;
  }

  /** A block of these bytes. */
  pack(bytes: Uint8Array): BlockRef {
    const sparse = this.#sparse.reset();
    let literalFrom = 0;
    for (let at = 0; at < bytes.length; ) {
      const byte = bytes[at];
      let end = at + 1;
      while (end < bytes.length && bytes[end] === byte) end++;
      if (end - at >= RUN_BYTES_MIN) {
        sparse.bytes(bytes, literalFrom, at);
        sparse.run(byte, end - at);
        literalFrom = end;
      }
      at = end;
    }
    sparse.bytes(bytes, literalFrom, bytes.length);
    return this.#store.put(sparse, 0, BLOCK_BYTES);
  }
}
