/**
 * The binary Merkle tree over all entries, its complete nodes in the file `accumulator`:
 *
 *     header 64 ‖ node 0 ‖ node 1 ‖ …      32 bytes each, in post-order
 *
 * Appending leaf i writes it and each node that it completes. In memory are the peaks, at most 53 hashes,
 * and what was appended since the last flush. Nodes that the last commit doesn't count are cut off by `open`.
 */
import { assert } from '../../sim/assert.ts';
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import { SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { AppendedFile } from './appended-file.ts';
import type { Digester } from './digester.ts';
import { equalBytes, HEADER_BYTES } from './format.ts';
import { foldPeaks, nodeNumber, nodesBefore, peaksOf, powerOfTwo } from './merkle-tree.ts';

/** Where complete nodes go, in post-order. */
export interface NodeSink {
  node(hash: Uint8Array): void;
}

/** The tree as far as it must be known to grow: its peaks. */
export class Peaks {
  size = 0;
  readonly hashes: Uint8Array[] = [];
  readonly #digester: Digester;
  readonly #sink: NodeSink;

  constructor(digester: Digester, sink: NodeSink) {
    this.#digester = digester;
    this.#sink = sink;
  }

  append(leaf: Uint8Array): void {
    let node = leaf.slice();
    this.#sink.node(node);
    for (let rest = this.size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      const left = this.hashes.pop()!;
      const parent = new Uint8Array(DIGEST_BYTES);
      this.#digester.node(left, 0, node, 0, parent, 0);
      this.#sink.node(parent);
      node = parent;
    }
    this.hashes.push(node);
    this.size++;
  }

  /** The incomplete nodes, lowest first. */
  edge(): Uint8Array[] {
    return foldPeaks(this.hashes, this.#digester);
  }

  restart(size: number, hashes: readonly Uint8Array[]): void {
    this.size = size;
    this.hashes.length = 0;
    for (const hash of hashes) this.hashes.push(hash);
  }
}

export class Accumulator extends AppendedFile implements NodeSink {
  readonly peaks: Peaks;
  readonly #digester: Digester;
  readonly #read = new SparseBuffer(DIGEST_BYTES);

  constructor(disk: Disk, file: File, work: Work, digester: Digester) {
    super(disk, file, work, 'ledger-commit');
    this.#digester = digester;
    this.peaks = new Peaks(digester, this);
  }

  /** Goes back to a tree of `size` leaves; false if the file doesn't hold one of that root. */
  restart(size: number, root: Uint8Array): boolean {
    const length = HEADER_BYTES + nodesBefore(size) * DIGEST_BYTES;
    if (!this.cutTo(length)) return false;
    const hashes: Uint8Array[] = [];
    for (const { firstLeaf, height } of peaksOf(size)) {
      const hash = this.#readNode(nodeNumber(firstLeaf, height));
      if (hash === undefined) return false;
      hashes.push(hash);
    }
    this.peaks.restart(size, hashes);
    const top = foldPeaks(hashes, this.#digester).at(-1) ?? hashes[0];
    return top === undefined || equalBytes(top, root);
  }

  node(hash: Uint8Array): void {
    this.add(hash);
  }

  /** The path of a leaf in the tree of the first `size`, whose right edge is `edge`; undefined if it can't be read. */
  path(leaf: number, size: number, edge: readonly Uint8Array[]): Uint8Array[] | undefined {
    assert(leaf >= 0 && leaf < size, 'ledger: a path of no leaf');
    const peaks = peaksOf(size);
    const own = peaks.findIndex(({ firstLeaf, height }) => leaf < firstLeaf + powerOfTwo(height));
    const { firstLeaf, height } = peaks[own]!;
    const siblings: (Uint8Array | undefined)[] = [];
    for (let level = 0, place = leaf - firstLeaf; level < height; level++, place = Math.floor(place / 2)) {
      const sibling = place % 2 === 0 ? place + 1 : place - 1;
      siblings.push(this.#readNode(nodeNumber(firstLeaf + sibling * powerOfTwo(level), level)));
    }
    // the fold of the peaks behind: the last of them, or one of the edge's nodes
    const behind = peaks.length - 1 - own;
    if (behind === 1) siblings.push(this.#readPeak(peaks[own + 1]!));
    else if (behind > 1) siblings.push(edge[behind - 2]);
    for (let i = own - 1; i >= 0; i--) siblings.push(this.#readPeak(peaks[i]!));
    const known = siblings.filter((sibling) => sibling !== undefined);
    return known.length === siblings.length ? known : undefined;
  }

  #readPeak(peak: { firstLeaf: number; height: number }): Uint8Array | undefined {
    return this.#readNode(nodeNumber(peak.firstLeaf, peak.height));
  }

  #readNode(number: number): Uint8Array | undefined {
    const at = HEADER_BYTES + number * DIGEST_BYTES;
    const hash = new Uint8Array(DIGEST_BYTES);
    this.work.counts[SYSTEM_CALLS]!++;
    if (this.disk.read(this.file, at, DIGEST_BYTES, this.#read) !== 'ok') return undefined;
    if (this.#read.length < DIGEST_BYTES) return undefined;
    this.#read.copyTo(hash, 0, 0, DIGEST_BYTES);
    return hash;
  }
}
