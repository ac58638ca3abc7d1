/**
 * Digests of payloads that are a few literal bytes and fill: the replicas of a cluster hash the same ones, and so
 * does an audit. A function of the payload alone, so that it is the same whoever asks; what a digest costs
 * is counted whether it is remembered or not.
 *
 * A place for each, chosen by a hash of the payload; the newest stays. Some 5 MiB, made at first use.
 */
import { DIGEST_BYTES } from '../../sim/bytes/sha256.ts';
import type { Value } from '../../sim/bytes/value.ts';

const PLACES = 65_536;
const LITERAL_BYTES_MAX = 32;
const EMPTY = 255;

export class PayloadMemo {
  readonly #literals = new Uint8Array(PLACES * LITERAL_BYTES_MAX);
  readonly #digests = new Uint8Array(PLACES * DIGEST_BYTES);
  readonly #literalLength = new Uint8Array(PLACES).fill(EMPTY);
  readonly #fillAt = new Uint8Array(PLACES);
  readonly #fillLength = new Uint32Array(PLACES);

  /** Where a payload's digest is or would be; −1 if it is not one of those that are remembered. */
  static placeOf(value: Value): number {
    const { bytes, start, literalLength, fillLength } = value;
    if (literalLength > LITERAL_BYTES_MAX) return -1;
    let hash = Math.imul(fillLength ^ 0x811c9dc5, 0x01000193);
    for (let i = 0; i < literalLength; i++) hash = Math.imul(hash ^ bytes[start + i]!, 0x01000193);
    return (hash ^ (hash >>> 15)) & (PLACES - 1);
  }

  /** True, and the digest in `into`, if it is known. */
  recall(place: number, value: Value, into: Uint8Array, at: number): boolean {
    const { bytes, start, literalLength, fillAt, fillLength } = value;
    if (this.#literalLength[place] !== literalLength || this.#fillLength[place] !== fillLength) return false;
    if (this.#fillAt[place] !== fillAt) return false;
    const literals = this.#literals;
    const base = place * LITERAL_BYTES_MAX;
    for (let i = 0; i < literalLength; i++) if (literals[base + i] !== bytes[start + i]) return false;
    for (let i = 0; i < DIGEST_BYTES; i++) into[at + i] = this.#digests[place * DIGEST_BYTES + i]!;
    return true;
  }

  remember(place: number, value: Value, digest: Uint8Array, at: number): void {
    const { bytes, start, literalLength } = value;
    this.#literalLength[place] = literalLength;
    this.#fillAt[place] = value.fillAt;
    this.#fillLength[place] = value.fillLength;
    for (let i = 0; i < literalLength; i++) this.#literals[place * LITERAL_BYTES_MAX + i] = bytes[start + i]!;
    for (let i = 0; i < DIGEST_BYTES; i++) this.#digests[place * DIGEST_BYTES + i] = digest[at + i]!;
  }
}
