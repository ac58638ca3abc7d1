/** Ways through the pages of one tree. */
import { BRANCH_PAGE, DEPTH_MAX } from './format.ts';
import { childOf } from './page-search.ts';
import { Page, type Pages } from './pages.ts';

/** All pages, parents before children. False if a page is damaged (see `pages.fault`) or `visit` returned false. */
export function walkPages(pages: Pages, root: number, visit: (page: Page) => boolean): boolean {
  const levels: Page[] = [];
  const walk = (id: number, depth: number): boolean => {
    if (depth > DEPTH_MAX) return pages.fail(id, `the tree is deeper than ${DEPTH_MAX} levels: a cycle`);
    const page = levels[depth] ?? new Page();
    levels[depth] = page;
    if (!pages.read(id, page) || !visit(page)) return false;
    if (page.flags !== BRANCH_PAGE) return true;
    for (let i = 0; i < page.count; i++) {
      const child = childOf(page, i);
      if (child < 0) return pages.fail(id, 'child page number out of range');
      if (!walk(child, depth + 1)) return false;
    }
    return true;
  };
  return walk(root, 0);
}

/** Levels of a tree, along its first children; NaN, and `pages.fault` says why, if a page is damaged. */
export function depthOf(pages: Pages, root: number): number {
  const page = new Page();
  let id = root;
  for (let depth = 1; depth <= DEPTH_MAX; depth++) {
    if (!pages.read(id, page)) return Number.NaN;
    if (page.flags !== BRANCH_PAGE) return depth;
    id = childOf(page, 0);
  }
  pages.fail(root, `the tree is deeper than ${DEPTH_MAX} levels: a cycle`);
  return Number.NaN;
}
