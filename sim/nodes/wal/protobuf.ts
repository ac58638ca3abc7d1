/**
 * The protobuf that the log's small messages need, as gogoproto writes them: fields in ascending order, and
 * fields marked non-nullable always there, zero or not.
 *
 *     HardState    1 term, 2 vote, 3 commit                      varints, all always written
 *     Snapshot     1 index, 2 term (always), 3 Configuration (if known)
 *     Configuration    1 voters, 2 learners, 3 outgoing voters, 4 next learners (one field each, not packed),
 *                  5 autoLeave (always)
 *
 * etcd's member ids are 64-bit hashes, so that a vote takes ten bytes in every state record. Ours are small
 * numbers; on disk they become `MEMBER_ID_HIGH · 2^32 + number`, and 0 stays 0. Reading takes the low half.
 */
import { readVarint, varintEnd, writeVarint } from '../../bytes/varint.ts';
import type { Configuration, HardState, SnapshotMark } from './wal-entry.ts';

/** Bit 31 set: ten varint bytes, as half of all 64-bit hashes take; the other half take nine. */
const MEMBER_ID_HIGH = 0x9e3779b9;
export const HARD_STATE_BYTES_MAX = 3 * 11;

/** Writes the 64-bit varint of a member id at `at`; returns the position after it. */
function writeMemberId(bytes: Uint8Array, at: number, node: number): number {
  if (node === 0) {
    bytes[at] = 0;
    return at + 1;
  }
  bytes[at] = (node & 0x7f) | 0x80;
  bytes[at + 1] = ((node >>> 7) & 0x7f) | 0x80;
  bytes[at + 2] = ((node >>> 14) & 0x7f) | 0x80;
  bytes[at + 3] = ((node >>> 21) & 0x7f) | 0x80;
  bytes[at + 4] = (node >>> 28) | ((MEMBER_ID_HIGH & 0x07) << 4) | 0x80;
  bytes[at + 5] = ((MEMBER_ID_HIGH >>> 3) & 0x7f) | 0x80;
  bytes[at + 6] = ((MEMBER_ID_HIGH >>> 10) & 0x7f) | 0x80;
  bytes[at + 7] = ((MEMBER_ID_HIGH >>> 17) & 0x7f) | 0x80;
  bytes[at + 8] = ((MEMBER_ID_HIGH >>> 24) & 0x7f) | 0x80;
  bytes[at + 9] = MEMBER_ID_HIGH >>> 31;
  return at + 10;
}

/** The node number in the member id at `at`: its low 32 bits. Sets `varintEnd` as `readVarint` does. */
function readMemberId(bytes: Uint8Array, at: number, end: number): number {
  readVarint(bytes, at, end);
  if (varintEnd < 0) return 0;
  let node = 0;
  for (let i = 0; i < 5 && at + i < varintEnd; i++) node |= (bytes[at + i]! & 0x7f) << (7 * i);
  return node >>> 0;
}

export function writeHardState(bytes: Uint8Array, at: number, state: HardState): number {
  bytes[at++] = 0x08;
  at = writeVarint(bytes, at, state.term);
  bytes[at++] = 0x10;
  at = writeMemberId(bytes, at, state.vote);
  bytes[at++] = 0x18;
  return writeVarint(bytes, at, state.commit);
}

/** Undefined: not a HardState. */
export function readHardState(bytes: Uint8Array, from: number, to: number): HardState | undefined {
  let term = 0;
  let vote = 0;
  let commit = 0;
  for (let at = from; at < to; at = varintEnd) {
    const tag = bytes[at]!;
    if (tag === 0x08) term = readVarint(bytes, at + 1, to);
    else if (tag === 0x10) vote = readMemberId(bytes, at + 1, to);
    else if (tag === 0x18) commit = readVarint(bytes, at + 1, to);
    else return undefined;
    if (varintEnd < 0) return undefined;
  }
  return { term, vote, commit };
}

/** Plain arrays: snapshots are rare. */
export function encodeSnapshotMark(mark: SnapshotMark): Uint8Array {
  const out: number[] = [];
  out.push(0x08);
  pushVarint(out, mark.index);
  out.push(0x10);
  pushVarint(out, mark.term);
  if (mark.configuration !== undefined) {
    const conf = encodeConfiguration(mark.configuration);
    out.push(0x1a);
    pushVarint(out, conf.length);
    out.push(...conf);
  }
  return Uint8Array.from(out);
}

export function decodeSnapshotMark(bytes: Uint8Array): SnapshotMark | undefined {
  let index = 0;
  let term = 0;
  let configuration: Configuration | undefined;
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at]!;
    const value = readVarint(bytes, at + 1, bytes.length);
    if (varintEnd < 0) return undefined;
    at = varintEnd;
    if (tag === 0x08) index = value;
    else if (tag === 0x10) term = value;
    else if (tag === 0x1a && at + value <= bytes.length) {
      configuration = decodeConfiguration(bytes.subarray(at, at + value));
      if (configuration === undefined) return undefined;
      at += value;
    } else return undefined;
  }
  return configuration === undefined ? { index, term } : { index, term, configuration };
}

export function encodeConfiguration(conf: Configuration): number[] {
  const out: number[] = [];
  const scratch = new Uint8Array(10);
  const field = (tag: number, nodes: readonly number[]): void => {
    for (const node of nodes) {
      const end = writeMemberId(scratch, 0, node);
      out.push(tag, ...scratch.subarray(0, end));
    }
  };
  field(0x08, conf.voters);
  field(0x10, conf.learners);
  field(0x18, conf.votersOutgoing);
  field(0x20, conf.learnersNext);
  out.push(0x28, conf.autoLeave ? 1 : 0);
  return out;
}

export function decodeConfiguration(bytes: Uint8Array): Configuration | undefined {
  const voters: number[] = [];
  const learners: number[] = [];
  const votersOutgoing: number[] = [];
  const learnersNext: number[] = [];
  let autoLeave = false;
  for (let at = 0; at < bytes.length; at = varintEnd) {
    const tag = bytes[at]!;
    const node = readMemberId(bytes, at + 1, bytes.length);
    if (varintEnd < 0) return undefined;
    if (tag === 0x08) voters.push(node);
    else if (tag === 0x10) learners.push(node);
    else if (tag === 0x18) votersOutgoing.push(node);
    else if (tag === 0x20) learnersNext.push(node);
    else if (tag === 0x28) autoLeave = node === 1;
    else return undefined;
  }
  return { voters, learners, votersOutgoing, learnersNext, autoLeave };
}

export function pushVarint(out: number[], value: number): void {
  const scratch = new Uint8Array(10);
  const end = writeVarint(scratch, 0, value);
  for (let i = 0; i < end; i++) out.push(scratch[i]!);
}
