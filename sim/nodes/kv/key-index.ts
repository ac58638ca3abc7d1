/**
 * The in-memory index of the multi-version store: which revisions each key has. What etcd keeps in a B-tree of
 * `keyIndex` objects with generations, here in flat arrays of 24 B a key, plus its bytes, a hash slot, and 12 B for each older revision.
 *
 *     key record    key address, newest main, newest sub (bit 31: a tombstone), main of its creation, version, older revisions
 *     revision      main, sub (bit 31: tombstone), next older
 *
 * A generation of etcd's is what lies between two tombstones of a chain. Exact lookups go through a hash table; the
 * order of keys is made at the first range, and kept from then on. What the real B-tree would cost is counted in
 * `indexSteps`: log2 of its size a lookup.
 *
 * Limits, asserted: revisions below 2^32, 2^21 changes in one revision, 2^27 keys, 2^29 older revisions.
 */
import { assert } from '../../assert.ts';
import { INDEX_STEPS, type Work } from '../../work.ts';
import { hashKey, KeySlab } from './key-slab.ts';
import { OrderedIds } from './ordered-ids.ts';
import { WordPool } from './word-pool.ts';

const KEY_WORDS = 6;
const ADDRESS = 0;
const MAIN = 1;
const SUB = 2;
const CREATED = 3;
const VERSION = 4;
const OLDER = 5;

const REVISION_WORDS = 3;
const NEXT = 2;

const TOMBSTONE = 0x80000000;
const REVISION_MAX = 0xffffffff;
/** So that main · 2^21 + sub is an exact double. */
export const CHANGES_MAX = 1 << 21;

export class KeyIndex {
  /** Keys known, those included whose newest revision is a tombstone. */
  count = 0;
  /** Revisions known beside each key's newest. */
  olderCount = 0;
  /** What the last `at` found. */
  foundMain = 0;
  foundSub = 0;
  readonly #work: Work;
  #slab = new KeySlab();
  #keys = new WordPool(KEY_WORDS, 1 << 27);
  #revisions = new WordPool(REVISION_WORDS, 1 << 29);
  /** id + 1, 0 for none: open addressing, at most 3/4 full. */
  #table = new Uint32Array(1024);
  /** The table is another index's too. */
  #tableIsShared = false;
  #order: OrderedIds | undefined;
  #keyBytes = 0;

  constructor(work: Work) {
    this.#work = work;
  }

  /**
   * An index with the same content that shares everything with this one until it writes there. This one must not be
   * written to any more.
   */
  copy(work: Work): KeyIndex {
    const copy = new KeyIndex(work);
    copy.#slab = this.#slab.copy();
    copy.#keys = this.#keys.copy();
    copy.#revisions = this.#revisions.copy();
    copy.#table = this.#table;
    copy.#tableIsShared = true;
    copy.count = this.count;
    copy.olderCount = this.olderCount;
    copy.#keyBytes = this.#keyBytes;
    return copy;
  }

  /** A key that is new here, as another index holds it under `id`; without older revisions. */
  addFrom(other: KeyIndex, id: number): void {
    const bytes = other.keyBytes(id);
    const from = other.keyFrom(id);
    const to = from + other.keyLength(id);
    const word = (each: number): number => other.#word(id, each);
    this.#add(bytes, from, to, word(MAIN), word(SUB), word(CREATED), word(VERSION));
  }

  /** Whether an id is that key's, and this its only revision. */
  holdsOnly(
    id: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    main: number,
    sub: number,
    created: number,
    version: number,
  ): boolean {
    const { pages, shift, mask } = this.#keys;
    const page = pages[id >>> shift]!;
    const at = (id & mask) * KEY_WORDS;
    return (
      page[at + MAIN] === main &&
      page[at + SUB] === (version === 0 ? sub + TOMBSTONE : sub) &&
      page[at + CREATED] === created &&
      page[at + VERSION] === version &&
      page[at + OLDER] === 0 &&
      this.#slab.equals(page[at + ADDRESS]!, bytes, from, to)
    );
  }

