/**
 * The levels: which tables there are, how large each level may be, and which key ranges compactions are
 * at work on. Level 0 is oldest first and may overlap; deeper levels are ascending and disjoint.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { VERSION_BYTES } from './format.ts';
import type { Options } from './options.ts';
import { compareInternalKeys, compareUserKeys, findTable, type Table } from './table.ts';

/** From the user key of `left` to that of `right`, both included; undefined for everything. */
export interface KeyRange {
  readonly left: Uint8Array;
  readonly right: Uint8Array;
}
export const EVERYTHING = undefined;

export function keyRange(tables: readonly Table[]): KeyRange {
  let left = tables[0].smallest;
  let right = tables[0].largest;
  for (const { smallest, largest } of tables) {
    if (compareUserKeys(smallest, left) < 0) left = smallest;
    if (compareUserKeys(largest, right) > 0) right = largest;
  }
  return { left, right };
}

function overlap(a: KeyRange | undefined, b: KeyRange | undefined): boolean {
  if (a === EVERYTHING || b === EVERYTHING) return true;
  return compareUserKeys(a.left, b.right) <= 0 && compareUserKeys(a.right, b.left) >= 0;
}

/** A range of one level that a compaction holds. */
interface Claim {
  readonly level: number;
  readonly range: KeyRange | undefined;
}

export class Levels {
  readonly tables: Table[][];
  readonly bytes: Float64Array;
  readonly bytesMax: Float64Array;
  readonly #options: Options;
  readonly #claims: Claim[] = [];
  /** Bytes of the tables that compactions are taking down, by level. */
  readonly #leaving: Float64Array;

  constructor(options: Options) {
    const { levels } = options;
    this.#options = options;
    this.tables = Array.from({ length: levels }, () => []);
    this.bytes = new Float64Array(levels);
    this.bytesMax = new Float64Array(levels);
    this.#leaving = new Float64Array(levels);
    let max = options.levelOneBytes;
    for (let level = 1; level < levels; level++, max *= options.levelMultiplier) this.bytesMax[level] = max;
  }

  get count(): number {
    return this.tables.length;
  }

  add(level: number, table: Table): void {
    const tables = this.tables[level];
    let at = tables.length;
    if (level === 0) while (at > 0 && tables[at - 1].number > table.number) at--;
    else while (at > 0 && compareInternalKeys(tables[at - 1].smallest, table.smallest) > 0) at--;
    tables.splice(at, 0, table);
    this.bytes[level] += table.bytes;
  }

  remove(level: number, removed: readonly Table[]): void {
    if (removed.length === 0) return;
    const gone = new Set(removed);
    const tables = this.tables[level];
    let kept = 0;
    for (const table of tables) {
      if (gone.has(table)) this.bytes[level] -= table.bytes;
      else tables[kept++] = table;
    }
    tables.length = kept;
  }

  /** The tables of a level below 0 that share keys with the range. */
  overlapping(level: number, { left, right }: KeyRange): Table[] {
    const tables = this.tables[level];
    const from = findTable(tables, left, 0, left.length - VERSION_BYTES);
    let to = from;
    while (to < tables.length && compareUserKeys(tables[to].smallest, right) <= 0) to++;
    return tables.slice(from, to);
  }

  countOverlapping(level: number, { left, right }: KeyRange): number {
    const tables = this.tables[level];
    const from = findTable(tables, left, 0, left.length - VERSION_BYTES);
    let low = from;
    let high = tables.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareUserKeys(tables[middle].smallest, right) > 0) high = middle;
      else low = middle + 1;
    }
    return low - from;
  }

  /** Whether any level from this one on has keys of the range. */
  overlapsFrom(level: number, range: KeyRange): boolean {
    for (let deeper = level; deeper < this.count; deeper++) {
      if (this.countOverlapping(deeper, range) > 0) return true;
    }
    return false;
  }

  // ——— what compactions hold ———

  isClaimed(level: number, range: KeyRange | undefined): boolean {
    return this.#claims.some((claim) => claim.level === level && overlap(claim.range, range));
  }

  /** Keeps others off both ranges; undefined: somebody holds a part of one. */
  claim(
    level: number,
    range: KeyRange | undefined,
    nextRange: KeyRange | undefined,
    bytes: number,
  ): (() => void) | undefined {
    if (this.isClaimed(level, range) || this.isClaimed(level + 1, nextRange)) return undefined;
    const claims = [
      { level, range },
      { level: level + 1, range: nextRange },
    ];
    this.#claims.push(...claims);
    this.#leaving[level] += bytes;
    return () => {
      for (const claim of claims) this.#claims.splice(this.#claims.indexOf(claim), 1);
      this.#leaving[level] -= bytes;
    };
  }

  // ——— urgency ———

  get isLevelZeroCompactable(): boolean {
    return this.tables[0].length >= this.#options.levelZeroTables;
  }

  /** Levels that want to be compacted, the most urgent first. */
  compactable(): number[] {
    const found: { readonly level: number; readonly score: number }[] = [];
    if (this.isLevelZeroCompactable && !this.isClaimed(0, EVERYTHING)) {
      found.push({ level: 0, score: this.tables[0].length / this.#options.levelZeroTables });
    }
    for (let level = 1; level < this.count - 1; level++) {
      const bytes = this.bytes[level] - this.#leaving[level];
      if (bytes >= this.bytesMax[level]) found.push({ level, score: bytes / this.bytesMax[level] });
    }
    found.sort((a, b) => b.score - a.score || a.level - b.level);
    return found.map(({ level }) => level);
  }

  /** Whether the table may hold key[from, to). */
  static mayHold(table: Table, key: Uint8Array, from: number, to: number): boolean {
    const { smallest, largest } = table;
    return (
      compareRanges(key, from, to, smallest, 0, smallest.length - VERSION_BYTES) >= 0 &&
      compareRanges(key, from, to, largest, 0, largest.length - VERSION_BYTES) <= 0
    );
  }
}
