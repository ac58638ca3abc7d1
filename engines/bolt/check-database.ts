/** The whole-file check of an open database: trees (`check.ts`), metas, freelist, and what memory holds of them. */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import { TreeWalk } from './check.ts';
import { checkEveryPage, checkFreelistPage } from './check-freelist.ts';
import type { Database } from './database.ts';
import { NO_FREELIST } from './format.ts';
import { readMetas, sameMeta } from './metas.ts';
import type { Store } from './store.ts';

/** Of the last commit; what the open transaction has changed is not looked at. */
export function checkDatabase(database: Database): Fault[] {
  if (database.corruption !== undefined) return [database.corruption];
  const { store, transaction } = database;
  const { pages, freelist, meta, census } = store;
  const walk = new TreeWalk(pages);
  checkMetas(store, walk);
  const rootCensus = walk.walkRoot(meta.root);
  walk.walkBuckets();
  if (walk.faults.length === 0 && !transaction.isOpen && census.countUnknown(rootCensus, walk.census)) {
    database.takeDepths(walk);
  }
  if (meta.freelist !== NO_FREELIST) checkFreelistPage(walk, pages, meta.freelist, freelist);
  checkEveryPage(walk, freelist);
  for (const id of pages.staleBranches(walk.reachable)) walk.fault(`page ${id}`, 'differs from the copy in memory');
  pages.takeFault();
  return walk.faults;
}

function checkMetas(store: Store, walk: TreeWalk): void {
  const path = store.file.name;
  const metas = readMetas(store.disk, store.file, store.pageSize, new SparseBuffer());
  if (metas === undefined) {
    walk.fault(path, 'the meta pages cannot be read');
    return;
  }
  const { txid } = store.meta;
  for (let slot = 0; slot < 2; slot++) {
    const meta = metas[slot]!;
    const isInUse = slot === txid % 2;
    if (typeof meta === 'string') {
      if (isInUse || !store.spareMetaIsTorn) walk.fault(`${path} meta ${slot}`, meta);
    } else if (isInUse && !sameMeta(meta, store.meta)) {
      walk.fault(`${path} meta ${slot}`, 'is not the last one that was committed');
    } else if (!isInUse && meta.txid >= txid) {
      walk.fault(`${path} meta ${slot}`, `transaction ${meta.txid} is not older than ${txid}`);
    }
  }
}
