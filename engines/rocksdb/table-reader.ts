/**
 * An open table: its index and filter pinned in memory as they stand in the file (RocksDB's
 * default, cache_index_and_filter_blocks off), and the way to its data blocks.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { unmaskCrc } from '../../sim/bytes/crc32c.ts';
import { readU32LE } from '../../sim/bytes/fixed.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { readVarint, varintEnd } from '../../sim/bytes/varint.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import { BYTES_HASHED, KEYS_COMPARED, SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import {
  BLOCK_TRAILER_BYTES,
  CHECKSUM_CRC32C,
  CHECKSUM_XXH3,
  FOOTER_BYTES,
  FORMAT_VERSION,
  MAGIC_HIGH,
  MAGIC_LOW,
} from './table-builder.ts';
import { FILTER_KEY, PROPERTIES_KEY, propertyNumber, readMetaBlock, text } from './table-properties.ts';
import { xxh3Low32 } from './xxh3.ts';

/** What the byte behind the block is multiplied by. */
const XXH3_LAST_BYTE_FACTOR = 0x6b9083d9;

export class TableReader {
  readonly number: number;
  readonly file: File;
  readonly index: Uint8Array;
  /** Empty: the table has none. */
  readonly filter: Uint8Array;
  readonly blocks: number;
  /** What the trailers of its blocks hold: of our own tables always CRC-32C. */
  readonly checksum: number;
  readonly #restartsAt: number;
  /** Set by `handle`. */
  handleOffset = 0;
  handleSize = 0;

  constructor(number: number, file: File, index: Uint8Array, filter: Uint8Array, checksum = CHECKSUM_CRC32C) {
    this.number = number;
    this.checksum = checksum;
    this.file = file;
    this.index = index;
    this.filter = filter;
    this.blocks = index.length >= 4 ? readU32LE(index, index.length - 4) : 0;
    this.#restartsAt = index.length - 4 - 4 * this.blocks;
  }

  get memoryBytes(): number {
    return this.index.length + this.filter.length;
  }

