/**
 * SHA-256 (FIPS 180-4). A run of one byte repeated is hashed block by block from a schedule that is
 * made once, so that fill is never materialised; its rounds are still run, since nothing else gives
 * the digest of the real bytes.
 *
 * One hasher is reset and used again; it allocates nothing after it was made.
 */
import type { Value } from './value.ts';
import { FILL } from './value.ts';

export const DIGEST_BYTES = 32;
const BLOCK = 64;

/** Fractional parts of the cube roots of the first 64 primes. */
const K = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
);

/** The schedule, K added in, of a block of one byte repeated; made at first use. */
const runSchedules: (Int32Array | undefined)[] = new Array(256).fill(undefined);

export class Sha256 {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;
  #e = 0;
  #f = 0;
  #g = 0;
  #h = 0;
  /** Schedule words with K added in. */
  readonly #schedule = new Int32Array(64);
  readonly #words = new Int32Array(64);
  readonly #block = new Uint8Array(BLOCK);
  #filled = 0;
  #length = 0;

  constructor() {
    this.reset();
  }

  reset(): this {
    this.#a = 0x6a09e667;
    this.#b = 0xbb67ae85 | 0;
    this.#c = 0x3c6ef372;
    this.#d = 0xa54ff53a | 0;
    this.#e = 0x510e527f;
    this.#f = 0x9b05688c | 0;
    this.#g = 0x1f83d9ab;
    this.#h = 0x5be0cd19;
    this.#filled = 0;
    this.#length = 0;
    return this;
  }

