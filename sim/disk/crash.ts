/**
 * Carries out what a crash does to one file's content: the durable part stays, what had not happened
 * is taken out, and the model decides about the rest.
 *
 * Works on the undo records of the file, block by block. The state of a block after any record can be
 * told exactly (see `undo-log.ts`), so that any subset of the records can be replayed: threads that
 * wrote to the same block are kept apart by the byte.
 *
 * Damage never reaches a byte that no unsynced write covered: a device that rewrites a sector in which
 * only the end is new keeps its beginning (a simplification; some drives promise less).
 */
import { SparseBuffer } from '../bytes/sparse-buffer.ts';
import type { Rng } from '../rng.ts';
import { type BlockRef, type BlockStore, ZERO_BLOCK } from './block-store.ts';
import type { CrashModel } from './crash-model.ts';
import { BLOCK_BYTES, SECTOR_BYTES } from './disk.ts';
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

/** A run shorter than this stays literal when bytes become sparse again. */
const RUN_BYTES_MIN = 16;

export class CrashRecovery {
  readonly #undo: UndoLog;
  readonly #store: BlockStore;
  readonly #barriers: Barriers;
  readonly #rng: Rng;
  readonly #model: CrashModel;
  readonly #outcome: CrashOutcome;

  readonly #sparse = new SparseBuffer(BLOCK_BYTES + 8);
  readonly #image = new Uint8Array(BLOCK_BYTES);
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
  }

  /** Moves what survives of `old` into `fresh` and leaves `old` without content. Its hot block must be cold. */
  recover(old: SimulatedFile, fresh: SimulatedFile): void {
    const histories = this.#histories(old);
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
    this.#cutTail(fresh);
    this.#undo.discard(old, this.#store);
    for (let block = 0; block < old.blockCount; block++) this.#store.release(old.blocks[block]);
    old.blockCount = 0;
  }

  #histories(file: SimulatedFile): Map<number, number[]> {
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
          // zeros before and after: nothing to decide
          if (file.block(block) !== ZERO_BLOCK || overwritten.has(block)) add(block, r);
        }
      }
    }
    return histories;
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
      if (!this.#changesLength(r)) continue;
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
      } else if (this.#changesLength(r)) {
        if (isDurable || kept-- > 0) length = undo.b[r];
        else isOverMissing = true;
      } else if (isOverMissing && (isDurable || allKept)) {
        // it lay below a length that another thread's call had made: without that call, it makes the file as long itself
        const kind = undo.kind[r];
        if (kind === FILLED_HOLE) length = Math.max(length, undo.b[r]);
        if (kind === OVERWRITTEN) length = Math.max(length, undo.a[r] * BLOCK_BYTES + (undo.b[r] % RANGE_SCALE));
      }
    }
    return length;
  }

  #changesLength(record: number): boolean {
    const kind = this.#undo.kind[record];
    return kind === APPENDED || kind === GREW || kind === CUT;
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
      return this.#pack(this.#written);
    }
    if (fate < blockKept + blockLost) {
      this.#outcome.blocksLost++;
      const first = records[0];
      // as most blocks are: the one record tells what was there before
      if (records.length === 1 && undo.kind[first] >= OVERWRITTEN) return this.#store.share(undo.ref[first]);
      this.#replay(records, current, block, states);
      return this.#pack(this.#durable);
    }
    this.#replay(records, current, block, states);
    this.#outcome.blocksMixed++;
    this.#mixSectors();
    return this.#pack(this.#written);
  }

  /** Fills `#durable`, `#written` (with the first `states` open records) and `#isOpen`. */
  #replay(records: readonly number[], current: BlockRef, block: number, states: number): void {
    const undo = this.#undo;
    const image = this.#image;
    this.#imageAfter(records, -1, current, block);
    this.#durable.set(image);
    this.#written.set(image);
    this.#isOpen.fill(0);
    let left = states;
    for (let i = 0; i < records.length; i++) {
      const record = records[i];
      if (!this.#happened(record)) continue;
      const isDurable = undo.isDurable[record] === 1;
      if (!isDurable && left-- <= 0) continue;
      const from = this.#rangeFrom(record, block);
      const to = this.#rangeTo(record, block);
      this.#imageAfter(records, i, current, block);
      const range = image.subarray(from, to);
      this.#written.set(range, from);
      if (isDurable) this.#durable.set(range, from);
      this.#isOpen.fill(isDurable ? 0 : 1, from, to);
    }
  }

  /** Fills `#image` with the block as it was when record `index` of its history had just been made. */
  #imageAfter(records: readonly number[], index: number, current: BlockRef, block: number): void {
    const undo = this.#undo;
    let next = index + 1;
    while (next < records.length && undo.kind[records[next]] < OVERWRITTEN) next++;
    const ref = next < records.length ? undo.ref[records[next]] : current;
    this.#store.read(ref, this.#sparse.reset(), 0, BLOCK_BYTES);
    this.#sparse.copyTo(this.#image, 0, 0, BLOCK_BYTES);
    // what later records without old content wrote was zeros then
    for (let i = index + 1; i < next; i++) {
      this.#image.fill(0, this.#rangeFrom(records[i], block), this.#rangeTo(records[i], block));
    }
  }

  #rangeFrom(record: number, block: number): number {
    const undo = this.#undo;
    if (undo.kind[record] >= OVERWRITTEN) return Math.floor(undo.b[record] / RANGE_SCALE);
    return Math.max(0, undo.a[record] - block * BLOCK_BYTES);
  }
  #rangeTo(record: number, block: number): number {
    const undo = this.#undo;
    if (undo.kind[record] >= OVERWRITTEN) return undo.b[record] % RANGE_SCALE;
    return Math.min(BLOCK_BYTES, undo.b[record] - block * BLOCK_BYTES);
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

  /** Every byte beyond the length is zero. */
  #cutTail(file: SimulatedFile): void {
    const cut = file.length % BLOCK_BYTES;
    const last = Math.floor(file.length / BLOCK_BYTES);
    if (cut === 0 || last >= file.blockCount || file.blocks[last] === ZERO_BLOCK) return;
    this.#store.read(file.blocks[last], this.#sparse.reset(), 0, cut);
    const ref = this.#store.put(this.#sparse, 0, cut);
    this.#store.release(file.blocks[last]);
    file.blocks[last] = ref;
  }

  #pack(bytes: Uint8Array): BlockRef {
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
