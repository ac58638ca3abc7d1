/**
 * FNV-1a with 64 bits, as two 32-bit halves: the prime is 2^40 + 0x1b3, so a step is one small
 * multiplication of each half and one shift.
 */
const PRIME_LOW = 0x1b3;

export class Fnv64 {
  low = 0x84222325;
  high = 0xcbf29ce4;

  update(bytes: Uint8Array, from: number, to: number): this {
    let { low, high } = this;
    for (let at = from; at < to; at++) {
      low = (low ^ bytes[at]!) >>> 0;
      const product = low * PRIME_LOW;
      const carry = Math.floor(product / 4294967296);
      high = (Math.imul(high, PRIME_LOW) + carry + (low << 8)) >>> 0;
      low = product >>> 0;
    }
    this.low = low;
    this.high = high;
    return this;
  }
}
