/**
 * Writes a table. Layout (FORMAT.md has the whole of it):
 *
 *     data blocks │ [filter] │ index │ properties │ metaindex │ footer; each block with a 5-byte trailer
 *     entry       = varint shared │ varint rest │ varint value length │ rest of internal key │ value
 *
 * Entries go straight into the output buffer, which is handed to the disk at the end of a block once
 * it holds 1 MiB (RocksDB's writable_file_max_buffer_size). The index and filter stay in memory for
 * the reader that is made of them.
 */
import { maskCrc } from '../../sim/bytes/crc32c.ts';
import { writeU32LE } from '../../sim/bytes/fixed.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Value } from '../../sim/bytes/value.ts';
import { varintLength, writeVarint } from '../../sim/bytes/varint.ts';
import type { Category, Disk, DiskOutcome, File } from '../../sim/disk/disk.ts';
import { BYTES_COPIED, BYTES_HASHED, FILTER_KEYS_ADDED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { BloomBuilder } from './bloom-filter.ts';
import { TYPE_DELETION } from './cursor.ts';
import type { Options } from './options.ts';
import { appendMetaBlock, appendProperties, FILTER_KEY, PROPERTIES_KEY } from './table-properties.ts';

export const BLOCK_TRAILER_BYTES = 5;
export const FOOTER_BYTES = 53;
export const FORMAT_VERSION = 5;
export const CHECKSUM_CRC32C = 1;
/** Read only. */
export const CHECKSUM_XXH3 = 4;
export const MAGIC_LOW = 0x85f4cff7;
export const MAGIC_HIGH = 0x88e241b7;
const WRITE_BYTES = 1048576;
/** A block may end this share before its size if the next entry would not fit: block_size_deviation 10 %. */
const DEVIATION_PERCENT = 10;
/** What comes before and after an entry, at most: three varints and the trailer. */
const ENTRY_OVERHEAD = 40;

export class TableBuilder {
  readonly #disk: Disk;
  readonly #options: Options;
  readonly #work: Work;
  readonly #out = new SparseBuffer(4096);
  readonly #bloom: BloomBuilder | undefined;
  readonly #almostFullBytes: number;
  #file: File | undefined;
  #number = 0;
  /** File offset of the output buffer's start. */
  #flushed = 0;
  #outcome: DiskOutcome = 'ok';

  // the current data block
  #blockFrom = 0;
  #blockEntries = 0;
  #restarts: Int32Array = new Int32Array(64);
  #restartCount = 0;
  #sinceRestart = 0;

  // the last key and the one being added, user key and trailer
  #last = new Uint8Array(256);
  #lastLength = 0;
  #current = new Uint8Array(256);

  // the index: its entries, and the handle of a finished block that waits for the next key
  #index = new Uint8Array(1024);
  #indexLength = 0;
  #indexRestarts: Int32Array = new Int32Array(64);
  #pendingOffset = -1;
  #pendingSize = 0;

  // what the metadata needs; valid after `finish`
  entries = 0;
  deletions = 0;
  rawKeyBytes = 0;
  rawValueBytes = 0;
  dataBlocks = 0;
  smallest: Uint8Array = new Uint8Array(0);
  largest: Uint8Array = new Uint8Array(0);
  smallestSequence = 0;
  largestSequence = 0;
  indexBlock: Uint8Array = new Uint8Array(0);
  filterBlock: Uint8Array = new Uint8Array(0);

  constructor(disk: Disk, options: Options, work: Work) {
    this.#disk = disk;
    this.#options = options;
    this.#work = work;
    this.#bloom = options.bloomBitsPerKey > 0 ? new BloomBuilder(options.bloomBitsPerKey) : undefined;
    this.#almostFullBytes = Math.ceil((options.blockBytes * (100 - DEVIATION_PERCENT)) / 100);
  }

  start(name: string, number: number, category: Category): void {
    this.#file = this.#disk.create(name, category);
    this.#number = number;
    this.#out.reset();
    this.#flushed = 0;
    this.#outcome = 'ok';
    this.#startBlock();
    this.#lastLength = 0;
    this.#indexLength = 0;
    this.#pendingOffset = -1;
    this.entries = 0;
    this.deletions = 0;
    this.rawKeyBytes = 0;
    this.rawValueBytes = 0;
    this.dataBlocks = 0;
    this.smallestSequence = Number.MAX_SAFE_INTEGER;
    this.largestSequence = 0;
  }

  /** Bytes of finished blocks: what RocksDB cuts output files by. */
  get fileBytes(): number {
    return this.#flushed + this.#blockFrom;
  }

  get file(): File {
    if (this.#file === undefined) throw new Error('table builder: not started');
    return this.#file;
  }

  /** Keys must come in internal order. `key` holds the user key at [0, keyLength). */
  add(key: Uint8Array, keyLength: number, sequence: number, type: number, value: Value): void {
    const length = keyLength + 8;
    if (length > this.#current.length) this.#growKeys(length);
    const current = this.#current;
    for (let i = 0; i < keyLength; i++) current[i] = key[i];
    const high = Math.floor(sequence / 16777216);
    writeU32LE(current, keyLength, (sequence - high * 16777216) * 256 + type);
    writeU32LE(current, keyLength + 4, high);
    const valueLength = type === TYPE_DELETION ? 0 : value.literalLength + value.fillLength;

    if (this.#blockEntries > 0 && this.#blockIsFull(length, valueLength)) this.#finishBlock();
    if (this.#pendingOffset >= 0) this.#addIndexEntry(current, keyLength);

    let shared = 0;
    if (this.#sinceRestart >= this.#options.restartInterval) {
      if (this.#restartCount === this.#restarts.length) this.#restarts = wider(this.#restarts);
      this.#restarts[this.#restartCount++] = this.#out.length - this.#blockFrom;
      this.#sinceRestart = 0;
    } else if (this.#blockEntries > 0) {
      const last = this.#last;
      const common = Math.min(this.#lastLength, length);
      while (shared < common && last[shared] === current[shared]) shared++;
    }
    this.#sinceRestart++;
    this.#blockEntries++;

    const out = this.#out;
    out.reserve(length + ENTRY_OVERHEAD);
    const { literal } = out;
    const from = out.literalLength;
    let at = from;
    const rest = length - shared;
    if (shared < 128 && rest < 128) {
      literal[at++] = shared;
      literal[at++] = rest;
    } else {
      at = writeVarint(literal, at, shared);
      at = writeVarint(literal, at, rest);
    }
    at = writeVarint(literal, at, valueLength);
    for (let i = shared; i < length; i++) literal[at++] = current[i];
    out.literalLength = at;
    out.length += at - from;
    if (type === TYPE_DELETION) this.deletions++;
    else if (valueLength > 0) out.value(value);

    this.#current = this.#last;
    this.#last = current;
    this.#lastLength = length;
    if (this.entries === 0) this.smallest = current.slice(0, length);
    this.entries++;
    this.rawKeyBytes += length;
    this.rawValueBytes += valueLength;
    if (sequence < this.smallestSequence) this.smallestSequence = sequence;
    if (sequence > this.largestSequence) this.largestSequence = sequence;
    if (this.#bloom !== undefined) this.#bloom.add(current, keyLength);
  }

  /** Writes what is left. Not synced. */
  finish(): DiskOutcome {
    if (this.#blockEntries > 0) this.#finishBlock();
    this.largest = this.#last.slice(0, this.#lastLength);
    if (this.#pendingOffset >= 0) this.#addIndexEntry(undefined, 0);
    const dataBytes = this.fileBytes;
    const out = this.#out;
    const metaKeys: string[] = [];
    const metaHandles: number[] = [];

    this.filterBlock = new Uint8Array(0);
    if (this.#bloom !== undefined) {
      this.#work.counts[FILTER_KEYS_ADDED] += this.#bloom.count;
      this.filterBlock = this.#bloom.finish();
      metaKeys.push(FILTER_KEY);
      metaHandles.push(this.fileBytes, this.filterBlock.length);
      out.bytes(this.filterBlock);
      this.#finishMetaBlock();
    }

    const indexOffset = this.fileBytes;
    this.#sealIndex();
    out.bytes(this.indexBlock);
    this.#finishMetaBlock();

    metaKeys.push(PROPERTIES_KEY);
    const propertiesOffset = this.fileBytes;
    const from = out.length;
    appendProperties(out, {
      number: this.#number,
      rawKeyBytes: this.rawKeyBytes,
      rawValueBytes: this.rawValueBytes,
      dataBytes,
      indexBytes: this.indexBlock.length + BLOCK_TRAILER_BYTES,
      entries: this.entries,
      deletions: this.deletions,
      dataBlocks: this.dataBlocks,
      filterBytes: this.filterBlock.length,
      bloomBitsPerKey: this.#options.bloomBitsPerKey,
      flushed: this.file.category === 'flush',
    });
    metaHandles.push(propertiesOffset, out.length - from);
    this.#finishMetaBlock();

    const metaOffset = this.fileBytes;
    const metaFrom = out.length;
    appendMetaBlock(out, metaKeys, metaHandles);
    const metaSize = out.length - metaFrom;
    this.#finishMetaBlock();

    const footerFrom = out.length;
    out.u8(CHECKSUM_CRC32C);
    out.varint(metaOffset);
    out.varint(metaSize);
    out.varint(indexOffset);
    out.varint(this.indexBlock.length);
    while (out.length - footerFrom < FOOTER_BYTES - 12) out.u8(0);
    out.u32(FORMAT_VERSION);
    out.u32(MAGIC_LOW);
    out.u32(MAGIC_HIGH);
    this.#blockFrom = out.length;
    this.#writeOut();
    return this.#outcome;
  }

  #blockIsFull(keyLength: number, valueLength: number): boolean {
    const size = this.#out.length - this.#blockFrom + this.#restartCount * 4 + 4;
    const { blockBytes, restartInterval } = this.#options;
    if (size >= blockBytes) return true;
    if (size <= this.#almostFullBytes) return false;
    // The estimate takes the whole key, four bytes for the shared length, and a restart if one is due.
    const restart = this.#sinceRestart >= restartInterval ? 4 : 0;
    const entry = keyLength + valueLength + restart + 4 + varintLength(keyLength) + varintLength(valueLength);
    return size + entry > blockBytes;
  }

  #startBlock(): void {
    this.#blockFrom = this.#out.length;
    this.#blockEntries = 0;
    this.#restarts[0] = 0;
    this.#restartCount = 1;
    this.#sinceRestart = 0;
  }

  #finishBlock(): void {
    const out = this.#out;
    for (let i = 0; i < this.#restartCount; i++) out.u32(this.#restarts[i]);
    out.u32(this.#restartCount);
    this.#pendingOffset = this.fileBytes;
    this.#pendingSize = out.length - this.#blockFrom;
    this.dataBlocks++;
    this.#finishMetaBlock();
    this.#blockEntries = 0;
    this.#restartCount = 1;
    this.#sinceRestart = 0;
    if (out.length >= WRITE_BYTES) this.#writeOut();
  }

  /** The trailer of the block that started at `#blockFrom`; the next one starts behind it. */
  #finishMetaBlock(): void {
    const out = this.#out;
    this.#work.counts[BYTES_HASHED] += out.length - this.#blockFrom;
    out.u8(0);
    out.u32(maskCrc(out.crc32c(0, this.#blockFrom, out.length)));
    this.#blockFrom = out.length;
  }

  #writeOut(): void {
    const out = this.#out;
    if (this.#outcome === 'ok') this.#outcome = this.#disk.write(this.file, this.#flushed, out);
    this.#work.counts[BYTES_COPIED] += out.length;
    this.#work.counts[SYSTEM_CALLS]++;
    this.#flushed += out.length;
    out.reset();
    this.#blockFrom = 0;
  }

  get outcome(): DiskOutcome {
    return this.#outcome;
  }

  /** The entry of the block that waits, under a key that separates it from `next`; the last key if there is none. */
  #addIndexEntry(next: Uint8Array | undefined, nextLength: number): void {
    const last = this.#last;
    let length = this.#lastLength - 8;
    const needed = this.#indexLength + length + ENTRY_OVERHEAD;
    if (needed > this.#index.length) {
      const grown = new Uint8Array(Math.max(needed, this.#index.length * 2));
      grown.set(this.#index);
      this.#index = grown;
    }
    let raised = -1;
    if (next !== undefined) {
      raised = separatorEnd(last, length, next, nextLength);
      if (raised >= 0) length = raised + 1;
    }
    const index = this.#index;
    const k = this.dataBlocks - 1;
    if (k >= this.#indexRestarts.length) this.#indexRestarts = wider(this.#indexRestarts);
    this.#indexRestarts[k] = this.#indexLength;
    let at = this.#indexLength;
    index[at++] = 0;
    at = writeVarint(index, at, length);
    for (let i = 0; i < length; i++) index[at++] = last[i];
    if (raised >= 0) index[at - 1]++;
    at = writeVarint(index, at, this.#pendingOffset);
    at = writeVarint(index, at, this.#pendingSize);
    this.#indexLength = at;
    this.#pendingOffset = -1;
  }

  #sealIndex(): void {
    const count = this.dataBlocks;
    const block = new Uint8Array(this.#indexLength + 4 * count + 4);
    block.set(this.#index.subarray(0, this.#indexLength));
    for (let k = 0; k < count; k++) writeU32LE(block, this.#indexLength + 4 * k, this.#indexRestarts[k]);
    writeU32LE(block, block.length - 4, count);
    this.indexBlock = block;
  }

  #growKeys(length: number): void {
    this.#current = new Uint8Array(length * 2);
    const last = new Uint8Array(length * 2);
    last.set(this.#last.subarray(0, this.#lastLength));
    this.#last = last;
  }
}

/**
 * Where a key between last[0, lastLength) and next can end: the position of the byte to raise by one
 * and cut after. −1: only the last key itself will do.
 */
function separatorEnd(last: Uint8Array, lastLength: number, next: Uint8Array, nextLength: number): number {
  const common = Math.min(lastLength, nextLength);
  let at = 0;
  while (at < common && last[at] === next[at]) at++;
  if (at >= common || last[at] >= next[at]) return -1;
  if (at < nextLength - 1 || last[at] + 1 < next[at]) return at;
  // Raising this byte would reach `next`: raise the first later one that can be.
  for (at++; at < lastLength; at++) {
    if (last[at] < 0xff) return at;
  }
  return -1;
}

function wider(old: Int32Array): Int32Array {
  const grown = new Int32Array(old.length * 2);
  grown.set(old);
  return grown;
}
