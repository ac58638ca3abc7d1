/**
 * What all transactions are: a version of the file, its root bucket, and the buckets opened so far.
 *
 * A read transaction is nothing more. It sees the commit before it for as long as it is open, since no page that it
 * can reach is used again before it ends. `write-transaction.ts` has the other kind.
 */
import type { Work } from '../../sim/work.ts';
import { Bucket } from './bucket.ts';
import type { Meta } from './format.ts';
import { Nodes } from './nodes.ts';
import type { Pages } from './pages.ts';
import type { WriteTransaction } from './write-transaction.ts';

/** The root bucket's; bbolt's default. */
export const DEFAULT_FILL_PERCENT = 0.5;

export class Transaction {
  readonly nodes: Nodes;
  readonly pages: Pages;
  readonly work: Work;
  /** What the transaction began with; a write transaction's own id, and in a commit what it will write. */
  meta: Meta;
  /** All that have been opened; the first is the root bucket. */
  readonly buckets: Bucket[] = [];
  readonly root: Bucket;

  constructor(pages: Pages, work: Work, meta: Meta, nodes: Nodes = NO_NODES) {
    this.pages = pages;
    this.work = work;
    this.meta = meta;
    this.nodes = nodes;
    this.root = this.addBucket(new Uint8Array(0), 0);
    this.root.root = meta.root;
    this.root.sequence = meta.sequence;
  }

  get txid(): number {
    return this.meta.txid;
  }

  /** This transaction if it may write. */
  writer(): WriteTransaction | undefined {
    return undefined;
  }

  /** A bucket that is about to be decoded. */
  addBucket(name: Uint8Array, level: number): Bucket {
    const bucket = new Bucket(this, this.buckets.length, name, level, DEFAULT_FILL_PERCENT);
    this.buckets.push(bucket);
    return bucket;
  }
}

/** What read transactions have. */
const NO_NODES = new Nodes();
