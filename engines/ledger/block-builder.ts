/**
 * What a block adds to the accumulator and the index, and its commit: a function of the previous commit and
 * of the block's entries. The engine builds with it, and the auditor builds again and compares.
 */
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import type { Work } from '../../sim/work.ts';
import type { Peaks } from './accumulator.ts';
import { COMMIT_BYTES, type Commit, encodeCommit } from './commit-record.ts';
import type { Digester } from './digester.ts';
import { DELETES } from './entry.ts';
import { ZERO_HASH } from './format.ts';
import type { IndexStore } from './index-file.ts';
import {
  encodeEdge,
  encodeVersion,
  flagsOf,
  isVersion,
  linkCount,
  linkOf,
  type RecordReference,
  versionOf,
} from './index-record.ts';
import { TrieBuilder } from './trie-builder.ts';

/** Changed branches written in one slice. */
const SLICE_BRANCHES = 64;

/** What a form `ledger` has beside its journal. */
export interface BlockStores {
  readonly peaks: Peaks;
  readonly index: IndexStore;
}

export class BlockBuilder {
  /** Set by `finish`. */
  commit!: Commit;
  record!: Uint8Array;
  readonly #previous: Commit;
  readonly #stores: BlockStores | undefined;
  readonly #trie: TrieBuilder | undefined;
  readonly #digester: Digester;
  #entries: number;
  #keys: number;
  #liveKeys: number;
  readonly #tip = new Uint8Array(DIGEST_BYTES);
  readonly #links: RecordReference[] = [];

  /** Without stores: form `chain`. */
  constructor(previous: Commit, stores: BlockStores | undefined, digester: Digester, work: Work) {
    this.#previous = previous;
    this.#stores = stores;
    this.#digester = digester;
    this.#entries = previous.entries;
    this.#keys = previous.keys;
    this.#liveKeys = previous.liveKeys;
    if (stores !== undefined) this.#trie = new TrieBuilder(stores.index, previous.root, digester, work);
  }

  /** The next entry; `key` is table byte ‖ key. False: the index could not be read. */
  add(
    position: number,
    entryLength: number,
    flags: number,
    hash: Uint8Array,
    key: Uint8Array,
    keyLength: number,
  ): boolean {
    const sequence = this.#entries++;
    this.#tip.set(hash);
    const stores = this.#stores;
    if (stores === undefined || this.#trie === undefined) return true;
    stores.peaks.append(hash);
    return this.#trie.put(key, keyLength, (prior, record) => {
      const version = record === undefined ? 1 : versionOf(record) + 1;
      if (!this.#findLinks(prior, record, version)) return undefined;
      const wasLive = record !== undefined && (flagsOf(record) & DELETES) === 0;
      const isLive = (flags & DELETES) === 0;
      if (record === undefined) this.#keys++;
      this.#liveKeys += (isLive ? 1 : 0) - (wasLive ? 1 : 0);
      const fields = { flags, entryLength, version, sequence, position };
      const bytes = encodeVersion(fields, hash, this.#links, key, keyLength);
      const reference = { offset: stores.index.end, length: bytes.length, hash: new Uint8Array(DIGEST_BYTES) };
      this.#digester.record(bytes, 0, bytes.length, reference.hash, 0);
      stores.index.append(bytes);
      return reference;
    });
  }

  /** Writes the branches and makes the commit of everything up to `journalEnd`, where the last entry ends. */
  *finish(journalEnd: number): Generator<undefined, void> {
    const stores = this.#stores;
    let edgeOffset = 0;
    let edgeLength = 0;
    let treeRoot: Uint8Array = ZERO_HASH;
    if (stores !== undefined && this.#trie !== undefined) {
      yield* this.#trie.finish(SLICE_BRANCHES);
      const edge = stores.peaks.edge();
      treeRoot = edge.at(-1) ?? stores.peaks.hashes[0]!;
      const record = encodeEdge(edge);
      edgeOffset = stores.index.end;
      edgeLength = record.length;
      stores.index.append(record);
    }
    const commit = {
      number: this.#previous.number + 1,
      entries: this.#entries,
      journalEnd,
      indexEnd: stores?.index.end ?? this.#previous.indexEnd,
      root: this.#trie?.root,
      edgeOffset,
      edgeLength,
      keys: this.#keys,
      liveKeys: this.#liveKeys,
      previousDigest: this.#previous.digest,
      tipHash: this.#tip.slice(),
      treeRoot: treeRoot.slice(),
    };
    this.record = encodeCommit(commit, this.#digester);
    this.commit = { ...commit, digest: this.record.slice(COMMIT_BYTES - DIGEST_BYTES) };
  }

  /** Offsets of branches that this block replaced. */
  get replaced(): readonly number[] {
    return this.#trie?.replaced ?? [];
  }

  /** Link k of version v goes to v − 2^k, and is link k − 1 of the version that link k − 1 goes to. */
  #findLinks(prior: RecordReference | undefined, record: Uint8Array | undefined, version: number): boolean {
    const links = this.#links;
    links.length = 0;
    if (prior === undefined || record === undefined) return true;
    links.push(prior);
    let at: Uint8Array = record;
    for (let k = 1; k < linkCount(version); k++) {
      const link = linkOf(at, k - 1);
      links.push(link);
      if (k + 1 === linkCount(version)) break;
      const next = this.#stores?.index.read(link.offset, link.length, link.hash, 0);
      if (next === undefined || !isVersion(next)) return false;
      at = next;
    }
    return true;
  }
}
