/**
 * Bytes without their zero bytes, in words of eight (the packing of Cap'n Proto):
 *
 *     words = (tag nonzero-byte* | 0x00 count | 0xff byte×8 count byte×(8·count))*
 *
 * Bit i of `tag` says whether byte i is not zero. After tag 0x00 `count` more zero words follow, after tag
 * 0xff `count` more words stand as they are. The last word is padded with zeros. Sources and targets are
 * 32-bit words: on a big-endian machine packed bytes would be in another order, but come back the same.
 */

/** Packs the first `length` bytes of `words`, whose last word must be padded; returns the end in `out`. */
export function packWords(words: Int32Array, length: number, out: Uint8Array, at: number): number {
  const count = ((length + 7) >>> 3) * 2;
  let end = at;
  let next = 0;
  while (next < count) {
    const low = words[next];
    const high = words[next + 1];
    next += 2;
    if ((low | high) === 0) {
      const from = next;
      const limit = Math.min(count, from + 510);
      while (next < limit && (words[next] | words[next + 1]) === 0) next += 2;
      out[end] = 0;
      out[end + 1] = (next - from) >>> 1;
      end += 2;
      continue;
    }
    const tagAt = end++;
    let tag = 0;
    if (low !== 0) {
      // (byte + 255) >>> 8 is 1 for every byte but 0: no branch for the processor to guess
      let byte = low & 255;
      let bit = (byte + 255) >>> 8;
      out[end] = byte;
      end += bit;
      tag = bit;
      byte = (low >>> 8) & 255;
      bit = (byte + 255) >>> 8;
      out[end] = byte;
      end += bit;
      tag |= bit << 1;
      byte = (low >>> 16) & 255;
      bit = (byte + 255) >>> 8;
      out[end] = byte;
      end += bit;
      tag |= bit << 2;
      byte = low >>> 24;
      bit = (byte + 255) >>> 8;
      out[end] = byte;
      end += bit;
      tag |= bit << 3;
    }
    if (high !== 0) {
      let byte = high & 255;
      let bit = (byte + 255) >>> 8;
      out[end] = byte;
      end += bit;
      tag |= bit << 4;
      byte = (high >>> 8) & 255;
      bit = (byte + 255) >>> 8;
      out[end] = byte;
      end += bit;
      tag |= bit << 5;
      byte = (high >>> 16) & 255;
      bit = (byte + 255) >>> 8;
      out[end] = byte;
      end += bit;
      tag |= bit << 6;
      byte = high >>> 24;
      bit = (byte + 255) >>> 8;
      out[end] = byte;
      end += bit;
      tag |= bit << 7;
    }
    out[tagAt] = tag;
    if (tag === 255) {
      const countAt = end++;
      const from = next;
      const limit = Math.min(count, from + 510);
      while (next < limit && zeroBytesIn(words[next]) + zeroBytesIn(words[next + 1]) < 2) {
        end = writeWord(words[next], out, end);
        end = writeWord(words[next + 1], out, end);
        next += 2;
      }
      out[countAt] = (next - from) >>> 1;
    }
  }
  return end;
}

/** Unpacks `length` bytes, rounded up to whole words of eight, to the start of `words`. */
export function unpackWords(packed: Uint8Array, from: number, words: Int32Array, length: number): void {
  const count = ((length + 7) >>> 3) * 2;
  let at = from;
  let next = 0;
  while (next < count) {
    const tag = packed[at++];
    if (tag === 0) {
      for (let left = packed[at++] + 1; left > 0; left--) {
        words[next] = 0;
        words[next + 1] = 0;
        next += 2;
      }
      continue;
    }
    // reads a byte that is not there as 0: & 0 of whatever stands there
    let word = packed[at] & -(tag & 1);
    at += tag & 1;
    word |= (packed[at] & -((tag >>> 1) & 1)) << 8;
    at += (tag >>> 1) & 1;
    word |= (packed[at] & -((tag >>> 2) & 1)) << 16;
    at += (tag >>> 2) & 1;
    word |= (packed[at] & -((tag >>> 3) & 1)) << 24;
    at += (tag >>> 3) & 1;
    words[next] = word;
    word = packed[at] & -((tag >>> 4) & 1);
    at += (tag >>> 4) & 1;
    word |= (packed[at] & -((tag >>> 5) & 1)) << 8;
    at += (tag >>> 5) & 1;
    word |= (packed[at] & -((tag >>> 6) & 1)) << 16;
    at += (tag >>> 6) & 1;
    word |= (packed[at] & -(tag >>> 7)) << 24;
    at += tag >>> 7;
    words[next + 1] = word;
    next += 2;
    if (tag === 255) {
      for (let left = packed[at++] * 2; left > 0; left--) {
        words[next++] = packed[at] | (packed[at + 1] << 8) | (packed[at + 2] << 16) | (packed[at + 3] << 24);
        at += 4;
      }
    }
  }
}

function writeWord(word: number, out: Uint8Array, at: number): number {
  out[at] = word;
  out[at + 1] = word >>> 8;
  out[at + 2] = word >>> 16;
  out[at + 3] = word >>> 24;
  return at + 4;
}

function zeroBytesIn(word: number): number {
  let count = 0;
  if ((word & 0xff) === 0) count++;
  if ((word & 0xff00) === 0) count++;
  if ((word & 0xff0000) === 0) count++;
  if ((word & 0xff000000) === 0) count++;
  return count;
}
