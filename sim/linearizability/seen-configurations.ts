/**
 * The configurations that a search has been in: which operations are placed, and the state they left. Each is met
 * once; coming there again by another order of the same operations finds nothing new (Lowe's memoisation).
 *
 * Open addressing over records in one array:
 *
 *     hash, state, index of the first word that is not all ones, number of words, the words, the words of optional operations
 *
 * Operations that must be placed are numbered in the order of their calls, so that what is placed is a run of ones and
 * then a few bits: a record has a few words however long the history. Exact: records are compared, not only hashes.
 *
 * Full: at `wordsMax` words `add` answers 'full', and the search says that it does not know.
 */
const HEAD_WORDS = 4;
const ALL_ONES = 0xffffffff;
/** By default 256 MiB. */
const WORDS_MAX = 2 ** 26;

export class SeenConfigurations {
  readonly #requiredWords: number;
  readonly #words: number;
  readonly #wordsMax: number;
  #records = new Uint32Array(1024);
  #end = 0;
  /** Start of a record plus one; 0: free. */
  #slots = new Uint32Array(256);
  count = 0;

  /** `requiredWords` of the `words` of a bit set belong to operations that must be placed. */
  constructor(requiredWords: number, words: number, wordsMax = WORDS_MAX) {
    this.#requiredWords = requiredWords;
    this.#words = words;
    this.#wordsMax = wordsMax;
  }

  add(placed: Uint32Array, hash: number, state: number): 'new' | 'known' | 'full' {
    let from = 0;
    while (from < this.#requiredWords && placed[from] === ALL_ONES) from++;
    let to = this.#requiredWords;
    while (to > from && placed[to - 1] === 0) to--;
    const mask = this.#slots.length - 1;
    const mixed = Math.imul(hash ^ Math.imul(state + 1, 0x9e3779b1), 0x85ebca6b) >>> 0;
    let slot = (mixed ^ (mixed >>> 15)) & mask;
    for (let record = this.#slots[slot]!; record !== 0; record = this.#slots[slot]!) {
      if (this.#isAt(record - 1, placed, mixed, state, from, to)) return 'known';
      slot = (slot + 1) & mask;
    }
    const length = HEAD_WORDS + (to - from) + (this.#words - this.#requiredWords);
    if (this.#end + length > this.#wordsMax) return 'full';
    this.#slots[slot] = this.#write(placed, mixed, state, from, to, length) + 1;
    if (++this.count * 2 > this.#slots.length) this.#rehash();
    return 'new';
  }

  #isAt(at: number, placed: Uint32Array, hash: number, state: number, from: number, to: number): boolean {
    const records = this.#records;
    if (records[at] !== hash || records[at + 1] !== state) return false;
    if (records[at + 2] !== from || records[at + 3] !== to - from) return false;
    let place = at + HEAD_WORDS;
    for (let word = from; word < to; word++) if (records[place++] !== placed[word]) return false;
    for (let word = this.#requiredWords; word < this.#words; word++) {
      if (records[place++] !== placed[word]) return false;
    }
    return true;
  }

  #write(placed: Uint32Array, hash: number, state: number, from: number, to: number, length: number): number {
    const at = this.#end;
    if (at + length > this.#records.length) {
      const grown = new Uint32Array(Math.max(at + length, this.#records.length * 2));
      grown.set(this.#records);
      this.#records = grown;
    }
    const records = this.#records;
    records[at] = hash;
    records[at + 1] = state;
    records[at + 2] = from;
    records[at + 3] = to - from;
    let place = at + HEAD_WORDS;
    for (let word = from; word < to; word++) records[place++] = placed[word]!;
    for (let word = this.#requiredWords; word < this.#words; word++) records[place++] = placed[word]!;
    this.#end = place;
    return at;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (const record of this.#slots) {
      if (record === 0) continue;
      const hash = this.#records[record - 1]!;
      let slot = (hash ^ (hash >>> 15)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = record;
    }
    this.#slots = slots;
  }
}
