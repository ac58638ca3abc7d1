/** What transactions did, and what the trees consist of. */
import type { BucketCensus } from './check.ts';

/** Sums since the database was opened; the names are those of bbolt's TxStats where it has them. */
export class TransactionStats {
  commits = 0;
  pageCount = 0;
  nodeCount = 0;
  rebalance = 0;
  split = 0;
  spill = 0;
  /** Write calls for pages and metas. */
  writes = 0;
  dataPages = 0;
  freelistPages = 0;
  /** Times that the file was extended by truncate and fsync. */
  growths = 0;
  /** Memory maps replaced while readers were open. */
  remapsUnderReaders = 0;
}

/** Pages of trees, and the bytes of headers, elements, keys and values on them. */
export class TreeCensus {
  leafPages = Number.NaN;
  leafOverflowPages = Number.NaN;
  branchPages = Number.NaN;
  branchOverflowPages = Number.NaN;
  leafInUseBytes = Number.NaN;
  branchInUseBytes = Number.NaN;

  clear(): void {
    this.leafPages = 0;
    this.leafOverflowPages = 0;
    this.branchPages = 0;
    this.branchOverflowPages = 0;
    this.leafInUseBytes = 0;
    this.branchInUseBytes = 0;
  }

  change(isLeaf: boolean, pages: number, usedBytes: number, sign: number): void {
    if (isLeaf) {
      this.leafPages += sign;
      this.leafOverflowPages += sign * (pages - 1);
      this.leafInUseBytes += sign * usedBytes;
    } else {
      this.branchPages += sign;
      this.branchOverflowPages += sign * (pages - 1);
      this.branchInUseBytes += sign * usedBytes;
    }
  }

  add(bucket: Omit<BucketCensus, 'keys' | 'depth' | 'isInline'>): void {
    this.leafPages += bucket.leafPages;
    this.leafOverflowPages += bucket.leafOverflowPages;
    this.branchPages += bucket.branchPages;
    this.branchOverflowPages += bucket.branchOverflowPages;
    this.leafInUseBytes += bucket.leafInUseBytes;
    this.branchInUseBytes += bucket.branchInUseBytes;
  }
}

/** All trees of the file now; NaN while unknown: from opening a file that has its freelist to the first `check`. */
export class PageCensus {
  /** The root bucket's own tree, and all others. */
  readonly root = new TreeCensus();
  readonly others = new TreeCensus();
  /** Without those that name buckets. */
  keys = Number.NaN;

  /** A new file: one leaf for the root bucket. */
  startEmpty(usedBytes: number): void {
    this.root.clear();
    this.others.clear();
    this.root.change(true, 1, usedBytes, 1);
    this.keys = 0;
  }

  /** Takes over what was counted of a copy. */
  assign(other: PageCensus): void {
    this.root.clear();
    this.root.add(other.root);
    this.others.clear();
    this.others.add(other.others);
    this.keys = other.keys;
  }

  /** Takes over what a walk has counted, if nobody has counted yet. True if it was taken. */
  countUnknown(root: BucketCensus, buckets: readonly BucketCensus[]): boolean {
    if (!Number.isNaN(this.keys)) return false;
    this.root.clear();
    this.others.clear();
    this.root.add(root);
    this.keys = 0;
    for (const bucket of buckets) {
      this.keys += bucket.keys;
      if (!bucket.isInline) this.others.add(bucket);
    }
    return true;
  }

  change(isRootBucket: boolean, isLeaf: boolean, pages: number, usedBytes: number, sign: number): void {
    const tree = isRootBucket ? this.root : this.others;
    tree.change(isLeaf, pages, usedBytes, sign);
  }

  forget(): void {
    this.keys = Number.NaN;
  }
}
