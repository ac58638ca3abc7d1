/** A table as the manifest knows it, with its open reader: what levels and compactions are made of. */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { readU64LE } from '../../sim/bytes/fixed.ts';
import type { TableReader } from './table-reader.ts';

export const TRAILER_BYTES = 8;

export interface TableFile {
  readonly number: number;
  readonly bytes: number;
  /** Internal keys: user key and trailer. */
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
  readonly smallestSequence: number;
  readonly largestSequence: number;
  /** The oldest blob file that the table refers to; 0: it refers to none. */
  readonly oldestBlobFile: number;
  /** See `EditedFile`. */
  readonly uniqueId?: Uint8Array | undefined;
  /** From the table's properties. */
  entries: number;
  deletions: number;
  rawKeyBytes: number;
  rawValueBytes: number;
  /** `bytes`, raised where most entries are deletions, so that those move down early. 0 until first asked for. */
  compensatedBytes: number;
  beingCompacted: boolean;
  reader: TableReader;
}

/** Orders the user keys of two internal keys. */
export function compareUserKeys(a: Uint8Array, b: Uint8Array): number {
  return compareRanges(a, 0, a.length - TRAILER_BYTES, b, 0, b.length - TRAILER_BYTES);
}

/** User key ascending, then trailer (sequence, type) descending. */
export function compareInternalKeys(a: Uint8Array, b: Uint8Array): number {
  const difference = compareUserKeys(a, b);
  return difference !== 0 ? difference : trailer(b) - trailer(a);
}

function trailer(key: Uint8Array): number {
  return readU64LE(key, key.length - TRAILER_BYTES);
}

/** Is key[from, to) within the table's range of user keys? */
export function mayHoldKey(table: TableFile, key: Uint8Array, from: number, to: number): boolean {
  const { smallest, largest } = table;
  return (
    compareRanges(key, from, to, smallest, 0, smallest.length - TRAILER_BYTES) >= 0 &&
    compareRanges(key, from, to, largest, 0, largest.length - TRAILER_BYTES) <= 0
  );
}

/** The first of disjoint ascending tables whose largest user key is ≥ key[from, to); `tables.length` if none. */
export function findTable(tables: readonly TableFile[], key: Uint8Array, from: number, to: number): number {
  let low = 0;
  let high = tables.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { largest } = tables[middle];
    if (compareRanges(largest, 0, largest.length - TRAILER_BYTES, key, from, to) >= 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function totalBytes(tables: readonly TableFile[]): number {
  let sum = 0;
  for (const table of tables) sum += table.bytes;
  return sum;
}

export function tableName(directory: string, number: number): string {
  return `${directory}${String(number).padStart(6, '0')}.sst`;
}
