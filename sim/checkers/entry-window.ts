import type { Entry } from '../nodes/raft/messages.ts';

/**
 * Entries by index, the last 2^17 of them: a ring. An entry falls out when one 2^17 positions later
 * comes in; what is older is not compared any more. That is more than a Raft log keeps in memory by
 * default (100,000 entries between snapshots and 5,000 behind), so the window holds hardly any entry alive by itself.
 */
const WINDOW = 1 << 17;

export class EntryWindow {
  #ring: (Entry | undefined)[] = new Array(1024).fill(undefined);
  #newest = 0;

  /** The entry remembered at `index`, if any. */
  get(index: number): Entry | undefined {
    const entry = this.#ring[index & (this.#ring.length - 1)];
    return entry !== undefined && entry.index === index ? entry : undefined;
  }

  /** An entry too old for the window is not taken. */
  set(entry: Entry): void {
    if (entry.index + WINDOW <= this.#newest) return;
    if (entry.index > this.#newest) this.#newest = entry.index;
    let mask = this.#ring.length - 1;
    for (;;) {
      const there = this.#ring[entry.index & mask];
      if (there === undefined || there.index === entry.index || this.#ring.length === WINDOW) break;
      this.#double();
      mask = this.#ring.length - 1;
    }
    this.#ring[entry.index & mask] = entry;
  }

  #double(): void {
    const old = this.#ring;
    const ring = new Array<Entry | undefined>(old.length * 2).fill(undefined);
    for (const entry of old) {
      if (entry !== undefined) ring[entry.index & (ring.length - 1)] = entry;
    }
    this.#ring = ring;
  }
}

/** The same object, or the same content: a restarted node has read its entries from disk. */
export function sameEntry(a: Entry, b: Entry): boolean {
  return a === b || (a.term === b.term && a.index === b.index && a.type === b.type && a.data.equals(b.data));
}

export function describeEntry(entry: Entry): string {
  return `entry ${entry.index} of term ${entry.term} (${entry.data.length} bytes)`;
}
