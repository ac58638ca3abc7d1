import type { Entry } from '../nodes/raft/messages.ts';

/**
 * Entries by index, the last 2^20 of them: a ring. An entry falls out when one 2^20 positions later
 * comes in; what is older is not compared any more. Raft logs are compacted long before that.
 */
const WINDOW = 1 << 20;

export class EntryWindow {
  #ring: (Entry | undefined)[] = new Array(1024).fill(undefined);

  /** The entry remembered at `index`, if any. */
  get(index: number): Entry | undefined {
    const entry = this.#ring[index & (this.#ring.length - 1)];
    return entry !== undefined && entry.index === index ? entry : undefined;
  }

  set(entry: Entry): void {
    let mask = this.#ring.length - 1;
    for (;;) {
      const there = this.#ring[entry.index & mask];
      if (there === undefined || there.index === entry.index || this.#ring.length === WINDOW) break;
      if (entry.index - there.index > this.#ring.length * 2) break; // a jump, as after a long silence: replace
      this.#double();
      mask = this.#ring.length - 1;
    }
    this.#ring[entry.index & mask] = entry;
  }

  /** Forgets entries below `index`: no replica can bring them up again. */
  forgetBelow(index: number): void {
    const ring = this.#ring;
    for (let i = 0; i < ring.length; i++) {
      if (ring[i] !== undefined && ring[i]!.index < index) ring[i] = undefined;
    }
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
