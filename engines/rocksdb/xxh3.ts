/**
 * XXH3, the 64-bit hash with its default secret and no seed: what RocksDB 7.8 checks its blocks with unless
 * told otherwise. Only reading needs it, for tables that the real system wrote.
 *
 * A 64-bit number is two unsigned halves; functions that make one leave it in `high` and `low`.
 */
import { readU32LE } from '../../sim/bytes/fixed.ts';

/** The secret of the specification, 192 bytes as words. */
const SECRET_WORDS = [
  0x396cfeb8, 0xbe4ba423, 0x2c81017c, 0x1cad21f7, 0xe96dd4de, 0xdb979083, 0xa4a44072, 0x1f67b3b7, 0x4ee679cb,
  0x78e5c0cc, 0x7dd05a82, 0x2172ffcc, 0x744608b8, 0x8e2443f7, 0xe69035e0, 0x4c263a81, 0xbb52283c, 0xcb00c391,
  0x8b65d088, 0xa32e531b, 0x97486471, 0x4ef90da2, 0x46ef1938, 0xd8acdea9, 0x3f76faa8, 0x3f349ce3, 0xc7bbdcf9,
  0x1d4f0bc7, 0x4be0518a, 0x3159b4cd, 0xc97e9fc8, 0x647378d9, 0x83acc5ea, 0xc3ebd334, 0xffa081c5, 0xeb6313fa,
  0x51dd0d17, 0x49daf0b7, 0x265516d3, 0x9e68d429, 0x58be162b, 0xfca1477d, 0xd1b8f88f, 0xce31d07a, 0x8f3acb45,
  0x28041695, 0xcafbd7af, 0x7e404bbb,
];
const SECRET = new Uint8Array(Uint32Array.from(SECRET_WORDS).buffer);
const PRIME32_1 = 0x9e3779b1;
const STRIPE_BYTES = 64;
const STRIPES_PER_BLOCK = (SECRET.length - STRIPE_BYTES) / 8;
const BLOCK_BYTES = STRIPE_BYTES * STRIPES_PER_BLOCK;
/** Where the lanes start: primes of 32 and 64 bits, as (high, low). */
const LANES = [
  [0, 0xc2b2ae3d],
  [0x9e3779b1, 0x85ebca87],
  [0xc2b2ae3d, 0x27d4eb4f],
  [0x165667b1, 0x9e3779f9],
  [0x85ebca77, 0xc2b2ae63],
  [0, 0x85ebca77],
  [0x27d4eb2f, 0x165667c5],
  [0, 0x9e3779b1],
] as const;

let high = 0;
let low = 0;

/** 32 × 32 → 64 bits. */
function multiply32(a: number, b: number): void {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const ll = a0 * b0;
  const lh = a0 * b1;
  const hl = a1 * b0;
  const middle = (ll >>> 16) + (lh & 0xffff) + (hl & 0xffff);
  low = ((middle << 16) | (ll & 0xffff)) >>> 0;
  high = (a1 * b1 + (lh >>> 16) + (hl >>> 16) + (middle >>> 16)) >>> 0;
}

/** The lower 64 bits of a product. */
function multiply64(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  multiply32(aLow, bLow);
  high = (high + Math.imul(aHigh, bLow) + Math.imul(aLow, bHigh)) >>> 0;
}

/** The two halves of a 128-bit product, one xor the other. */
function multiplyFold(aHigh: number, aLow: number, bHigh: number, bLow: number): void {
  multiply32(aLow, bLow);
  const low0 = low;
  const carry0 = high;
  multiply32(aHigh, bLow);
  const mid1Low = low;
  const mid1High = high;
  multiply32(aLow, bHigh);
  const middle = carry0 + mid1Low + low;
  const upper = mid1High + high + Math.floor(middle / 4294967296);
  multiply32(aHigh, bHigh);
  const topLow = low + (upper >>> 0);
  const topHigh = high + Math.floor(upper / 4294967296) + (topLow > 0xffffffff ? 1 : 0);
  low = (low0 ^ topLow) >>> 0;
  high = (middle ^ topHigh) >>> 0;
}

