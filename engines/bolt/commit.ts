/**
 * A commit: what FORMAT.md lists under "A transaction", in that order. After anything but `ok` the transaction must
 * be rolled back, which reads what the disk holds; unless its meta was written, which `store.meta` then is.
 */
import type { WriteOutcome } from '../../sim/storage-engine.ts';
import { BYTES_COPIED, BYTES_HASHED, SYSTEM_CALLS } from '../../sim/work.ts';
import { META_BYTES, type Meta, NO_FREELIST, writeMetaPage } from './format.ts';
import { writeFreelistPage } from './freelist-page.ts';
import { sortIds } from './ids.ts';
import { rebalanceAll } from './rebalance.ts';
import { spillAll, writeNode } from './spill.ts';
import type { Store } from './store.ts';
import type { WriteTransaction } from './write-transaction.ts';

/** Stands for the freelist where a page's node is listed. */
const FREELIST_NODE = -1;

export function commit(transaction: WriteTransaction): WriteOutcome {
  if (!rebalanceAll(transaction)) return 'io-error';
  const spilled = spillAll(transaction);
  return spilled === 'ok' ? writeTransaction(transaction) : spilled;
}

/** What comes after the spill: the freelist, the file's growth, the writes. */
export function writeTransaction(transaction: WriteTransaction): WriteOutcome {
  const { store, meta } = transaction;
  const { space, freelist, pages, stats } = store;
  meta.root = transaction.root.root;
  if (meta.freelist !== NO_FREELIST) {
    // the freelist's page was allocated by the transaction before
    if (!freelist.free(meta.txid, meta.freelist, store.freelistPages, meta.txid - 1)) {
      pages.fail(meta.freelist, 'the freelist page is free');
      return 'io-error';
    }
  }
  let freelistPages = 0;
  meta.freelist = NO_FREELIST;
  if (!store.noFreelistSync) {
    freelistPages = Math.floor(freelist.serializedBytes() / meta.pageSize) + 1;
    const highWater = space.highWater;
    meta.freelist = transaction.allocate(freelistPages, FREELIST_NODE);
    if (meta.freelist === 0) return 'no-space';
    if (space.highWater > highWater) {
      const grown = space.grow();
      if (grown !== 'ok') return grown;
    }
  }
  meta.highWater = space.highWater;
  if (store.bugs['bolt-meta-before-data']) {
    const early = writeMeta(store, meta);
    if (early !== 'ok') return early;
    const synced = store.disk.sync(store.file);
    if (synced !== 'ok') return synced;
  }
  const written = writePages(transaction, freelistPages);
  if (written !== 'ok') return written;
  const named = writeMeta(store, meta);
  if (named !== 'ok') return named;
  // from here on the file shows the new version, also if it can't be synced: nothing of it may be overwritten
  store.meta = meta;
  store.freelistPages = freelistPages;
  store.spareMetaIsTorn = false;
  pages.highWater = meta.highWater;
  stats.commits++;
  stats.freelistPages += freelistPages;
  // bbolt counts free pages twice more for its statistics
  freelist.pages.chargeCount();
  freelist.pages.chargeCount();
  return store.disk.sync(store.file);
}

function writePages(transaction: WriteTransaction, freelistPages: number): WriteOutcome {
  const { store, writtenIds, writtenNodes, writtenCount } = transaction;
  const { disk, file, out, pageSize, work } = store;
  sortIds(writtenIds, writtenNodes, writtenCount);
  for (let i = 0; i < writtenCount; i++) {
    const id = writtenIds[i]!;
    const node = writtenNodes[i]!;
    out.reset();
    if (node === FREELIST_NODE) writeFreelistPage(store.freelist, id, freelistPages, pageSize, out);
    else writeNode(transaction, node, out);
    const category = node === FREELIST_NODE ? 'freelist' : 'page';
    const written = disk.write(file, id * pageSize, out, 0, out.length, category);
    if (written !== 'ok') return written;
    // the kernel's copy; that of one page is in the price of the call
    work.counts[BYTES_COPIED]! += out.length - pageSize;
  }
  store.stats.writes += writtenCount;
  work.counts[SYSTEM_CALLS]! += writtenCount + 1;
  return store.bugs['bolt-one-sync'] ? 'ok' : disk.sync(file);
}

function writeMeta(store: Store, meta: Meta): WriteOutcome {
  const { disk, file, work, stats } = store;
  const out = store.out.reset();
  writeMetaPage(out, meta);
  stats.writes++;
  work.counts[SYSTEM_CALLS]! += 2;
  work.counts[BYTES_HASHED]! += META_BYTES;
  return disk.write(file, (meta.txid % 2) * meta.pageSize, out, 0, out.length, 'meta');
}
