/** An open table: index and filter in memory (Badger's default, no index cache), and how it is opened. */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { crc32c } from '../../sim/bytes/crc32c.ts';
import { readU32BE } from '../../sim/bytes/fixed.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import { BYTES_HASHED, type Work } from '../../sim/work.ts';
import { BlockCursor } from './block-cursor.ts';
import { BlockIndex } from './block-index.ts';
import { BloomFilter } from './bloom-filter.ts';
import { readVersion, VERSION_BYTES } from './format.ts';
import { FieldReader, readChecksum } from './protobuf.ts';

export interface Table {
  readonly number: number;
  readonly file: File;
  readonly bytes: number;
  readonly index: BlockIndex;
  readonly filter: BloomFilter;
  /** Internal keys. */
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
  /** −1: it was opened from disk and nobody has counted. */
  readonly entries: number;
}

export const TRAILER_BYTES_MIN = 8;

/** Orders internal keys: by key, then newest version first. */
export function compareInternalKeys(a: Uint8Array, b: Uint8Array): number {
  const difference = compareUserKeys(a, b);
  if (difference !== 0) return difference;
  return readVersion(b, b.length - VERSION_BYTES) - readVersion(a, a.length - VERSION_BYTES);
}
export function compareUserKeys(a: Uint8Array, b: Uint8Array): number {
  return compareRanges(a, 0, a.length - VERSION_BYTES, b, 0, b.length - VERSION_BYTES);
}

export function totalBytes(tables: readonly Table[]): number {
  let sum = 0;
  for (const table of tables) sum += table.bytes;
  return sum;
}

/** The first of disjoint ascending tables whose largest user key is ≥ key[from, to); `tables.length` if none. */
export function findTable(tables: readonly Table[], key: Uint8Array, from: number, to: number): number {
  let low = 0;
  let high = tables.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const { largest } = tables[middle];
    if (compareRanges(largest, 0, largest.length - VERSION_BYTES, key, from, to) >= 0) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Opens the table; a string says why it cannot be. It owns the handle. */
export function openTable(disk: Disk, name: string, number: number, work: Work): Table | string {
  const file = disk.open(name);
  if (file === undefined) return 'the file is missing';
  const table = readTable(disk, file, number, work);
  if (typeof table === 'string') disk.close(file);
  return table;
}

function readTable(disk: Disk, file: File, number: number, work: Work): Table | string {
  const read = (from: number, to: number): Uint8Array | undefined => {
    const buffer = new SparseBuffer(to - from);
    if (disk.read(file, from, to - from, buffer) !== 'ok' || buffer.length !== to - from) return undefined;
    return buffer.toBytes();
  };
  const { length } = file;
  if (length < TRAILER_BYTES_MIN) return 'too short for a table';
  const trailer = read(length - 4, length);
  if (trailer === undefined) return 'read failed';
  const checksumFrom = length - 4 - readU32BE(trailer, 0);
  if (checksumFrom < 4) return 'a checksum longer than the file';
  const checksum = read(checksumFrom - 4, length - 4);
  if (checksum === undefined) return 'read failed';
  const indexFrom = checksumFrom - 4 - readU32BE(checksum, 0);
  if (indexFrom < 0) return 'an index longer than the file';
  const bytes = read(indexFrom, checksumFrom - 4);
  if (bytes === undefined) return 'read failed';
  work.counts[BYTES_HASHED] += bytes.length;
  const expected = readChecksum(checksum, 4, checksum.length);
  if (crc32c(0, bytes, 0, bytes.length) !== expected) return 'index: checksum mismatch';

  const index = new BlockIndex();
  let filter: BloomFilter | undefined;
  const fields = new FieldReader(bytes, 0, bytes.length);
  while (fields.next()) {
    if (fields.field === 1 && !addBlock(index, bytes, fields.from, fields.from + fields.value, indexFrom)) {
      return 'index: a block that is none';
    }
    if (fields.field === 2) filter = BloomFilter.fromJson(bytes, fields.from, fields.from + fields.value);
  }
  if (fields.malformed || index.count === 0) return 'index: does not decode';
  if (filter === undefined) return 'filter: does not decode';
  const largest = lastKey(disk, file, index, work);
  if (typeof largest === 'string') return largest;
  return { number, file, bytes: length, index, filter, smallest: index.key(0), largest, entries: -1 };
}

function addBlock(index: BlockIndex, bytes: Uint8Array, from: number, to: number, limit: number): boolean {
  const fields = new FieldReader(bytes, from, to);
  let key: Uint8Array | undefined;
  let offset = 0;
  let length = 0;
  while (fields.next()) {
    if (fields.field === 1 && fields.from >= 0) key = bytes.subarray(fields.from, fields.from + fields.value);
    if (fields.field === 2) offset = fields.value;
    if (fields.field === 3) length = fields.value;
  }
  if (fields.malformed || key === undefined || key.length < VERSION_BYTES || offset + length > limit) return false;
  index.add(key, key.length, offset, length);
  return true;
}

function lastKey(disk: Disk, file: File, index: BlockIndex, work: Work): Uint8Array | string {
  const block = index.count - 1;
  const buffer = new SparseBuffer(index.length(block));
  if (disk.read(file, index.offset(block), index.length(block), buffer) !== 'ok') return 'read failed';
  const cursor = new BlockCursor(work);
  cursor.setBlock(buffer, 0, buffer.length, true);
  cursor.last();
  if (!cursor.valid) return `block ${block}: ${cursor.failure ?? 'holds no entry'}`;
  return cursor.key.slice(0, cursor.keyLength + VERSION_BYTES);
}
