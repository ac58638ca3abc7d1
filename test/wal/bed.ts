/** A disk with a write-ahead log on it, and short ways to say entries. */
import { FILL, Value } from '../../sim/bytes/value.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import type { CrashModel } from '../../sim/disk/crash-model.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import { createWriteAheadLog } from '../../sim/nodes/wal/new-log.ts';
import { openWriteAheadLog, type RecoveredLog } from '../../sim/nodes/wal/recovery.ts';
import type { SnapshotMark, WalEntry } from '../../sim/nodes/wal/wal-entry.ts';
import type { WalOptions } from '../../sim/nodes/wal/wal-options.ts';
import { WriteAheadLog } from '../../sim/nodes/wal/write-ahead-log.ts';
import { Rng } from '../../sim/rng.ts';
import { Work } from '../../sim/work.ts';

export const METADATA = new TextEncoder().encode('node 1 of the test');

export function newDisk(seed = 1, crashModel?: CrashModel, capacityBytes = 2 ** 34): SimulatedDisk {
  return new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(seed, 'disk'),
    pageCacheBytes: 64 << 20,
    capacityBytes,
    ...(crashModel === undefined ? {} : { crashModel }),
  });
}

export function optionsOn(disk: SimulatedDisk, overrides: Partial<WalOptions> = {}): WalOptions {
  return { disk, directory: 'member/wal/', segmentBytes: 64_000_000, segmentsMax: 5, work: new Work(), ...overrides };
}

export function create(options: WalOptions): WriteAheadLog {
  const log = createWriteAheadLog(options, METADATA);
  if (!(log instanceof WriteAheadLog)) throw new Error(`create: ${log}`);
  return log;
}

export function reopen(options: WalOptions, snapshots: readonly SnapshotMark[] = []): RecoveredLog<WalEntry> {
  const opening = openWriteAheadLog(options, snapshots, makeEntry);
  if (opening.outcome !== 'ok') throw new Error(JSON.stringify(opening));
  return opening;
}

export function makeEntry(term: number, index: number, type: number, data: Value): WalEntry {
  return { term, index, type, data };
}

/** An entry whose payload says its term and index, then `fill` bytes of fill. */
export function entry(term: number, index: number, fill = 0): WalEntry {
  const stamp = new TextEncoder().encode(`${term}/${index}`);
  return { term, index, type: 0, data: fill > 0 ? Value.filled(stamp, fill) : Value.of(stamp) };
}

/** `3/17` for term 3, index 17; marked if the payload is not what `entry` made. */
export function say(entries: readonly WalEntry[]): string {
  return entries
    .map((each) => {
      const bytes = each.data.toBytes();
      let end = bytes.length;
      while (end > 0 && bytes[end - 1] === FILL) end--;
      const name = `${each.term}/${each.index}`;
      const stamp = new TextDecoder().decode(bytes.subarray(0, end));
      return stamp === name ? name : `${name} with payload ${stamp}`;
    })
    .join(' ');
}
