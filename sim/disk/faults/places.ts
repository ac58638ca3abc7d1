/**
 * Sectors that a fault has struck: a share of all there are, each decided by a hash of file and sector under the
 * fault's own stream, so that nothing is drawn or kept for the others and no order of reads matters. A sector that is
 * written again is sound again: remembered, up to 2^20 of them; beyond, sectors that are written stay struck.
 */
import type { Rng } from '../../rng.ts';
import { type File, SECTOR_BYTES } from '../disk.ts';

const WHOLE = 4294967296;
const SOUND_MAX = 1 << 20;
/** More sectors than a file has. */
const FILE_STRIDE = 2 ** 31;

export class Places {
  readonly #salt: number;
  readonly #share: number;
  readonly #sound = new Set<number>();

  constructor(share: number, rng: Rng) {
    this.#share = share * WHOLE;
    this.#salt = rng.int(0, WHOLE - 1);
  }

  /** The place within the sector, a number of 32 bits, if it is struck; −1 if it is sound. */
  struck(file: File, sector: number): number {
    const hash = this.#hash(file.id, sector);
    if (hash >= this.#share || this.#sound.has(file.id * FILE_STRIDE + sector)) return -1;
    return this.#hash(hash, sector);
  }

  /** The first struck sector of those that [offset, offset + length) touches; −1 if none is. */
  firstStruck(file: File, offset: number, length: number): number {
    const last = Math.floor((offset + length - 1) / SECTOR_BYTES);
    for (let sector = Math.floor(offset / SECTOR_BYTES); sector <= last; sector++) {
      if (this.struck(file, sector) >= 0) return sector;
    }
    return -1;
  }

  /** [offset, offset + length) is written: what it covers is sound. */
  heal(file: File, offset: number, length: number): void {
    const last = Math.floor((offset + length - 1) / SECTOR_BYTES);
    for (let sector = Math.floor(offset / SECTOR_BYTES); sector <= last; sector++) {
      if (this.#sound.size < SOUND_MAX && this.struck(file, sector) >= 0) {
        this.#sound.add(file.id * FILE_STRIDE + sector);
      }
    }
  }

  #hash(a: number, b: number): number {
    let mixed = Math.imul(a ^ this.#salt, 0x9e3779b1) ^ Math.imul(b + 0x85ebca6b, 0xc2b2ae35);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d);
    mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
}
