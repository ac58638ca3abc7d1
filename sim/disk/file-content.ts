/**
 * The bytes of files: blocks read, written and cut, each change with its undo record.
 *
 * Whole blocks are packed as they come. The block of a file's last partial write stays unpacked (hot):
 * a log's append then costs what it appends. `HOT_MAX` files have one at a time; beyond that, the one
 * that got hot first is packed again.
 */
import { SparseBuffer } from '../bytes/sparse-buffer.ts';
import { type BlockStore, ZERO_BLOCK } from './block-store.ts';
import { BLOCK_BYTES } from './disk.ts';
import { appendRange, appendRun } from './runs.ts';
import type { SimulatedFile } from './simulated-file.ts';
import { FILLED_HOLE, OVERWRITTEN, RANGE_SCALE, type UndoLog, WIPED } from './undo-log.ts';

const HOT_MAX = 16;

export class FileContent {
  readonly #store: BlockStore;
  readonly #undo: UndoLog;
  readonly #hotFiles: (SimulatedFile | undefined)[] = new Array(HOT_MAX).fill(undefined);
  readonly #hotBuffers: SparseBuffer[] = [];
  #hotHand = 0;
  #scratch = new SparseBuffer(BLOCK_BYTES + 8);

  constructor(store: BlockStore, undo: UndoLog) {
    this.#store = store;
    this.#undo = undo;
  }

  /** Appends bytes [inFrom, inTo) of the block to `into`. */
  readBlock(file: SimulatedFile, block: number, into: SparseBuffer, inFrom: number, inTo: number): void {
    const { hot } = file;
    if (hot === undefined || block !== file.hotBlock) {
      this.#store.read(file.block(block), into, inFrom, inTo);
      return;
    }
    const literalTo = Math.min(inTo, hot.length);
    if (inFrom < literalTo) appendRange(into, hot, inFrom, literalTo);
    appendRun(into, 0, inTo - Math.max(inFrom, literalTo));
  }

  /** Writes data[from, to) at `offset`. Records what it overwrites below the file's length; the rest is the caller's. */
  write(
    file: SimulatedFile,
    offset: number,
    data: SparseBuffer,
    from: number,
    to: number,
    thread: number,
    sequence: number,
  ): void {
    let block = Math.floor(offset / BLOCK_BYTES);
    let inFrom = offset - block * BLOCK_BYTES;
    file.cover(Math.ceil((offset + to - from) / BLOCK_BYTES));
    this.#store.startSeries();
    for (let at = from; at < to; block++) {
      const inTo = Math.min(BLOCK_BYTES, inFrom + to - at);
      if (inTo - inFrom === BLOCK_BYTES) this.#writeBlock(file, block, data, at, thread, sequence);
      else this.#writePart(file, block, inFrom, inTo, data, at, thread, sequence);
      at += inTo - inFrom;
      inFrom = 0;
    }
  }

  /** Drops what lies at or beyond `length`. True if a part of the block before it was wiped. */
  cut(file: SimulatedFile, length: number, thread: number, sequence: number): boolean {
    this.cool(file);
    const keptBlocks = Math.ceil(length / BLOCK_BYTES);
    for (let block = keptBlocks; block < file.blockCount; block++) {
      const old = file.blocks[block];
      if (old !== ZERO_BLOCK) {
        this.#undo.add(file, WIPED, thread, sequence, block, BLOCK_BYTES, old);
        file.blocks[block] = ZERO_BLOCK;
      }
      file.pages[block] = 0;
    }
    file.blockCount = Math.min(file.blockCount, keptBlocks);
    const kept = length - Math.floor(length / BLOCK_BYTES) * BLOCK_BYTES;
    const last = keptBlocks - 1;
    if (kept === 0 || file.block(last) === ZERO_BLOCK) return false;
    const old = file.blocks[last];
    const rest = this.#scratch.reset();
    this.#store.read(old, rest, 0, kept);
    file.blocks[last] = this.#store.put(rest, 0, kept);
    this.#undo.add(file, WIPED, thread, sequence, last, kept * RANGE_SCALE + BLOCK_BYTES, old);
    return true;
  }

  /** Packs the hot block, which stays hot: `file.blocks` is true now. */
  seal(file: SimulatedFile): void {
    if (!file.hotIsDirty) return;
    const old = file.blocks[file.hotBlock];
    const hot = file.hot!;
    file.blocks[file.hotBlock] = this.#store.put(hot, 0, hot.length);
    this.#store.release(old);
    file.hotIsDirty = false;
  }

  /** Packs the hot block and gives its buffer back. */
  cool(file: SimulatedFile): void {
    if (file.hot === undefined) return;
    this.seal(file);
    this.#hotFiles[file.hotSlot] = undefined;
    this.#hotBuffers.push(file.hot);
    file.hot = undefined;
    file.hotBlock = -1;
  }

  coolAll(): void {
    for (const file of this.#hotFiles) if (file !== undefined) this.cool(file);
  }

  #heat(file: SimulatedFile, block: number): void {
    if (file.hot !== undefined) {
      this.seal(file);
    } else {
      const slot = this.#hotHand;
      this.#hotHand = (slot + 1) % HOT_MAX;
      const previous = this.#hotFiles[slot];
      if (previous !== undefined) this.cool(previous);
      this.#hotFiles[slot] = file;
      file.hotSlot = slot;
      file.hot = this.#hotBuffers.pop() ?? new SparseBuffer(512);
    }
    file.hotBlock = block;
    this.#store.readTrimmed(file.blocks[block], file.hot.reset());
  }

  #writeBlock(
    file: SimulatedFile,
    block: number,
    data: SparseBuffer,
    at: number,
    thread: number,
    sequence: number,
  ): void {
    if (block === file.hotBlock) this.cool(file);
    const old = file.blocks[block];
    file.blocks[block] = this.#store.putNext(data, at, at + BLOCK_BYTES);
    if (block * BLOCK_BYTES < file.length) {
      this.#undo.add(file, OVERWRITTEN, thread, sequence, block, BLOCK_BYTES, old);
    }
  }

  #writePart(
    file: SimulatedFile,
    block: number,
    inFrom: number,
    inTo: number,
    data: SparseBuffer,
    at: number,
    thread: number,
    sequence: number,
  ): void {
    if (block !== file.hotBlock) this.#heat(file, block);
    const hot = file.hot!;
    const count = inTo - inFrom;
    if (inFrom >= hot.length) {
      const start = block * BLOCK_BYTES + inFrom;
      if (start < file.length) this.#undo.add(file, FILLED_HOLE, thread, sequence, start, start + count, ZERO_BLOCK);
      appendRun(hot, 0, inFrom - hot.length);
      appendRange(hot, data, at, at + count);
    } else {
      this.seal(file);
      const old = this.#store.share(file.blocks[block]);
      this.#undo.add(file, OVERWRITTEN, thread, sequence, block, inFrom * RANGE_SCALE + inTo, old);
      const changed = this.#scratch.reset();
      appendRange(changed, hot, 0, inFrom);
      appendRange(changed, data, at, at + count);
      if (inTo < hot.length) appendRange(changed, hot, inTo, hot.length);
      file.hot = changed;
      this.#scratch = hot;
    }
    file.hotIsDirty = true;
    if (inTo === BLOCK_BYTES) this.cool(file);
  }
}
