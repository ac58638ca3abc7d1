/**
 * The dumbest storage engine: sorted arrays. `crash(kept)` leaves what was synced and the first `kept` writes since, as a
 * log-structured engine may; a B+tree keeps none.
 */
import type { Batch } from '../../sim/batch.ts';
import { compareBytes } from '../../sim/bytes/compare.ts';
import { Value } from '../../sim/bytes/value.ts';
import type {
  EngineStats,
  Fault,
  OpenOutcome,
  StorageEngine,
  Visitor,
  WriteOutcome,
} from '../../sim/storage-engine.ts';

interface Item {
  readonly key: Uint8Array;
  readonly value: Value;
}
type Tables = Item[][];

export class MemoryEngine implements StorageEngine {
  readonly corruption: Fault | undefined = undefined;
  readonly delayedBytesPerS = 0;
  writes = 0;
  syncs = 0;
  /** What the next write or sync says. */
  outcome: WriteOutcome = 'ok';
  #tables: Tables;
  #synced: Tables;
  #sinceSync: Tables[] = [];
  #isFresh: boolean;

  constructor(tables: Tables = Array.from({ length: 10 }, () => []), isFresh = true) {
    this.#tables = tables;
    this.#synced = copy(tables);
    this.#isFresh = isFresh;
  }

  /** The engine of the next process. */
  crash(kept: number): MemoryEngine {
    const states = [this.#synced, ...this.#sinceSync];
    return new MemoryEngine(copy(states[Math.min(kept, states.length - 1)]!), false);
  }

  open(): OpenOutcome {
    return this.#isFresh ? 'fresh' : 'recovered';
  }
  get(table: number, key: Uint8Array, into: Value): boolean {
    const item = this.#tables[table]!.find((each) => compareBytes(each.key, key) === 0);
    if (item !== undefined) into.assign(item.value);
    return item !== undefined;
  }
  scan(table: number, from: Uint8Array, to: Uint8Array | undefined, visit: Visitor): void {
    for (const { key, value } of this.#tables[table]!.slice()) {
      if (compareBytes(key, from) < 0) continue;
      if (to !== undefined && compareBytes(key, to) >= 0) return;
      if (!visit(key, 0, key.length, new Value().assign(value))) return;
    }
  }
  write(batch: Batch): WriteOutcome {
    if (this.outcome !== 'ok') return this.outcome;
    this.writes++;
    const value = new Value();
    for (let i = 0; i < batch.count; i++) {
      const items = this.#tables[batch.table[i]!]!;
      const key = batch.bytes.slice(batch.keyFrom[i]!, batch.keyTo[i]!);
      const at = items.findIndex((each) => compareBytes(each.key, key) >= 0);
      const place = at < 0 ? items.length : at;
      const isThere = at >= 0 && compareBytes(items[at]!.key, key) === 0;
      if (batch.isDelete[i] === 1) {
        if (isThere) items.splice(place, 1);
        continue;
      }
      batch.value(i, value);
      items.splice(place, isThere ? 1 : 0, { key, value: value.copy() });
    }
    this.#sinceSync.push(copy(this.#tables));
    return 'ok';
  }
  sync(): WriteOutcome {
    if (this.outcome !== 'ok') return this.outcome;
    this.syncs++;
    this.#synced = copy(this.#tables);
    this.#sinceSync = [];
    return 'ok';
  }
  /** Keys of a table, for tests. */
  keys(table: number): Uint8Array[] {
    return this.#tables[table]!.map((each) => each.key);
  }
  background(): undefined {
    return undefined;
  }
  pressure(): 'none' {
    return 'none';
  }
  checkpoint(): readonly string[] {
    return [];
  }
  check(): Fault[] {
    return [];
  }
  stats(): EngineStats {
    return { memoryBytes: {}, fileBytes: 0, liveKeys: 0, figures: {} };
  }
  close(): WriteOutcome {
    return this.sync();
  }
}

function copy(tables: Tables): Tables {
  return tables.map((items) => items.slice());
}
