/**
 * Records of the index in memory, by offset; the least recently used go first.
 *
 *     slot s    offsets[s], records[s], and its neighbours in the ring of use: newer[s], older[s]
 *     slot 0    the ring's head: newer[0] is the oldest, older[0] the newest
 */

/** What the real thing's map would spend on an entry beside the record: key, pointers, list links. */
const ENTRY_BYTES = 64;
const HEAD = 0;

export class RecordCache {
  bytes = 0;
  hits = 0;
  misses = 0;
  readonly #limit: number;
  readonly #slots = new Map<number, number>();
  readonly #records: (Uint8Array | undefined)[] = [undefined];
  readonly #offsets: number[] = [0];
  readonly #newer: number[] = [HEAD];
  readonly #older: number[] = [HEAD];
  readonly #free: number[] = [];

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get(offset: number): Uint8Array | undefined {
    const slot = this.#slots.get(offset);
    if (slot === undefined) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    this.#unlink(slot);
    this.#linkAsNewest(slot);
    return this.#records[slot];
  }

  /** An offset that is not there yet. */
  add(offset: number, record: Uint8Array): void {
    const slot = this.#free.pop() ?? this.#offsets.length;
    this.#slots.set(offset, slot);
    this.#offsets[slot] = offset;
    this.#records[slot] = record;
    this.#linkAsNewest(slot);
    this.bytes += record.length + ENTRY_BYTES;
    while (this.bytes > this.#limit && this.#slots.size > 1) this.drop(this.#offsets[this.#newer[HEAD]!]!);
  }

  drop(offset: number): void {
    const slot = this.#slots.get(offset);
    if (slot === undefined) return;
    this.#slots.delete(offset);
    this.#unlink(slot);
    this.bytes -= this.#records[slot]!.length + ENTRY_BYTES;
    this.#records[slot] = undefined;
    this.#free.push(slot);
  }

  /** Everything at `offset` and behind. */
  dropFrom(offset: number): void {
    for (const at of [...this.#slots.keys()]) if (at >= offset) this.drop(at);
  }

  #unlink(slot: number): void {
    const newer = this.#newer[slot]!;
    const older = this.#older[slot]!;
    this.#older[newer] = older;
    this.#newer[older] = newer;
  }

  #linkAsNewest(slot: number): void {
    const newest = this.#older[HEAD]!;
    this.#older[slot] = newest;
    this.#newer[slot] = HEAD;
    this.#newer[newest] = slot;
    this.#older[HEAD] = slot;
  }
}
