/** Proofs and histories out of the files, as of the last commit. `proof.ts` verifies what this makes. */
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import type { CommitFile } from './commit-file.ts';
import { DELETES } from './entry.ts';
import {
  decodeEdge,
  entryLengthOf,
  flagsOf,
  isVersion,
  linkCount,
  linkOf,
  positionOf,
  type RecordReference,
  sequenceOf,
  versionOf,
} from './index-record.ts';
import { powerOfTwo } from './merkle-tree.ts';
import { ENTRY_FIELDS_BYTES, type Proof, type ProvenEntry } from './proof.ts';
import type { Reader } from './reader.ts';
import type { Store } from './store.ts';
import { followKey } from './trie.ts';

export interface KeyVersion {
  readonly version: number;
  readonly sequence: number;
  /** Undefined: this version deletes the key. */
  readonly value: Value | undefined;
}

/** Undefined if there is no block yet, or if something on the way can't be read or isn't what was written. */
export function prove(store: Store, reader: Reader, table: number, key: Uint8Array): Proof | undefined {
  const { commit, commits, index, work } = store;
  const commitBytes = commit.number < 0 ? undefined : (commits as CommitFile).read(commit.number);
  if (index === undefined || commitBytes === undefined) return undefined;
  const prefixed = prefixedKey(table, key);
  const records: Uint8Array[] = [];
  const path = followKey(index, commit.root, prefixed, prefixed.length, work, (record) => records.push(record.slice()));
  if (path.outcome === 'unreadable') return undefined;
  if (path.outcome !== 'found' || path.record === undefined) {
    return { table, key: key.slice(), commit: commitBytes, records, entry: undefined };
  }
  const entry = proveEntry(store, reader, path.record, prefixed);
  return entry === undefined ? undefined : { table, key: key.slice(), commit: commitBytes, records, entry };
}

function proveEntry(store: Store, reader: Reader, record: Uint8Array, key: Uint8Array): ProvenEntry | undefined {
  const { index, accumulator, commit } = store;
  const value = new Value();
  const buffer = new SparseBuffer(1024);
  const position = positionOf(record);
  if (!reader.readEntry(position, entryLengthOf(record), key, 0, key.length, buffer, value)) return undefined;
  const edgeBytes = index?.readBytes(commit.edgeOffset, commit.edgeLength);
  const edge = edgeBytes === undefined ? undefined : decodeEdge(edgeBytes);
  const path = edge === undefined ? undefined : accumulator?.path(sequenceOf(record), commit.entries, edge);
  if (path === undefined) return undefined;
  const { header } = reader.entry;
  return {
    fields: header.slice(8, 8 + ENTRY_FIELDS_BYTES),
    previousHash: header.slice(32, 64),
    value: value.copy(),
    path,
  };
}

/** The record of one version of a key, found by the links of later ones; undefined if there is none. */
export function findVersion(store: Store, table: number, key: Uint8Array, version: number): Uint8Array | undefined {
  const { index, commit, work } = store;
  if (index === undefined) return undefined;
  const prefixed = prefixedKey(table, key);
  const path = followKey(index, commit.root, prefixed, prefixed.length, work);
  let record = path.outcome === 'found' ? path.record : undefined;
  while (record !== undefined && isVersion(record)) {
    const at = versionOf(record);
    if (at <= version) return at === version ? record : undefined;
    let k = 0;
    while (k + 1 < linkCount(at) && at - powerOfTwo(k + 1) >= version) k++;
    const link: RecordReference = linkOf(record, k);
    record = index.read(link.offset, link.length, link.hash, 0);
  }
  return undefined;
}

export function readVersion(
  store: Store,
  reader: Reader,
  table: number,
  key: Uint8Array,
  version: number,
): KeyVersion | undefined {
  const record = findVersion(store, table, key, version);
  if (record === undefined) return undefined;
  const value = new Value();
  const prefixed = prefixedKey(table, key);
  const buffer = new SparseBuffer(1024);
  const length = entryLengthOf(record);
  if (!reader.readEntry(positionOf(record), length, prefixed, 0, prefixed.length, buffer, value)) return undefined;
  const isDeletion = (flagsOf(record) & DELETES) !== 0;
  return { version, sequence: sequenceOf(record), value: isDeletion ? undefined : value.copy() };
}

export function prefixedKey(table: number, key: Uint8Array): Uint8Array {
  const prefixed = new Uint8Array(key.length + 1);
  prefixed[0] = table;
  prefixed.set(key, 1);
  return prefixed;
}