function add(aHigh: number, aLow: number): void {
  const sum = low + aLow;
  low = sum >>> 0;
  high = (high + aHigh + (sum > 0xffffffff ? 1 : 0)) >>> 0;
}

/** x ^= x >> shift, for 32 < shift < 64 or 0 < shift < 32. */
function xorShift(shift: number): void {
  if (shift >= 32) low = (low ^ (high >>> (shift - 32))) >>> 0;
  else {
    low = (low ^ ((low >>> shift) | (high << (32 - shift)))) >>> 0;
    high = (high ^ (high >>> shift)) >>> 0;
  }
}

function avalanche(): void {
  xorShift(37);
  multiply64(high, low, 0x16566791, 0x9e3779f9);
  xorShift(32);
}

function avalancheShort(): void {
  xorShift(33);
  multiply64(high, low, 0xc2b2ae3d, 0x27d4eb4f);
  xorShift(29);
  multiply64(high, low, 0x165667b1, 0x9e3779f9);
  xorShift(32);
}

/** The lower 32 bits of the hash of bytes[from, to). */
export function xxh3Low32(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  if (length <= 16) hashShort(bytes, from, length);
  else if (length <= 240) hashMiddle(bytes, from, length);
  else hashLong(bytes, from, length);
  return low;
}

function hashShort(bytes: Uint8Array, from: number, length: number): void {
  const secret = (at: number): number => readU32LE(SECRET, at);
  if (length > 8) {
    const end = from + length;
    const aLow = (readU32LE(bytes, from) ^ secret(24) ^ secret(32)) >>> 0;
    const aHigh = (readU32LE(bytes, from + 4) ^ secret(28) ^ secret(36)) >>> 0;
    const bLow = (readU32LE(bytes, end - 8) ^ secret(40) ^ secret(48)) >>> 0;
    const bHigh = (readU32LE(bytes, end - 4) ^ secret(44) ^ secret(52)) >>> 0;
    multiplyFold(aHigh, aLow, bHigh, bLow);
    add(0, length);
    add(swapBytes(aLow), swapBytes(aHigh));
    add(bHigh, bLow);
    avalanche();
  } else if (length >= 4) {
    low = (readU32LE(bytes, from + length - 4) ^ secret(8) ^ secret(16)) >>> 0;
    high = (readU32LE(bytes, from) ^ secret(12) ^ secret(20)) >>> 0;
    const h = high;
    const l = low;
    // rotations by 49 and 24 to the left
    low = (l ^ ((h << 17) | (l >>> 15)) ^ ((l << 24) | (h >>> 8))) >>> 0;
    high = (h ^ ((l << 17) | (h >>> 15)) ^ ((h << 24) | (l >>> 8))) >>> 0;
    multiply64(high, low, 0x9fb21c65, 0x1e98df25);
    low = (low ^ ((high >>> 3) + length)) >>> 0;
    multiply64(high, low, 0x9fb21c65, 0x1e98df25);
    xorShift(28);
  } else if (length > 0) {
    const first = bytes[from];
    const middle = bytes[from + (length >> 1)];
    const last = bytes[from + length - 1];
    low = (((first << 16) | (middle << 24) | last | (length << 8)) ^ secret(0) ^ secret(4)) >>> 0;
    high = 0;
    avalancheShort();
  } else {
    low = (secret(56) ^ secret(64)) >>> 0;
    high = (secret(60) ^ secret(68)) >>> 0;
    avalancheShort();
  }
}

function hashMiddle(bytes: Uint8Array, from: number, length: number): void {
  multiply64(0, length, 0x9e3779b1, 0x85ebca87);
  let sumHigh = high;
  let sumLow = low;
  const mix = (at: number, secretAt: number): void => {
    const aLow = (readU32LE(bytes, at) ^ readU32LE(SECRET, secretAt)) >>> 0;
    const aHigh = (readU32LE(bytes, at + 4) ^ readU32LE(SECRET, secretAt + 4)) >>> 0;
    const bLow = (readU32LE(bytes, at + 8) ^ readU32LE(SECRET, secretAt + 8)) >>> 0;
    const bHigh = (readU32LE(bytes, at + 12) ^ readU32LE(SECRET, secretAt + 12)) >>> 0;
    multiplyFold(aHigh, aLow, bHigh, bLow);
    add(sumHigh, sumLow);
    sumHigh = high;
    sumLow = low;
  };
  if (length <= 128) {
    for (let i = (length - 1) >> 5; i >= 0; i--) {
      mix(from + 16 * i, 32 * i);
      mix(from + length - 16 * (i + 1), 32 * i + 16);
    }
  } else {
    for (let i = 0; i < 8; i++) mix(from + 16 * i, 16 * i);
    avalanche();
    sumHigh = high;
    sumLow = low;
    for (let i = 8; i < length >> 4; i++) mix(from + 16 * i, 16 * (i - 8) + 3);
    mix(from + length - 16, 136 - 17);
  }
  avalanche();
}

