/**
 * Digests of chunks of values that were lately made. The replicas of a cluster append the same values within
 * moments: what the first one has hashed, the others look up.
 *
 * A chunk is what its bounds, the place of the fill and the literal bytes of its value say, compared one by one; values of
 * many literal bytes are not remembered. Each chunk has one place, where it takes that of another one:
 *
 *     place = from u32, to u32, fillAt u32, fillLength u32, literalLength + 1 u32 (0: the place is empty), literal bytes padded with zeros, digest
 */
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import type { Value } from '../../sim/bytes/value.ts';

const LITERAL_BYTES_MAX = 64;
const LITERAL_AT = 5;
const DIGEST_AT = LITERAL_AT + LITERAL_BYTES_MAX / 4;
const PLACE_WORDS = DIGEST_AT + DIGEST_BYTES / 4;
const PLACES = 4096;

export class ChunkMemo {
  readonly #places = new Int32Array(PLACES * PLACE_WORDS);
  readonly #bytes = new Uint8Array(this.#places.buffer);
  /** What was asked for last, as it stands in a place. */
  readonly #chunk = new Int32Array(DIGEST_AT);
  readonly #literal = new Uint8Array(this.#chunk.buffer, LITERAL_AT * 4);
  /** Of it; −1: it has none. */
  #place = -1;
  #words = 0;

  /** Writes the digest of value[from, to), if it is known. */
  find(value: Value, from: number, to: number, into: Uint8Array, at: number): boolean {
    const { bytes, start, literalLength } = value;
    this.#place = -1;
    if (literalLength > LITERAL_BYTES_MAX) return false;
    const chunk = this.#chunk;
    const literal = this.#literal;
    chunk[0] = from;
    chunk[1] = to;
    chunk[2] = value.fillAt;
    chunk[3] = value.fillLength;
    chunk[4] = literalLength + 1;
    let end = 0;
    for (; end < literalLength; end++) literal[end] = bytes[start + end]!;
    for (; (end & 3) !== 0; end++) literal[end] = 0;
    const words = LITERAL_AT + end / 4;
    let hash = 0;
    for (let i = 0; i < words; i++) {
      hash = Math.imul(hash ^ chunk[i]!, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    const places = this.#places;
    const place = (hash & (PLACES - 1)) * PLACE_WORDS;
    this.#place = place;
    this.#words = words;
    for (let i = 0; i < words; i++) if (places[place + i] !== chunk[i]) return false;
    const digest = (place + DIGEST_AT) * 4;
    for (let i = 0; i < DIGEST_BYTES; i++) into[at + i] = this.#bytes[digest + i]!;
    return true;
  }

  /** The digest of what was just not found. */
  add(digest: Uint8Array, at: number): void {
    const place = this.#place;
    if (place < 0) return;
    for (let i = 0; i < this.#words; i++) this.#places[place + i] = this.#chunk[i]!;
    const digestAt = (place + DIGEST_AT) * 4;
    for (let i = 0; i < DIGEST_BYTES; i++) this.#bytes[digestAt + i] = digest[at + i]!;
  }
}
