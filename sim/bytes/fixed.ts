/**
 * Fixed-width integers in byte arrays. u64 values are doubles below 2^53: every
 * counter of the simulation stays far below, and BigInt would cost 19 ns a read.
 */

export function readU16LE(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}
export function readU32LE(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
/** Exact below 2^53; a larger stored value (a corrupt one) comes back rounded, still far above any valid one. */
export function readU64LE(bytes: Uint8Array, at: number): number {
  return readU32LE(bytes, at) + readU32LE(bytes, at + 4) * 4294967296;
}
export function readU32BE(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}
export function readU64BE(bytes: Uint8Array, at: number): number {
  return readU32BE(bytes, at) * 4294967296 + readU32BE(bytes, at + 4);
}
export function writeU16LE(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}
export function writeU32LE(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}
export function writeU64LE(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 4294967296);
  writeU32LE(bytes, at, value - high * 4294967296);
  writeU32LE(bytes, at + 4, high);
}
export function writeU32BE(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
export function writeU64BE(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 4294967296);
  writeU32BE(bytes, at, high);
  writeU32BE(bytes, at + 4, value - high * 4294967296);
}
