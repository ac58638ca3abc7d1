/**
 * Log compaction by lookup: each record of the oldest part of the log that is its key's newest, and no tombstone, is
 * copied to the tail; then the begin address moves behind that part. The files go once a checkpoint has
 * recorded the new begin address.
 *
 * A record is looked up at the moment it is copied, so that what a writer did since the job began counts.
 */
import type { DiskOutcome } from '../../sim/disk/disk.ts';
import type { Fault, Job } from '../../sim/storage-engine.ts';
import { ENTRIES_MERGED } from '../../sim/work.ts';
import type { HybridLog } from './hybrid-log.ts';
import type { Options } from './options.ts';
import { TOMBSTONE, VALID } from './record-format.ts';
import type { Store } from './store.ts';

const SLICE_RECORDS = 256;

/** How far a compaction of so many bytes reaches: to the start of a page, or to the end of what is flushed. */
export function compactionEnd(log: HybridLog, bytes: number): number {
  const wanted = Math.min(log.begin + bytes, log.flushed, log.readOnly);
  const page = Math.floor(wanted / log.pageBytes) * log.pageBytes;
  if (page > log.begin && wanted < Math.min(log.flushed, log.readOnly)) return page;
  return wanted === Math.min(log.flushed, log.readOnly) ? wanted : log.begin;
}

/** What one compaction in the background takes, by FASTER's policy; 0: none is due. */
export function dueBytes(log: HybridLog, options: Options): number {
  const size = log.tail - log.begin;
  if (options.budgetBytes === 0 || size < options.budgetBytes * options.triggerShare) return 0;
  return Math.min(Math.max(size * options.compactShare, log.pageBytes), options.compactedBytesMax);
}

export function* compact(store: Store, until: number, onEnd: (outcome: DiskOutcome, fault?: Fault) => void): Job {
  const { log, counters, work } = store;
  for (let number = log.pageNumber(log.begin); number * log.pageBytes < until; number++) {
    const start = number * log.pageBytes;
    const page = log.readPage(number, log.begin, until);
    if (page === undefined) {
      onEnd('io-error', { where: log.segments.name, what: log.reason });
      return;
    }
    yield;
    for (let slot = 0; slot < page.count; slot++) {
      const address = start + page.offset(slot);
      if (address < log.begin) continue;
      if (address >= until) break;
      work.counts[ENTRIES_MERGED]!++;
      const flags = page.infoHigh(slot);
      if ((flags & VALID) !== 0 && (flags & TOMBSTONE) === 0) {
        const outcome = store.copyToTail(page, slot, address);
        if (outcome !== 'ok' || store.chain.fault !== undefined) {
          onEnd(outcome === 'ok' ? 'io-error' : outcome, store.chain.fault);
          return;
        }
      }
      if (slot % SLICE_RECORDS === SLICE_RECORDS - 1) yield;
    }
    yield;
  }
  counters.compactions++;
  counters.reclaimedBytes += until - log.begin;
  log.begin = until;
  log.shiftHead(until);
  store.isChanged = true;
  onEnd('ok');
}