  /** The first block whose separator is ≥ key[from, to): the only one that can hold it. `blocks` if there is none. */
  findBlock(key: Uint8Array, from: number, to: number, work: Work): number {
    const { index } = this;
    let low = 0;
    let high = this.blocks;
    let compared = 0;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = readU32LE(index, this.#restartsAt + 4 * middle);
      const length = readVarint(index, at + 1, this.#restartsAt);
      compared++;
      if (compareRanges(index, varintEnd, varintEnd + length, key, from, to) >= 0) high = middle;
      else low = middle + 1;
    }
    work.counts[KEYS_COMPARED] += compared;
    return low;
  }

  /** Sets `handleOffset` and `handleSize` to those of block k. */
  handle(k: number): void {
    const { index } = this;
    const at = readU32LE(index, this.#restartsAt + 4 * k);
    const length = readVarint(index, at + 1, this.#restartsAt);
    this.handleOffset = readVarint(index, varintEnd + length, this.#restartsAt);
    this.handleSize = readVarint(index, varintEnd, this.#restartsAt);
  }

  /** Where the separator of block k starts and ends in `index`. */
  separator(k: number): readonly [number, number] {
    const at = readU32LE(this.index, this.#restartsAt + 4 * k);
    const length = readVarint(this.index, at + 1, this.#restartsAt);
    return [varintEnd, varintEnd + length];
  }

  /** Undefined if every entry of the index decodes: checked once when a table is opened from disk. */
  indexFailure(): string | undefined {
    const { index } = this;
    if (this.blocks === 0 || this.#restartsAt <= 0) return 'an index without entries';
    for (let k = 0; k < this.blocks; k++) {
      const at = readU32LE(index, this.#restartsAt + 4 * k);
      if (at >= this.#restartsAt || index[at] !== 0) return 'an index entry that is no restart point';
      const length = readVarint(index, at + 1, this.#restartsAt);
      if (varintEnd < 0 || varintEnd + length > this.#restartsAt) return 'an index key past its block';
      const offset = readVarint(index, varintEnd + length, this.#restartsAt);
      if (varintEnd < 0) return 'an index entry without a handle';
      const size = readVarint(index, varintEnd, this.#restartsAt);
      if (varintEnd < 0 || offset + size + BLOCK_TRAILER_BYTES > this.file.length) return 'a handle past the file';
    }
    return undefined;
  }
}

/** Reads and verifies one block with its trailer; undefined, or what is wrong with it. */
export function readBlock(
  disk: Disk,
  file: File,
  offset: number,
  size: number,
  into: SparseBuffer,
  work: Work,
  checksum: number,
): string | undefined {
  work.counts[SYSTEM_CALLS]++;
  if (disk.read(file, offset, size + BLOCK_TRAILER_BYTES, into) !== 'ok') return 'read failed';
  if (into.length !== size + BLOCK_TRAILER_BYTES) return 'a block past the end of the file';
  return verifyBlock(into, 0, size, work, checksum);
}

/** The checksum of the block at buffer[from, to), whose trailer follows. */
export function verifyBlock(
  buffer: SparseBuffer,
  from: number,
  to: number,
  work: Work,
  checksum: number,
): string | undefined {
  work.counts[BYTES_HASHED] += to - from;
  const stored = buffer.readU32(to + 1);
  const isRight =
    checksum === CHECKSUM_CRC32C
      ? buffer.crc32c(0, from, to + 1) === unmaskCrc(stored)
      : xxh3OfBlock(buffer, from, to) === stored;
  if (!isRight) return 'checksum mismatch';
  if (buffer.byteAt(to) !== 0) return 'a compressed block';
  return undefined;
}

const EMPTY = new Uint8Array(0);
let scratch = new Uint8Array(4096);

/** XXH3 of the block, into which the compression type after it goes by a multiplication. */
function xxh3OfBlock(buffer: SparseBuffer, from: number, to: number): number {
  const size = to - from;
  if (size > scratch.length) scratch = new Uint8Array(size * 2);
  buffer.copyTo(scratch, 0, from, to);
  return (xxh3Low32(scratch, 0, size) ^ Math.imul(buffer.byteAt(to), XXH3_LAST_BYTE_FACTOR)) >>> 0;
}

export interface OpenedTable {
  readonly reader: TableReader;
  readonly properties: ReadonlyMap<string, Uint8Array>;
  readonly entries: number;
  readonly deletions: number;
  readonly rawKeyBytes: number;
  readonly rawValueBytes: number;
}

/** Footer, metaindex, properties, index and filter of a table file; a string says why it cannot be opened. The reader owns the handle. */
export function openTable(disk: Disk, name: string, number: number, bytes: number, work: Work): OpenedTable | string {
  const file = disk.open(name);
  if (file === undefined) return 'the file is missing';
  const table = file.length === bytes ? readTable(disk, file, number, work) : `${file.length} bytes, not ${bytes}`;
  if (typeof table === 'string') disk.close(file);
  return table;
}

function readTable(disk: Disk, file: File, number: number, work: Work): OpenedTable | string {
  if (file.length < FOOTER_BYTES) return 'too short for a footer';
  const buffer = new SparseBuffer(FOOTER_BYTES);
  if (disk.read(file, file.length - FOOTER_BYTES, FOOTER_BYTES, buffer) !== 'ok') return 'read failed';
  const footer = buffer.toBytes();
  const formatVersion = readU32LE(footer, 41);
  const checksum = footer[0];
  if (readU32LE(footer, 45) !== MAGIC_LOW || readU32LE(footer, 49) !== MAGIC_HIGH) return 'a bad footer';
  if (formatVersion !== FORMAT_VERSION) return `format_version ${formatVersion}, not ${FORMAT_VERSION}`;
  if (checksum !== CHECKSUM_CRC32C && checksum !== CHECKSUM_XXH3) {
    return `checksum type ${checksum}, neither crc32c nor XXH3`;
  }
  const metaOffset = readVarint(footer, 1, 41);
  const metaSize = readVarint(footer, varintEnd, 41);
  const indexOffset = readVarint(footer, varintEnd, 41);
  const indexSize = readVarint(footer, varintEnd, 41);
  if (varintEnd < 0) return 'a bad footer';

  const section = (offset: number, size: number): Uint8Array | string => {
    if (offset + size + BLOCK_TRAILER_BYTES > file.length) return 'a handle past the file';
    const failure = readBlock(disk, file, offset, size, buffer, work, checksum);
    return failure ?? buffer.toBytes().slice(0, size);
  };
  const meta = section(metaOffset, metaSize);
  if (typeof meta === 'string') return `metaindex: ${meta}`;
  const handles = readMetaBlock(meta);
  if (handles === undefined) return 'metaindex: does not decode';
  const named = (name: string): Uint8Array | string => {
    const handle = handles.get(name);
    if (handle === undefined) return 'absent';
    const offset = readVarint(handle, 0, handle.length);
    return section(offset, readVarint(handle, varintEnd, handle.length));
  };
  const propertyBlock = named(PROPERTIES_KEY);
  if (typeof propertyBlock === 'string') return `properties: ${propertyBlock}`;
  const properties = readMetaBlock(propertyBlock);
  if (properties === undefined) return 'properties: do not decode';
  const unsupported = unsupportedFeature(properties, handles);
  if (unsupported !== undefined) return unsupported;
  const filter = handles.has(FILTER_KEY) ? named(FILTER_KEY) : new Uint8Array(0);
  if (typeof filter === 'string') return `filter: ${filter}`;
  const index = section(indexOffset, indexSize);
  if (typeof index === 'string') return `index: ${index}`;
  const reader = new TableReader(number, file, index, filter, checksum);
  const failure = reader.indexFailure();
  if (failure !== undefined) return failure;
  return {
    reader,
    properties,
    entries: propertyNumber(properties, 'rocksdb.num.entries'),
    deletions: propertyNumber(properties, 'rocksdb.deleted.keys'),
    rawKeyBytes: propertyNumber(properties, 'rocksdb.raw.key.size'),
    rawValueBytes: propertyNumber(properties, 'rocksdb.raw.value.size'),
  };
}

/** What a table of the real system may have that this engine does not read. */
function unsupportedFeature(
  properties: ReadonlyMap<string, Uint8Array>,
  handles: ReadonlyMap<string, Uint8Array>,
): string | undefined {
  const indexType = properties.get('rocksdb.block.based.table.index.type');
  if (indexType !== undefined && indexType[0] !== 0) return `index type ${indexType[0]}, not binary search`;
  const compression = properties.get('rocksdb.compression') ?? EMPTY;
  const compressionName = text(compression, 0, compression.length);
  if (compressionName !== '' && compressionName !== 'NoCompression') return `compression ${compressionName}`;
  for (const flag of ['rocksdb.index.key.is.user.key', 'rocksdb.index.value.is.delta.encoded']) {
    if (propertyNumber(properties, flag) !== 1) return `an index without ${flag}`;
  }
  if (propertyNumber(properties, 'rocksdb.num.range-deletions') > 0) return 'range deletions';
  if (propertyNumber(properties, 'rocksdb.merge.operands') > 0) return 'merge operands';
  for (const name of handles.keys()) if (name.startsWith('partitionedfilter.')) return 'a partitioned filter';
  return undefined;
}
