/** Making a new file, and reading into memory what an existing one says of itself. */
import type { Bugs } from '../../sim/bugs.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import type { Fault, WriteOutcome } from '../../sim/storage-engine.ts';
import { SYSTEM_CALLS, type Work } from '../../sim/work.ts';
import { TreeWalk } from './check.ts';
import { FREELIST_PAGE, LEAF_PAGE, NO_FREELIST, PAGE_HEADER_BYTES, writeMetaPage, writePageHeader } from './format.ts';
import { Freelist } from './freelist.ts';
import { ArrayFreePages } from './freelist-array.ts';
import { HashmapFreePages } from './freelist-hashmap.ts';
import { readFreelistPage } from './freelist-page.ts';
import { newerMeta, readMetas } from './metas.ts';
import type { BoltOptions } from './options.ts';
import { Pages } from './pages.ts';
import { Space } from './space.ts';
import { PageCensus, type TransactionStats } from './statistics.ts';
import type { Store } from './store.ts';

const FIRST_FREELIST = 2;
const FIRST_ROOT = 3;
export const FIRST_PAGES = 4;
const PAGE_BYTES_MIN = 512;
const PAGE_BYTES_MAX = 65536;

/** Writes both metas, an empty freelist and an empty root bucket. */
export function initialise(disk: Disk, file: File, work: Work, pageSize: number): WriteOutcome {
  const out = new SparseBuffer(1024);
  const meta = {
    pageSize,
    root: FIRST_ROOT,
    sequence: 0,
    freelist: FIRST_FREELIST,
    highWater: FIRST_PAGES,
    txid: 0,
  };
  writeMetaPage(out, meta);
  writeMetaPage(out, { ...meta, txid: 1 });
  writePageHeader(out, FIRST_FREELIST, FREELIST_PAGE, 0, 0);
  out.run(0, pageSize - PAGE_HEADER_BYTES);
  writePageHeader(out, FIRST_ROOT, LEAF_PAGE, 0, 0);
  out.run(0, pageSize - PAGE_HEADER_BYTES);
  work.counts[SYSTEM_CALLS]! += 2;
  const written = disk.write(file, 0, out, 0, out.length, 'meta');
  return written === 'ok' ? disk.sync(file) : written;
}

/**
 * Whether the file is what a crash during its creation left: the first commit would have made it longer,
 * and have been transaction 2.
 */
export function wasNeverCreated(disk: Disk, file: File, pageSize: number): boolean {
  if (file.length > FIRST_PAGES * pageSize) return false;
  const metas = readMetas(disk, file, pageSize, new SparseBuffer());
  return metas?.every((meta) => typeof meta === 'string' || meta.txid < 2) ?? false;
}

/** What memory holds of the file before its freelist is read. A fault, or undefined if the disk refuses to read. */
export function openStore(
  disk: Disk,
  file: File,
  work: Work,
  options: BoltOptions,
  stats: TransactionStats,
  bugs: Bugs,
): Store | Fault | undefined {
  const out = new SparseBuffer(8192);
  const metas = readMetas(disk, file, options.pageSize, out);
  if (metas === undefined) return undefined;
  const meta = newerMeta(metas);
  if (meta === undefined) return { where: `${file.name} metas`, what: String(metas[0]) };
  const { pageSize } = meta;
  if (!(pageSize >= PAGE_BYTES_MIN && pageSize <= PAGE_BYTES_MAX)) {
    return { where: `${file.name} meta`, what: `page size ${pageSize}` };
  }
  const pages = new Pages(disk, file, work, pageSize);
  pages.highWater = meta.highWater;
  const free = options.freelist === 'array' ? new ArrayFreePages(work) : new HashmapFreePages(work);
  const freelist = new Freelist(free, work);
  const space = new Space(disk, file, work, freelist, pageSize, stats);
  space.highWater = meta.highWater;
  space.map(options.initialMmapSize);
  return {
    disk,
    file,
    work,
    pageSize,
    pages,
    freelist,
    space,
    stats,
    census: new PageCensus(),
    noFreelistSync: options.noFreelistSync,
    bugs,
    out,
    meta: { ...meta },
    freelistPages: 0,
    spareMetaIsTorn: typeof metas[1 - (meta.txid % 2)] === 'string',
  };
}

/** Reads freelist and root bucket, and walks all trees if no freelist was written; the walk, or what is wrong. */
export function readTrees(store: Store): TreeWalk | Fault {
  const { pages, meta, freelist, census } = store;
  const walk = new TreeWalk(pages);
  const rootCensus = walk.walkRoot(meta.root);
  if (meta.freelist === NO_FREELIST) {
    walk.walkBuckets();
    loadUnreachable(freelist, walk);
    census.countUnknown(rootCensus, walk.census);
    store.freelistPages = 0;
  } else {
    const stored = readFreelistPage(pages, meta.freelist);
    if (stored === undefined) return pages.takeFault()!;
    freelist.load(stored.ids, stored.count);
    store.freelistPages = stored.pages;
  }
  return walk.faults[0] ?? walk;
}

/** Frees every page that the walk has not met. */
function loadUnreachable(freelist: Freelist, walk: TreeWalk): void {
  const ids = new Int32Array(walk.reachable.length);
  let count = 0;
  for (let id = 2; id < walk.reachable.length; id++) if (walk.reachable[id] === 0) ids[count++] = id;
  freelist.load(ids, count);
}
