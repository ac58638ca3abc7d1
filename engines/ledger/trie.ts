/**
 * Reading the Patricia trie of a commit: one key, or a range in order. Records are used as they stand in
 * the index; nothing is decoded into objects.
 */
import { compareRanges } from '../../sim/bytes/compare.ts';
import { KEYS_COMPARED, type Work } from '../../sim/work.ts';
import type { IndexStore } from './index-file.ts';
import {
  childAt,
  childHashAt,
  childLength,
  childOffset,
  isBranch,
  isVersion,
  keyFromOf,
  keyNibble,
  prefixLengthOf,
  prefixNibble,
  type RecordReference,
  SLOTS,
  slotFrom,
  VERSION,
} from './index-record.ts';

/** `found` and `other`: the version record of the key, or of another where the key would be. */
export interface Path {
  readonly outcome: 'found' | 'other' | 'nothing' | 'unreadable';
  readonly record: Uint8Array | undefined;
}

/** Follows table byte ‖ key from the root; each record passed is given to `passed`. */
export function followKey(
  store: IndexStore,
  root: RecordReference | undefined,
  key: Uint8Array,
  keyLength: number,
  work: Work,
  passed?: (record: Uint8Array) => void,
): Path {
  if (root === undefined) return { outcome: 'nothing', record: undefined };
  const nibbles = keyLength * 2;
  let record = store.read(root.offset, root.length, root.hash, 0);
  let at = 0;
  for (;;) {
    if (record === undefined) return { outcome: 'unreadable', record };
    passed?.(record);
    if (record[0] === VERSION) {
      if (!isVersion(record)) return { outcome: 'unreadable', record };
      work.counts[KEYS_COMPARED]!++;
      const isIt = compareRanges(record, keyFromOf(record), record.length, key, 0, keyLength) === 0;
      return { outcome: isIt ? 'found' : 'other', record };
    }
    if (!isBranch(record)) return { outcome: 'unreadable', record };
    const prefix = prefixLengthOf(record);
    for (let i = 0; i < prefix; i++, at++) {
      if (at === nibbles || prefixNibble(record, i) !== keyNibble(key, 0, at)) return { outcome: 'nothing', record };
    }
    const child = childAt(record, at === nibbles ? 0 : 1 + keyNibble(key, 0, at));
    if (child < 0) return { outcome: 'nothing', record };
    at++;
    record = store.read(childOffset(record, child), childLength(record, child), record, childHashAt(child));
  }
}

/** Version records in the order of their keys. */
export class TrieCursor {
  /** The current version record; undefined at the end or where the index could not be read. */
  record: Uint8Array | undefined;
  readonly #store: IndexStore;
  readonly #root: RecordReference | undefined;
  readonly #work: Work;
  /** Branches from the root down, and the slot taken in each. */
  readonly #branches: Uint8Array[] = [];
  readonly #slots: number[] = [];

  constructor(store: IndexStore, root: RecordReference | undefined, work: Work) {
    this.#store = store;
    this.#root = root;
    this.#work = work;
  }

  /** To the first key that is not below table byte ‖ key. */
  seek(key: Uint8Array): void {
    this.#branches.length = 0;
    this.#slots.length = 0;
    this.record = undefined;
    const root = this.#root;
    if (root === undefined) return;
    let record = this.#store.read(root.offset, root.length, root.hash, 0);
    const nibbles = key.length * 2;
    let at = 0;
    for (;;) {
      if (record === undefined) return;
      if (record[0] === VERSION) {
        this.#work.counts[KEYS_COMPARED]!++;
        if (isVersion(record) && compareRanges(record, keyFromOf(record), record.length, key, 0, key.length) >= 0) {
          this.record = record;
        } else this.next();
        return;
      }
      if (!isBranch(record)) return;
      const order = comparePrefix(record, key, at);
      if (order < 0) {
        this.next(); // everything below is smaller
        return;
      }
      at += prefixLengthOf(record);
      const slot: number = order > 0 || at >= nibbles ? 0 : 1 + keyNibble(key, 0, at);
      const taken = slotFrom(record, slot);
      this.#branches.push(record);
      this.#slots.push(taken);
      if (taken !== slot || order > 0) {
        this.#slots[this.#slots.length - 1] = taken - 1;
        this.next();
        return;
      }
      at++;
      record = this.#child(record, taken);
    }
  }

  next(): void {
    this.record = undefined;
    const branches = this.#branches;
    const slots = this.#slots;
    while (branches.length > 0) {
      const branch = branches[branches.length - 1]!;
      const slot = slotFrom(branch, slots[slots.length - 1]! + 1);
      if (slot === SLOTS) {
        branches.pop();
        slots.pop();
        continue;
      }
      slots[slots.length - 1] = slot;
      const child = this.#child(branch, slot);
      if (child === undefined) return;
      if (child[0] === VERSION) {
        if (isVersion(child)) this.record = child;
        return;
      }
      if (!isBranch(child)) return;
      branches.push(child);
      slots.push(-1);
    }
  }

  #child(branch: Uint8Array, slot: number): Uint8Array | undefined {
    const at = childAt(branch, slot);
    return this.#store.read(childOffset(branch, at), childLength(branch, at), branch, childHashAt(at));
  }
}

/** How a branch's prefix stands to the key from nibble `at` on: negative if all below it is smaller than the key. */
function comparePrefix(branch: Uint8Array, key: Uint8Array, at: number): number {
  const prefix = prefixLengthOf(branch);
  for (let i = 0; i < prefix; i++) {
    if (at + i >= key.length * 2) return 1;
    const difference = prefixNibble(branch, i) - keyNibble(key, 0, at + i);
    if (difference !== 0) return difference;
  }
  return 0;
}
