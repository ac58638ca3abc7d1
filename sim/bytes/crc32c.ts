/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82F63B78): the checksum of etcd's WAL,
 * LevelDB, RocksDB and Badger. Slicing by eight for literal bytes; a run of one byte
 * repeated is combined in about 32 steps whatever its length, so that value fill costs
 * nothing to checksum and the result is still the one of the real bytes.
 *
 * All functions take and return the *finished* CRC of what came before (0 for nothing),
 * as Go's `crc32.Update` does.
 */

const POLYNOMIAL = 0x82f63b78;

const TABLES: readonly Int32Array[] = (() => {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ POLYNOMIAL : c >>> 1;
    tables[0]![n] = c;
  }
  for (let n = 0; n < 256; n++) {
    let c = tables[0]![n]!;
    for (let k = 1; k < 8; k++) {
      c = tables[0]![c & 0xff]! ^ (c >>> 8);
      tables[k]![n] = c;
    }
  }
  return tables;
})();
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as unknown as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/** The CRC of what `crc` covered followed by bytes[from, to). */
export function crc32c(crc: number, bytes: Uint8Array, from: number, to: number): number {
  let c = ~crc;
  let at = from;
  for (const last = to - 8; at <= last; at += 8) {
    c ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    c =
      T7[c & 0xff]! ^
      T6[(c >>> 8) & 0xff]! ^
      T5[(c >>> 16) & 0xff]! ^
      T4[c >>> 24]! ^
      T3[bytes[at + 4]!]! ^
      T2[bytes[at + 5]!]! ^
      T1[bytes[at + 6]!]! ^
      T0[bytes[at + 7]!]!;
  }
  for (; at < to; at++) c = T0[(c ^ bytes[at]!) & 0xff]! ^ (c >>> 8);
  return ~c >>> 0;
}

/** a · b modulo the polynomial, in the reflected representation (bit 31 is x^0). */
function multiply(a: number, b: number): number {
  let product = 0;
  while (a !== 0) {
    if (a & 0x80000000) product ^= b;
    a <<= 1;
    b = b & 1 ? (b >>> 1) ^ POLYNOMIAL : b >>> 1;
  }
  return product;
}

/** x^(8 · 2^k) modulo the polynomial. */
const BYTE_POWERS: Int32Array = (() => {
  const powers = new Int32Array(53);
  let power = 0x00800000; // x^8
  for (let k = 0; k < powers.length; k++) {
    powers[k] = power;
    power = multiply(power, power);
  }
  return powers;
})();

/** x^(8 · length) modulo the polynomial: what `length` bytes of anything do to the register before them. */
function shiftOperator(length: number): number {
  let operator = 0x80000000 | 0; // x^0
  for (let k = 0; length > 0; k++) {
    const half = Math.floor(length / 2);
    if (length !== half * 2) operator = multiply(BYTE_POWERS[k]!, operator);
    length = half;
  }
  return operator;
}

/** The CRC of A followed by B, from the CRCs of each and the length of B. */
export function crc32cCombine(crcOfA: number, crcOfB: number, lengthOfB: number): number {
  return (multiply(shiftOperator(lengthOfB), crcOfA | 0) ^ crcOfB) >>> 0;
}

/*
 * A run of L equal bytes is an affine map of the CRC: crc(A ‖ run) = shift(L) · crc(A) ⊕ crc(run).
 * The maps of the runs of 16, 32, 64 … bytes stand in tables (four lookups each, like slicing by four),
 * and any length is a few of them and a rest below 16: about 25 ns for 1 KiB, with nothing to miss.
 */
const RUN_BITS_MIN = 4;
/** For run lengths 2^k: four tables of 256, one for each byte of the register; made at first use. */
const shiftTables: (Int32Array | undefined)[] = [];
/** For run lengths 2^k: the CRC of that run of each byte; 0 where it has not been needed yet. */
const runCrcs: Int32Array[] = [];

