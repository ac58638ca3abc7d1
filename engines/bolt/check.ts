/**
 * The whole-file check: walks both metas, the freelist page and every tree from the root bucket
 * down, as bbolt's `tx_check` does.
 *
 * Checked: the meta in use and what it names; page ids, kinds and sizes; every page up to the
 * high-water mark reachable exactly once or in the freelist; elements inside of their page, one behind the other; keys
 * ascending, within the bounds that the parent sets; bucket headers; the stored freelist and the kept branch
 * pages against those in memory.
 *
 * Not checked: the content of values, fill of pages, and what the open transaction has not
 * committed yet. At most `FAULTS_MAX` faults are listed.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { readU64LE } from '../../sim/bytes/fixed.ts';
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import {
  BUCKET_ELEMENT,
  BUCKET_HEADER_BYTES,
  DEPTH_MAX,
  ELEMENT_BYTES,
  LEAF_PAGE,
  PAGE_HEADER_BYTES,
} from './format.ts';
import { Page, type Pages } from './pages.ts';

const FAULTS_MAX = 100;

/** What the tree of one bucket consists of. */
export interface BucketCensus {
  /** Without the names of buckets inside. */
  keys: number;
  depth: number;
  leafPages: number;
  leafOverflowPages: number;
  branchPages: number;
  branchOverflowPages: number;
  /** Bytes of headers, elements, keys and values. */
  leafInUseBytes: number;
  branchInUseBytes: number;
  isInline: boolean;
}

/** A bound on keys: borrowed bytes, or none. */
interface Bound {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
}

/** Stands for the root bucket where a bucket's parent is named. */
export const ROOT_BUCKET = -1;

export interface BucketFound {
  /** Where in the list of those found its parent stands, or `ROOT_BUCKET`. */
  readonly parent: number;
  readonly name: Uint8Array;
  readonly root: number;
  readonly sequence: number;
  readonly inline: Page | undefined;
}

export class TreeWalk {
  readonly faults: Fault[] = [];
  /** 1 for each page that a tree uses. */
  readonly reachable: Uint8Array;
  /** Those of the root in key order, then those in the first of them, and so on. */
  readonly buckets: BucketFound[] = [];
  /** By bucket as in `buckets`, after `walkBuckets`; and the root bucket's own. */
  readonly census: BucketCensus[] = [];
  readonly #pages: Pages;
  readonly #levels: Page[] = [];
  #current: BucketCensus = emptyCensus();
  /** The bucket that is being walked. */
  #bucket = ROOT_BUCKET;

  constructor(pages: Pages) {
    this.#pages = pages;
    this.reachable = new Uint8Array(pages.highWater);
  }

  /** Walks the root bucket, and finds the buckets in it. */
  walkRoot(root: number): BucketCensus {
    this.#current = emptyCensus();
    this.#bucket = ROOT_BUCKET;
    this.#walk(root, undefined, undefined, 0);
    return this.#current;
  }

  /** Walks all buckets found, and those found in them. */
  walkBuckets(): void {
    for (let i = 0; i < this.buckets.length; i++) {
      const { inline, root } = this.buckets[i]!;
      this.#bucket = i;
      this.#current = emptyCensus();
      this.#current.isInline = inline !== undefined;
      if (inline !== undefined) this.#elements(inline, undefined, undefined, 0);
      else this.#walk(root, undefined, undefined, 0);
      this.census.push(this.#current);
    }
  }

  /** What a bucket of the root and all buckets inside of it consist of, as bbolt's `Bucket.Stats` adds them up. */
  sumOf(bucket: number): BucketCensus {
    const sum = { ...this.census[bucket]! };
    let deepest = 0;
    this.buckets.forEach(({ parent }, i) => {
      if (parent !== bucket) return;
      const inner = this.sumOf(i);
      sum.keys += inner.keys;
      deepest = Math.max(deepest, inner.depth);
      if (inner.isInline) return;
      sum.leafPages += inner.leafPages;
      sum.leafOverflowPages += inner.leafOverflowPages;
      sum.branchPages += inner.branchPages;
      sum.branchOverflowPages += inner.branchOverflowPages;
      sum.leafInUseBytes += inner.leafInUseBytes;
      sum.branchInUseBytes += inner.branchInUseBytes;
    });
    sum.depth += deepest;
    return sum;
  }

  fault(where: string, what: string): void {
    if (this.faults.length < FAULTS_MAX) this.faults.push({ where, what });
  }

  #walk(id: number, lower: Bound | undefined, upper: Bound | undefined, depth: number): void {
    if (depth > DEPTH_MAX) {
      this.fault(`page ${id}`, `the tree is deeper than ${DEPTH_MAX} levels`);
      return;
    }
    if (this.reachable[id] === 1) {
      this.fault(`page ${id}`, 'reachable more than once');
      return; // walking it again would report everything below again
    }
    const page = this.#levels[depth] ?? new Page();
    this.#levels[depth] = page;
    if (!this.#pages.read(id, page)) {
      this.#takeFault();
      return;
    }
    for (let used = id; used <= id + page.overflow; used++) {
      if (used > id && this.reachable[used] === 1) this.fault(`page ${used}`, 'reachable more than once');
      this.reachable[used] = 1;
    }
    this.#elements(page, lower, upper, depth);
  }

