/**
 * FASTER's hash of a key, 64 bits as two words: h = length; for each two bytes as u16 (and a last single one)
 * h = 40343 h + x; then 40343 h, rotated right by 4.
 */

const FACTOR = 40343;
const WORD = 4294967296;

/** Of the key that `hashKey` saw last. */
export let hashLow = 0;
export let hashHigh = 0;

export function hashKey(bytes: Uint8Array, from: number, to: number): void {
  let low = to - from;
  let high = 0;
  let at = from;
  for (; at + 1 < to; at += 2) {
    const product = low * FACTOR + (bytes[at]! | (bytes[at + 1]! << 8)); // < 2^48
    const carry = Math.floor(product / WORD);
    low = product - carry * WORD;
    high = (Math.imul(high, FACTOR) + carry) >>> 0;
  }
  if (at < to) {
    const product = low * FACTOR + bytes[at]!;
    const carry = Math.floor(product / WORD);
    low = product - carry * WORD;
    high = (Math.imul(high, FACTOR) + carry) >>> 0;
  }
  const product = low * FACTOR;
  const carry = Math.floor(product / WORD);
  low = (product - carry * WORD) | 0;
  high = (Math.imul(high, FACTOR) + carry) | 0;
  hashLow = ((low >>> 4) | (high << 28)) >>> 0;
  hashHigh = ((high >>> 4) | (low << 28)) >>> 0;
}
