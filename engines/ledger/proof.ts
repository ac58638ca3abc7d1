/**
 * Proofs that need no engine: that a value is the latest version of its key as of a block, that the key's latest
 * version deletes it, or that the key was never written. Whoever verifies knows the block's digest and nothing else.
 *
 *     digest → commit → trie root → branches … → version record → entry → key and value
 *                     → tree root → path       → the same entry: it is in the journal, at its sequence
 *
 * A proof is data from somewhere: nothing in it is believed, and no shape of it makes `verify` throw.
 */
import { readU16LE, readU32LE, readU64LE } from '../../sim/bytes/fixed.ts';
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import type { Value } from '../../sim/bytes/value.ts';
import { Work } from '../../sim/work.ts';
import { COMMIT_BYTES, decodeCommit } from './commit-record.ts';
import { Digester } from './digester.ts';
import { DELETES, KEY_BYTES_MAX } from './entry.ts';
import { equalBytes, equalHashes } from './format.ts';
import type { IndexStore } from './index-file.ts';
import { entryHashOf, flagsOf, sequenceOf, versionOf } from './index-record.ts';
import { verifyPath } from './merkle-tree.ts';
import { followKey } from './trie.ts';

/** Bytes 8 to 32 of an entry: sequence, timestamp, flags, table, lengths. */
export const ENTRY_FIELDS_BYTES = 24;

export interface ProvenEntry {
  readonly fields: Uint8Array;
  readonly previousHash: Uint8Array;
  readonly value: Value;
  /** Siblings from the entry's leaf to the root of the accumulator. */
  readonly path: readonly Uint8Array[];
}

export interface Proof {
  readonly table: number;
  readonly key: Uint8Array;
  readonly commit: Uint8Array;
  /** Records of the trie from the root to where the key is or would be. */
  readonly records: readonly Uint8Array[];
  /** Of the latest version, if there is one. */
  readonly entry: ProvenEntry | undefined;
}

export type Verdict =
  | {
      readonly outcome: 'present';
      readonly value: Value;
      readonly version: number;
      readonly sequence: number;
      readonly timestamp: number;
    }
  | { readonly outcome: 'deleted'; readonly version: number; readonly sequence: number; readonly timestamp: number }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'invalid'; readonly why: string };

const invalid = (why: string): Verdict => ({ outcome: 'invalid', why });

export function verify(proof: Proof, digest: Uint8Array): Verdict {
  const work = new Work();
  const digester = new Digester(work);
  const { table, key, entry } = proof;
  if (!Number.isInteger(table) || table < 0 || table > 255 || key.length > KEY_BYTES_MAX) return invalid('no such key');
  const commit = proof.commit.length === COMMIT_BYTES ? decodeCommit(proof.commit, digester) : undefined;
  if (commit === undefined) return invalid('no commit');
  if (!equalBytes(commit.digest, digest)) return invalid('a commit of another digest');

  const records = new ProofRecords(proof.records, digester);
  const prefixed = new Uint8Array(key.length + 1);
  prefixed[0] = table;
  prefixed.set(key, 1);
  const { outcome, record } = followKey(records, commit.root, prefixed, prefixed.length, work);
  if (outcome === 'unreadable') return invalid('the records do not lead from the root to the key');
  if (!records.allRead) return invalid('records that are not on the way');
  if (outcome !== 'found' || record === undefined) {
    return entry === undefined ? { outcome: 'absent' } : invalid('an entry of an absent key');
  }
  if (entry === undefined) return invalid('no entry');
  const hash = entryHash(proof, entry, digester);
  if (hash === undefined) return invalid('an entry of another key or value');
  if (!equalHashes(hash, 0, entryHashOf(record), 0)) return invalid('another entry than the latest version');
  const sequence = readU64LE(entry.fields, 0);
  if (sequence !== sequenceOf(record) || entry.fields[16] !== flagsOf(record)) return invalid('another entry');
  if (!verifyPath(sequence, commit.entries, hash, entry.path, commit.treeRoot, digester)) {
    return invalid('the entry is not in the journal');
  }
  const version = versionOf(record);
  const timestamp = readU64LE(entry.fields, 8);
  if ((flagsOf(record) & DELETES) !== 0) return { outcome: 'deleted', version, sequence, timestamp };
  return { outcome: 'present', value: entry.value.copy(), version, sequence, timestamp };
}

/** The hash that the entry has; undefined if it doesn't speak of the proof's key and value. */
function entryHash(proof: Proof, entry: ProvenEntry, digester: Digester): Uint8Array | undefined {
  const { table, key } = proof;
  const { fields, previousHash, value } = entry;
  if (fields.length !== ENTRY_FIELDS_BYTES || previousHash.length !== DIGEST_BYTES) return undefined;
  if (fields[17] !== table || readU16LE(fields, 18) !== key.length) return undefined;
  if (readU32LE(fields, 20) !== value.length) return undefined;
  const header = new Uint8Array(8 + ENTRY_FIELDS_BYTES);
  header.set(fields, 8);
  const hash = new Uint8Array(DIGEST_BYTES);
  const payload = new Uint8Array(DIGEST_BYTES);
  digester.payload(value, payload, 0);
  digester.entry(header, previousHash, 0, key, 0, key.length, payload, hash, 0);
  return hash;
}

/** The records of a proof as an index: each is what is asked for next, if it has the hash. */
class ProofRecords implements IndexStore {
  readonly end = 0;
  readonly #records: readonly Uint8Array[];
  readonly #digester: Digester;
  readonly #hash = new Uint8Array(DIGEST_BYTES);
  #next = 0;

  constructor(records: readonly Uint8Array[], digester: Digester) {
    this.#records = records;
    this.#digester = digester;
  }

  get allRead(): boolean {
    return this.#next === this.#records.length;
  }

  append(): void {
    // a proof is only read
  }

  read(_offset: number, length: number, hash: Uint8Array, hashAt: number): Uint8Array | undefined {
    const record = this.#records[this.#next++];
    if (record === undefined || record.length !== length) return undefined;
    this.#digester.record(record, 0, length, this.#hash, 0);
    return equalHashes(this.#hash, 0, hash, hashAt) ? record : undefined;
  }
}
