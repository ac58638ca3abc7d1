/**
 * The records of one tag, from the newest back: in memory as long as the address is not below `head`, then read
 * from the disk one by one.
 *
 * A record on disk is read as FASTER does: first the sectors that hold 24 bytes from its address; if that shows that
 * more is needed for the key, and then for the value, once more each time.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import { BYTES_COPIED, ENTRIES_DECODED, KEYS_COMPARED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import type { HybridLog } from './hybrid-log.ts';
import type { LogPage } from './log-page.ts';
import {
  alignSector,
  INFO_BYTES,
  LENGTH_BYTES,
  LENGTH_MAX,
  previousAddress,
  SECTOR_BYTES,
  TOMBSTONE,
  VALID,
  valueOffset,
} from './record-format.ts';

/** Header, and key and value of average length as SpanByte gives it: their lengths. */
const FIRST_READ_BYTES = 24;

export class RecordChain {
  /** Where the record found stands. */
  address = 0;
  /** In memory: its page and slot. On disk: no page. */
  page: LogPage | undefined;
  slot = 0;
  infoHigh = 0;
  /** The first chain that led to no record. */
  fault: Fault | undefined;
  diskReads = 0;
  readonly #log: HybridLog;
  readonly #work: Work;
  readonly #buffer = new SparseBuffer(1024);
  #key = new Uint8Array(256);
  /** Of the record read last: where it starts in the buffer. */
  #at = 0;
  #keyLength = 0;
  #valueLength = 0;
  #infoLow = 0;

  constructor(log: HybridLog, work: Work) {
    this.#log = log;
    this.#work = work;
  }

  /** Finds the newest record of the key among those from `address` back that are not below `until`. */
  find(address: number, until: number, key: Uint8Array, from: number, to: number): boolean {
    const log = this.#log;
    const { counts } = this.#work;
    const limit = Math.max(until, log.begin);
    let behind = log.tail;
    while (address >= limit) {
      if (address >= behind) return this.#damaged(address, 'is not before the record that leads to it');
      const page = log.memoryPage(address);
      counts[KEYS_COMPARED]!++;
      let isKey: boolean;
      let infoLow: number;
      if (page !== undefined) {
        const slot = page.find(address - page.number * log.pageBytes);
        if (slot < 0) return this.#damaged(address, 'holds no record');
        infoLow = page.infoLow(slot);
        this.infoHigh = page.infoHigh(slot);
        isKey = page.hasKey(slot, key, from, to);
        this.slot = slot;
      } else {
        if (!this.#read(address)) return false;
        infoLow = this.#infoLow;
        isKey = this.#isKey(key, from, to);
      }
      if (isKey && (this.infoHigh & VALID) !== 0) {
        this.page = page;
        this.address = address;
        return true;
      }
      behind = address;
      address = previousAddress(infoLow, this.infoHigh);
    }
    return false;
  }

  get isTombstone(): boolean {
    return (this.infoHigh & TOMBSTONE) !== 0;
  }

  /** Of the record found; borrowed until the next call. */
  value(into: Value): void {
    if (this.page !== undefined) {
      this.page.value(this.slot, into);
      return;
    }
    const from = this.#at + valueOffset(this.#keyLength) + LENGTH_BYTES;
    this.#buffer.valueAt(from, from + this.#valueLength, into);
  }

  #isKey(key: Uint8Array, from: number, to: number): boolean {
    const length = this.#keyLength;
    if (length !== to - from) return false;
    if (length > this.#key.length) this.#key = new Uint8Array(length * 2);
    const at = this.#at + INFO_BYTES + LENGTH_BYTES;
    this.#buffer.copyTo(this.#key, 0, at, at + length);
    for (let i = 0; i < length; i++) if (this.#key[i] !== key[from + i]) return false;
    return true;
  }

  #read(address: number): boolean {
    let required = FIRST_READ_BYTES;
    const pageRest = this.#log.pageBytes - (address % this.#log.pageBytes);
    for (;;) {
      const available = this.#readSectors(address, Math.min(required, pageRest));
      if (available < 0) return false;
      const buffer = this.#buffer;
      const at = this.#at;
      this.#infoLow = buffer.readU32(at);
      this.infoHigh = buffer.readU32(at + 4);
      if (this.#infoLow === 0 && this.infoHigh === 0) return this.#damaged(address, 'holds no record');
      const keyLength = buffer.readU32(at + INFO_BYTES);
      const valueAt = valueOffset(keyLength);
      if (keyLength > LENGTH_MAX || valueAt + LENGTH_BYTES > pageRest) {
        return this.#damaged(address, `holds a key of ${keyLength} bytes`);
      }
      required = valueAt + LENGTH_BYTES;
      if (available < required) continue;
      const valueLength = buffer.readU32(at + valueAt);
      required += valueLength;
      if (valueLength > LENGTH_MAX || required > pageRest) {
        return this.#damaged(address, `holds a value of ${valueLength} bytes`);
      }
      this.#keyLength = keyLength;
      this.#valueLength = valueLength;
      if (available >= required) break;
    }
    this.#work.counts[ENTRIES_DECODED]!++;
    return true;
  }

  /** The bytes from the address on that came with the sectors; −1 if they could not be read. */
  #readSectors(address: number, count: number): number {
    const from = Math.floor(address / SECTOR_BYTES) * SECTOR_BYTES;
    const length = alignSector(address - from + count);
    const { segments } = this.#log;
    this.diskReads++;
    this.#work.counts[SYSTEM_CALLS]!++;
    this.#work.counts[BYTES_COPIED]! += length;
    this.#at = address - from;
    if (segments.read(from, length, this.#buffer)) return length - this.#at;
    this.fault ??= { where: segments.reason, what: `address ${address} cannot be read` };
    return -1;
  }

  #damaged(address: number, what: string): false {
    this.fault ??= { where: `hlog.log, address ${address}`, what };
    return false;
  }
}
