/**
 * Pages that one transaction has freed while somebody may still read them.
 *
 * Each page goes with the transaction that allocated it, if that is known: a page that was allocated and freed
 * between two readers is of no use to either. 0 stands for a transaction before all that are open.
 */
import { grownIds } from './ids.ts';

export class PendingPages {
  txid = 0;
  count = 0;
  ids: Int32Array = new Int32Array(64);
  allocatedBy: Int32Array = new Int32Array(64);
  /** Where the last range began out of which pages were released: nothing new comes of the same again. */
  lastReleaseBegin = -1;

  restart(txid: number): this {
    this.txid = txid;
    this.count = 0;
    this.lastReleaseBegin = -1;
    return this;
  }

  add(first: number, pages: number, allocatedBy: number): void {
    if (this.count + pages > this.ids.length) {
      this.ids = grownIds(this.ids, this.count + pages);
      this.allocatedBy = grownIds(this.allocatedBy, this.count + pages);
    }
    for (let id = first; id < first + pages; id++) {
      this.ids[this.count] = id;
      this.allocatedBy[this.count++] = allocatedBy;
    }
  }

  /** Takes out the pages allocated by a transaction within [begin, end], into `into` from `at` on; returns how many. */
  takeAllocatedWithin(begin: number, end: number, into: Int32Array, at: number): number {
    let kept = 0;
    let taken = at;
    for (let i = 0; i < this.count; i++) {
      const allocatedBy = this.allocatedBy[i]!;
      if (allocatedBy >= begin && allocatedBy <= end) {
        into[taken++] = this.ids[i]!;
        continue;
      }
      this.ids[kept] = this.ids[i]!;
      this.allocatedBy[kept++] = allocatedBy;
    }
    this.count = kept;
    this.lastReleaseBegin = begin;
    return taken - at;
  }
}
