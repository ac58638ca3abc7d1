/**
 * Carries out what a crash does to one file's content: the durable part stays, what had not happened
 * is taken out, and the model decides about the rest, block by block (`block-histories.ts`).
 *
 * Damage never reaches a byte that no unsynced write covered: a device that rewrites a sector in which
 * only the end is new keeps its beginning (a simplification; some drives promise less).
 */
import type { Rng } from '../rng.ts';
import { BlockHistories } from './block-histories.ts';
import { type BlockRef, type BlockStore, ZERO_BLOCK } from './block-store.ts';
import type { CrashModel } from './crash-model.ts';
import { BLOCK_BYTES, SECTOR_BYTES } from './disk.ts';
import type { SimulatedFile } from './simulated-file.ts';
import { type Barriers, LOST, OVERWRITTEN, type UndoLog } from './undo-log.ts';

/** What became of what was not durable: for event lines and reports. */
export interface CrashOutcome {
  blocksKept: number;
  blocksLost: number;
  /** Decided by sector, or in an earlier state. */
  blocksMixed: number;
  sectorsTorn: number;
  namesLost: number;
  /** Files of which something may be gone that a sync had reported as durable: only with faults. */
  filesForgotten: number;
}

export class CrashRecovery {
  readonly #undo: UndoLog;
  readonly #store: BlockStore;
  readonly #barriers: Barriers;
  readonly #rng: Rng;
  readonly #model: CrashModel;
  readonly #outcome: CrashOutcome;
  readonly #histories: BlockHistories;

  /** The block as it is durable, and as the newest state that may have reached the device. */
  readonly #durable = new Uint8Array(BLOCK_BYTES);
  readonly #written = new Uint8Array(BLOCK_BYTES);
  /** 1 where `#written` holds what is not durable. */
  readonly #isOpen = new Uint8Array(BLOCK_BYTES);

  constructor(
    undo: UndoLog,
    store: BlockStore,
    barriers: Barriers,
    rng: Rng,
    model: CrashModel,
    outcome: CrashOutcome,
  ) {
    this.#undo = undo;
    this.#store = store;
    this.#barriers = barriers;
    this.#rng = rng;
    this.#model = model;
    this.#outcome = outcome;
    this.#histories = new BlockHistories(undo, store);
  }

  /** Moves what survives of `old` into `fresh` and leaves `old` without content. Its hot block must be cold. */
  recover(old: SimulatedFile, fresh: SimulatedFile): void {
    const histories = this.#histories.of(old);
    const length = this.#length(old);
    const blockCount = Math.ceil(length / BLOCK_BYTES);
    fresh.cover(Math.min(blockCount, old.blockCount));
    fresh.length = length;
    for (let block = 0; block < fresh.blockCount; block++) {
      fresh.blocks[block] = old.blocks[block];
      old.blocks[block] = ZERO_BLOCK;
    }
    const changed = [...histories.keys()].sort((a, b) => a - b);
    for (const block of changed) {
      const current = block < fresh.blockCount ? fresh.blocks[block] : old.block(block);
      const survivor = this.#surviving(histories.get(block)!, current, block);
      if (block >= blockCount) {
        this.#store.release(survivor);
        continue;
      }
      fresh.cover(block + 1);
      this.#store.release(fresh.blocks[block]);
      fresh.blocks[block] = survivor;
    }
    this.#histories.cutTail(fresh);
    this.#undo.discard(old, this.#store);
    for (let block = 0; block < old.blockCount; block++) this.#store.release(old.blocks[block]);
    old.blockCount = 0;
  }

