/**
 * What each node's disk took: after every event, how much was written and synced in it. In full for the last 2^18
 * events that wrote anything, in sums over stretches of time for the whole run.
 */
import type { Time } from '../clock.ts';
import { CATEGORIES, type DiskCounters } from '../disk/disk.ts';
import { Bins } from './bins.ts';
import { Rows } from './rows.ts';

/** What bytes were written for: the Raft log, the store, snapshots. */
export const DISK_GROUPS = ['log', 'store', 'snapshot'] as const;
const LOG: readonly string[] = ['wal', 'wal-identifiers'];

/** Fields of a row; bytes by group follow. */
export const WRITTEN_AT = 0;
export const WRITTEN_NODE = 1;
export const SYNCS = 2;
export const WRITTEN_BYTES = 3;
const FIELDS = WRITTEN_BYTES + DISK_GROUPS.length;

const WRITES_MAX = 2 ** 18;

const GROUP_OF_CATEGORY = CATEGORIES.map((category) => (LOG.includes(category) ? 0 : category === 'snapshot' ? 2 : 1));

export class DiskLog {
  readonly writes = new Rows(FIELDS, WRITES_MAX);
  /** Bytes, a lane a node. */
  readonly bytes: Bins;
  readonly #disks: readonly DiskCounters[];
  readonly #bytesSeen: Float64Array[];
  readonly #callsSeen: number[];
  readonly #syncsSeen: number[];

  constructor(disks: readonly DiskCounters[]) {
    this.#disks = disks;
    this.bytes = new Bins(disks.length);
    this.#bytesSeen = disks.map(() => new Float64Array(CATEGORIES.length));
    this.#callsSeen = disks.map(() => 0);
    this.#syncsSeen = disks.map(() => 0);
  }

  /** After an event of that time. */
  look(time: Time): void {
    for (let node = 0; node < this.#disks.length; node++) {
      const disk = this.#disks[node]!;
      const calls = sumOf(disk.writeCalls);
      const syncs = sumOf(disk.syncs) + disk.directorySyncs;
      if (calls === this.#callsSeen[node] && syncs === this.#syncsSeen[node]) continue;
      this.#add(time, node, disk, syncs - this.#syncsSeen[node]!);
      this.#callsSeen[node] = calls;
      this.#syncsSeen[node] = syncs;
    }
  }

  #add(time: Time, node: number, disk: DiskCounters, syncs: number): void {
    const at = this.writes.add();
    const { values } = this.writes;
    values[at + WRITTEN_AT] = time;
    values[at + WRITTEN_NODE] = node;
    values[at + SYNCS] = syncs;
    const seen = this.#bytesSeen[node]!;
    for (let category = 0; category < seen.length; category++) {
      const bytes = disk.writtenBytes[category]! - seen[category]!;
      if (bytes === 0) continue;
      seen[category] = disk.writtenBytes[category]!;
      values[at + WRITTEN_BYTES + GROUP_OF_CATEGORY[category]!]! += bytes;
      this.bytes.add(time, node, bytes);
    }
  }
}

function sumOf(counts: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i]!;
  return sum;
}
