/**
 * Where a compaction ends one output file and starts the next: at the target size, or earlier
 * (from half the target on) at a boundary of the grandparents, so that the file overlaps few of
 * them; and before it would overlap so many that its own compaction grew too large.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import type { Compaction } from './picker.ts';
import { TRAILER_BYTES } from './table-file.ts';

/** Percent of the target at which a boundary cuts: 50, 5 more for each boundary passed, 90 at most. */
const CUT_PERCENT = 50;
const CUT_PERCENT_STEP = 5;
const CUT_PERCENT_MORE_MAX = 40;
/** A grandparent this share of the target is worth a cut that leaves it out. */
const SKIPPABLE_SHARE = 8;

export class OutputCutter {
  readonly #compaction: Compaction;
  readonly #compactionBytesMax: number;
  #index = 0;
  /** Between grandparents, before the one at `#index`. */
  #inGap = true;
  #seenKey = false;
  #overlappedBytes = 0;
  #boundaries = 0;

  constructor(compaction: Compaction, compactionBytesMax: number) {
    this.#compaction = compaction;
    this.#compactionBytesMax = compactionBytesMax;
  }

  /** Must be asked for every key. `fileBytes` < 0: there is no open output. */
  cutBefore(key: Uint8Array, keyLength: number, fileBytes: number): boolean {
    const overlappedBefore = this.#overlappedBytes;
    const crossed = this.#advance(key, keyLength);
    if (fileBytes < 0) return false;
    const cut = this.#shouldCut(crossed, overlappedBefore, fileBytes);
    if (cut) {
      this.#boundaries = 0;
      this.#overlappedBytes = this.#overlapHere();
    }
    return cut;
  }

  #shouldCut(crossed: number, overlappedBefore: number, fileBytes: number): boolean {
    const { outputLevel, outputFileBytesMax, targetFileBytes } = this.#compaction;
    if (outputLevel === 0) return false;
    if (fileBytes >= outputFileBytesMax) return true;
    if (crossed === 0) return false;
    if (this.#overlappedBytes + fileBytes > this.#compactionBytesMax) return true;
    const skips = crossed >= (this.#inGap ? 2 : 3);
    if (skips && this.#overlappedBytes - overlappedBefore > targetFileBytes / SKIPPABLE_SHARE) return true;
    const percent = CUT_PERCENT + Math.min(this.#boundaries * CUT_PERCENT_STEP, CUT_PERCENT_MORE_MAX);
    return fileBytes >= Math.floor((targetFileBytes + 99) / 100) * percent;
  }

  /** Moves to the grandparent, or the gap, that the key lies in; boundaries crossed since the last key. */
  #advance(key: Uint8Array, keyLength: number): number {
    const { grandparents } = this.#compaction;
    let crossed = 0;
    while (this.#index < grandparents.length) {
      const table = grandparents[this.#index];
      if (this.#inGap) {
        if (compareToUserKey(key, keyLength, table.smallest) < 0) break;
        if (this.#seenKey) {
          crossed++;
          this.#boundaries++;
          this.#overlappedBytes += table.bytes;
        }
        this.#inGap = false;
      } else {
        if (compareToUserKey(key, keyLength, table.largest) <= 0) break;
        if (this.#seenKey) {
          crossed++;
          this.#boundaries++;
        }
        this.#inGap = true;
        this.#index++;
      }
    }
    if (!this.#seenKey) this.#overlappedBytes = this.#overlapHere();
    this.#seenKey = true;
    return crossed;
  }

  /** Grandparents are disjoint: a key lies in one at most. */
  #overlapHere(): number {
    if (this.#inGap) return 0;
    return this.#compaction.grandparents[this.#index].bytes;
  }
}

function compareToUserKey(key: Uint8Array, keyLength: number, internal: Uint8Array): number {
  return compareRanges(key, 0, keyLength, internal, 0, internal.length - TRAILER_BYTES);
}