  #happened(record: number): boolean {
    const undo = this.#undo;
    if (undo.isDurable[record] === LOST) return false;
    return undo.isDurable[record] === 1 || undo.sequence[record] <= this.#barriers.barrier(undo.thread[record]);
  }

  #length(file: SimulatedFile): number {
    const undo = this.#undo;
    let length = -1;
    let open = 0;
    for (let r = file.firstRecord; r >= 0; r = undo.next[r]) {
      if (!this.#histories.changesLength(r)) continue;
      if (length < 0) length = undo.a[r];
      if (undo.isDurable[r] === 0 && this.#happened(r)) open++;
    }
    if (length < 0) return file.length;
    let kept = open;
    if (open > 0 && !this.#rng.chance(this.#model.newestLength)) kept = this.#rng.int(0, open);
    const allKept = kept === open;
    let isOverMissing = false;
    for (let r = file.firstRecord; r >= 0; r = undo.next[r]) {
      const isDurable = undo.isDurable[r] === 1;
      if (!this.#happened(r)) {
        isOverMissing = true;
      } else if (this.#histories.changesLength(r)) {
        if (isDurable || kept-- > 0) length = undo.b[r];
        else isOverMissing = true;
      } else if (isOverMissing && (isDurable || allKept)) {
        // it lay below a length that another thread's call had made: without that call, it makes the file as long itself
        length = Math.max(length, this.#histories.end(r));
      }
    }
    return length;
  }

  /** The block that the crash leaves; one owner more than it had. */
  #surviving(records: readonly number[], current: BlockRef, block: number): BlockRef {
    const { blockKept, blockLost, newestState } = this.#model;
    const undo = this.#undo;
    let open = 0;
    let never = 0;
    for (const record of records) {
      if (!this.#happened(record)) never++;
      else if (undo.isDurable[record] === 0) open++;
    }
    if (open === 0 && never === 0) return this.#store.share(current);
    let states = open;
    let fate = 0;
    if (open > 0) {
      if (open > 1 && !this.#rng.chance(newestState)) states = this.#rng.int(1, open - 1);
      fate = this.#rng.float();
    }
    if (open === 0 || fate < blockKept) {
      if (open > 0) this.#outcome.blocksKept++;
      if (never === 0 && states === open) return this.#store.share(current);
      this.#replay(records, current, block, states);
      return this.#histories.pack(this.#written);
    }
    if (fate < blockKept + blockLost) {
      this.#outcome.blocksLost++;
      const first = records[0];
      // as most blocks are: the one record tells what was there before
      if (records.length === 1 && undo.kind[first] >= OVERWRITTEN) return this.#store.share(undo.ref[first]);
      this.#replay(records, current, block, states);
      return this.#histories.pack(this.#durable);
    }
    this.#replay(records, current, block, states);
    this.#outcome.blocksMixed++;
    this.#mixSectors();
    return this.#histories.pack(this.#written);
  }

  /** Fills `#durable`, `#written` (with the first `states` open records) and `#isOpen`. */
  #replay(records: readonly number[], current: BlockRef, block: number, states: number): void {
    const undo = this.#undo;
    const histories = this.#histories;
    const before = histories.imageAfter(records, -1, current, block);
    this.#durable.set(before);
    this.#written.set(before);
    this.#isOpen.fill(0);
    let left = states;
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      if (!this.#happened(record)) continue;
      const isDurable = undo.isDurable[record] === 1;
      if (!isDurable && left-- <= 0) continue;
      const from = histories.from(record, block);
      const to = histories.to(record, block);
      const range = histories.imageAfter(records, i, current, block).subarray(from, to);
      this.#written.set(range, from);
      if (isDurable) this.#durable.set(range, from);
      this.#isOpen.fill(isDurable ? 0 : 1, from, to);
    }
  }

  /** Decides each sector of `#written` that holds open bytes. */
  #mixSectors(): void {
    const { sectorKept, sectorLost, tornGarbage } = this.#model;
    const rng = this.#rng;
    for (let start = 0; start < BLOCK_BYTES; start += SECTOR_BYTES) {
      const end = start + SECTOR_BYTES;
      const open = this.#isOpen.indexOf(1, start);
      if (open < 0) return;
      if (open >= end) continue;
      const fate = rng.float();
      if (fate < sectorKept) continue;
      if (fate < sectorKept + sectorLost) {
        this.#damage(start, end, false);
        continue;
      }
      this.#outcome.sectorsTorn++;
      const side = rng.int(0, 2);
      const cut = start + rng.int(1, SECTOR_BYTES - 1);
      const isGarbage = rng.chance(tornGarbage);
      this.#damage(side === 1 ? cut : start, side === 0 ? cut : end, isGarbage);
    }
  }

  #damage(from: number, to: number, isGarbage: boolean): void {
    for (let at = from; at < to; at++) {
      if (this.#isOpen[at] === 0) continue;
      this.#written[at] = isGarbage ? this.#rng.int(0, 255) : this.#durable[at];
    }
  }
}
