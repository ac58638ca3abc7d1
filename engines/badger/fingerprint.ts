/**
 * Farm Fingerprint64 of a key: what Badger's bloom filters are made of. 64-bit words as two halves of
 * 32 bits; every function leaves its result in `high` and `low`.
 */
import { readU32LE } from '../../sim/bytes/fixed.ts';

const K0_HIGH = 0xc3a5c85c | 0;
const K0_LOW = 0x97cb3127 | 0;
const K1_HIGH = 0xb492b66f | 0;
const K1_LOW = 0xbe98f273 | 0;
const K2_HIGH = 0x9ae16a3b | 0;
const K2_LOW = 0x2f90404f | 0;
const SEED = 81;

let high = 0;
let low = 0;

/** The halves of the last `fingerprint`, as unsigned numbers. */
export let fingerprintHigh = 0;
export let fingerprintLow = 0;

export function fingerprint(bytes: Uint8Array, from: number, to: number): void {
  const length = to - from;
  if (length <= 16) hashUpTo16(bytes, from, length);
  else if (length <= 32) hashUpTo32(bytes, from, length);
  else if (length <= 64) hashUpTo64(bytes, from, length);
  else hashLonger(bytes, from, length);
  fingerprintHigh = high >>> 0;
  fingerprintLow = low >>> 0;
}

/** a · b modulo 2^64. */
function multiply(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  const a0 = aLow & 0xffff;
  const a1 = aLow >>> 16;
  const b0 = bLow & 0xffff;
  const b1 = bLow >>> 16;
  const p00 = a0 * b0;
  const p10 = a1 * b0;
  const middle = a0 * b1 + (p00 >>> 16) + (p10 & 0xffff);
  high = (a1 * b1 + (p10 >>> 16) + (middle >>> 16) + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) | 0;
  low = (p00 & 0xffff) | (middle << 16);
}

function add(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  const sum = (aLow >>> 0) + (bLow >>> 0);
  high = (aHigh + bHigh + (sum >= 4294967296 ? 1 : 0)) | 0;
  low = sum | 0;
}

/** Rotates right by 0 < bits < 64, bits ≠ 32. */
function rotate(aHigh: number, aLow: number, bits: number): void {
  if (bits < 32) {
    high = (aHigh >>> bits) | (aLow << (32 - bits));
    low = (aLow >>> bits) | (aHigh << (32 - bits));
  } else {
    high = (aLow >>> (bits - 32)) | (aHigh << (64 - bits));
    low = (aHigh >>> (bits - 32)) | (aLow << (64 - bits));
  }
}

/** a ⊕ (a >> 47) */
function shiftMix(aHigh: number, aLow: number): void {
  low = aLow ^ (aHigh >>> 15);
  high = aHigh;
}

