/** The dumb twin of every engine: one sorted array a table, searched from the front. */
import { compareBytes } from '../../sim/bytes/compare.ts';
import type { Value } from '../../sim/bytes/value.ts';

export interface Entry {
  readonly key: Uint8Array;
  readonly value: Value;
}

/** A put, or with no value a delete. */
export interface Operation {
  readonly table: number;
  readonly key: Uint8Array;
  readonly value: Value | undefined;
}

export class SortedArray {
  readonly tables: Entry[][];

  constructor(tableCount: number) {
    this.tables = Array.from({ length: tableCount }, () => []);
  }

  apply(operations: readonly Operation[]): void {
    for (const { table, key, value } of operations) {
      const entries = this.tables[table]!;
      const at = entries.findIndex((entry) => compareBytes(entry.key, key) >= 0);
      const isThere = at >= 0 && compareBytes(entries[at]!.key, key) === 0;
      const position = at < 0 ? entries.length : at;
      const replacement = value === undefined ? [] : [{ key: key.slice(), value: value.copy() }];
      entries.splice(position, isThere ? 1 : 0, ...replacement);
    }
  }

  get(table: number, key: Uint8Array): Value | undefined {
    return this.tables[table]!.find((entry) => compareBytes(entry.key, key) === 0)?.value;
  }

  scan(table: number, from: Uint8Array, to: Uint8Array | undefined): Entry[] {
    return this.tables[table]!.filter(
      ({ key }) => compareBytes(key, from) >= 0 && (to === undefined || compareBytes(key, to) < 0),
    );
  }

  copy(): SortedArray {
    const copy = new SortedArray(this.tables.length);
    this.tables.forEach((entries, table) => {
      copy.tables[table] = [...entries];
    });
    return copy;
  }
}
