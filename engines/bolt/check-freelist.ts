/** The check of the freelist: the stored one, and that every page is either free or used. */
import type { TreeWalk } from './check.ts';
import type { Freelist } from './freelist.ts';
import { readFreelistPage } from './freelist-page.ts';
import type { Pages } from './pages.ts';

/** Compares the stored freelist with the one in memory. */
export function checkFreelistPage(walk: TreeWalk, pages: Pages, id: number, freelist: Freelist): void {
  const ids = readFreelistPage(pages, id);
  if (ids === undefined) {
    const fault = pages.takeFault();
    if (fault !== undefined) walk.fault(fault.where, fault.what);
    return;
  }
  const known = freelist.ids();
  let at = 0;
  while (at < ids.count && at < known.length && ids.ids[at] === known[at]) at++;
  if (at < ids.count || at < known.length) {
    walk.fault(`page ${id}`, `stored freelist differs from the one in memory at entry ${at}`);
  }
  for (let page = id; page < id + ids.pages; page++) {
    if (walk.reachable[page] === 1) walk.fault(`page ${page}`, 'belongs to a tree and to the freelist page');
    walk.reachable[page] = 1;
  }
}

/** Every page must be in use or free. */
export function checkEveryPage(walk: TreeWalk, freelist: Freelist): void {
  for (let id = 2; id < walk.reachable.length; id++) {
    const isUsed = walk.reachable[id] === 1;
    if (isUsed && freelist.isFree(id)) walk.fault(`page ${id}`, 'in use and in the freelist');
    if (!isUsed && !freelist.isFree(id)) walk.fault(`page ${id}`, 'neither in use nor in the freelist');
  }
}
