/**
 * FASTER's key-value operations on one log and one hash index: read, upsert, delete, and the copy to the tail that
 * compaction makes.
 *
 * Upsert replaces a value in place if the newest record of the key is in the mutable part, no tombstone, and has a
 * value at least as long; the record shrinks with its value, so a later longer one goes to the tail again. Otherwise it
 * appends without looking further back. Delete marks a record in the mutable part, and else appends a tombstone, unless
 * no record has the key's tag or the newest one in memory is a tombstone already.
 */
import { assert } from '../../sim/assert.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { WriteOutcome } from '../../sim/storage-engine.ts';
import { BYTES_COPIED, BYTES_HASHED, type Work } from '../../sim/work.ts';
import type { EngineContext } from '../engine.ts';
import { HashIndex } from './hash-index.ts';
import { HybridLog } from './hybrid-log.ts';
import { hashHigh, hashKey, hashLow } from './key-hash.ts';
import type { LogPage } from './log-page.ts';
import type { Options } from './options.ts';
import { RecordChain } from './record-chain.ts';
import { infoHigh, LENGTH_MAX, NEW_RECORD, previousAddress, recordBytes, SEALED, TOMBSTONE } from './record-format.ts';

const NO_VALUE = new Value();
/** Pages hold offsets and sizes as 32-bit integers. */
const VALUE_BYTES_MAX = LENGTH_MAX;

/** What has been done since the store was opened. */
export interface StoreCounters {
  inPlaceUpdates: number;
  appends: number;
  tombstones: number;
  compactions: number;
  compactedRecords: number;
  compactedBytes: number;
  reclaimedBytes: number;
}

export class Store {
  readonly log: HybridLog;
  readonly chain: RecordChain;
  readonly work: Work;
  index: HashIndex;
  /** Something was changed since the last checkpoint. */
  isChanged = false;
  readonly counters: StoreCounters = {
    inPlaceUpdates: 0,
    appends: 0,
    tombstones: 0,
    compactions: 0,
    compactedRecords: 0,
    compactedBytes: 0,
    reclaimedBytes: 0,
  };
  readonly #scratch = new Value();

  constructor(context: EngineContext, options: Options) {
    this.work = context.work;
    this.log = new HybridLog(context.disk, context.directory, options, context.work);
    this.index = new HashIndex(options.buckets, context.work);
    this.chain = new RecordChain(this.log, context.work);
  }

  #hash(key: Uint8Array, from: number, to: number): void {
    this.work.counts[BYTES_HASHED]! += to - from;
    hashKey(key, from, to);
  }

  /** True, and the record in `chain`, if the key has a value. */
  find(key: Uint8Array, from: number, to: number): boolean {
    this.#hash(key, from, to);
    if (!this.index.find(hashLow, hashHigh)) return false;
    return this.chain.find(this.index.address, this.log.begin, key, from, to) && !this.chain.isTombstone;
  }

  put(key: Uint8Array, from: number, to: number, value: Value): WriteOutcome {
    assert(value.length <= VALUE_BYTES_MAX, 'faster: value too large');
    const { log, index, chain } = this;
    this.isChanged = true;
    this.#hash(key, from, to);
    index.findOrCreate(hashLow, hashHigh, log.begin);
    const newest = index.address;
    const isMutable = newest >= log.readOnly && chain.find(newest, log.readOnly, key, from, to);
    if (isMutable && !chain.isTombstone && value.length <= chain.page!.valueLength(chain.slot)) {
      chain.page!.replaceValue(chain.slot, value);
      this.work.counts[BYTES_COPIED]! += value.length;
      this.counters.inPlaceUpdates++;
      return 'ok';
    }
    const replaced = isMutable ? chain.page : undefined;
    const { slot, address } = chain;
    const outcome = this.#append(key, from, to, value, NEW_RECORD, newest);
    if (outcome !== 'ok') return outcome;
    if (replaced !== undefined && address >= log.readOnly) replaced.setInfoHigh(slot, replaced.infoHigh(slot) | SEALED);
    this.counters.appends++;
    return 'ok';
  }

  delete(key: Uint8Array, from: number, to: number): WriteOutcome {
    const { log, index, chain } = this;
    this.#hash(key, from, to);
    if (!index.find(hashLow, hashHigh)) return 'ok';
    const newest = index.address;
    this.isChanged = true;
    if (newest >= log.head && chain.find(newest, log.head, key, from, to)) {
      if (chain.isTombstone) return 'ok';
      if (chain.address >= log.readOnly) {
        const page = chain.page!;
        page.setInfoHigh(chain.slot, page.infoHigh(chain.slot) | TOMBSTONE);
        const before = previousAddress(page.infoLow(chain.slot), page.infoHigh(chain.slot));
        if (newest === chain.address && before < log.begin) index.clear();
        return 'ok';
      }
    }
    this.counters.tombstones++;
    return this.#append(key, from, to, NO_VALUE, NEW_RECORD | TOMBSTONE, newest);
  }

  /** Copies a record to the tail if it is its key's newest. */
  copyToTail(page: LogPage, slot: number, address: number): WriteOutcome {
    const from = page.keyFrom(slot);
    const to = from + page.keyLength(slot);
    const { index, chain } = this;
    this.#hash(page.bytes, from, to);
    if (!index.find(hashLow, hashHigh)) return 'ok';
    const newest = index.address;
    if (!chain.find(newest, address, page.bytes, from, to) || chain.address !== address) return 'ok';
    page.value(slot, this.#scratch);
    const bytes = recordBytes(to - from, this.#scratch.length);
    this.isChanged = true;
    this.counters.compactedRecords++;
    this.counters.compactedBytes += bytes;
    return this.#append(page.bytes, from, to, this.#scratch, NEW_RECORD, newest);
  }

  /** Appends a record and lets the index entry found lead to it. */
  #append(key: Uint8Array, from: number, to: number, value: Value, flags: number, previous: number): WriteOutcome {
    const { log } = this;
    const bytes = recordBytes(to - from, value.length);
    const page = log.reserve(bytes);
    if (typeof page === 'string') return page;
    const address = log.tail;
    const offset = address - page.number * log.pageBytes;
    page.append(offset, previous % 4294967296, infoHigh(previous, flags), key, from, to, value);
    log.tail = address + bytes;
    this.index.address = address;
    this.work.counts[BYTES_COPIED]! += bytes;
    return 'ok';
  }
}
