/**
 * The process ends and the machine goes on: what its threads had not come to is taken out of a file. All else is in
 * the page cache as before, durable or not, each change with its record; a power cut may still take it.
 *
 * A block that is rewritten by somebody else after what is taken out gets its records anew, each with the block as
 * it was before it. Same limits as a crash: see `#length` of `crash.ts` for lengths that another thread's call had made.
 */
import { BlockHistories } from './block-histories.ts';
import { type BlockRef, type BlockStore, ZERO_BLOCK } from './block-store.ts';
import { BLOCK_BYTES } from './disk.ts';
import type { SimulatedFile } from './simulated-file.ts';
import {
  APPENDED,
  type Barriers,
  CUT,
  FILLED_HOLE,
  GREW,
  LOST,
  OVERWRITTEN,
  RANGE_SCALE,
  type UndoLog,
} from './undo-log.ts';

/** A record of one block, to be made anew. */
interface Rewritten {
  readonly block: number;
  readonly from: number;
  readonly to: number;
  /** Owned: the block before it. */
  readonly before: BlockRef;
}

export class ProcessEnd {
  readonly #undo: UndoLog;
  readonly #store: BlockStore;
  readonly #barriers: Barriers;
  readonly #histories: BlockHistories;
  readonly #running = new Uint8Array(BLOCK_BYTES);
  /** By record. */
  readonly #rewritten = new Map<number, Rewritten[]>();

  constructor(undo: UndoLog, store: BlockStore, barriers: Barriers) {
    this.#undo = undo;
    this.#store = store;
    this.#barriers = barriers;
    this.#histories = new BlockHistories(undo, store);
  }

  /** Its hot block must be cold. */
  takeBack(file: SimulatedFile): void {
    if (!this.#hasUnhappened(file)) return;
    this.#rewritten.clear();
    const histories = this.#histories.of(file);
    const changed = [...histories.keys()].sort((a, b) => a - b);
    for (const block of changed) this.#rewriteBlock(file, block, histories.get(block)!);
    this.#rewriteRecords(file);
    this.#fitTables(file);
  }

  #happened(record: number): boolean {
    const undo = this.#undo;
    return undo.isDurable[record] === 1 || undo.sequence[record] <= this.#barriers.barrier(undo.thread[record]);
  }

  #hasUnhappened(file: SimulatedFile): boolean {
    for (let r = file.firstRecord; r >= 0; r = this.#undo.next[r]) if (!this.#happened(r)) return true;
    return false;
  }

  /** Leaves the block without what has not happened, and notes the new records of what has. */
  #rewriteBlock(file: SimulatedFile, block: number, records: readonly number[]): void {
    if (records.every((record) => this.#happened(record))) return;
    const histories = this.#histories;
    const running = this.#running;
    const current = file.block(block);
    running.set(histories.imageAfter(records, -1, current, block));
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      if (!this.#happened(record)) continue;
      const from = histories.from(record, block);
      const to = histories.to(record, block);
      const known = this.#rewritten.get(record);
      const rewritten = { block, from, to, before: histories.pack(running) };
      if (known === undefined) this.#rewritten.set(record, [rewritten]);
      else known.push(rewritten);
      running.set(histories.imageAfter(records, i, current, block).subarray(from, to), from);
    }
    file.cover(block + 1);
    this.#store.release(file.blocks[block]);
    file.blocks[block] = histories.pack(running);
  }

  /** Makes the file's records anew, those of what has not happened left out, and its length with them. */
  #rewriteRecords(file: SimulatedFile): void {
    const undo = this.#undo;
    let isOverMissing = false;
    let length = -1;
    const old = undo.detach(file);
    for (const record of old) {
      if (!this.#histories.changesLength(record)) continue;
      length = undo.a[record];
      break;
    }
    if (length >= 0) file.length = length;
    for (const record of old) {
      if (!this.#happened(record)) {
        isOverMissing = true;
        continue;
      }
      const kind = undo.kind[record];
      if (this.#histories.changesLength(record)) this.#resize(file, record, undo.b[record]);
      else if (isOverMissing && length >= 0) {
        this.#resize(file, record, Math.max(file.length, this.#histories.end(record)));
      }
      if (kind === APPENDED || kind === FILLED_HOLE) this.#keepFilled(file, record);
      else if (kind >= OVERWRITTEN) this.#keepOverwritten(file, record);
    }
    undo.drop(old, this.#store);
  }

  #resize(file: SimulatedFile, record: number, length: number): void {
    if (length !== file.length) this.#add(file, record, length > file.length ? GREW : CUT, file.length, length);
    file.length = length;
  }

  /** What was written where zeros had been, around the blocks that have records of their own now. */
  #keepFilled(file: SimulatedFile, record: number): void {
    const end = this.#undo.b[record];
    let at = this.#undo.a[record];
    for (const rewritten of this.#rewritten.get(record) ?? []) {
      const start = rewritten.block * BLOCK_BYTES;
      if (start > at) this.#add(file, record, FILLED_HOLE, at, start);
      this.#keepRewritten(file, record, OVERWRITTEN, rewritten);
      at = start + BLOCK_BYTES;
    }
    if (at < end) this.#add(file, record, FILLED_HOLE, at, end);
  }

  #keepOverwritten(file: SimulatedFile, record: number): void {
    const undo = this.#undo;
    const kind = undo.kind[record];
    const rewritten = this.#rewritten.get(record);
    if (rewritten !== undefined) this.#keepRewritten(file, record, kind, rewritten[0]);
    else this.#add(file, record, kind, undo.a[record], undo.b[record], this.#store.share(undo.ref[record]));
  }

  #keepRewritten(file: SimulatedFile, record: number, kind: number, rewritten: Rewritten): void {
    const { block, from, to, before } = rewritten;
    this.#add(file, record, kind, block, from * RANGE_SCALE + to, before);
  }

  #add(file: SimulatedFile, like: number, kind: number, a: number, b: number, ref: BlockRef = ZERO_BLOCK): void {
    const undo = this.#undo;
    // a change of length is the file system's: it arrives though what was written is lost
    const isLength = kind === GREW || kind === CUT;
    undo.addedAs = isLength && undo.isDurable[like] === LOST ? 0 : undo.isDurable[like];
    undo.add(file, kind, undo.thread[like], undo.sequence[like], a, b, ref);
    undo.addedAs = 0;
  }

  #fitTables(file: SimulatedFile): void {
    const blockCount = Math.ceil(file.length / BLOCK_BYTES);
    for (let block = blockCount; block < file.blockCount; block++) {
      this.#store.release(file.blocks[block]);
      file.blocks[block] = ZERO_BLOCK;
      file.pages[block] = 0;
    }
    file.blockCount = Math.min(file.blockCount, blockCount);
    this.#histories.cutTail(file);
  }
}
