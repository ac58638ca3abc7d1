/**
 * The full bloom filter: 64-byte lines, an odd number of them; a key's 32-bit hash picks a line and
 * `probes` bits in it. Behind the lines stand the number of probes (u8) and of lines (u32).
 */
import { readU32LE, writeU32LE } from '../../sim/bytes/fixed.ts';

const LINE_BYTES = 64;
const LINE_BITS = LINE_BYTES * 8;
const TRAILER_BYTES = 5;
const SEED = 0xbc9f1d34;
const MULTIPLIER = 0xc6a4a793;
/** Bits a key × ln 2, a little less: the format's rule. */
const PROBES_PER_BIT = 0.69;
const PROBES_MAX = 30;

/** MurmurHash1 over bytes[0, length), the last three bytes sign-extended as the format has them. */
export function bloomHash(bytes: Uint8Array, from: number, to: number): number {
  let hash = SEED ^ Math.imul(to - from, MULTIPLIER);
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    hash = Math.imul((hash + word) | 0, MULTIPLIER);
    hash ^= hash >>> 16;
  }
  const rest = to - at;
  if (rest > 0) {
    if (rest > 2) hash = (hash + (((bytes[at + 2] << 24) >> 24) << 16)) | 0;
    if (rest > 1) hash = (hash + (((bytes[at + 1] << 24) >> 24) << 8)) | 0;
    hash = (hash + ((bytes[at] << 24) >> 24)) | 0;
    hash = Math.imul(hash, MULTIPLIER);
    hash ^= hash >>> 24;
  }
  return hash >>> 0;
}

/** Collects the hashes of a table's keys; a key twice in a row counts once. */
export class BloomBuilder {
  readonly #bitsPerKey: number;
  #hashes = new Uint32Array(1024);
  count = 0;

  constructor(bitsPerKey: number) {
    this.#bitsPerKey = bitsPerKey;
  }

  add(key: Uint8Array, length: number): void {
    const hash = bloomHash(key, 0, length);
    if (this.count > 0 && this.#hashes[this.count - 1] === hash) return;
    if (this.count === this.#hashes.length) {
      const grown = new Uint32Array(this.count * 2);
      grown.set(this.#hashes);
      this.#hashes = grown;
    }
    this.#hashes[this.count++] = hash;
  }

  /** The filter's bytes; starts over. */
  finish(): Uint8Array {
    const bits = Math.max(1, this.count * this.#bitsPerKey);
    let lines = Math.ceil(bits / LINE_BITS);
    if (lines % 2 === 0) lines++;
    const filter = new Uint8Array(lines * LINE_BYTES + TRAILER_BYTES);
    const probes = Math.min(PROBES_MAX, Math.max(1, Math.floor(this.#bitsPerKey * PROBES_PER_BIT)));
    for (let k = 0; k < this.count; k++) {
      let hash = this.#hashes[k];
      const line = (hash % lines) * LINE_BYTES;
      const delta = (hash >>> 17) | (hash << 15);
      for (let i = 0; i < probes; i++) {
        const bit = hash & (LINE_BITS - 1);
        filter[line + (bit >>> 3)] |= 1 << (bit & 7);
        hash = (hash + delta) | 0;
      }
    }
    filter[filter.length - TRAILER_BYTES] = probes;
    writeU32LE(filter, filter.length - 4, lines);
    this.count = 0;
    return filter;
  }
}

/** False only if no key with this hash was added. A filter of an impossible shape says yes to all. */
export function bloomMayContain(filter: Uint8Array, keyHash: number): boolean {
  if (filter.length < TRAILER_BYTES) return true;
  const probes = filter[filter.length - TRAILER_BYTES];
  const lines = readU32LE(filter, filter.length - 4);
  if (lines * LINE_BYTES + TRAILER_BYTES !== filter.length || probes === 0 || probes > PROBES_MAX) return true;
  const line = (keyHash % lines) * LINE_BYTES;
  let hash = keyHash;
  const delta = (hash >>> 17) | (hash << 15);
  for (let i = 0; i < probes; i++) {
    const bit = hash & (LINE_BITS - 1);
    if ((filter[line + (bit >>> 3)] & (1 << (bit & 7))) === 0) return false;
    hash = (hash + delta) | 0;
  }
  return true;
}
