/**
 * The payload of a Raft entry: etcd's InternalRaftRequest, so that entries have real sizes.
 *
 *     4    put           1 key, 2 value                       empty fields are left out (proto3)
 *     5    delete_range  1 key, 2 range_end
 *     7    compaction    1 revision
 *     100  header        1 ID
 *
 * The ID is where etcd puts a random-looking 64-bit number that names the request. Ours is
 * `2^63 + session · 2^31 + sequence`: it names client and request for ever, and with bit 63 set it takes ten
 * varint bytes, as half of etcd's do (the others nine). Session: 32 bits. Sequence: 31 bits.
 *
 * Encoding copies what it is given, literal parts only; fill stays fill. Decoding borrows.
 */
import { assert } from '../../assert.ts';
import { Value } from '../../bytes/value.ts';
import { readVarint, varintEnd, varintLength, writeVarint } from '../../bytes/varint.ts';
import { type ClientRequest, DELETE, PUT } from '../../rpc.ts';

const TAG_PUT = 0x22;
const TAG_DELETE_RANGE = 0x2a;
const TAG_COMPACTION = 0x3a;
/** Field 100, length-delimited: two bytes. */
const TAG_HEADER_LOW = 0xa2;
const TAG_HEADER_HIGH = 0x06;
/** Tag, length, tag of the ID, ID. */
const HEADER_BYTES = 2 + 1 + 1 + 10;

export const SEQUENCE_MAX = 0x7fffffff;

/** Payloads are cut from blocks: an array of its own for each costs more memory than a payload has. */
const BLOCK_BYTES = 64 * 1024;

/** Encodes client requests. What it returns stays as it is for ever, and keeps its block alive. */
export class RequestEncoder {
  #block = new Uint8Array(BLOCK_BYTES);
  #used = 0;

