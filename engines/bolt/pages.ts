/**
 * Reading pages of the file, with validation: whatever the disk returns, what leaves here is a
 * well-formed page of the expected id, or a fault.
 *
 * bbolt reads through a memory map: a page costs no system call, and a device read only if the
 * operating system's cache lacks it. That is what `disk.read` stands for. A few branch pages are
 * kept here besides, at most `BRANCH_PAGES_MAX`, in the slot of their id; reads of these do not reach the disk's page
 * cache, in which they would be the hottest anyway.
 */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import { PAGES_TOUCHED, type Work } from '../../sim/work.ts';
import { BRANCH_PAGE, ELEMENT_BYTES, LEAF_PAGE, PAGE_HEADER_BYTES } from './format.ts';

/** 256 pages of some 2.5 KiB. */
const BRANCH_PAGES_MAX = 256;

/** One page with its overflow pages, header taken apart. Reused. */
export class Page {
  readonly buffer = new SparseBuffer(1024);
  id = 0;
  flags = 0;
  count = 0;
  overflow = 0;
}

export class Pages {
  readonly #disk: Disk;
  readonly #file: File;
  readonly #work: Work;
  readonly pageSize: number;
  /** Ids at or above are invalid; set by the owner at every commit. */
  highWater = 0;
  /** The first thing found wrong since the last `takeFault`. */
  #fault: Fault | undefined;
  readonly #branches: (Page | undefined)[] = new Array(BRANCH_PAGES_MAX).fill(undefined);
  readonly #leaf = new Page();

  constructor(disk: Disk, file: File, work: Work, pageSize: number) {
    this.#disk = disk;
    this.#file = file;
    this.#work = work;
    this.pageSize = pageSize;
  }

  get fault(): Fault | undefined {
    return this.#fault;
  }

  takeFault(): Fault | undefined {
    const fault = this.#fault;
    this.#fault = undefined;
    return fault;
  }

  fail(id: number, what: string): false {
    this.#fault ??= { where: `${this.#file.name} page ${id}`, what };
    return false;
  }

  /** A tree page by its id; borrowed until another one is asked for. Undefined: see `fault`. */
  tree(id: number): Page | undefined {
    this.#work.counts[PAGES_TOUCHED]!++;
    const slot = id % BRANCH_PAGES_MAX;
    const kept = this.#branches[slot];
    if (kept !== undefined && kept.id === id) return kept;
    const leaf = this.#leaf;
    if (!this.read(id, leaf)) return undefined;
    if (leaf.flags === BRANCH_PAGE && leaf.overflow === 0) {
      const page = kept ?? new Page();
      copyPage(leaf, page);
      this.#branches[slot] = page;
    }
    return leaf;
  }

  /** The page has been given new content. */
  forget(id: number): void {
    const kept = this.#branches[id % BRANCH_PAGES_MAX];
    if (kept !== undefined && kept.id === id) kept.id = 0;
  }

  get memoryBytes(): number {
    let bytes = 0;
    for (const page of this.#branches) if (page !== undefined) bytes += page.buffer.literal.length;
    return bytes;
  }

  /** Reads branch or leaf page `id` into `page` and validates header and elements' place. */
  read(id: number, page: Page): boolean {
    if (!this.readAny(id, page)) return false;
    if (page.flags !== BRANCH_PAGE && page.flags !== LEAF_PAGE) {
      return this.fail(id, `flags ${page.flags} where a branch or leaf page was expected`);
    }
    if (page.flags === BRANCH_PAGE && page.count === 0) return this.fail(id, 'branch page without elements');
    return this.#locateElements(page);
  }

  /** Reads a page of any kind. */
  readAny(id: number, page: Page): boolean {
    const { pageSize } = this;
    if (!(id >= 2 && id < this.highWater)) return this.fail(id, `reference to a page outside of the file`);
    const { buffer } = page;
    if (this.#disk.read(this.#file, id * pageSize, pageSize, buffer) !== 'ok') return this.fail(id, 'cannot be read');
    if (buffer.length < pageSize) return this.fail(id, 'lies beyond the end of the file');
    if (buffer.readU64(0) !== id) return this.fail(id, `header names page ${buffer.readU64(0)}`);
    const overflow = buffer.readU32(12);
    if (overflow > 0) {
      if (id + overflow >= this.highWater) return this.fail(id, `${overflow} overflow pages reach beyond the file`);
      const bytes = (overflow + 1) * pageSize;
      if (this.#disk.read(this.#file, id * pageSize, bytes, buffer) !== 'ok') return this.fail(id, 'cannot be read');
      if (buffer.length < bytes) return this.fail(id, 'lies beyond the end of the file');
    }
    page.id = id;
    page.flags = buffer.readU16(8);
    page.count = buffer.readU16(10);
    page.overflow = overflow;
    return true;
  }

  /** A page image inside a value: an inline bucket. The buffer holds exactly the image. */
  adoptInline(page: Page): boolean {
    const { buffer } = page;
    if (buffer.length < PAGE_HEADER_BYTES) return this.fail(0, 'inline bucket is cut short');
    page.id = 0;
    page.flags = buffer.readU16(8);
    page.count = buffer.readU16(10);
    page.overflow = 0;
    if (page.flags !== LEAF_PAGE) return this.fail(0, `inline bucket with flags ${page.flags}`);
    return this.#locateElements(page);
  }

  #locateElements(page: Page): boolean {
    const bytes = page.count * ELEMENT_BYTES;
    const { buffer } = page;
    if (PAGE_HEADER_BYTES + bytes > buffer.length) return this.fail(page.id, `${page.count} elements do not fit`);
    // from here on, header and elements are literal: their logical offset is their index in `literal`
    if (buffer.literalIndex(PAGE_HEADER_BYTES, bytes) !== PAGE_HEADER_BYTES) flatten(buffer);
    return true;
  }
}

/** Turns runs into literal bytes: for a page whose elements or keys contain some. */
export function flatten(buffer: SparseBuffer): void {
  const bytes = buffer.toBytes();
  buffer.reset();
  buffer.bytes(bytes);
}

function copyPage(from: Page, to: Page): void {
  to.buffer.reset();
  to.buffer.slice(from.buffer, 0, from.buffer.length);
  to.id = from.id;
  to.flags = from.flags;
  to.count = from.count;
  to.overflow = from.overflow;
}
