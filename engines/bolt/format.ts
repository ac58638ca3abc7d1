/**
 * Page headers, meta pages and bucket headers. FORMAT.md has the layouts.
 *
 *     page     id u64 | flags u16 | count u16 | overflow u32
 *     meta     magic u32 | version u32 | page size u32 | flags u32 | root u64 | sequence u64
 *              | freelist u64 | high water u64 | txid u64 | FNV-1a-64 of the 56 bytes before
 *     branch   pos u32 | key length u32 | child u64
 *     leaf     flags u32 | pos u32 | key length u32 | value length u32
 */
import { readU32LE, readU64LE, writeU16LE, writeU32LE, writeU64LE } from '../../sim/bytes/fixed.ts';
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Fnv64 } from './fnv.ts';

export const PAGE_HEADER_BYTES = 16;
/** Branch and leaf elements alike. */
export const ELEMENT_BYTES = 16;
export const BUCKET_HEADER_BYTES = 16;
export const META_BYTES = 64;
const META_HASHED_BYTES = 56;

export const BRANCH_PAGE = 1;
export const LEAF_PAGE = 2;
export const META_PAGE = 4;
export const FREELIST_PAGE = 16;

/** Leaf element: the value is a bucket. */
export const BUCKET_ELEMENT = 1;

const MAGIC = 0xed0cdaed;
const VERSION = 2;
export const COUNT_OVERFLOW = 0xffff;
export const KEY_BYTES_MAX = 32768;
export const VALUE_BYTES_MAX = 2_147_483_646;
/** Page ids are kept in 32-bit integers: 8 TiB of 4 KiB pages. */
export const PAGE_ID_MAX = 2_147_483_647;
/** A page is split only into parts of at least so many records. */
export const KEYS_PER_PAGE_MIN = 2;
export const FILL_PERCENT_MIN = 0.1;
export const FILL_PERCENT_MAX = 1;
/** A tree deeper than this is a cycle in a damaged file: 64 levels of at least 2 children. */
export const DEPTH_MAX = 64;
/** `Meta.freelist` when no freelist was written. */
export const NO_FREELIST = -1;

export interface Meta {
  pageSize: number;
  root: number;
  sequence: number;
  freelist: number;
  highWater: number;
  txid: number;
}

export function writePageHeader(page: SparseBuffer, id: number, flags: number, count: number, overflow: number): void {
  page.reserve(PAGE_HEADER_BYTES);
  const { literal, literalLength } = page;
  writeU64LE(literal, literalLength, id);
  writeU16LE(literal, literalLength + 8, flags);
  writeU16LE(literal, literalLength + 10, count);
  writeU32LE(literal, literalLength + 12, overflow);
  page.literalLength += PAGE_HEADER_BYTES;
  page.length += PAGE_HEADER_BYTES;
}

/** A whole meta page, at the end of `page`. */
export function writeMetaPage(page: SparseBuffer, meta: Meta): void {
  writePageHeader(page, meta.txid % 2, META_PAGE, 0, 0);
  const bytes = new Uint8Array(META_BYTES);
  writeU32LE(bytes, 0, MAGIC);
  writeU32LE(bytes, 4, VERSION);
  writeU32LE(bytes, 8, meta.pageSize);
  writeU64LE(bytes, 16, meta.root);
  writeU64LE(bytes, 24, meta.sequence);
  if (meta.freelist === NO_FREELIST) bytes.fill(0xff, 32, 40);
  else writeU64LE(bytes, 32, meta.freelist);
  writeU64LE(bytes, 40, meta.highWater);
  writeU64LE(bytes, 48, meta.txid);
  const hash = new Fnv64().update(bytes, 0, META_HASHED_BYTES);
  writeU32LE(bytes, 56, hash.low);
  writeU32LE(bytes, 60, hash.high);
  page.bytes(bytes);
  page.run(0, meta.pageSize - PAGE_HEADER_BYTES - META_BYTES);
}

/** The meta in a page that starts at `at`, or why there is none. */
export function readMetaPage(page: SparseBuffer, at: number): Meta | string {
  if (page.length < at + PAGE_HEADER_BYTES + META_BYTES) return 'the page is cut short';
  const bytes = new Uint8Array(META_BYTES);
  page.copyTo(bytes, 0, at + PAGE_HEADER_BYTES, at + PAGE_HEADER_BYTES + META_BYTES);
  if (readU32LE(bytes, 0) !== MAGIC) return 'not a bolt file: wrong magic number';
  if (readU32LE(bytes, 4) !== VERSION) return `format version ${readU32LE(bytes, 4)} instead of ${VERSION}`;
  const hash = new Fnv64().update(bytes, 0, META_HASHED_BYTES);
  if (readU32LE(bytes, 56) !== hash.low || readU32LE(bytes, 60) !== hash.high) return 'wrong checksum';
  const noFreelist = readU32LE(bytes, 32) === 0xffffffff && readU32LE(bytes, 36) === 0xffffffff;
  const meta: Meta = {
    pageSize: readU32LE(bytes, 8),
    root: readU64LE(bytes, 16),
    sequence: readU64LE(bytes, 24),
    freelist: noFreelist ? NO_FREELIST : readU64LE(bytes, 32),
    highWater: readU64LE(bytes, 40),
    txid: readU64LE(bytes, 48),
  };
  if (meta.highWater > PAGE_ID_MAX) return `${meta.highWater} pages are more than this engine can address`;
  if (meta.root < 2 || meta.root >= meta.highWater) return `root page ${meta.root} outside of the file`;
  if (meta.freelist !== NO_FREELIST && (meta.freelist < 2 || meta.freelist >= meta.highWater)) {
    return `freelist page ${meta.freelist} outside of the file`;
  }
  return meta;
}

/** mmap sizes: powers of two from 32 KiB to 1 GiB, then whole GiB. */
export function mapBytesFor(bytes: number): number {
  const GIBIBYTE = 1_073_741_824;
  for (let size = 32768; size <= GIBIBYTE; size *= 2) if (bytes <= size) return size;
  return Math.ceil(bytes / GIBIBYTE) * GIBIBYTE;
}
