/** A position in something sorted by internal key: what merges, scans and compactions are made of. */
import { compareRanges } from '../../sim/bytes/compare.ts';
import type { Value } from '../../sim/bytes/value.ts';

export const TYPE_DELETION = 0;
export const TYPE_VALUE = 1;
/** The value is a reference to a blob; in tables only. */
export const TYPE_BLOB_INDEX = 17;

export abstract class Cursor {
  /** The current user key stands in key[0, keyLength); table cursors keep the trailer behind it. */
  key: Uint8Array = new Uint8Array(64);
  keyLength = 0;
  sequence = 0;
  type = 0;
  valid = false;
  /** Why the cursor became invalid before its end; undefined: it did not. */
  failure: string | undefined = undefined;

  abstract next(): void;
  /** Makes `into` stand for the current value, borrowed until the cursor moves. */
  abstract value(into: Value): void;
  abstract first(): void;
  /** To the newest entry of the first user key ≥ key[from, to). */
  abstract seek(key: Uint8Array, from: number, to: number): void;
}

/** User key ascending, then sequence descending. */
export function compareCursors(a: Cursor, b: Cursor): number {
  const difference = compareRanges(a.key, 0, a.keyLength, b.key, 0, b.keyLength);
  return difference !== 0 ? difference : b.sequence - a.sequence;
}
