/** Finding elements on a page. What was found last stands in the variables below until the next call. */
import { readU32LE } from '../../sim/bytes/fixed.ts';
import { ELEMENT_BYTES, LEAF_PAGE, PAGE_HEADER_BYTES } from './format.ts';
import { flatten, type Page } from './pages.ts';

/** Where an element's key stands in the literal bytes after `locate`. */
export let keyAt = 0;
export let keyLength = 0;
/** Logical offset behind the key, where a leaf's value starts. */
export let valueAt = 0;
export let valueLength = 0;
/** Whether the last search found the key itself. */
export let exact = false;

/** Index of the first element whose key is not below `key`; sets `exact`. −1: a misplaced element. */
export function searchPage(page: Page, key: Uint8Array): number {
  let low = 0;
  let high = page.count;
  let lowShared = 0;
  let highShared = 0;
  exact = false;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (!locate(page, middle)) return -1;
    const { literal } = page.buffer;
    const common = Math.min(keyLength, key.length);
    let i = Math.min(lowShared, highShared);
    while (i < common && literal[keyAt + i] === key[i]) i++;
    const below = i < common ? literal[keyAt + i]! < key[i]! : keyLength < key.length;
    if (below) {
      low = middle + 1;
      lowShared = i;
    } else {
      high = middle;
      highShared = i;
      if (i === key.length && keyLength === key.length) exact = true;
    }
  }
  return low;
}

/** Finds key and value of an element; false if they do not lie inside of the page. */
export function locate(page: Page, index: number): boolean {
  const { buffer } = page;
  const element = PAGE_HEADER_BYTES + index * ELEMENT_BYTES;
  const { literal } = buffer;
  const isLeaf = page.flags === LEAF_PAGE;
  const key = element + readU32LE(literal, isLeaf ? element + 4 : element);
  keyLength = readU32LE(literal, isLeaf ? element + 8 : element + 4);
  valueLength = isLeaf ? readU32LE(literal, element + 12) : 0;
  valueAt = key + keyLength;
  if (keyLength === 0 || valueAt + valueLength > buffer.length) return false;
  keyAt = buffer.literalIndex(key, keyLength);
  if (keyAt < 0) {
    flatten(buffer);
    keyAt = key;
  }
  return true;
}

/** Flags of a leaf's element. */
export function flagsOf(page: Page, index: number): number {
  return readU32LE(page.buffer.literal, PAGE_HEADER_BYTES + index * ELEMENT_BYTES);
}

/** Page of a branch's child; −1: out of range. */
export function childOf(page: Page, index: number): number {
  const { literal } = page.buffer;
  const element = PAGE_HEADER_BYTES + index * ELEMENT_BYTES;
  return readU32LE(literal, element + 12) === 0 ? readU32LE(literal, element + 8) : -1;
}
