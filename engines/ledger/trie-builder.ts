/**
 * What a block does to the trie: its keys' new versions are put in, and every branch on their paths is
 * written anew. Branches are taken into memory as they are met; the old ones stay where they are, for
 * older commits.
 *
 * Memory: the changed branches of one block, at most its entries × the depth of the trie.
 */
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import { INDEX_STEPS, type Work } from '../../sim/work.ts';
import type { Digester } from './digester.ts';
import type { IndexStore } from './index-file.ts';
import {
  childAt,
  childReference,
  encodeBranch,
  isBranch,
  isVersion,
  keyFromOf,
  keyNibble,
  prefixLengthOf,
  prefixNibble,
  type RecordReference,
  SLOTS,
  VERSION,
} from './index-record.ts';

/** A changed branch. A slot holds a reference, or a changed branch below, or nothing. */
class Branch {
  prefix: Uint8Array;
  readonly references: (RecordReference | undefined)[] = new Array(SLOTS).fill(undefined);
  readonly branches: (Branch | undefined)[] = new Array(SLOTS).fill(undefined);
  /** While being written: the slot to look at next. */
  at = 0;

  constructor(prefix: Uint8Array) {
    this.prefix = prefix;
  }
}

export class TrieBuilder {
  root: RecordReference | undefined;
  readonly #store: IndexStore;
  readonly #digester: Digester;
  readonly #work: Work;
  /** Offsets of branches that were replaced: nobody will ask for them soon. */
  readonly replaced: number[] = [];
  /** Holds the root in slot 0. */
  #above = new Branch(new Uint8Array(0));

  constructor(store: IndexStore, root: RecordReference | undefined, digester: Digester, work: Work) {
    this.#store = store;
    this.#digester = digester;
    this.#work = work;
    this.root = root;
    this.#above.references[0] = root;
  }

  /**
   * Puts in a version of a key (table byte ‖ key). `write` is given the version record that it follows, if any, and
   * appends the new one. False: the index could not be read, and nothing more may be done with this builder.
   */
  put(
    key: Uint8Array,
    keyLength: number,
    write: (prior: RecordReference | undefined, record: Uint8Array | undefined) => RecordReference | undefined,
  ): boolean {
    const nibbles = keyLength * 2;
    let above = this.#above;
    let slot = 0;
    let at = 0;
    for (;;) {
      this.#work.counts[INDEX_STEPS]!++;
      let branch = above.branches[slot];
      if (branch === undefined) {
        const reference = above.references[slot];
        if (reference === undefined) return this.#set(above, slot, write(undefined, undefined));
        const record = this.#store.read(reference.offset, reference.length, reference.hash, 0);
        if (record === undefined) return false;
        if (record[0] === VERSION) {
          if (!isVersion(record)) return false;
          const other = keyFromOf(record);
          const common = commonNibbles(record, other, record.length - other, key, keyLength, at);
          if (common < 0) return this.#set(above, slot, write(reference, record));
          const fork = new Branch(nibblesOf(key, at, at + common));
          const end = at + common;
          fork.references[slotOf(record, other, (record.length - other) * 2, end)] = reference;
          above.branches[slot] = fork;
          above.references[slot] = undefined;
          return this.#set(fork, slotOf(key, 0, nibbles, end), write(undefined, undefined));
        }
        if (!isBranch(record)) return false;
        branch = decodeBranch(record);
        this.replaced.push(reference.offset);
        above.branches[slot] = branch;
        above.references[slot] = undefined;
      }
      const { prefix } = branch;
      let common = 0;
      while (common < prefix.length && at + common < nibbles && prefix[common] === keyNibble(key, 0, at + common)) {
        common++;
      }
      if (common < prefix.length) {
        const fork = new Branch(prefix.slice(0, common));
        fork.branches[1 + prefix[common]!] = branch;
        branch.prefix = prefix.slice(common + 1);
        above.branches[slot] = fork;
        return this.#set(fork, slotOf(key, 0, nibbles, at + common), write(undefined, undefined));
      }
      at += common;
      above = branch;
      slot = slotOf(key, 0, nibbles, at);
      at++;
    }
  }

  /** Writes the changed branches, children first; a slice ends after `sliceBranches`. The new root stands in `root`. */
  *finish(sliceBranches: number): Generator<undefined, void> {
    const stack: { branch: Branch; above: Branch; slot: number }[] = [];
    const top = this.#above.branches[0];
    if (top !== undefined) stack.push({ branch: top, above: this.#above, slot: 0 });
    let written = 0;
    while (stack.length > 0) {
      const { branch, above, slot } = stack[stack.length - 1]!;
      while (branch.at < SLOTS && branch.branches[branch.at] === undefined) branch.at++;
      const below = branch.branches[branch.at];
      if (below !== undefined) {
        stack.push({ branch: below, above: branch, slot: branch.at });
        continue;
      }
      stack.pop();
      const record = encodeBranch(branch.prefix, branch.references);
      const hash = new Uint8Array(DIGEST_BYTES);
      this.#digester.record(record, 0, record.length, hash, 0);
      above.references[slot] = { offset: this.#store.end, length: record.length, hash };
      above.branches[slot] = undefined;
      this.#store.append(record);
      if (++written % sliceBranches === 0) yield;
    }
    this.root = this.#above.references[0];
  }

  #set(branch: Branch, slot: number, reference: RecordReference | undefined): boolean {
    branch.references[slot] = reference;
    return reference !== undefined;
  }
}

/** The slot of a key whose first `at` nibbles led here. */
function slotOf(key: Uint8Array, from: number, nibbles: number, at: number): number {
  return at === nibbles ? 0 : 1 + keyNibble(key, from, at);
}

/** How many nibbles two keys share from nibble `at` on; −1 if they are the same key. */
function commonNibbles(
  record: Uint8Array,
  from: number,
  length: number,
  key: Uint8Array,
  keyLength: number,
  at: number,
): number {
  const nibbles = Math.min(length, keyLength) * 2;
  let i = at;
  while (i < nibbles && keyNibble(record, from, i) === keyNibble(key, 0, i)) i++;
  // past the end: both keys end at the branch above
  return i >= nibbles && length === keyLength ? -1 : i - at;
}

function nibblesOf(key: Uint8Array, from: number, to: number): Uint8Array {
  const nibbles = new Uint8Array(to - from);
  for (let i = from; i < to; i++) nibbles[i - from] = keyNibble(key, 0, i);
  return nibbles;
}

function decodeBranch(record: Uint8Array): Branch {
  const prefix = new Uint8Array(prefixLengthOf(record));
  for (let i = 0; i < prefix.length; i++) prefix[i] = prefixNibble(record, i);
  const branch = new Branch(prefix);
  for (let slot = 0; slot < SLOTS; slot++) {
    const at = childAt(record, slot);
    if (at >= 0) branch.references[slot] = childReference(record, at);
  }
  return branch;
}
