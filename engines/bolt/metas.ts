/** The two meta pages of a file, and which of them counts. */
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import { META_BYTES, type Meta, PAGE_HEADER_BYTES, readMetaPage } from './format.ts';

/** Each meta, or why it is none. */
export type Metas = readonly [Meta | string, Meta | string];

/**
 * Undefined: the disk refuses to read. Where the second one stands depends on the page size, which the first one
 * says; `pageSize` if it is damaged.
 */
export function readMetas(disk: Disk, file: File, pageSize: number, buffer: SparseBuffer): Metas | undefined {
  if (disk.read(file, 0, PAGE_HEADER_BYTES + META_BYTES, buffer) !== 'ok') return undefined;
  const first = readMetaPage(buffer, 0);
  const offset = typeof first === 'string' ? pageSize : first.pageSize;
  if (disk.read(file, offset, PAGE_HEADER_BYTES + META_BYTES, buffer) !== 'ok') return undefined;
  return [first, readMetaPage(buffer, 0)];
}

/** The valid one with the higher transaction id. */
export function newerMeta(metas: Metas): Meta | undefined {
  const [first, second] = metas;
  if (typeof first === 'string') return typeof second === 'string' ? undefined : second;
  if (typeof second === 'string') return first;
  return second.txid > first.txid ? second : first;
}

export function sameMeta(a: Meta, b: Meta): boolean {
  return (
    a.pageSize === b.pageSize &&
    a.root === b.root &&
    a.sequence === b.sequence &&
    a.freelist === b.freelist &&
    a.highWater === b.highWater &&
    a.txid === b.txid
  );
}
