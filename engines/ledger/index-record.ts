/**
 * Records of the index, as bytes and as what they say. They are read in place: a record that was checked
 * against its hash is what we wrote. Layouts, from FORMAT.md:
 *
 *     version  1 ‖ flags u8 ‖ key length u16 ‖ entry length u32 ‖ version u48 ‖ sequence u48 ‖ position u48 ‖
 *              links u8 ‖ 0 ‖ entry hash 32 ‖ (offset u48 ‖ hash 32) … ‖ table ‖ key
 *     branch   2 ‖ 0 ‖ prefix nibbles u16 ‖ bitmap u32 ‖ prefix ‖ (offset u48 ‖ length u32 ‖ hash 32) …
 *     edge     3 ‖ 0 ‖ count u16 ‖ hash 32 …
 */
import { readU16LE, readU32LE, writeU16LE, writeU32LE } from '../../sim/bytes/fixed.ts';
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import { readU48LE, writeU48LE } from './format.ts';
import { powerOfTwo } from './merkle-tree.ts';

export const VERSION = 1;
export const BRANCH = 2;
export const EDGE = 3;

const LINKS_AT = 60;
const LINK_BYTES = 38;
const BRANCH_HEADER_BYTES = 8;
const CHILD_BYTES = 42;
/** A child's hash, from where the child starts. */
const CHILD_HASH_AT = 10;
/** The key that ends at a branch, then the sixteen nibbles. */
export const SLOTS = 17;

/** Where a record stands and what its hash must be. */
export interface RecordReference {
  readonly offset: number;
  readonly length: number;
  readonly hash: Uint8Array;
}

// ——— version ———

/** Links of a version: as many as powers of two divide it, less what would go below 1; one at least but for the first. */
export function linkCount(version: number): number {
  let count = 0;
  for (let step = 1; step < version && version % step === 0; step *= 2) count++;
  return count;
}

export function versionLength(prefixedKeyLength: number, version: number): number {
  return LINKS_AT + linkCount(version) * LINK_BYTES + prefixedKeyLength;
}

export interface VersionFields {
  readonly flags: number;
  readonly entryLength: number;
  readonly version: number;
  readonly sequence: number;
  readonly position: number;
}

/** `key`: table byte ‖ key, `keyLength` bytes of it. */
export function encodeVersion(
  fields: VersionFields,
  entryHash: Uint8Array,
  links: readonly RecordReference[],
  key: Uint8Array,
  keyLength: number,
): Uint8Array {
  const record = new Uint8Array(LINKS_AT + links.length * LINK_BYTES + keyLength);
  record[0] = VERSION;
  record[1] = fields.flags;
  writeU16LE(record, 2, keyLength);
  writeU32LE(record, 4, fields.entryLength);
  writeU48LE(record, 8, fields.version);
  writeU48LE(record, 14, fields.sequence);
  writeU48LE(record, 20, fields.position);
  record[26] = links.length;
  record.set(entryHash.subarray(0, DIGEST_BYTES), 28);
  for (let k = 0; k < links.length; k++) {
    const { offset, hash } = links[k]!;
    writeU48LE(record, LINKS_AT + k * LINK_BYTES, offset);
    record.set(hash, LINKS_AT + k * LINK_BYTES + 6);
  }
  for (let i = 0, at = record.length - keyLength; i < keyLength; i++) record[at + i] = key[i]!;
  return record;
}

export const flagsOf = (record: Uint8Array): number => record[1]!;
export const entryLengthOf = (record: Uint8Array): number => readU32LE(record, 4);
export const versionOf = (record: Uint8Array): number => readU48LE(record, 8);
export const sequenceOf = (record: Uint8Array): number => readU48LE(record, 14);
export const positionOf = (record: Uint8Array): number => readU48LE(record, 20);
export const entryHashOf = (record: Uint8Array): Uint8Array => record.subarray(28, LINKS_AT);
const keyLengthOf = (record: Uint8Array): number => readU16LE(record, 2);
/** Where the key starts; it goes to the end of the record. */
export const keyFromOf = (record: Uint8Array): number => record.length - keyLengthOf(record);

/** Link k of a version v: version v − 2^k of the same key, whose length follows from that. */
export function linkOf(record: Uint8Array, k: number): RecordReference {
  const at = LINKS_AT + k * LINK_BYTES;
  return {
    offset: readU48LE(record, at),
    length: versionLength(keyLengthOf(record), versionOf(record) - powerOfTwo(k)),
    hash: record.slice(at + 6, at + LINK_BYTES),
  };
}

/** Whether bytes of no known origin are a version record, every length in it right. */
export function isVersion(record: Uint8Array): boolean {
  if (record.length < LINKS_AT || record[0] !== VERSION || record[27] !== 0) return false;
  const version = versionOf(record);
  return (
    version >= 1 && record[26] === linkCount(version) && record.length === versionLength(keyLengthOf(record), version)
  );
}