  byte(value: number): this {
    this.#block[this.#filled++] = value;
    this.#length++;
    if (this.#filled === BLOCK) this.#compressBlock();
    return this;
  }

  bytes(source: Uint8Array, from = 0, to = source.length): this {
    this.#length += to - from;
    let at = from;
    while (at < to) {
      if (this.#filled === 0 && to - at >= BLOCK) {
        this.#expand(source, at);
        this.#rounds(this.#schedule);
        at += BLOCK;
        continue;
      }
      const block = this.#block;
      const count = Math.min(BLOCK - this.#filled, to - at);
      for (let i = 0; i < count; i++) block[this.#filled + i] = source[at + i]!;
      this.#filled += count;
      at += count;
      if (this.#filled === BLOCK) this.#compressBlock();
    }
    return this;
  }

  /** `length` times the byte `byte`. */
  run(byte: number, length: number): this {
    this.#length += length;
    let left = length;
    while (left > 0) {
      if (this.#filled === 0 && left >= BLOCK) {
        const schedule = runSchedules[byte] ?? this.#makeRunSchedule(byte);
        for (; left >= BLOCK; left -= BLOCK) this.#rounds(schedule);
        continue;
      }
      const count = Math.min(BLOCK - this.#filled, left);
      this.#block.fill(byte, this.#filled, this.#filled + count);
      this.#filled += count;
      left -= count;
      if (this.#filled === BLOCK) this.#compressBlock();
    }
    return this;
  }

  /** The real bytes [from, to) of a value. */
  value(value: Value, from = 0, to = value.length): this {
    const { bytes, start, fillAt, fillLength } = value;
    const fillEnd = fillAt + fillLength;
    if (from < fillAt) this.bytes(bytes, start + from, start + Math.min(to, fillAt));
    const runFrom = Math.max(from, fillAt);
    const runTo = Math.min(to, fillEnd);
    if (runFrom < runTo) this.run(FILL, runTo - runFrom);
    if (to > fillEnd) this.bytes(bytes, start + Math.max(from, fillEnd) - fillLength, start + to - fillLength);
    return this;
  }

  /** Writes the digest into `into` at `at`; the hasher must be reset before it is used again. */
  digest(into: Uint8Array, at = 0): void {
    const block = this.#block;
    const bitsLow = (this.#length % 0x20000000) * 8;
    const bitsHigh = Math.floor(this.#length / 0x20000000);
    block[this.#filled++] = 0x80;
    if (this.#filled > BLOCK - 8) {
      block.fill(0, this.#filled);
      this.#compressBlock();
    }
    block.fill(0, this.#filled, BLOCK - 8);
    putWord(block, BLOCK - 8, bitsHigh);
    putWord(block, BLOCK - 4, bitsLow);
    this.#compressBlock();
    putWord(into, at, this.#a);
    putWord(into, at + 4, this.#b);
    putWord(into, at + 8, this.#c);
    putWord(into, at + 12, this.#d);
    putWord(into, at + 16, this.#e);
    putWord(into, at + 20, this.#f);
    putWord(into, at + 24, this.#g);
    putWord(into, at + 28, this.#h);
  }

  #compressBlock(): void {
    this.#filled = 0;
    this.#expand(this.#block, 0);
    this.#rounds(this.#schedule);
  }

  #makeRunSchedule(byte: number): Int32Array {
    this.#expand(new Uint8Array(BLOCK).fill(byte), 0);
    const schedule = this.#schedule.slice();
    runSchedules[byte] = schedule;
    return schedule;
  }

  #expand(source: Uint8Array, at: number): void {
    const words = this.#words;
    const schedule = this.#schedule;
    for (let i = 0; i < 16; i++, at += 4) {
      const word = (source[at]! << 24) | (source[at + 1]! << 16) | (source[at + 2]! << 8) | source[at + 3]!;
      words[i] = word;
      schedule[i] = (word + K[i]!) | 0;
    }
    for (let i = 16; i < 64; i++) {
      const x = words[i - 15]!;
      const y = words[i - 2]!;
      const s0 = rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3);
      const s1 = rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10);
      const word = (words[i - 16]! + s0 + words[i - 7]! + s1) | 0;
      words[i] = word;
      schedule[i] = (word + K[i]!) | 0;
    }
  }

  #rounds(schedule: Int32Array): void {
    let a = this.#a;
    let b = this.#b;
    let c = this.#c;
    let d = this.#d;
    let e = this.#e;
    let f = this.#f;
    let g = this.#g;
    let h = this.#h;
    // eight rounds a turn: then each letter stands for itself again, and none has to be moved
    for (let i = 0; i < 64; i += 8) {
      h = (h + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + (g ^ (e & (f ^ g))) + schedule[i]!) | 0;
      d = (d + h) | 0;
      h = (h + (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) | (c & (a | b)))) | 0;
      g = (g + (rotated(d, 6) ^ rotated(d, 11) ^ rotated(d, 25)) + (f ^ (d & (e ^ f))) + schedule[i + 1]!) | 0;
      c = (c + g) | 0;
      g = (g + (rotated(h, 2) ^ rotated(h, 13) ^ rotated(h, 22)) + ((h & a) | (b & (h | a)))) | 0;
      f = (f + (rotated(c, 6) ^ rotated(c, 11) ^ rotated(c, 25)) + (e ^ (c & (d ^ e))) + schedule[i + 2]!) | 0;
      b = (b + f) | 0;
      f = (f + (rotated(g, 2) ^ rotated(g, 13) ^ rotated(g, 22)) + ((g & h) | (a & (g | h)))) | 0;
      e = (e + (rotated(b, 6) ^ rotated(b, 11) ^ rotated(b, 25)) + (d ^ (b & (c ^ d))) + schedule[i + 3]!) | 0;
      a = (a + e) | 0;
      e = (e + (rotated(f, 2) ^ rotated(f, 13) ^ rotated(f, 22)) + ((f & g) | (h & (f | g)))) | 0;
      d = (d + (rotated(a, 6) ^ rotated(a, 11) ^ rotated(a, 25)) + (c ^ (a & (b ^ c))) + schedule[i + 4]!) | 0;
      h = (h + d) | 0;
      d = (d + (rotated(e, 2) ^ rotated(e, 13) ^ rotated(e, 22)) + ((e & f) | (g & (e | f)))) | 0;
      c = (c + (rotated(h, 6) ^ rotated(h, 11) ^ rotated(h, 25)) + (b ^ (h & (a ^ b))) + schedule[i + 5]!) | 0;
      g = (g + c) | 0;
      c = (c + (rotated(d, 2) ^ rotated(d, 13) ^ rotated(d, 22)) + ((d & e) | (f & (d | e)))) | 0;
      b = (b + (rotated(g, 6) ^ rotated(g, 11) ^ rotated(g, 25)) + (a ^ (g & (h ^ a))) + schedule[i + 6]!) | 0;
      f = (f + b) | 0;
      b = (b + (rotated(c, 2) ^ rotated(c, 13) ^ rotated(c, 22)) + ((c & d) | (e & (c | d)))) | 0;
      a = (a + (rotated(f, 6) ^ rotated(f, 11) ^ rotated(f, 25)) + (h ^ (f & (g ^ h))) + schedule[i + 7]!) | 0;
      e = (e + a) | 0;
      a = (a + (rotated(b, 2) ^ rotated(b, 13) ^ rotated(b, 22)) + ((b & c) | (d & (b | c)))) | 0;
    }
    this.#a = (this.#a + a) | 0;
    this.#b = (this.#b + b) | 0;
    this.#c = (this.#c + c) | 0;
    this.#d = (this.#d + d) | 0;
    this.#e = (this.#e + e) | 0;
    this.#f = (this.#f + f) | 0;
    this.#g = (this.#g + g) | 0;
    this.#h = (this.#h + h) | 0;
  }
}

function rotated(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

function putWord(bytes: Uint8Array, at: number, word: number): void {
  bytes[at] = word >>> 24;
  bytes[at + 1] = word >>> 16;
  bytes[at + 2] = word >>> 8;
  bytes[at + 3] = word;
}
