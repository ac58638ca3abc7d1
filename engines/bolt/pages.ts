/**
 * Reading pages of the file, with validation: whatever the disk returns, what leaves here is a
 * well-formed page of the expected id, or a fault.
 *
 * bbolt reads through a memory map: a page costs no system call, and a device read only if the
 * operating system's cache lacks it. That is what `disk.read` stands for. Branch pages are kept
 * besides (`BranchImages`); reads of these do not reach the disk's page cache, in which they would be
 * the hottest anyway, and do not see what becomes of the page on the disk.
 */
import { readU16LE, readU32LE } from '../../sim/bytes/fixed.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import type { Disk, File } from '../../sim/disk/disk.ts';
import type { Fault } from '../../sim/storage-engine.ts';
import { PAGES_TOUCHED, type Work } from '../../sim/work.ts';
import { BranchImages } from './branch-images.ts';
import { BRANCH_PAGE, ELEMENT_BYTES, LEAF_PAGE, PAGE_HEADER_BYTES } from './format.ts';

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
  readonly #branches = new BranchImages();
  readonly #keepsBranches: boolean;
  /** Whose buffer stands for a kept image. */
  readonly #branch = new Page();
  readonly #page = new Page();
  /** Overflow pages. */
  readonly #rest = new SparseBuffer(1024);

  /** Without kept branches for a reader of an old version, whose pages others free. */
  constructor(disk: Disk, file: File, work: Work, pageSize: number, keepsBranches = true) {
    this.#keepsBranches = keepsBranches;
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
    const image = this.#branches.get(id);
    if (image !== undefined) return this.#show(id, image, this.#branches.lengthOf(id));
    const page = this.#page;
    if (!this.read(id, page)) return undefined;
    if (this.#keepsBranches && page.flags === BRANCH_PAGE && page.overflow === 0) this.keepBranch(id, page.buffer);
    return page;
  }

  /** Keeps a branch page that has no overflow pages; its padding may be missing. */
  keepBranch(id: number, buffer: SparseBuffer): void {
    const { literal } = buffer;
    const last = PAGE_HEADER_BYTES + (readU16LE(literal, 10) - 1) * ELEMENT_BYTES;
    const length = last + readU32LE(literal, last) + readU32LE(literal, last + 4);
    if (buffer.literalIndex(0, length) === 0) this.#branches.keep(id, literal, length);
  }

  /** The bytes of a kept branch page, to be changed only along with the page itself. */
  branchImage(id: number): Uint8Array | undefined {
    return this.#branches.get(id);
  }
  branchImageLength(id: number): number {
    return this.#branches.lengthOf(id);
  }

  /** The kept branch pages that differ from the disk's, or that no tree uses: for checks. */
  staleBranches(reachable: Uint8Array): number[] {
    const stale: number[] = [];
    const page = new Page();
    for (const id of this.#branches.ids()) {
      const image = this.#branches.get(id)!;
      const length = this.#branches.lengthOf(id);
      const isSame = reachable[id] === 1 && this.read(id, page) && startsWith(page.buffer.toBytes(), image, length);
      if (!isSame) stale.push(id);
    }
    return stale;
  }

  /** Makes a kept branch page the one of another id; false if it is not kept. */
  renameBranch(from: number, to: number): boolean {
    return this.#branches.rename(from, to);
  }

  /** The page is about to get new content, or was freed. */
  forget(id: number): void {
    this.#branches.forget(id);
  }

  forgetAll(): void {
    this.#branches.clear();
  }

  #show(id: number, image: Uint8Array, length: number): Page {
    const page = this.#branch;
    const { buffer } = page;
    buffer.literal = image;
    buffer.literalLength = length;
    buffer.length = length;
    buffer.runCount = 0;
    page.id = id;
    page.flags = BRANCH_PAGE;
    page.count = readU16LE(image, 10);
    page.overflow = 0;
    return page;
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
      const rest = this.#rest;
      const bytes = overflow * pageSize;
      if (this.#disk.read(this.#file, (id + 1) * pageSize, bytes, rest) !== 'ok') {
        return this.fail(id, 'cannot be read');
      }
      if (rest.length < bytes) return this.fail(id, 'lies beyond the end of the file');
      buffer.slice(rest, 0, bytes);
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

/** Bytes of header, elements, keys and values: up to the end of the last element's. */
export function usedBytesOf(page: Page): number {
  if (page.count === 0) return PAGE_HEADER_BYTES;
  const { literal } = page.buffer;
  const last = PAGE_HEADER_BYTES + (page.count - 1) * ELEMENT_BYTES;
  if (page.flags === BRANCH_PAGE) return last + readU32LE(literal, last) + readU32LE(literal, last + 4);
  return last + readU32LE(literal, last + 4) + readU32LE(literal, last + 8) + readU32LE(literal, last + 12);
}

/** Turns runs into literal bytes: for a page whose elements or keys contain some. */
export function flatten(buffer: SparseBuffer): void {
  const bytes = buffer.toBytes();
  buffer.reset();
  buffer.bytes(bytes);
}

function startsWith(bytes: Uint8Array, start: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[i] !== start[i]) return false;
  return true;
}