function hash16(uHigh: number, uLow: number, vHigh: number, vLow: number, mulHigh: number, mulLow: number): void {
  multiply(uHigh ^ vHigh, uLow ^ vLow, mulHigh, mulLow);
  shiftMix(high, low);
  multiply(vHigh ^ high, vLow ^ low, mulHigh, mulLow);
  shiftMix(high, low);
  multiply(high, low, mulHigh, mulLow);
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function hashUpTo16(s: Uint8Array, from: number, length: number): void {
  if (length >= 8) {
    add(K2_HIGH, K2_LOW, 0, length * 2);
    const mulHigh = high;
    const mulLow = low;
    add(word(s, from + 4), word(s, from), K2_HIGH, K2_LOW);
    const aHigh = high;
    const aLow = low;
    const bHigh = word(s, from + length - 4);
    const bLow = word(s, from + length - 8);
    rotate(bHigh, bLow, 37);
    multiply(high, low, mulHigh, mulLow);
    add(high, low, aHigh, aLow);
    const cHigh = high;
    const cLow = low;
    rotate(aHigh, aLow, 25);
    add(high, low, bHigh, bLow);
    multiply(high, low, mulHigh, mulLow);
    hash16(cHigh, cLow, high, low, mulHigh, mulLow);
  } else if (length >= 4) {
    const a = readU32LE(s, from);
    add(K2_HIGH, K2_LOW, 0, length * 2);
    const mulHigh = high;
    const mulLow = low;
    add(a >>> 29, (a << 3) | 0, 0, length);
    hash16(high, low, 0, word(s, from + length - 4), mulHigh, mulLow);
  } else if (length > 0) {
    const y = s[from] + (s[from + (length >> 1)] << 8);
    const z = length + (s[from + length - 1] << 2);
    multiply(0, y, K2_HIGH, K2_LOW);
    const productHigh = high;
    const productLow = low;
    multiply(0, z, K0_HIGH, K0_LOW);
    shiftMix(productHigh ^ high, productLow ^ low);
    multiply(high, low, K2_HIGH, K2_LOW);
  } else {
    high = K2_HIGH;
    low = K2_LOW;
  }
}

function hashUpTo32(s: Uint8Array, from: number, length: number): void {
  add(K2_HIGH, K2_LOW, 0, length * 2);
  const mulHigh = high;
  const mulLow = low;
  multiply(word(s, from + 4), word(s, from), K1_HIGH, K1_LOW);
  const aHigh = high;
  const aLow = low;
  const bHigh = word(s, from + 12);
  const bLow = word(s, from + 8);
  multiply(word(s, from + length - 4), word(s, from + length - 8), mulHigh, mulLow);
  const cHigh = high;
  const cLow = low;
  multiply(word(s, from + length - 12), word(s, from + length - 16), K2_HIGH, K2_LOW);
  const dHigh = high;
  const dLow = low;
  add(aHigh, aLow, bHigh, bLow);
  rotate(high, low, 43);
  const uHigh = high;
  const uLow = low;
  rotate(cHigh, cLow, 30);
  add(high, low, uHigh, uLow);
  add(high, low, dHigh, dLow);
  const firstHigh = high;
  const firstLow = low;
  add(bHigh, bLow, K2_HIGH, K2_LOW);
  rotate(high, low, 18);
  add(high, low, aHigh, aLow);
  add(high, low, cHigh, cLow);
  hash16(firstHigh, firstLow, high, low, mulHigh, mulLow);
}

function hashUpTo64(s: Uint8Array, from: number, length: number): void {
  const end = from + length;
  add(K2_HIGH, K2_LOW, 0, length * 2);
  const mulHigh = high;
  const mulLow = low;
  multiply(word(s, from + 4), word(s, from), K2_HIGH, K2_LOW);
  const aHigh = high;
  const aLow = low;
  const bHigh = word(s, from + 12);
  const bLow = word(s, from + 8);
  multiply(word(s, end - 4), word(s, end - 8), mulHigh, mulLow);
  const cHigh = high;
  const cLow = low;
  multiply(word(s, end - 12), word(s, end - 16), K2_HIGH, K2_LOW);
  const dHigh = high;
  const dLow = low;
  add(aHigh, aLow, bHigh, bLow);
  rotate(high, low, 43);
  const sumHigh = high;
  const sumLow = low;
  rotate(cHigh, cLow, 30);
  add(high, low, sumHigh, sumLow);
  add(high, low, dHigh, dLow);
  const yHigh = high;
  const yLow = low;
  add(bHigh, bLow, K2_HIGH, K2_LOW);
  rotate(high, low, 18);
  add(high, low, aHigh, aLow);
  add(high, low, cHigh, cLow);
  hash16(yHigh, yLow, high, low, mulHigh, mulLow);
  const zHigh = high;
  const zLow = low;
  multiply(word(s, from + 20), word(s, from + 16), mulHigh, mulLow);
  const eHigh = high;
  const eLow = low;
  const fHigh = word(s, from + 28);
  const fLow = word(s, from + 24);
  add(yHigh, yLow, word(s, end - 28), word(s, end - 32));
  multiply(high, low, mulHigh, mulLow);
  const gHigh = high;
  const gLow = low;
  add(zHigh, zLow, word(s, end - 20), word(s, end - 24));
  multiply(high, low, mulHigh, mulLow);
  const hHigh = high;
  const hLow = low;
  add(eHigh, eLow, fHigh, fLow);
  rotate(high, low, 43);
  const tHigh = high;
  const tLow = low;
  rotate(gHigh, gLow, 30);
  add(high, low, tHigh, tLow);
  add(high, low, hHigh, hLow);
  const firstHigh = high;
  const firstLow = low;
  add(fHigh, fLow, aHigh, aLow);
  rotate(high, low, 18);
  add(high, low, eHigh, eLow);
  add(high, low, gHigh, gLow);
  hash16(firstHigh, firstLow, high, low, mulHigh, mulLow);
}

const MASK = (1n << 64n) - 1n;
const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;

/** Keys above 64 bytes are rare: plain, and slow. */
function hashLonger(s: Uint8Array, from: number, length: number): void {
  const fetch = (at: number): bigint => (BigInt(readU32LE(s, at + 4)) << 32n) | BigInt(readU32LE(s, at));
  const turn = (value: bigint, bits: bigint): bigint => ((value >> bits) | (value << (64n - bits))) & MASK;
  const mix = (value: bigint): bigint => value ^ (value >> 47n);
  const weak = (at: number, seedA: bigint, seedB: bigint): readonly [bigint, bigint] => {
    const z = fetch(at + 24);
    const a = (seedA + fetch(at)) & MASK;
    const b = turn((seedB + a + z) & MASK, 21n);
    const sum = (a + fetch(at + 8) + fetch(at + 16)) & MASK;
    return [(sum + z) & MASK, (b + turn(sum, 44n) + a) & MASK];
  };
  const combine = (u: bigint, v: bigint, mul: bigint): bigint => {
    const a = mix(((u ^ v) * mul) & MASK);
    return (mix(((v ^ a) * mul) & MASK) * mul) & MASK;
  };
  let v: readonly [bigint, bigint] = [0n, 0n];
  let w: readonly [bigint, bigint] = [0n, 0n];
  let x = (BigInt(SEED) * K2 + fetch(from)) & MASK;
  let y = (BigInt(SEED) * K1 + 113n) & MASK;
  let z = (mix((y * K2 + 113n) & MASK) * K2) & MASK;
  const last = from + length - 64;
  const round = (at: number, mul: bigint, ninefold: boolean): void => {
    x = (turn((x + y + v[0] + fetch(at + 8)) & MASK, 37n) * mul) & MASK;
    y = (turn((y + v[1] + fetch(at + 48)) & MASK, 42n) * mul) & MASK;
    x ^= ninefold ? (w[1] * 9n) & MASK : w[1];
    y = (y + (ninefold ? v[0] * 9n : v[0]) + fetch(at + 40)) & MASK;
    z = (turn((z + w[0]) & MASK, 33n) * mul) & MASK;
    v = weak(at, (v[1] * mul) & MASK, (x + w[0]) & MASK);
    w = weak(at + 32, (z + w[1]) & MASK, (y + fetch(at + 16)) & MASK);
    [x, z] = [z, x];
  };
  let at = from;
  for (let left = length; left > 64; left -= 64, at += 64) round(at, K1, false);
  const mul = (K1 + ((z & 0xffn) << 1n)) & MASK;
  let first = (w[0] + BigInt((length - 1) & 63)) & MASK;
  const second = (v[0] + first) & MASK;
  first = (first + second) & MASK;
  w = [first, w[1]];
  v = [second, v[1]];
  round(last, mul, true);
  const left = (combine(v[0], w[0], mul) + mix(y) * K0 + z) & MASK;
  const result = combine(left, (combine(v[1], w[1], mul) + x) & MASK, mul);
  high = Number(result >> 32n) | 0;
  low = Number(result & 0xffffffffn) | 0;
}
