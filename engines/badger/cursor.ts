/** A position in something sorted by internal key: what merges, scans and compactions are made of. */
import { compareRanges } from '../../sim/bytes/compare.ts';
import type { Value } from '../../sim/bytes/value.ts';

export abstract class Cursor {
  /** The user's key stands in key[0, keyLength), the version's 8 bytes behind it. */
  key: Uint8Array = new Uint8Array(64);
  keyLength = 0;
  version = 0;
  meta = 0;
  userMeta = 0;
  expiresAt = 0;
  valid = false;
  /** Why the cursor became invalid before its end; undefined: it did not. */
  failure: string | undefined = undefined;

  abstract first(): void;
  abstract next(): void;
  /** To the first entry ≥ key[from, to) with this version: of the same key, those not newer. */
  abstract seek(key: Uint8Array, from: number, to: number, version: number): void;
  /** Makes `into` stand for the current value or value pointer, borrowed until the cursor moves. */
  abstract value(into: Value): void;

  isAt(key: Uint8Array, from: number, to: number): boolean {
    return this.valid && compareRanges(this.key, 0, this.keyLength, key, from, to) === 0;
  }
}

/** Key ascending, then version descending. */
export function compareCursors(a: Cursor, b: Cursor): number {
  const difference = compareRanges(a.key, 0, a.keyLength, b.key, 0, b.keyLength);
  return difference !== 0 ? difference : b.version - a.version;
}
