/**
 * A record of the hybrid log, and the sizes that follow from it:
 *
 *     info u64 ‖ key length u32 ‖ key ‖ zeros to 8 ‖ value length u32 ‖ value ‖ zeros to 8
 *
 * `info` is handled as two words: the lower half of the previous address, and its upper 16 bits with the flags.
 */

/** Where the first record stands. Lower addresses stand for none. */
export const FIRST_ADDRESS = 64;
export const SECTOR_BYTES = 512;
export const INFO_BYTES = 8;
export const LENGTH_BYTES = 4;
/** SpanByte keeps two bits of a length for itself. */
export const LENGTH_MAX = 0x3fffffff;

// flags of the upper word of `info`
export const TOMBSTONE = 0x0080_0000;
export const VALID = 0x0100_0000;
export const SEALED = 0x0200_0000;
const DIRTY = 0x0800_0000;
const MODIFIED = 0x4000_0000;
export const NEW_RECORD = VALID | DIRTY | MODIFIED;

const WORD = 4294967296;

export function align8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

export function alignSector(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}

/** From the record's start to the length of its value. */
export function valueOffset(keyBytes: number): number {
  return INFO_BYTES + align8(LENGTH_BYTES + keyBytes);
}

export function recordBytes(keyBytes: number, valueBytes: number): number {
  return align8(valueOffset(keyBytes) + LENGTH_BYTES + valueBytes);
}

export function infoHigh(previousAddress: number, flags: number): number {
  return (Math.floor(previousAddress / WORD) | flags) >>> 0;
}

export function previousAddress(low: number, high: number): number {
  return (low >>> 0) + (high & 0xffff) * WORD;
}
