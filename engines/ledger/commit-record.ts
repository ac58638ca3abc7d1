/**
 * `commit<n>`: 256 bytes that pin everything up to a block's tip.
 *
 *     magic 8 ‖ number u64 ‖ entries u64 ‖ journal end u64 ‖ index end u64 ‖ root offset u64 ‖ root length u32 ‖
 *     edge length u32 ‖ edge offset u64 ‖ keys u64 ‖ live keys u64 ‖ 0 u64 ‖ previous digest 32 ‖ tip hash 32 ‖
 *     tree root 32 ‖ trie root hash 32 ‖ 0 u64 ‖ digest 32
 */
import { readU32LE, readU64LE, writeU32LE, writeU64LE } from '../../sim/bytes/fixed.ts';
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import type { Digester } from './digester.ts';
import { equalBytes, HEADER_BYTES, ZERO_HASH } from './format.ts';
import type { RecordReference } from './index-record.ts';

export const COMMIT_BYTES = 256;
const MAGIC = Uint8Array.from('LDGCOMIT', (character) => character.charCodeAt(0));
const DIGEST_AT = 224;

export interface Commit {
  /** −1: of a store without a block. */
  readonly number: number;
  readonly entries: number;
  readonly journalEnd: number;
  readonly indexEnd: number;
  readonly root: RecordReference | undefined;
  readonly edgeOffset: number;
  readonly edgeLength: number;
  readonly keys: number;
  readonly liveKeys: number;
  readonly previousDigest: Uint8Array;
  readonly tipHash: Uint8Array;
  readonly treeRoot: Uint8Array;
  readonly digest: Uint8Array;
}

/** Before the first block: the journal's first header is all there is. */
export const NO_COMMIT: Commit = {
  number: -1,
  entries: 0,
  journalEnd: HEADER_BYTES,
  indexEnd: HEADER_BYTES,
  root: undefined,
  edgeOffset: 0,
  edgeLength: 0,
  keys: 0,
  liveKeys: 0,
  previousDigest: ZERO_HASH,
  tipHash: ZERO_HASH,
  treeRoot: ZERO_HASH,
  digest: ZERO_HASH,
};

export function encodeCommit(commit: Omit<Commit, 'digest'>, digester: Digester): Uint8Array {
  const bytes = new Uint8Array(COMMIT_BYTES);
  bytes.set(MAGIC);
  writeU64LE(bytes, 8, commit.number);
  writeU64LE(bytes, 16, commit.entries);
  writeU64LE(bytes, 24, commit.journalEnd);
  writeU64LE(bytes, 32, commit.indexEnd);
  writeU64LE(bytes, 40, commit.root?.offset ?? 0);
  writeU32LE(bytes, 48, commit.root?.length ?? 0);
  writeU32LE(bytes, 52, commit.edgeLength);
  writeU64LE(bytes, 56, commit.edgeOffset);
  writeU64LE(bytes, 64, commit.keys);
  writeU64LE(bytes, 72, commit.liveKeys);
  bytes.set(commit.previousDigest, 88);
  bytes.set(commit.tipHash, 120);
  bytes.set(commit.treeRoot, 152);
  bytes.set(commit.root?.hash ?? ZERO_HASH, 184);
  digester.commit(bytes, 0, DIGEST_AT, bytes, DIGEST_AT);
  return bytes;
}

/** Undefined unless the bytes are a commit with its own digest, every byte of it. */
export function decodeCommit(bytes: Uint8Array, digester: Digester): Commit | undefined {
  if (bytes.length !== COMMIT_BYTES) return undefined;
  const offset = readU64LE(bytes, 40);
  const root =
    offset === 0 ? undefined : { offset, length: readU32LE(bytes, 48), hash: bytes.slice(184, 184 + DIGEST_BYTES) };
  const commit: Commit = {
    number: readU64LE(bytes, 8),
    entries: readU64LE(bytes, 16),
    journalEnd: readU64LE(bytes, 24),
    indexEnd: readU64LE(bytes, 32),
    root,
    edgeLength: readU32LE(bytes, 52),
    edgeOffset: readU64LE(bytes, 56),
    keys: readU64LE(bytes, 64),
    liveKeys: readU64LE(bytes, 72),
    previousDigest: bytes.slice(88, 88 + DIGEST_BYTES),
    tipHash: bytes.slice(120, 120 + DIGEST_BYTES),
    treeRoot: bytes.slice(152, 152 + DIGEST_BYTES),
    digest: bytes.slice(DIGEST_AT),
  };
  return equalBytes(encodeCommit(commit, digester), bytes) ? commit : undefined;
}
