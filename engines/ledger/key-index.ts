/**
 * Keys in memory, in order, each with where its latest entry stands: the whole index of form `chain`, and in
 * form `ledger` that of the entries that are in no block yet. A skip list over flat arrays; keys are never
 * taken out (a deleted one keeps the entry that deletes it), `clear` empties it.
 *
 *     arena   key bytes (table byte ‖ key), end to end
 *     links   tower of node n at linkAt[n]: one next node a level; node 0 is the head
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { BYTES_COPIED, KEYS_COMPARED, MEMTABLE_STEPS, type Work } from '../../sim/work.ts';

const HEIGHT_MAX = 12;
const NONE = 0;

export class KeyIndex {
  count = 0;
  arena = new Uint8Array(1024);
  keyFrom = new Uint32Array(64);
  keyTo = new Uint32Array(64);
  position = new Float64Array(64);
  entryLength = new Uint32Array(64);
  flags = new Uint8Array(64);
  readonly #work: Work;
  #linkAt = new Uint32Array(64);
  #links = new Uint32Array(256);
  #arenaEnd = 0;
  #linksEnd = HEIGHT_MAX;
  /** State of the tower heights' own sequence. */
  #state = 1;
  readonly #before = new Uint32Array(HEIGHT_MAX);

  constructor(work: Work) {
    this.#work = work;
  }

  get memoryBytes(): number {
    const perNode = 4 + 4 + 8 + 4 + 1 + 4;
    return this.arena.length + this.keyFrom.length * perNode + this.#links.length * 4;
  }

  clear(): void {
    this.count = 0;
    this.#arenaEnd = 0;
    this.#links.fill(NONE, 0, HEIGHT_MAX);
    this.#linksEnd = HEIGHT_MAX;
    this.#state = 1;
  }

  /** The node of a key; 0 if it is not here. */
  find(key: Uint8Array, keyLength: number): number {
    const node = this.lowerBound(key, keyLength);
    return node !== NONE && this.#compare(node, key, keyLength) === 0 ? node : NONE;
  }

  /** The first node whose key is not below; 0 at the end. */
  lowerBound(key: Uint8Array, keyLength: number): number {
    const links = this.#links;
    let node = NONE;
    for (let level = HEIGHT_MAX - 1; level >= 0; level--) {
      for (;;) {
        const next = links[this.#linkAt[node]! + level]!;
        if (next === NONE || this.#compare(next, key, keyLength) >= 0) break;
        node = next;
      }
      this.#before[level] = node;
    }
    return links[this.#linkAt[node]!]!;
  }

  next(node: number): number {
    this.#work.counts[MEMTABLE_STEPS]!++;
    return this.#links[this.#linkAt[node]!]!;
  }

  /** Returns the node; `flags` of a new one are those given, and `wasNew` tells. */
  set(key: Uint8Array, keyLength: number, position: number, entryLength: number, flags: number): number {
    let node = this.lowerBound(key, keyLength);
    if (node === NONE || this.#compare(node, key, keyLength) !== 0) node = this.#insert(key, keyLength);
    this.position[node] = position;
    this.entryLength[node] = entryLength;
    this.flags[node] = flags;
    return node;
  }

  compareNodes(node: number, other: KeyIndex, otherNode: number): number {
    const { arena, keyFrom, keyTo } = other;
    this.#work.counts[KEYS_COMPARED]!++;
    return compareRanges(
      this.arena,
      this.keyFrom[node]!,
      this.keyTo[node]!,
      arena,
      keyFrom[otherNode]!,
      keyTo[otherNode]!,
    );
  }

  #compare(node: number, key: Uint8Array, keyLength: number): number {
    this.#work.counts[MEMTABLE_STEPS]!++;
    return compareRanges(this.arena, this.keyFrom[node]!, this.keyTo[node]!, key, 0, keyLength);
  }

  /** Behind the nodes that `lowerBound` left in `#before`. */
  #insert(key: Uint8Array, keyLength: number): number {
    const node = ++this.count;
    const height = this.#nextHeight();
    this.#reserve(node, keyLength, height);
    this.keyFrom[node] = this.#arenaEnd;
    for (let i = 0; i < keyLength; i++) this.arena[this.#arenaEnd + i] = key[i]!;
    this.#arenaEnd += keyLength;
    this.#work.counts[BYTES_COPIED]! += keyLength;
    this.keyTo[node] = this.#arenaEnd;
    this.#linkAt[node] = this.#linksEnd;
    for (let level = 0; level < height; level++) {
      const link = this.#linkAt[this.#before[level]!]! + level;
      this.#links[this.#linksEnd + level] = this.#links[link]!;
      this.#links[link] = node;
    }
    this.#linksEnd += height;
    return node;
  }

  /** One in four goes a level higher; xorshift, the same for every store. */
  #nextHeight(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x | 0;
    let height = 1;
    for (let bits = x >>> 0; height < HEIGHT_MAX && bits % 4 === 0; bits = Math.floor(bits / 4)) height++;
    return height;
  }

  #reserve(node: number, keyBytes: number, height: number): void {
    if (node >= this.keyFrom.length) {
      const size = this.keyFrom.length * 2;
      this.keyFrom = widened(this.keyFrom, new Uint32Array(size));
      this.keyTo = widened(this.keyTo, new Uint32Array(size));
      this.position = widened(this.position, new Float64Array(size));
      this.entryLength = widened(this.entryLength, new Uint32Array(size));
      this.flags = widened(this.flags, new Uint8Array(size));
      this.#linkAt = widened(this.#linkAt, new Uint32Array(size));
    }
    if (this.#linksEnd + height > this.#links.length) {
      this.#links = widened(this.#links, new Uint32Array(this.#links.length * 2));
    }
    if (this.#arenaEnd + keyBytes > this.arena.length) {
      this.arena = widened(this.arena, new Uint8Array(Math.max(this.arena.length * 2, this.#arenaEnd + keyBytes)));
    }
  }
}

function widened<A extends { set(from: A): void }>(old: A, wider: A): A {
  wider.set(old);
  return wider;
}
