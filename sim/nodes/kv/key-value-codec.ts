/**
 * What etcd's store writes into the table `key`.
 *
 *     key    main u64 BE ‖ '_' ‖ sub u64 BE, and 't' after it if the revision deletes the key: 17 or 18 B
 *     value  protobuf KeyValue: 1 key, 2 create_revision, 3 mod_revision, 4 version, 5 value, 6 lease; zero and empty fields
 *            are left out (proto3), so that a tombstone's has its key only
 */
import { readU64BE, writeU64BE } from '../../bytes/fixed.ts';
import { Value } from '../../bytes/value.ts';
import { readVarint, varintEnd, varintLength, writeVarint } from '../../bytes/varint.ts';

export const REVISION_KEY_BYTES = 17;
export const TOMBSTONE_KEY_BYTES = 18;
const SEPARATOR = 0x5f;
const TOMBSTONE_MARK = 0x74;

/** `out` of 17 B, or of 18 B for a tombstone. */
export function writeRevisionKey(out: Uint8Array, main: number, sub: number): void {
  writeU64BE(out, 0, main);
  out[8] = SEPARATOR;
  writeU64BE(out, 9, sub);
  if (out.length === TOMBSTONE_KEY_BYTES) out[REVISION_KEY_BYTES] = TOMBSTONE_MARK;
}

/** What the last `readRevisionKey` read. */
export let revisionMain = 0;
export let revisionSub = 0;
export let revisionIsTombstone = false;

/** False: not a revision key. */
export function readRevisionKey(bytes: Uint8Array, from: number, to: number): boolean {
  const length = to - from;
  if (length !== REVISION_KEY_BYTES && length !== TOMBSTONE_KEY_BYTES) return false;
  if (bytes[from + 8] !== SEPARATOR) return false;
  revisionIsTombstone = length === TOMBSTONE_KEY_BYTES;
  if (revisionIsTombstone && bytes[from + REVISION_KEY_BYTES] !== TOMBSTONE_MARK) return false;
  revisionMain = readU64BE(bytes, from);
  revisionSub = readU64BE(bytes, from + 9);
  return true;
}

/** Tags and numbers at their largest. */
const OVERHEAD_BYTES_MAX = 6 + 9 + 9 + 9 + 6 + 3;

export class KeyValueEncoder {
  #scratch = new Uint8Array(512);
  readonly #out = new Value();

  /** Borrowed until the next call. */
  put(
    key: Uint8Array,
    from: number,
    to: number,
    created: number,
    modified: number,
    version: number,
    value: Value,
  ): Value {
    const { literalLength, fillLength } = value;
    const needed = to - from + literalLength + OVERHEAD_BYTES_MAX;
    if (needed > this.#scratch.length) this.#scratch = new Uint8Array(needed * 2);
    const out = this.#scratch;
    let at = this.#key(key, from, to);
    out[at++] = 0x10;
    at = writeVarint(out, at, created);
    out[at++] = 0x18;
    at = writeVarint(out, at, modified);
    out[at++] = 0x20;
    at = writeVarint(out, at, version);
    let fillAt = at;
    const length = literalLength + fillLength;
    if (length > 0) {
      out[at++] = 0x2a;
      at = writeVarint(out, at, length);
      fillAt = at + value.fillAt;
      const source = value.bytes;
      const { start } = value;
      for (let i = 0; i < literalLength; i++) out[at + i] = source[start + i]!;
      at += literalLength;
    }
    return this.#out.set(out, 0, at, fillLength > 0 ? fillAt : at, fillLength);
  }

  /** The value of a tombstone. Borrowed until the next call. */
  tombstone(key: Uint8Array, from: number, to: number): Value {
    const needed = to - from + OVERHEAD_BYTES_MAX;
    if (needed > this.#scratch.length) this.#scratch = new Uint8Array(needed * 2);
    const at = this.#key(key, from, to);
    return this.#out.set(this.#scratch, 0, at, at, 0);
  }

  #key(key: Uint8Array, from: number, to: number): number {
    const out = this.#scratch;
    if (from === to) return 0;
    out[0] = 0x0a;
    const at = writeVarint(out, 1, to - from);
    for (let i = from; i < to; i++) out[at + i - from] = key[i]!;
    return at + to - from;
  }
}

/** A KeyValue taken apart; reused, true until the next `decode`, and only while the given bytes are. */
export class DecodedKeyValue {
  bytes: Uint8Array = new Uint8Array(0);
  keyFrom = 0;
  keyTo = 0;
  created = 0;
  modified = 0;
  version = 0;
  readonly value = new Value();

  /** False: not a KeyValue. */
  decode(stored: Value): boolean {
    if (this.#decode(stored)) return true;
    // fill somewhere else than in the value: a key full of it
    return stored.fillLength > 0 && this.#decode(Value.of(stored.toBytes()));
  }

  #decode(stored: Value): boolean {
    const { bytes, start, fillLength } = stored;
    const fillFrom = start + stored.fillAt;
    const end = start + stored.literalLength;
    this.bytes = bytes;
    this.keyFrom = this.keyTo = start;
    this.created = this.modified = this.version = 0;
    this.value.set(bytes, start, 0, 0, 0);
    let fillLeft = fillLength;
    let at = start;
    while (at < end) {
      const tag = bytes[at]!;
      const number = readVarint(bytes, at + 1, end);
      at = varintEnd;
      if (at < 0) return false;
      if (tag === 0x10) this.created = number;
      else if (tag === 0x18) this.modified = number;
      else if (tag === 0x20) this.version = number;
      else if (tag === 0x30) continue;
      else if (tag === 0x0a) {
        const to = at + number;
        if (to > end || (fillLeft > 0 && fillFrom < to)) return false;
        this.keyFrom = at;
        this.keyTo = to;
        at = to;
      } else if (tag === 0x2a) {
        const to = at + number - fillLeft;
        if (to > end || to < at || (fillLeft > 0 && (fillFrom < at || fillFrom > to))) return false;
        this.value.set(bytes, at, to - at, fillLeft > 0 ? fillFrom - at : to - at, fillLeft);
        fillLeft = 0;
        at = to;
      } else return false;
    }
    return fillLeft === 0;
  }
}

/** Bytes of the KeyValue of a put: for estimates and tests. */
export function keyValueBytes(
  keyBytes: number,
  created: number,
  modified: number,
  version: number,
  valueBytes: number,
): number {
  const field = (length: number): number => (length === 0 ? 0 : 1 + varintLength(length) + length);
  return (
    field(keyBytes) + 3 + varintLength(created) + varintLength(modified) + varintLength(version) + field(valueBytes)
  );
}