  /** `find` for keys that are looked up in the order in which they were added: `previous` is the id found before. */
  findAfter(previous: number, bytes: Uint8Array, from: number, to: number): number {
    const next = previous + 1;
    const isNext =
      next < this.#keys.end &&
      !this.#keys.isFree(next) &&
      this.#slab.equals(this.#word(next, ADDRESS), bytes, from, to);
    if (!isNext) return this.find(bytes, from, to);
    this.#countSteps();
    return next;
  }

  /** The key's id, or −1. */
  find(bytes: Uint8Array, from: number, to: number): number {
    this.#countSteps();
    const table = this.#table;
    const mask = table.length - 1;
    let at = hashKey(bytes, from, to) & mask;
    for (;;) {
      const id = table[at]! - 1;
      if (id < 0) return -1;
      if (this.#slab.equals(this.#word(id, ADDRESS), bytes, from, to)) return id;
      at = (at + 1) & mask;
    }
  }

  created(id: number): number {
    return this.#word(id, CREATED);
  }
  version(id: number): number {
    return this.#word(id, VERSION);
  }
  isAlive(id: number): boolean {
    return this.#word(id, SUB) < TOMBSTONE;
  }
  keyBytes(id: number): Uint8Array {
    return this.#slab.slab(this.#word(id, ADDRESS));
  }
  keyFrom(id: number): number {
    return this.#slab.from(this.#word(id, ADDRESS));
  }
  keyLength(id: number): number {
    return this.#slab.length(this.#word(id, ADDRESS));
  }

  /** A new revision of a key; afterwards `created` and `version` of the id say what goes into the store. */
  put(bytes: Uint8Array, from: number, to: number, main: number, sub: number): number {
    assert(main <= REVISION_MAX && sub < CHANGES_MAX, 'key index: revision out of range');
    const id = this.find(bytes, from, to);
    if (id < 0) return this.#add(bytes, from, to, main, sub, main, 1);
    const wasAlive = this.isAlive(id);
    this.#push(id, main, sub);
    const page = this.#keys.writable(id);
    const at = (id & this.#keys.mask) * KEY_WORDS;
    if (wasAlive) page[at + VERSION] = page[at + VERSION]! + 1;
    else {
      page[at + CREATED] = main;
      page[at + VERSION] = 1;
    }
    return id;
  }

  tombstone(id: number, main: number, sub: number): void {
    assert(main <= REVISION_MAX && sub < CHANGES_MAX, 'key index: revision out of range');
    this.#push(id, main, sub + TOMBSTONE);
  }

  /** What a store holds, in ascending order of revisions. A tombstone has created = version = 0. */
  restore(
    bytes: Uint8Array,
    from: number,
    to: number,
    main: number,
    sub: number,
    created: number,
    version: number,
  ): void {
    const isDelete = version === 0;
    const stored = isDelete ? sub + TOMBSTONE : sub;
    const id = this.find(bytes, from, to);
    if (id < 0) {
      this.#add(bytes, from, to, main, stored, created, version);
      return;
    }
    this.#push(id, main, stored);
    if (isDelete) return;
    this.#setWord(id, CREATED, created);
    this.#setWord(id, VERSION, version);
  }

  /** Whether the key exists at a revision; if so `foundMain` and `foundSub` say which of its revisions is read. */
  at(id: number, revision: number): boolean {
    let main = this.#word(id, MAIN);
    let sub = this.#word(id, SUB);
    let older = this.#word(id, OLDER);
    const revisions = this.#revisions;
    while (main > revision) {
      if (older === 0) return false;
      const page = revisions.pages[(older - 1) >>> revisions.shift]!;
      const at = ((older - 1) & revisions.mask) * REVISION_WORDS;
      main = page[at]!;
      sub = page[at + 1]!;
      older = page[at + NEXT]!;
    }
    if (sub >= TOMBSTONE) return false;
    this.foundMain = main;
    this.foundSub = sub;
    return true;
  }

  // ——— order ———

  /** Stands before the first key that is not below bytes[from, to); go on with `next`. */
  seek(bytes: Uint8Array, from: number, to: number): void {
    this.#countSteps();
    this.#ordered().seek(bytes, from, to);
  }
  /** The next id in the order of keys, or −1. Keys must not be added or removed in between. */
  next(): number {
    return this.#order!.next();
  }
  /** Whether the key of an id is below bytes[from, to). */
  isBelow(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    return this.#slab.compare(this.#word(id, ADDRESS), bytes, from, to) < 0;
  }

  // ——— compaction ———

  /** One past the highest id ever given. */
  get idEnd(): number {
    return this.#keys.end;
  }

  /**
   * Forgets what no reader at or above `revision` can see of ids [from, to), as etcd does: of the revisions up to there the newest
   * stays, unless it is a tombstone below it. Revisions that stay are appended to `kept` as main · 2^21 + sub.
   */
  compact(revision: number, from: number, to: number, kept: number[]): void {
    for (let id = from; id < to; id++) {
      if (this.#keys.isFree(id)) continue;
      this.#work.counts[INDEX_STEPS] = this.#work.counts[INDEX_STEPS]! + 1;
      this.#compactKey(id, revision, kept);
    }
  }

  #compactKey(id: number, revision: number, kept: number[]): void {
    let previous = 0;
    let main = this.#word(id, MAIN);
    let sub = this.#word(id, SUB);
    let older = this.#word(id, OLDER);
    let node = 0;
    while (main > revision) {
      if (older === 0) return;
      previous = node;
      node = older;
      main = this.#revisions.get(node - 1, 0);
      sub = this.#revisions.get(node - 1, 1);
      older = this.#revisions.get(node - 1, NEXT);
    }
    // `node` (0: the key's newest) is the newest at or below the revision
    while (older !== 0) {
      const next = this.#revisions.get(older - 1, NEXT);
      this.#freeRevision(older);
      older = next;
    }
    const isGone = sub >= TOMBSTONE && main < revision;
    if (!isGone) {
      kept.push(main * CHANGES_MAX + (sub >= TOMBSTONE ? sub - TOMBSTONE : sub));
      if (node === 0) this.#setWord(id, OLDER, 0);
      else this.#revisions.set(node - 1, NEXT, 0);
    } else if (node === 0) {
      this.#remove(id);
    } else {
      this.#freeRevision(node);
      if (previous === 0) this.#setWord(id, OLDER, 0);
      else this.#revisions.set(previous - 1, NEXT, 0);
    }
  }

  #freeRevision(node: number): void {
    this.#revisions.release(node - 1);
    this.olderCount--;
  }

  // ——— memory ———

  /** Of this process, without what is shared. */
  get memoryBytes(): number {
    const order = this.#order === undefined ? 0 : this.#order.memoryBytes;
    return (
      this.#slab.memoryBytes +
      this.#keys.memoryBytes +
      this.#revisions.memoryBytes +
      (this.#tableIsShared ? 0 : this.#table.byteLength) +
      order
    );
  }

  /**
   * Of the real process, from the sizes of Go's structures: keyIndex 64 B, one generation 48 B, a revision 16 B, the B-tree's
   * pointer 8 B at two thirds full 12 B, and the key's bytes in a size class of at least 16 B.
   */
  get realBytes(): number {
    return this.count * (64 + 48 + 16 + 12) + Math.max(this.#keyBytes, this.count * 16) + this.olderCount * 16;
  }

  // ——— inside ———

  #add(
    bytes: Uint8Array,
    from: number,
    to: number,
    main: number,
    sub: number,
    created: number,
    version: number,
  ): number {
    if ((this.count + 1) * 4 > this.#table.length * 3) this.#growTable();
    const id = this.#keys.take();
    const page = this.#keys.writable(id);
    const at = (id & this.#keys.mask) * KEY_WORDS;
    // a forgotten key leaves its address behind: its place is taken if the length is the same
    const old = page[at + ADDRESS]!;
    const isReused = this.#keys.wasReused && this.#slab.length(old) === to - from;
    if (isReused) this.#slab.replace(old, bytes, from, to);
    page[at + ADDRESS] = isReused ? old : this.#slab.add(bytes, from, to);
    page[at + MAIN] = main;
    page[at + SUB] = sub;
    page[at + CREATED] = created;
    page[at + VERSION] = version;
    page[at + OLDER] = 0;
    this.#insert(hashKey(bytes, from, to), id);
    if (this.#order !== undefined) this.#order.insert(id, bytes, from, to);
    this.count++;
    this.#keyBytes += to - from;
    return id;
  }

  /** The newest revision becomes an older one. */
  #push(id: number, main: number, sub: number): void {
    const node = this.#revisions.take();
    this.olderCount++;
    const page = this.#keys.writable(id);
    const at = (id & this.#keys.mask) * KEY_WORDS;
    const nodePage = this.#revisions.writable(node);
    const nodeAt = (node & this.#revisions.mask) * REVISION_WORDS;
    nodePage[nodeAt] = page[at + MAIN]!;
    nodePage[nodeAt + 1] = page[at + SUB]!;
    nodePage[nodeAt + NEXT] = page[at + OLDER]!;
    page[at + MAIN] = main;
    page[at + SUB] = sub;
    page[at + OLDER] = node + 1;
  }

  #remove(id: number): void {
    const address = this.#word(id, ADDRESS);
    const bytes = this.#slab.slab(address);
    const from = this.#slab.from(address);
    const to = from + this.#slab.length(address);
    if (this.#order !== undefined) this.#order.remove(bytes, from, to);
    this.#unhash(hashKey(bytes, from, to), id);
    this.count--;
    this.#keyBytes -= to - from;
    this.#keys.release(id);
  }

  #ordered(): OrderedIds {
    if (this.#order !== undefined) return this.#order;
    const slab = this.#slab;
    this.#order = new OrderedIds((id, bytes, from, to) => slab.compare(this.#word(id, ADDRESS), bytes, from, to));
    const ids = new Uint32Array(this.count);
    let n = 0;
    for (let id = 0; id < this.#keys.end; id++) if (!this.#keys.isFree(id)) ids[n++] = id;
    const compare = (a: number, b: number): number => {
      const address = this.#word(b, ADDRESS);
      const from = slab.from(address);
      return slab.compare(this.#word(a, ADDRESS), slab.slab(address), from, from + slab.length(address));
    };
    // keys of a preloaded store were added in their order
    if (ids.some((id, i) => i > 0 && compare(ids[i - 1]!, id) > 0)) ids.sort(compare);
    this.#order.fill(ids);
    return this.#order;
  }

  #insert(hash: number, id: number): void {
    const table = this.#writableTable();
    const mask = table.length - 1;
    let at = hash & mask;
    while (table[at] !== 0) at = (at + 1) & mask;
    table[at] = id + 1;
  }

  /** Removes an id from the hash table and moves up those that were pushed past it. */
  #unhash(hash: number, id: number): void {
    const table = this.#writableTable();
    const mask = table.length - 1;
    let hole = hash & mask;
    while (table[hole] !== id + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const home = this.#hashOf(table[at]! - 1) & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      table[hole] = table[at]!;
      hole = at;
    }
    table[hole] = 0;
  }

  #writableTable(): Uint32Array {
    if (this.#tableIsShared) {
      this.#table = this.#table.slice();
      this.#tableIsShared = false;
    }
    return this.#table;
  }

  #growTable(): void {
    const old = this.#table;
    this.#table = new Uint32Array(old.length * 2);
    this.#tableIsShared = false;
    for (let i = 0; i < old.length; i++) {
      if (old[i] !== 0) this.#insert(this.#hashOf(old[i]! - 1), old[i]! - 1);
    }
  }

  #hashOf(id: number): number {
    const address = this.#word(id, ADDRESS);
    const from = this.#slab.from(address);
    return hashKey(this.#slab.slab(address), from, from + this.#slab.length(address));
  }

  #word(id: number, word: number): number {
    const { pages, shift, mask } = this.#keys;
    return pages[id >>> shift]![(id & mask) * KEY_WORDS + word]!;
  }
  #setWord(id: number, word: number, value: number): void {
    this.#keys.set(id, word, value);
  }

  #countSteps(): void {
    const { counts } = this.#work;
    counts[INDEX_STEPS] = counts[INDEX_STEPS]! + 33 - Math.clz32(this.count);
  }
}