// ——— branch ———

export const prefixLengthOf = (record: Uint8Array): number => readU16LE(record, 2);
const bitmapOf = (record: Uint8Array): number => readU32LE(record, 4);

export function prefixNibble(record: Uint8Array, i: number): number {
  const byte = record[BRANCH_HEADER_BYTES + (i >>> 1)]!;
  return i % 2 === 0 ? byte >>> 4 : byte & 15;
}

/** Where in the record the child of a slot stands; −1 if there is none. */
export function childAt(record: Uint8Array, slot: number): number {
  const bitmap = bitmapOf(record);
  if ((bitmap & (1 << slot)) === 0) return -1;
  const before = bitCount(bitmap & ((1 << slot) - 1));
  return BRANCH_HEADER_BYTES + ((prefixLengthOf(record) + 1) >>> 1) + before * CHILD_BYTES;
}

/** The first slot from `slot` on that has a child; `SLOTS` if none has. */
export function slotFrom(record: Uint8Array, slot: number): number {
  const rest = slot >= SLOTS ? 0 : bitmapOf(record) & ~((1 << slot) - 1);
  return rest === 0 ? SLOTS : 31 - Math.clz32(rest & -rest);
}

export const childOffset = (record: Uint8Array, at: number): number => readU48LE(record, at);
export const childLength = (record: Uint8Array, at: number): number => readU32LE(record, at + 6);
export const childHashAt = (at: number): number => at + CHILD_HASH_AT;

export function isBranch(record: Uint8Array): boolean {
  if (record.length < BRANCH_HEADER_BYTES || record[0] !== BRANCH || record[1] !== 0) return false;
  const bitmap = bitmapOf(record);
  const children = bitCount(bitmap);
  const prefixBytes = (prefixLengthOf(record) + 1) >>> 1;
  return (
    bitmap < 2 ** 17 && children >= 2 && record.length === BRANCH_HEADER_BYTES + prefixBytes + children * CHILD_BYTES
  );
}

/** `children[slot]`: undefined where there is none. */
export function encodeBranch(prefix: Uint8Array, children: readonly (RecordReference | undefined)[]): Uint8Array {
  let bitmap = 0;
  for (let slot = 0; slot < SLOTS; slot++) if (children[slot] !== undefined) bitmap |= 1 << slot;
  const prefixBytes = (prefix.length + 1) >>> 1;
  const record = new Uint8Array(BRANCH_HEADER_BYTES + prefixBytes + bitCount(bitmap) * CHILD_BYTES);
  record[0] = BRANCH;
  writeU16LE(record, 2, prefix.length);
  writeU32LE(record, 4, bitmap);
  for (let i = 0; i < prefix.length; i++) {
    record[BRANCH_HEADER_BYTES + (i >>> 1)]! |= i % 2 === 0 ? prefix[i]! << 4 : prefix[i]!;
  }
  let at = BRANCH_HEADER_BYTES + prefixBytes;
  for (const child of children) {
    if (child === undefined) continue;
    writeU48LE(record, at, child.offset);
    writeU32LE(record, at + 6, child.length);
    record.set(child.hash, at + CHILD_HASH_AT);
    at += CHILD_BYTES;
  }
  return record;
}

export function childReference(record: Uint8Array, at: number): RecordReference {
  return {
    offset: childOffset(record, at),
    length: childLength(record, at),
    hash: record.slice(at + CHILD_HASH_AT, at + CHILD_BYTES),
  };
}

/** The i-th nibble of a key. */
export function keyNibble(key: Uint8Array, from: number, i: number): number {
  const byte = key[from + (i >>> 1)]!;
  return i % 2 === 0 ? byte >>> 4 : byte & 15;
}

function bitCount(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}

// ——— edge ———

export function encodeEdge(edge: readonly Uint8Array[]): Uint8Array {
  const record = new Uint8Array(4 + edge.length * DIGEST_BYTES);
  record[0] = EDGE;
  writeU16LE(record, 2, edge.length);
  for (let i = 0; i < edge.length; i++) record.set(edge[i]!, 4 + i * DIGEST_BYTES);
  return record;
}

export function decodeEdge(record: Uint8Array): Uint8Array[] | undefined {
  if (record.length < 4 || record[0] !== EDGE || record[1] !== 0) return undefined;
  const count = readU16LE(record, 2);
  if (record.length !== 4 + count * DIGEST_BYTES) return undefined;
  return Array.from({ length: count }, (_, i) => record.slice(4 + i * DIGEST_BYTES, 4 + (i + 1) * DIGEST_BYTES));
}
