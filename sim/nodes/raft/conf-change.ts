/**
 * Changes of the configuration, as they stand in the log. Protobuf, proto2, fields always written:
 *
 *     ConfChange    1 id varint · 2 type varint · 3 node_id varint · [4 context bytes]
 *     ConfChangeV2  1 transition varint · 2 changes* { 1 type varint · 2 node_id varint } · [3 context bytes]
 *
 * Empty data is an empty ConfChangeV2: it leaves a joint configuration.
 */
import { Value } from '../../bytes/value.ts';
import { readVarint, varintEnd, varintLength, writeVarint } from '../../bytes/varint.ts';
import { EMPTY_DATA, ENTRY_CONF_CHANGE, ENTRY_CONF_CHANGE_V2, type Entry } from './messages.ts';

export const ADD_NODE = 0;
export const REMOVE_NODE = 1;
export const UPDATE_NODE = 2;
export const ADD_LEARNER = 3;

/** One voter at most changes: directly. Otherwise as `TRANSITION_IMPLICIT`. */
export const TRANSITION_AUTO = 0;
/** Through a joint configuration that the leader leaves by itself. */
export const TRANSITION_IMPLICIT = 1;
/** Through a joint configuration that stays until somebody proposes an empty change. */
export const TRANSITION_EXPLICIT = 2;

export interface Change {
  readonly type: number;
  readonly nodeId: number;
}

export interface ConfChange {
  /** 1: exactly one change, no transition. */
  readonly version: 1 | 2;
  readonly transition: number;
  readonly changes: readonly Change[];
  /** For the host: addresses and the like. */
  readonly context?: Uint8Array | undefined;
  /** Only in version 1: tells the host which request this was. */
  readonly id?: number | undefined;
}

export function leavesJoint(change: ConfChange): boolean {
  return change.transition === TRANSITION_AUTO && change.changes.length === 0;
}

export function entersJoint(change: ConfChange): boolean {
  return change.transition !== TRANSITION_AUTO || change.changes.length > 1;
}

export function entryType(change: ConfChange): number {
  return change.version === 1 ? ENTRY_CONF_CHANGE : ENTRY_CONF_CHANGE_V2;
}

export function encodeConfChange(change: ConfChange): Value {
  const { context } = change;
  let size = context === undefined ? 0 : 1 + varintLength(context.length) + context.length;
  if (change.version === 1) {
    const { type, nodeId } = change.changes[0]!;
    size += 3 + varintLength(change.id ?? 0) + varintLength(type) + varintLength(nodeId);
    const bytes = new Uint8Array(size);
    let at = field(bytes, 0, 0x08, change.id ?? 0);
    at = field(bytes, at, 0x10, type);
    at = field(bytes, at, 0x18, nodeId);
    if (context !== undefined) tail(bytes, at, 0x22, context);
    return Value.of(bytes);
  }
  if (change.transition === TRANSITION_AUTO && change.changes.length === 0 && context === undefined) return EMPTY_DATA;
  size += 1 + varintLength(change.transition);
  for (const single of change.changes) size += 2 + changeLength(single);
  const bytes = new Uint8Array(size);
  let at = field(bytes, 0, 0x08, change.transition);
  for (const single of change.changes) {
    at = field(bytes, at, 0x12, changeLength(single));
    at = field(bytes, at, 0x08, single.type);
    at = field(bytes, at, 0x10, single.nodeId);
  }
  if (context !== undefined) tail(bytes, at, 0x1a, context);
  return Value.of(bytes);
}

/** The change in `entry`, or undefined if it is not one or does not parse. */
export function decodeConfChange(entry: Entry): ConfChange | undefined {
  const bytes = entry.data.toBytes();
  if (entry.type === ENTRY_CONF_CHANGE) return decodeV1(bytes);
  return entry.type === ENTRY_CONF_CHANGE_V2 ? decodeV2(bytes) : undefined;
}

function decodeV1(bytes: Uint8Array): ConfChange | undefined {
  const numbers = [0, 0, 0, 0];
  let context: Uint8Array | undefined;
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    const value = readVarint(bytes, at + 1, bytes.length);
    if (varintEnd < 0) return undefined;
    at = varintEnd;
    if (tag === 0x08 || tag === 0x10 || tag === 0x18) numbers[tag >> 3] = value;
    else if (tag === 0x22 && at + value <= bytes.length) {
      context = bytes.slice(at, at + value);
      at += value;
    } else return undefined;
  }
  const changes = [{ type: numbers[2]!, nodeId: numbers[3]! }];
  return { version: 1, transition: TRANSITION_AUTO, changes, context, id: numbers[1]! };
}

function decodeV2(bytes: Uint8Array): ConfChange | undefined {
  let transition = TRANSITION_AUTO;
  const changes: Change[] = [];
  let context: Uint8Array | undefined;
  for (let at = 0; at < bytes.length; ) {
    const tag = bytes[at]!;
    const value = readVarint(bytes, at + 1, bytes.length);
    if (varintEnd < 0) return undefined;
    at = varintEnd;
    if (tag === 0x08) {
      transition = value;
      continue;
    }
    const end = at + value;
    if (end > bytes.length) return undefined;
    if (tag === 0x12) {
      const change = decodeChange(bytes, at, end);
      if (change === undefined) return undefined;
      changes.push(change);
    } else if (tag === 0x1a) context = bytes.slice(at, end);
    else return undefined;
    at = end;
  }
  if (transition > TRANSITION_EXPLICIT) return undefined;
  return { version: 2, transition, changes, context };
}

function decodeChange(bytes: Uint8Array, from: number, to: number): Change | undefined {
  let type = ADD_NODE;
  let nodeId = 0;
  for (let at = from; at < to; ) {
    const tag = bytes[at]!;
    const value = readVarint(bytes, at + 1, to);
    if (varintEnd < 0) return undefined;
    at = varintEnd;
    if (tag === 0x08) type = value;
    else if (tag === 0x10) nodeId = value;
    else return undefined;
  }
  return { type, nodeId };
}

function changeLength(change: Change): number {
  return 2 + varintLength(change.type) + varintLength(change.nodeId);
}

function field(bytes: Uint8Array, at: number, tag: number, value: number): number {
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value);
}

function tail(bytes: Uint8Array, at: number, tag: number, context: Uint8Array): void {
  bytes.set(context, field(bytes, at, tag, context.length));
}
