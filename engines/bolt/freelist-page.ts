/**
 * The freelist as a page: header, then the ids in ascending order, 8 bytes each. From 65,535 ids on the
 * header's count is 0xFFFF and the true one stands in front of the ids.
 */
import { readU32LE, readU64LE, writeU64LE } from '../../sim/bytes/fixed.ts';
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { COUNT_OVERFLOW, FREELIST_PAGE, PAGE_HEADER_BYTES, writePageHeader } from './format.ts';
import type { Freelist } from './freelist.ts';
import { Page, type Pages } from './pages.ts';

/** Appends the whole freelist as page `id` with `pages` − 1 overflow pages. */
export function writeFreelistPage(
  freelist: Freelist,
  id: number,
  pages: number,
  pageSize: number,
  out: SparseBuffer,
): void {
  const ids = freelist.collect();
  const { count } = freelist;
  const isLong = count >= COUNT_OVERFLOW;
  writePageHeader(out, id, FREELIST_PAGE, isLong ? COUNT_OVERFLOW : count, pages - 1);
  if (isLong) out.u64(count);
  const bytes = count * 8;
  out.reserve(bytes);
  const { literal } = out;
  let at = out.literalLength;
  for (let i = 0; i < count; i++, at += 8) writeU64LE(literal, at, ids[i]!);
  out.literalLength += bytes;
  out.length += bytes;
  out.run(0, pages * pageSize - out.length);
}

export interface StoredFreelist {
  readonly ids: Int32Array;
  readonly count: number;
  /** Pages that the freelist page itself takes. */
  readonly pages: number;
}

/** Undefined: see `pages.fault`. */
export function readFreelistPage(pages: Pages, id: number): StoredFreelist | undefined {
  const page = new Page();
  if (!pages.readAny(id, page)) return undefined;
  if (page.flags !== FREELIST_PAGE) {
    pages.fail(id, `flags ${page.flags} where a freelist was expected`);
    return undefined;
  }
  const bytes = page.buffer.toBytes();
  let { count } = page;
  let at = PAGE_HEADER_BYTES;
  if (count === COUNT_OVERFLOW) {
    count = readU64LE(bytes, at);
    at += 8;
  }
  if (at + count * 8 > bytes.length) {
    pages.fail(id, `freelist of ${count} ids does not fit into its pages`);
    return undefined;
  }
  const ids = new Int32Array(count);
  let previous = 1;
  for (let i = 0; i < count; i++, at += 8) {
    const free = readU32LE(bytes, at);
    if (readU32LE(bytes, at + 4) !== 0 || free <= previous || free >= pages.highWater) {
      pages.fail(id, `freelist entry ${i} is out of order or of range`);
      return undefined;
    }
    ids[i] = free;
    previous = free;
  }
  return { ids, count, pages: page.overflow + 1 };
}