  #elements(page: Page, lower: Bound | undefined, upper: Bound | undefined, depth: number): void {
    const census = this.#current;
    const isLeaf = page.flags === LEAF_PAGE;
    const where = `page ${page.id}`;
    let used = PAGE_HEADER_BYTES + page.count * ELEMENT_BYTES;
    let previous = lower;
    const dataFrom = PAGE_HEADER_BYTES + page.count * ELEMENT_BYTES;
    const { buffer } = page;
    let inner = 0;
    let end = dataFrom;
    for (let i = 0; i < page.count; i++) {
      const element = PAGE_HEADER_BYTES + i * ELEMENT_BYTES;
      const keyLength = buffer.readU32(element + (isLeaf ? 8 : 4));
      const valueLength = isLeaf ? buffer.readU32(element + 12) : 0;
      const keyFrom = element + buffer.readU32(element + (isLeaf ? 4 : 0));
      if (keyLength === 0) this.fault(where, `element ${i} has an empty key`);
      if (keyFrom < dataFrom || keyFrom + keyLength + valueLength > buffer.length) {
        this.fault(where, `element ${i} points outside of its page`);
        return;
      }
      if (keyFrom !== end) this.fault(where, `element ${i} does not follow the one before`);
      end = keyFrom + keyLength + valueLength;
      used += keyLength + valueLength;
      const key = keyAt(buffer, keyFrom, keyLength);
      if (previous !== undefined) {
        const order = compareRanges(previous.bytes, previous.from, previous.to, key.bytes, key.from, key.to);
        if (order > 0 || (order === 0 && i > 0)) {
          const what = i === 0 ? "is below its parent's bound" : 'is not above the one before';
          this.fault(where, `key ${i} ${what}`);
        }
      }
      if (upper !== undefined && compareRanges(key.bytes, key.from, key.to, upper.bytes, upper.from, upper.to) >= 0) {
        this.fault(where, `key ${i} is not below its parent's next key`);
      }
      previous = key;
      if (!isLeaf) continue;
      if (buffer.readU32(element) === BUCKET_ELEMENT) {
        inner++;
        this.#bucketHeader(where, i, buffer, key, keyFrom + keyLength, valueLength);
      } else if (this.#bucket === ROOT_BUCKET) {
        this.fault(where, `element ${i} of the root bucket is not a bucket`);
      } else if (buffer.readU32(element) !== 0) {
        this.fault(where, `element ${i} has flags ${buffer.readU32(element)}`);
      }
    }
    if (isLeaf) {
      census.keys += page.count - inner;
      census.leafPages++;
      census.leafOverflowPages += page.overflow;
      census.leafInUseBytes += used;
    } else {
      census.branchPages++;
      census.branchOverflowPages += page.overflow;
      census.branchInUseBytes += used;
    }
    census.depth = Math.max(census.depth, depth + 1);
    if (isLeaf) return;
    for (let i = 0; i < page.count; i++) {
      const element = PAGE_HEADER_BYTES + i * ELEMENT_BYTES;
      const child = buffer.readU64(element + 8);
      const from = elementKey(buffer, i);
      const to = i + 1 < page.count ? elementKey(buffer, i + 1) : upper;
      this.#walk(child, from, to, depth + 1);
    }
  }

  #bucketHeader(
    where: string,
    index: number,
    buffer: SparseBuffer,
    key: Bound,
    valueFrom: number,
    valueLength: number,
  ): void {
    if (valueLength < BUCKET_HEADER_BYTES) {
      this.fault(where, `element ${index}: bucket header of ${valueLength} bytes`);
      return;
    }
    const header = new Uint8Array(BUCKET_HEADER_BYTES);
    buffer.copyTo(header, 0, valueFrom, valueFrom + BUCKET_HEADER_BYTES);
    const root = readU64LE(header, 0);
    const name = key.bytes.slice(key.from, key.to);
    let inline: Page | undefined;
    if (root === 0) {
      inline = new Page();
      const image = new Uint8Array(valueLength - BUCKET_HEADER_BYTES);
      buffer.copyTo(image, 0, valueFrom + BUCKET_HEADER_BYTES, valueFrom + valueLength);
      inline.buffer.bytes(image);
      if (!this.#pages.adoptInline(inline)) {
        this.#takeFault();
        return;
      }
    }
    this.buckets.push({ parent: this.#bucket, name, root, sequence: readU64LE(header, 8), inline });
  }

  #takeFault(): void {
    const fault = this.#pages.takeFault();
    if (fault !== undefined) this.fault(fault.where, fault.what);
  }
}

function keyAt(buffer: SparseBuffer, from: number, length: number): Bound {
  const index = buffer.literalIndex(from, length);
  if (index >= 0) return { bytes: buffer.literal, from: index, to: index + length };
  const bytes = new Uint8Array(length);
  buffer.copyTo(bytes, 0, from, from + length);
  return { bytes, from: 0, to: length };
}

function elementKey(buffer: SparseBuffer, index: number): Bound {
  const element = PAGE_HEADER_BYTES + index * ELEMENT_BYTES;
  return keyAt(buffer, element + buffer.readU32(element), buffer.readU32(element + 4));
}

function emptyCensus(): BucketCensus {
  return {
    keys: 0,
    depth: 0,
    leafPages: 0,
    leafOverflowPages: 0,
    branchPages: 0,
    branchOverflowPages: 0,
    leafInUseBytes: 0,
    branchInUseBytes: 0,
    isInline: false,
  };
}
