/** Records of the index in memory, by offset; the least recently used go first. */

/** What the real thing's map would spend on an entry beside the record: key, pointers, list links. */
const ENTRY_BYTES = 64;

export class RecordCache {
  bytes = 0;
  hits = 0;
  misses = 0;
  readonly #limit: number;
  /** In order of use: a hit moves its entry to the end. */
  readonly #records = new Map<number, Uint8Array>();

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  get(offset: number): Uint8Array | undefined {
    const record = this.#records.get(offset);
    if (record === undefined) {
      this.misses++;
      return undefined;
    }
    this.hits++;
    this.#records.delete(offset);
    this.#records.set(offset, record);
    return record;
  }

  /** An offset that is not there yet. */
  add(offset: number, record: Uint8Array): void {
    this.#records.set(offset, record);
    this.bytes += record.length + ENTRY_BYTES;
    for (const [oldest, { length }] of this.#records) {
      if (this.bytes <= this.#limit || oldest === offset) break;
      this.#records.delete(oldest);
      this.bytes -= length + ENTRY_BYTES;
    }
  }

  drop(offset: number): void {
    const record = this.#records.get(offset);
    if (record === undefined) return;
    this.#records.delete(offset);
    this.bytes -= record.length + ENTRY_BYTES;
  }

  /** Everything at `offset` and behind. */
  dropFrom(offset: number): void {
    for (const at of [...this.#records.keys()]) if (at >= offset) this.drop(at);
  }
}
