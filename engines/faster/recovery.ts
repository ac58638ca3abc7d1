/**
 * Opening: the newest checkpoint of the log, the newest of the index that fits, and a pass over the log.
 *
 * The pass reads the whole log, not only what is younger than the index: the ordered keys above are made of every
 * record. Pages from the head address on stay in memory.
 */
import type { Disk } from '../../sim/disk/disk.ts';
import type { Fault, OpenOutcome } from '../../sim/storage-engine.ts';
import { BYTES_HASHED, ENTRIES_DECODED } from '../../sim/work.ts';
import type { CheckpointFiles } from './checkpoint-files.ts';
import type { IndexInfo, LogInfo } from './checkpoint-info.ts';
import type { HashIndex } from './hash-index.ts';
import { loadIndex } from './index-checkpoint.ts';
import { hashHigh, hashKey, hashLow } from './key-hash.ts';
import { LogPage } from './log-page.ts';
import { LogSegments } from './log-segments.ts';
import { KEY_BYTES_MAX, type OrderedKeys } from './ordered-keys.ts';
import { FIRST_ADDRESS, TOMBSTONE, VALID } from './record-format.ts';
import type { Store } from './store.ts';

export interface Recovered {
  readonly outcome: OpenOutcome;
  readonly fault?: Fault;
  /** Of the checkpoint; 0 for a new store. */
  readonly version: number;
  readonly usedIndex: IndexInfo | undefined;
}

export class Recovery {
  readonly #store: Store;
  readonly #files: CheckpointFiles;
  readonly #keys: OrderedKeys;
  readonly #disk: Disk;

  constructor(store: Store, files: CheckpointFiles, keys: OrderedKeys, disk: Disk) {
    this.#store = store;
    this.#files = files;
    this.#keys = keys;
    this.#disk = disk;
  }

  run(): Recovered {
    const files = this.#files;
    if (!files.find()) return this.#failed('io-error', 'checkpoints', 'cannot be read');
    const info = files.log;
    if (info === undefined) return this.#fresh();
    const wrong = this.#implausible(info);
    if (wrong !== undefined) return this.#failed('corrupt', files.logInfoName(info.token), wrong);
    const index = this.#loadIndex(info);
    const fault = this.#replay(info, index?.startLogicalAddress ?? info.beginAddress);
    if (fault !== undefined) return { outcome: 'corrupt', fault, version: 0, usedIndex: undefined };
    if (files.purge(index) !== 'ok') return this.#failed('io-error', 'checkpoints', 'cannot be removed');
    return { outcome: 'recovered', version: info.version, usedIndex: index };
  }

  /** A log without a checkpoint is no new store: the first checkpoint is taken before the first record. */
  #fresh(): Recovered {
    const { segments } = this.#store.log;
    if (segments.bytes > 0 || this.#files.hasSnapshot)
      return this.#failed('corrupt', 'checkpoints', 'no whole checkpoint of the log that is there');
    if (segments.removeAll() !== 'ok' || this.#files.purge(undefined) !== 'ok') {
      return this.#failed('io-error', 'checkpoints', 'cannot be removed');
    }
    return { outcome: 'fresh', version: 0, usedIndex: undefined };
  }

  #failed(outcome: 'corrupt' | 'io-error', where: string, what: string): Recovered {
    return { outcome, fault: { where, what }, version: 0, usedIndex: undefined };
  }

  #implausible(info: LogInfo): string | undefined {
    const { beginAddress: begin, headAddress: head, flushedLogicalAddress: flushed, finalLogicalAddress: final } = info;
    const { log } = this.#store;
    if (begin < FIRST_ADDRESS || begin > head || head > final || final >= 2 ** 48) return 'addresses out of order';
    if (!info.isSnapshot) return undefined;
    if (flushed > final || info.snapshotStartFlushedLogicalAddress > flushed) return 'addresses out of order';
    const pages = log.pageNumber(final) - log.pageNumber(flushed) + 1;
    return pages > log.pagesMax
      ? `a snapshot of ${pages} pages, memory for ${log.pagesMax} (MemorySizeBits)`
      : undefined;
  }

  /** The newest that fits and can be read, by its start address beyond the log's begin. */
  #loadIndex(info: LogInfo): IndexInfo | undefined {
    const files = this.#files;
    for (const candidate of files.indexes.slice().reverse()) {
      if (candidate.finalLogicalAddress > info.finalLogicalAddress) continue;
      if (candidate.startLogicalAddress <= info.beginAddress) break;
      const index = loadIndex(candidate, files, this.#disk, this.#store.work);
      if (typeof index === 'string') continue;
      this.#store.index = index;
      return candidate;
    }
    return undefined;
  }

  #replay(info: LogInfo, indexFrom: number): Fault | undefined {
    const { log } = this.#store;
    const { isSnapshot, beginAddress: begin, finalLogicalAddress: final } = info;
    const flushed = isSnapshot ? info.flushedLogicalAddress : final;
    const snapshotPage = log.pageNumber(info.snapshotStartFlushedLogicalAddress);
    const snapshot = new LogSegments(
      this.#disk,
      this.#files.snapshotName(info.token),
      log.segments.segmentBytes,
      'checkpoint',
      this.#store.work,
    );
    const oldest = (log.pageNumber(final) - log.pagesMax + 1) * log.pageBytes;
    const head = Math.max(Math.min(info.headAddress, flushed), oldest, begin);
    log.restore(begin, head, flushed, final);
    let fault: Fault | undefined;
    for (let number = log.pageNumber(begin); number * log.pageBytes < final && fault === undefined; number++) {
      const start = number * log.pageBytes;
      const offset = Math.max(0, begin - start);
      const to = Math.min(log.pageBytes, final - start);
      const isInSnapshot = isSnapshot && start + log.pageBytes > flushed;
      let page: LogPage | undefined;
      if (offset === to) page = new LogPage(number, offset);
      else if (isInSnapshot) page = log.decode(snapshot, (number - snapshotPage) * log.pageBytes, number, offset, to);
      else page = log.decode(log.segments, start, number, offset, to);
      if (page === undefined) fault = { where: isInSnapshot ? snapshot.name : log.segments.name, what: log.reason };
      else if (this.#takePage(page, start, indexFrom)) log.adoptIfRecent(page);
      else fault = { where: log.segments.name, what: `page ${number} holds a key that is too long` };
    }
    snapshot.close();
    return fault;
  }

  #takePage(page: LogPage, start: number, indexFrom: number): boolean {
    const { index, log, work } = this.#store;
    const keys = this.#keys;
    for (let slot = 0; slot < page.count; slot++) {
      const flags = page.infoHigh(slot);
      if ((flags & VALID) === 0) continue;
      const from = page.keyFrom(slot);
      const to = from + page.keyLength(slot);
      if (to - from > KEY_BYTES_MAX) return false;
      const address = start + page.offset(slot);
      work.counts[ENTRIES_DECODED]!++;
      if (address >= indexFrom) {
        work.counts[BYTES_HASHED]! += to - from;
        this.#setEntry(index, address, page, from, to, log.begin);
      }
      if ((flags & TOMBSTONE) !== 0) keys.remove(page.bytes, from, to);
      else keys.add(page.bytes, from, to);
    }
    return true;
  }

  #setEntry(index: HashIndex, address: number, page: LogPage, from: number, to: number, begin: number): void {
    hashKey(page.bytes, from, to);
    index.findOrCreate(hashLow, hashHigh, begin);
    index.address = address;
  }
}