const laneHigh = new Uint32Array(8);
const laneLow = new Uint32Array(8);

function hashLong(bytes: Uint8Array, from: number, length: number): void {
  for (let lane = 0; lane < 8; lane++) {
    laneHigh[lane] = LANES[lane]![0];
    laneLow[lane] = LANES[lane]![1];
  }
  const blocks = Math.floor((length - 1) / BLOCK_BYTES);
  for (let block = 0; block < blocks; block++) {
    const at = from + block * BLOCK_BYTES;
    for (let i = 0; i < STRIPES_PER_BLOCK; i++) accumulate(bytes, at + i * STRIPE_BYTES, 8 * i);
    scramble();
  }
  const at = from + blocks * BLOCK_BYTES;
  const stripes = Math.floor((length - 1 - blocks * BLOCK_BYTES) / STRIPE_BYTES);
  for (let i = 0; i < stripes; i++) accumulate(bytes, at + i * STRIPE_BYTES, 8 * i);
  accumulate(bytes, from + length - STRIPE_BYTES, SECRET.length - STRIPE_BYTES - 7);

  multiply64(0, length, 0x9e3779b1, 0x85ebca87);
  let sumHigh = high;
  let sumLow = low;
  for (let i = 0; i < 8; i += 2) {
    const secretAt = 11 + 8 * i;
    multiplyFold(
      (laneHigh[i]! ^ readU32LE(SECRET, secretAt + 4)) >>> 0,
      (laneLow[i]! ^ readU32LE(SECRET, secretAt)) >>> 0,
      (laneHigh[i + 1]! ^ readU32LE(SECRET, secretAt + 12)) >>> 0,
      (laneLow[i + 1]! ^ readU32LE(SECRET, secretAt + 8)) >>> 0,
    );
    add(sumHigh, sumLow);
    sumHigh = high;
    sumLow = low;
  }
  avalanche();
}

/** One stripe: each lane gets the product of its keyed halves, its neighbour the data. */
function accumulate(bytes: Uint8Array, at: number, secretAt: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const dataLow = readU32LE(bytes, at + 8 * lane);
    const dataHigh = readU32LE(bytes, at + 8 * lane + 4);
    multiply32(
      (dataLow ^ readU32LE(SECRET, secretAt + 8 * lane)) >>> 0,
      (dataHigh ^ readU32LE(SECRET, secretAt + 8 * lane + 4)) >>> 0,
    );
    add(laneHigh[lane]!, laneLow[lane]!);
    laneHigh[lane] = high;
    laneLow[lane] = low;
    const neighbour = lane ^ 1;
    const sum = laneLow[neighbour]! + dataLow;
    laneLow[neighbour] = sum;
    laneHigh[neighbour] = laneHigh[neighbour]! + dataHigh + (sum > 0xffffffff ? 1 : 0);
  }
}

function scramble(): void {
  for (let lane = 0; lane < 8; lane++) {
    high = laneHigh[lane]!;
    low = laneLow[lane]!;
    xorShift(47);
    const secretAt = SECRET.length - STRIPE_BYTES + 8 * lane;
    low = (low ^ readU32LE(SECRET, secretAt)) >>> 0;
    high = (high ^ readU32LE(SECRET, secretAt + 4)) >>> 0;
    multiply64(high, low, 0, PRIME32_1);
    laneHigh[lane] = high;
    laneLow[lane] = low;
  }
}

function swapBytes(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}
