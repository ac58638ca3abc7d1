/** The hashes of FORMAT.md, counted as work. Holds no state between calls; `into` may overlap nothing. */
import { DIGEST_BYTES, Sha256 } from '../../sim/bytes/sha256.ts';
import type { Value } from '../../sim/bytes/value.ts';
import { BYTES_DIGESTED, type Work } from '../../sim/work.ts';
import { ChunkMemo } from './chunk-memo.ts';
import { HASH_OF_CHUNKS, HASH_OF_COMMIT, HASH_OF_ENTRY, HASH_OF_NODE, HASH_OF_RECORD } from './format.ts';
import { PayloadMemo } from './payload-memo.ts';

export const CHUNK_BYTES = 1024;
/** Bytes of an entry's header that its hash covers, by their place in the entry. */
const HASHED_FROM = 8;
const HASHED_TO = 32;

/** Of every ledger of this process: a chunk's digest says nothing of who asked. */
const memo = new ChunkMemo();

/** Digests of chunks that are fill and nothing else, by length; the same for every ledger. */
const fillDigests: (Uint8Array | undefined)[] = new Array(CHUNK_BYTES + 1).fill(undefined);

/** Shorter ones are hashed as fast as they are found. */
const REMEMBERED_FILL_MIN = 64;
let payloads: PayloadMemo | undefined;

export class Digester {
  readonly #hasher = new Sha256();
  readonly #chunks = new Sha256();
  readonly #work: Work;
  readonly #chunk = new Uint8Array(DIGEST_BYTES);

  constructor(work: Work) {
    this.#work = work;
  }

  payload(value: Value, into: Uint8Array, at: number): void {
    const { length } = value;
    this.#count(length);
    if (length > CHUNK_BYTES) this.#count(Math.ceil(length / CHUNK_BYTES) * DIGEST_BYTES);
    const place = value.fillLength < REMEMBERED_FILL_MIN ? -1 : PayloadMemo.placeOf(value);
    if (place < 0) {
      this.#digestPayload(value, into, at);
      return;
    }
    payloads ??= new PayloadMemo();
    if (payloads.recall(place, value, into, at)) return;
    this.#digestPayload(value, into, at);
    payloads.remember(place, value, into, at);
  }

  /** Of the entry whose header stands in `header` from 0 on. */
  entry(
    header: Uint8Array,
    previous: Uint8Array,
    previousAt: number,
    key: Uint8Array,
    keyFrom: number,
    keyTo: number,
    payload: Uint8Array,
    into: Uint8Array,
    at: number,
  ): void {
    this.#count(DIGEST_BYTES * 2 + HASHED_TO - HASHED_FROM + keyTo - keyFrom);
    this.#hasher
      .reset()
      .byte(HASH_OF_ENTRY)
      .bytes(previous, previousAt, previousAt + DIGEST_BYTES)
      .bytes(header, HASHED_FROM, HASHED_TO)
      .bytes(key, keyFrom, keyTo)
      .bytes(payload, 0, DIGEST_BYTES)
      .digest(into, at);
  }

  /** A node of the accumulator. `into` may be one of the children. */
  node(left: Uint8Array, leftAt: number, right: Uint8Array, rightAt: number, into: Uint8Array, at: number): void {
    this.#count(DIGEST_BYTES * 2);
    this.#hasher
      .reset()
      .byte(HASH_OF_NODE)
      .bytes(left, leftAt, leftAt + DIGEST_BYTES)
      .bytes(right, rightAt, rightAt + DIGEST_BYTES)
      .digest(into, at);
  }

  record(bytes: Uint8Array, from: number, to: number, into: Uint8Array, at: number): void {
    this.#count(to - from);
    this.#hasher.reset().byte(HASH_OF_RECORD).bytes(bytes, from, to).digest(into, at);
  }

  commit(bytes: Uint8Array, from: number, to: number, into: Uint8Array, at: number): void {
    this.#count(to - from);
    this.#hasher.reset().byte(HASH_OF_COMMIT).bytes(bytes, from, to).digest(into, at);
  }

  #digestPayload(value: Value, into: Uint8Array, at: number): void {
    const { length } = value;
    if (length <= CHUNK_BYTES) {
      this.#digestChunk(value, 0, length, into, at);
      return;
    }
    const chunks = this.#chunks.reset().byte(HASH_OF_CHUNKS);
    for (let from = 0; from < length; from += CHUNK_BYTES) {
      this.#digestChunk(value, from, Math.min(length, from + CHUNK_BYTES), this.#chunk, 0);
      chunks.bytes(this.#chunk);
    }
    chunks.digest(into, at);
  }

  #digestChunk(value: Value, from: number, to: number, into: Uint8Array, at: number): void {
    const onlyFill = from >= value.fillAt && to <= value.fillAt + value.fillLength && from < to;
    if (onlyFill) {
      const known = fillDigests[to - from];
      if (known !== undefined) {
        into.set(known, at);
        return;
      }
    }
    if (memo.find(value, from, to, into, at)) return;
    this.#hasher.reset().value(value, from, to).digest(into, at);
    memo.add(into, at);
    if (onlyFill) fillDigests[to - from] = into.slice(at, at + DIGEST_BYTES);
  }

  #count(bytes: number): void {
    this.#work.counts[BYTES_DIGESTED]! += bytes;
  }
}
