/**
 * Reads: the keys that are in no block yet are found in memory, the others in the trie of the last commit
 * (form `chain`: all in memory); the value is read from the journal and its checksum must hold.
 */

import { compareRanges } from '../../sim/bytes/compare.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { Fault, Visitor } from '../../sim/storage-engine.ts';
import { DELETES, ENTRY_HEADER_BYTES, Entry, EntryVerifier } from './entry.ts';
import { entryLengthOf, flagsOf, keyFromOf, positionOf } from './index-record.ts';
import type { KeyIndex } from './key-index.ts';
import type { Store } from './store.ts';
import { followKey, TrieCursor } from './trie.ts';

/** Newest first. */
export type KeyIndexes = readonly KeyIndex[];

export class Reader {
  /** The first entry that was not what was written; what the index notes of itself is apart. */
  fault: Fault | undefined;
  readonly #store: Store;
  readonly #verifier: EntryVerifier;
  readonly #entry = new Entry();
  /** One for gets and one for scans: each lends its bytes out. */
  readonly #got = new SparseBuffer(1024);
  readonly #scanned = new SparseBuffer(1024);

  constructor(store: Store) {
    this.#store = store;
    this.#verifier = new EntryVerifier(store.digester, store.work);
  }

  /** `key`: table byte ‖ key. */
  get(keys: KeyIndexes, key: Uint8Array, keyLength: number, into: Value): boolean {
    for (const index of keys) {
      const node = index.find(key, keyLength);
      if (node === 0) continue;
      if ((index.flags[node]! & DELETES) !== 0) return false;
      return this.readEntry(index.position[node]!, index.entryLength[node]!, key, 0, keyLength, this.#got, into);
    }
    const { index, commit, work } = this.#store;
    if (index === undefined) return false;
    const { outcome, record } = followKey(index, commit.root, key, keyLength, work);
    if (outcome !== 'found' || record === undefined || (flagsOf(record) & DELETES) !== 0) return false;
    return this.readEntry(positionOf(record), entryLengthOf(record), key, 0, keyLength, this.#got, into);
  }

  scan(keys: KeyIndexes, from: Uint8Array, to: Uint8Array, visit: Visitor): void {
    const { index, commit, work } = this.#store;
    const trie = index === undefined ? undefined : new TrieCursor(index, commit.root, work);
    trie?.seek(from);
    const nodes = keys.map((each) => each.lowerBound(from, from.length));
    const value = new Value();
    for (;;) {
      // the smallest key, of several equal ones the newest
      let best = -1;
      for (let i = 0; i < keys.length; i++) {
        if (nodes[i] === 0) continue;
        if (best < 0 || keys[i]!.compareNodes(nodes[i]!, keys[best]!, nodes[best]!) < 0) best = i;
      }
      const record = trie?.record;
      const inMemory = best >= 0 && (record === undefined || compareWithRecord(keys[best]!, nodes[best]!, record) <= 0);
      if (!inMemory && record === undefined) break;
      const source = inMemory ? keys[best]! : undefined;
      const node = inMemory ? nodes[best]! : 0;
      const bytes = source?.arena ?? record!;
      const keyFrom = source?.keyFrom[node] ?? keyFromOf(record!);
      const keyTo = source?.keyTo[node] ?? record!.length;
      if (compareRanges(bytes, keyFrom, keyTo, to, 0, to.length) >= 0) return;
      const flags = source?.flags[node] ?? flagsOf(record!);
      const position = source?.position[node] ?? positionOf(record!);
      const length = source?.entryLength[node] ?? entryLengthOf(record!);
      for (let i = 0; i < keys.length; i++) {
        if (i === best || nodes[i] === 0 || !inMemory) continue;
        if (keys[i]!.compareNodes(nodes[i]!, source!, node) === 0) nodes[i] = keys[i]!.next(nodes[i]!);
      }
      if (inMemory && record !== undefined && compareWithRecord(source!, node, record) === 0) trie!.next();
      if (inMemory) nodes[best] = source!.next(node);
      else trie!.next();
      if ((flags & DELETES) !== 0) continue;
      if (!this.readEntry(position, length, bytes, keyFrom, keyTo, this.#scanned, value)) continue;
      if (!visit(bytes, keyFrom + 1, keyTo, value)) return;
    }
  }

  /** The value of the entry at `position`, if it is an entry of that key and its checksum holds. */
  readEntry(
    position: number,
    length: number,
    key: Uint8Array,
    keyFrom: number,
    keyTo: number,
    buffer: SparseBuffer,
    into: Value,
  ): boolean {
    const entry = this.#entry;
    const { journal } = this.#store;
    if (journal.read(position, length, buffer) !== 'ok') return this.#failed(position, 'cannot be read');
    if (buffer.length !== length || length < ENTRY_HEADER_BYTES) return this.#failed(position, 'a part of an entry');
    buffer.copyTo(entry.header, 0, 0, ENTRY_HEADER_BYTES);
    if (!entry.decodeHeader() || entry.length !== length) return this.#failed(position, 'no entry');
    if (!this.#verifier.checksumHolds(entry, buffer, 0)) return this.#failed(position, 'wrong checksum');
    entry.readKey(buffer, 0);
    if (compareRanges(entry.prefixedKey, 0, entry.keyLength + 1, key, keyFrom, keyTo) !== 0) {
      return this.#failed(position, 'an entry of another key');
    }
    entry.readValue(buffer, 0, into);
    return true;
  }

  get entry(): Entry {
    return this.#entry;
  }

  #failed(position: number, what: string): false {
    const file = this.#store.journal.fileAt(position);
    this.fault ??= { where: `${file?.name ?? 'journal'} offset ${position - (file?.base ?? 0)}`, what };
    return false;
  }
}

function compareWithRecord(keys: KeyIndex, node: number, record: Uint8Array): number {
  return compareRanges(keys.arena, keys.keyFrom[node]!, keys.keyTo[node]!, record, keyFromOf(record), record.length);
}
