/**
 * Builds a B+tree from records in ascending order, level by level, each of which holds only the nodes that it has not
 * yet finished. A node is cut where `spill.ts` would cut it if all records were put in one transaction: the place
 * depends on what comes before it, and on there being a page's worth and at least three records behind.
 */
import type { Value } from '../../sim/bytes/value.ts';
import { KEYS_PER_PAGE_MIN, PAGE_HEADER_BYTES } from './format.ts';
import { Nodes } from './nodes.ts';
import type { PageWriter } from './page-writer.ts';

/** An arena of so many bytes is left behind, and the unfinished records copied to another. */
const ARENA_BYTES = 1_048_576;

export class TreeBuilder {
  readonly #writer: PageWriter;
  readonly #pageSize: number;
  /** Bytes up to which a cut fills a page. */
  readonly #threshold: number;
  /** From the leaves up. */
  readonly #levels: LevelBuilder[] = [];

  constructor(writer: PageWriter, pageSize: number, fillPercent: number) {
    this.#writer = writer;
    this.#pageSize = pageSize;
    this.#threshold = Math.floor(pageSize * fillPercent);
  }

  get depth(): number {
    return this.#levels.length;
  }

  /** False once the writer has failed. */
  add(key: Uint8Array, value: Value): boolean {
    const level = this.#level(0);
    level.appendValue(key, value);
    this.#cut(0, level);
    return this.#writer.outcome === 'ok';
  }

  /** Writes what is left; the root's page, or 0 if the writer has failed. */
  finish(): number {
    for (let depth = 0; ; depth++) {
      const level = this.#level(depth);
      this.#cutLast(depth, level);
      const isRoot = level.pagesWritten === 0;
      const id = this.#write(level);
      if (id === 0) return 0;
      if (isRoot) {
        this.#writer.flush();
        return this.#writer.outcome === 'ok' ? id : 0;
      }
      this.#level(depth + 1).appendChild(level, id);
    }
  }

  #level(depth: number): LevelBuilder {
    const known = this.#levels[depth];
    if (known !== undefined) return known;
    const level = new LevelBuilder(depth === 0);
    this.#levels.push(level);
    return level;
  }

  /** Cuts off finished nodes while more records may follow. */
  #cut(depth: number, level: LevelBuilder): void {
    while (level.bytes >= this.#pageSize && level.count > 2 * KEYS_PER_PAGE_MIN) {
      const index = level.cutIndex(this.#threshold);
      // without an overfull record to cut before, the place still depends on how many follow
      if (index < 0 || index > level.count - KEYS_PER_PAGE_MIN - 1) return;
      if (!this.#cutAt(depth, level, index)) return;
    }
  }

  /** The same once nothing follows: as `splitTwo`. */
  #cutLast(depth: number, level: LevelBuilder): void {
    while (level.count > 2 * KEYS_PER_PAGE_MIN && level.bytes >= this.#pageSize) {
      const index = level.cutIndex(this.#threshold);
      const last = level.count - KEYS_PER_PAGE_MIN - 1;
      if (!this.#cutAt(depth, level, index < 0 ? last : Math.min(index, last))) return;
    }
  }

  #cutAt(depth: number, level: LevelBuilder, index: number): boolean {
    const rest = level.splitOff(index);
    const id = this.#write(level);
    if (id === 0) return false;
    const parent = this.#level(depth + 1);
    parent.appendChild(level, id);
    level.continueWith(rest);
    this.#cut(depth + 1, parent);
    return true;
  }

  #write(level: LevelBuilder): number {
    level.pagesWritten++;
    return this.#writer.write(level.nodes, level.node, level.bytes);
  }
}

class LevelBuilder {
  nodes = new Nodes();
  node: number;
  /** Of the node as a page. */
  bytes = PAGE_HEADER_BYTES;
  pagesWritten = 0;
  readonly #isLeaf: boolean;
  #spare = new Nodes();

  constructor(isLeaf: boolean) {
    this.#isLeaf = isLeaf;
    this.node = this.nodes.create(0, -1, isLeaf, 8);
  }

  get count(): number {
    return this.nodes.count[this.node]!;
  }

  appendValue(key: Uint8Array, value: Value): void {
    this.nodes.append(this.node, key, 0, key.length, value);
    this.bytes += this.nodes.recordBytes(this.node, this.count - 1);
  }

  /** A child that was written as page `id`. */
  appendChild(child: LevelBuilder, id: number): void {
    const { nodes, node } = child;
    this.nodes.appendChild(this.node, nodes.bytes, nodes.keyFrom(node, 0), nodes.keyTo(node, 0), id);
    this.bytes += this.nodes.recordBytes(this.node, this.count - 1);
  }

  /** The first record, from the third on, that would exceed the threshold; −1: none does. */
  cutIndex(threshold: number): number {
    const { nodes, node, count } = this;
    let bytes = PAGE_HEADER_BYTES;
    for (let i = 0; i < count; i++) {
      const recordBytes = nodes.recordBytes(node, i);
      if (i >= KEYS_PER_PAGE_MIN && bytes + recordBytes > threshold) return i;
      bytes += recordBytes;
    }
    return -1;
  }

  /** Keeps the records before `index`; returns the node with the others. */
  splitOff(index: number): number {
    const rest = this.nodes.splitOff(this.node, index, -1);
    this.bytes = this.nodes.size(this.node);
    return rest;
  }

  /** Goes on with what was split off. */
  continueWith(rest: number): void {
    this.node = rest;
    if (this.nodes.bytesEnd + 4 * this.nodes.inodesEnd > ARENA_BYTES) this.#moveOn();
    this.bytes = this.nodes.size(this.node);
  }

  #moveOn(): void {
    const old = this.nodes;
    const fresh = this.#spare;
    fresh.reset();
    const node = fresh.create(0, -1, this.#isLeaf, 8);
    fresh.appendFrom(node, old, this.node);
    this.nodes = fresh;
    this.#spare = old;
    this.node = node;
  }
}