/*
 * The map of a run that comes again and again, as the fill of values of one size does, gets a table of its
 * own: four lookups in 4 KiB instead of some 24 in 24 KiB. `FREQUENT_RUNS` places, each for whichever run has
 * lately been seen there most; a table is made when a run leads by `USES_BEFORE_TABLE`.
 */
const FREQUENT_RUNS = 16;
const USES_BEFORE_TABLE = 256;
const LEAD_MAX = 1024;
const frequentLength = new Float64Array(FREQUENT_RUNS);
const frequentByte = new Uint8Array(FREQUENT_RUNS);
const frequentLead = new Int32Array(FREQUENT_RUNS);
const frequentCrc = new Int32Array(FREQUENT_RUNS);
const frequentTables: (Int32Array | undefined)[] = new Array(FREQUENT_RUNS).fill(undefined);

/** The CRC of what `crc` covered followed by `length` times the byte `byte`. */
export function crc32cRun(crc: number, byte: number, length: number): number {
  const place = ((length >>> 4) ^ length ^ byte) & (FREQUENT_RUNS - 1);
  if (frequentLength[place] === length && frequentByte[place] === byte) {
    const table = frequentTables[place];
    if (table !== undefined) {
      if (frequentLead[place]! < LEAD_MAX) frequentLead[place]!++;
      const c = crc | 0;
      return (
        (table[c & 0xff]! ^
          table[256 + ((c >>> 8) & 0xff)]! ^
          table[512 + ((c >>> 16) & 0xff)]! ^
          table[768 + (c >>> 24)]! ^
          frequentCrc[place]!) >>>
        0
      );
    }
    if (++frequentLead[place]! === USES_BEFORE_TABLE) {
      frequentTables[place] = makeTable(shiftOperator(length));
      frequentCrc[place] = runByParts(0, byte, length);
    }
  } else if (--frequentLead[place]! < 0) {
    frequentLength[place] = length;
    frequentByte[place] = byte;
    frequentLead[place] = 0;
    frequentTables[place] = undefined;
  }
  return runByParts(crc, byte, length);
}

function runByParts(crc: number, byte: number, length: number): number {
  const rest = length & 15;
  let c = ~crc;
  for (let i = 0; i < rest; i++) c = T0[(c ^ byte) & 0xff]! ^ (c >>> 8);
  c = ~c;
  let left = (length - rest) / 16;
  for (let k = RUN_BITS_MIN; left > 0; k++) {
    const half = Math.floor(left / 2);
    if (left !== half * 2) {
      const table = shiftTables[k] ?? makeShiftTable(k);
      let crcOfRun = runCrcs[k]![byte]!;
      if (crcOfRun === 0) crcOfRun = makeRunCrc(k, byte);
      c =
        table[c & 0xff]! ^
        table[256 + ((c >>> 8) & 0xff)]! ^
        table[512 + ((c >>> 16) & 0xff)]! ^
        table[768 + (c >>> 24)]! ^
        crcOfRun;
    }
    left = half;
  }
  return c >>> 0;
}

function makeShiftTable(k: number): Int32Array {
  const table = makeTable(BYTE_POWERS[k]!);
  shiftTables[k] = table;
  runCrcs[k] = new Int32Array(256);
  return table;
}

function makeTable(operator: number): Int32Array {
  const table = new Int32Array(1024);
  for (let position = 0; position < 4; position++) {
    for (let value = 0; value < 256; value++) {
      table[position * 256 + value] = multiply(operator, value << (8 * position));
    }
  }
  return table;
}

/** By doubling: the CRC of 2n bytes from that of n. */
function makeRunCrc(k: number, byte: number): number {
  const one = Uint8Array.of(byte);
  let doubled = crc32c(0, one, 0, 1);
  for (let length = 1, i = 0; i < k; i++, length *= 2) doubled = crc32cCombine(doubled, doubled, length);
  runCrcs[k]![byte] = doubled;
  return doubled;
}

/** LevelDB's and RocksDB's masking, so that a CRC stored beside data is not a CRC of CRCs. */
export function maskCrc(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
export function unmaskCrc(masked: number): number {
  const rotated = (masked - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}
