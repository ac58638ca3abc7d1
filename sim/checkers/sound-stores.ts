/**
 * At the end, the engine of every replica that is up finds its own files sound: structure, checksums, chains, whatever
 * its `check` walks.
 *
 * Does not check what the format cannot tell (bbolt has no checksums over its pages), nor stores of more than 1 GiB:
 * walking those takes longer than the run did.
 */
import type { Checker, FinalReplica, Report } from './checker.ts';

const STORE_BYTES_MAX = 2 ** 30;

export class SoundStores implements Checker {
  readonly name = 'sound-stores';
  readonly #report: Report;

  constructor(report: Report) {
    this.#report = report;
  }

  onStore(replica: FinalReplica): void {
    if (replica.storeBytes > STORE_BYTES_MAX) return;
    const faults = replica.checkStore();
    const first = faults[0];
    if (first === undefined) return;
    const more = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
    this.#report(this.name, `n${replica.node + 1}: ${first.where}: ${first.what}${more}`);
  }
}
