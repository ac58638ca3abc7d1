/** LEB128 base-128 varints as protobuf, LevelDB and Badger write them: seven bits a byte, low group first. */

/** Bytes that `writeVarint(value)` takes, for 0 ≤ value < 2^53. */
export function varintLength(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let length = 5;
  for (let limit = 0x800000000; value >= limit; limit *= 128) length++;
  return length;
}

/** Writes at `at` and returns the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  while (value >= 0x100000000) {
    const rest = Math.floor(value / 128);
    bytes[at++] = (value - rest * 128) | 0x80;
    value = rest;
  }
  while (value >= 128) {
    bytes[at++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  bytes[at++] = value;
  return at;
}

/** The position after the varint that `readVarint` last read; −1 if it ran past `end` or past 10 bytes. */
export let varintEnd = 0;

/** Reads the varint at `at`. On a malformed one `varintEnd` is −1 and 0 is returned. Rounded above 2^53. */
export function readVarint(bytes: Uint8Array, at: number, end: number): number {
  let value = 0;
  let scale = 1;
  const limit = Math.min(end, at + 10);
  while (at < limit) {
    const byte = bytes[at++]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      varintEnd = at;
      return value;
    }
    scale *= 128;
  }
  varintEnd = -1;
  return 0;
}