  /** PUT and DELETE only: reads don't go through the log. */
  encode(request: ClientRequest): Value {
    const value = new Value();
    const size = encodedLiteralBytes(request);
    if (size > BLOCK_BYTES / 4) return encodeInto(request, new Uint8Array(size), 0, size, value);
    if (this.#used + size > BLOCK_BYTES) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    const start = this.#used;
    this.#used += size;
    return encodeInto(request, this.#block, start, size, value);
  }
}

/** As `RequestEncoder.encode`, into an array of its own. */
export function encodeRequest(request: ClientRequest): Value {
  const size = encodedLiteralBytes(request);
  return encodeInto(request, new Uint8Array(size), 0, size, new Value());
}

function bodyBytesOf(request: ClientRequest): number {
  const { key, keyEnd, value } = request;
  const isPut = request.operation === PUT;
  const second = isPut ? value : undefined;
  const rangeEnd = isPut ? undefined : keyEnd;
  const secondBytes = second !== undefined ? second.length : rangeEnd !== undefined ? rangeEnd.length : 0;
  return fieldBytes(key.length) + fieldBytes(secondBytes);
}

function encodedLiteralBytes(request: ClientRequest): number {
  const bodyBytes = bodyBytesOf(request);
  const fillBytes = request.operation === PUT && request.value !== undefined ? request.value.fillLength : 0;
  return 1 + varintLength(bodyBytes) + bodyBytes + HEADER_BYTES - fillBytes;
}

/** Writes the payload's `size` literal bytes at `start` and makes `into` stand for the payload. */
function encodeInto(request: ClientRequest, bytes: Uint8Array, start: number, size: number, into: Value): Value {
  assert(request.operation === PUT || request.operation === DELETE, 'request codec: only writes are logged');
  const { key } = request;
  const isPut = request.operation === PUT;
  const second = isPut ? request.value : undefined;
  const rangeEnd = isPut ? undefined : request.keyEnd;
  const secondBytes = second !== undefined ? second.length : rangeEnd !== undefined ? rangeEnd.length : 0;
  const fillLength = second !== undefined ? second.fillLength : 0;
  const bodyBytes = fieldBytes(key.length) + fieldBytes(secondBytes);

  bytes[start] = isPut ? TAG_PUT : TAG_DELETE_RANGE;
  let at = writeVarint(bytes, start + 1, bodyBytes);
  if (key.length > 0) {
    bytes[at++] = 0x0a;
    at = writeVarint(bytes, at, key.length);
    for (let i = 0; i < key.length; i++) bytes[at + i] = key[i]!;
    at += key.length;
  }
  let fillAt = at;
  if (secondBytes > 0) {
    bytes[at++] = 0x12;
    at = writeVarint(bytes, at, secondBytes);
    if (second !== undefined) {
      const source = second.bytes;
      const { start: from, literalLength } = second;
      for (let i = 0; i < literalLength; i++) bytes[at + i] = source[from + i]!;
      fillAt = at + second.fillAt;
      at += literalLength;
    } else {
      bytes.set(rangeEnd!, at);
      at += rangeEnd!.length;
    }
  }
  at = writeHeader(bytes, at, request.session, request.sequence);
  assert(at === start + size, 'request codec: size');
  return into.set(bytes, start, size, fillLength > 0 ? fillAt - start : size, fillLength);
}

/** Forgets all revisions below `revision` that a later one replaced (mvcc). */
export function encodeCompaction(revision: number, session: number, sequence: number): Value {
  const bodyBytes = 1 + varintLength(revision);
  const bytes = new Uint8Array(2 + bodyBytes + HEADER_BYTES);
  bytes[0] = TAG_COMPACTION;
  bytes[1] = bodyBytes;
  bytes[2] = 0x08;
  const at = writeVarint(bytes, 3, revision);
  writeHeader(bytes, at, session, sequence);
  return Value.of(bytes);
}

export const REQUEST_NONE = 0;
export const REQUEST_PUT = 1;
export const REQUEST_DELETE_RANGE = 2;
export const REQUEST_COMPACTION = 3;
/** Not an InternalRaftRequest, or one of a kind that is not here yet. */
export const REQUEST_UNKNOWN = 4;

/** What a payload says; reused, true until the next `decode`, and only while the payload's bytes are. */
export class DecodedRequest {
  kind = REQUEST_NONE;
  session = 0;
  sequence = 0;
  /** Key and range end stand in `bytes`; endFrom = endTo: no range end. */
  bytes: Uint8Array = new Uint8Array(0);
  keyFrom = 0;
  keyTo = 0;
  endFrom = 0;
  endTo = 0;
  readonly value = new Value();
  revision = 0;

  /** Never fails: what cannot be read is REQUEST_UNKNOWN. An empty payload is REQUEST_NONE. */
  decode(payload: Value): void {
    this.kind = REQUEST_NONE;
    this.session = 0;
    this.sequence = 0;
    this.bytes = payload.bytes;
    this.keyFrom = this.keyTo = this.endFrom = this.endTo = payload.start;
    this.value.set(payload.bytes, payload.start, 0, 0, 0);
    if (payload.length === 0) return;
    if (this.#decode(payload.bytes, payload.start, payload.literalLength, payload.fillAt, payload.fillLength)) return;
    if (payload.fillLength > 0) {
      // fill somewhere else than in the value: a key full of it
      const bytes = payload.toBytes();
      this.bytes = bytes;
      if (this.#decode(bytes, 0, bytes.length, bytes.length, 0)) return;
    }
    this.kind = REQUEST_UNKNOWN;
  }

  #decode(bytes: Uint8Array, start: number, literalLength: number, fillAt: number, fillLength: number): boolean {
    const end = start + literalLength;
    this.kind = REQUEST_UNKNOWN;
    // bytes of fill still ahead: what lengths count but `bytes` does not hold
    let fillLeft = fillLength;
    let at = start;
    while (at < end) {
      const tag = bytes[at]!;
      if (tag === TAG_HEADER_LOW && bytes[at + 1] === TAG_HEADER_HIGH) {
        at += 2;
        if (bytes[at] !== 11 || bytes[at + 1] !== 0x08 || at + 12 > end) return false;
        this.#readId(bytes, at + 2);
        at += 12;
        continue;
      }
      const length = readVarint(bytes, at + 1, end);
      at = varintEnd;
      const bodyEnd = at + length - fillLeft;
      if (at < 0 || bodyEnd > end || bodyEnd < at) return false;
      if (tag === TAG_PUT || tag === TAG_DELETE_RANGE) {
        this.kind = tag === TAG_PUT ? REQUEST_PUT : REQUEST_DELETE_RANGE;
        if (!this.#fields(bytes, at, bodyEnd, start + fillAt, fillLeft)) return false;
        fillLeft = 0;
      } else if (tag === TAG_COMPACTION && bytes[at] === 0x08) {
        this.kind = REQUEST_COMPACTION;
        this.revision = readVarint(bytes, at + 1, end);
        if (varintEnd !== bodyEnd) return false;
      } else return false;
      at = bodyEnd;
    }
    return fillLeft === 0;
  }

  /** bytes[from, end) plus `fillLength` bytes of fill at `fillFrom` are the fields of a put or a delete. */
  #fields(bytes: Uint8Array, from: number, end: number, fillFrom: number, fillLength: number): boolean {
    let fillLeft = fillLength;
    let at = from;
    while (at < end) {
      const tag = bytes[at]!;
      const length = readVarint(bytes, at + 1, end);
      at = varintEnd;
      if (at < 0) return false;
      if (tag === 0x0a) {
        const to = at + length;
        if (to > end || (fillLeft > 0 && fillFrom < to)) return false;
        this.keyFrom = at;
        this.keyTo = to;
        at = to;
      } else if (tag === 0x12) {
        const to = at + length - fillLeft;
        if (to > end || to < at || (fillLeft > 0 && (fillFrom < at || fillFrom > to))) return false;
        if (this.kind === REQUEST_PUT) {
          this.value.set(bytes, at, to - at, fillLeft > 0 ? fillFrom - at : to - at, fillLeft);
        } else {
          if (fillLeft > 0) return false;
          this.endFrom = at;
          this.endTo = to;
        }
        fillLeft = 0;
        at = to;
      } else return false;
    }
    return fillLeft === 0;
  }

  #readId(bytes: Uint8Array, id: number): void {
    const middle = bytes[id + 4]! & 0x7f;
    this.sequence =
      (bytes[id]! & 0x7f) |
      ((bytes[id + 1]! & 0x7f) << 7) |
      ((bytes[id + 2]! & 0x7f) << 14) |
      ((bytes[id + 3]! & 0x7f) << 21) |
      ((middle & 0x07) << 28);
    this.session =
      ((middle >>> 3) |
        ((bytes[id + 5]! & 0x7f) << 4) |
        ((bytes[id + 6]! & 0x7f) << 11) |
        ((bytes[id + 7]! & 0x7f) << 18) |
        ((bytes[id + 8]! & 0x7f) << 25)) >>>
      0;
  }
}

function fieldBytes(length: number): number {
  return length === 0 ? 0 : 1 + varintLength(length) + length;
}

function writeHeader(bytes: Uint8Array, at: number, session: number, sequence: number): number {
  assert(sequence >= 0 && sequence <= SEQUENCE_MAX, 'request codec: sequence beyond 31 bits');
  bytes[at] = TAG_HEADER_LOW;
  bytes[at + 1] = TAG_HEADER_HIGH;
  bytes[at + 2] = 11;
  bytes[at + 3] = 0x08;
  bytes[at + 4] = (sequence & 0x7f) | 0x80;
  bytes[at + 5] = ((sequence >>> 7) & 0x7f) | 0x80;
  bytes[at + 6] = ((sequence >>> 14) & 0x7f) | 0x80;
  bytes[at + 7] = ((sequence >>> 21) & 0x7f) | 0x80;
  bytes[at + 8] = ((sequence >>> 28) & 0x07) | ((session & 0x0f) << 3) | 0x80;
  bytes[at + 9] = ((session >>> 4) & 0x7f) | 0x80;
  bytes[at + 10] = ((session >>> 11) & 0x7f) | 0x80;
  bytes[at + 11] = ((session >>> 18) & 0x7f) | 0x80;
  bytes[at + 12] = ((session >>> 25) & 0x7f) | 0x80;
  bytes[at + 13] = 0x01;
  return at + 14;
}
