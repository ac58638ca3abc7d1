/** Keys: the letter k and the index in decimal, padded with zeros to the length asked for; so their order is the indexes'. */

const LETTER_K = 0x6b;
const DIGIT_ZERO = 0x30;

/** The first index that does not fit carries into the letter: as the end of a range it is behind all keys. */
export function writeKey(into: Uint8Array, at: number, length: number, index: number): void {
  let rest = index;
  let position = at + length - 1;
  // Doubles down to 2^31, small integers from there: division is a good deal cheaper on those.
  for (; rest > 0x7fffffff && position > at; position--) {
    const next = Math.floor(rest / 10);
    into[position] = DIGIT_ZERO + (rest - next * 10);
    rest = next;
  }
  let small = rest | 0;
  for (; position > at; position--) {
    const next = (small / 10) | 0;
    into[position] = DIGIT_ZERO + (small - next * 10);
    small = next;
  }
  into[at] = LETTER_K + small;
}

export function encodeKey(index: number, length: number): Uint8Array {
  const key = new Uint8Array(length);
  writeKey(key, 0, length, index);
  return key;
}

/** The index in bytes[from, to), or −1 if that is no key of ours. */
export function keyIndex(bytes: Uint8Array, from = 0, to = bytes.length): number {
  if (to - from < 2 || bytes[from] !== LETTER_K) return -1;
  let index = 0;
  for (let at = from + 1; at < to; at++) {
    const digit = bytes[at]! - DIGIT_ZERO;
    if (digit < 0 || digit > 9) return -1;
    index = index * 10 + digit;
  }
  return index;
}
