/**
 * Badger's bloom filter and its JSON. Its size is the power of two that holds 9.585 bits a key (a
 * false-positive rate of 1 %, Badger's default; another rate would need a logarithm that is equal on every machine).
 */
import { fingerprintHigh, fingerprintLow } from './fingerprint.ts';
import { ascii } from './format.ts';

/** ln 0.01, and ln 2 as Badger rounds it. */
const LN_FALSE_POSITIVES = -4.605170185988091;
// biome-ignore lint/suspicious/noApproximativeNumericConstant: Badger's own rounding
const LN_2 = 0.69314718056;
const BITS_MIN = 512;
const LOCATIONS = 7;
const ALPHABET = ascii('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const PAD = 0x3d;
const BEFORE = ascii('{"FilterSet":"');
const AFTER = ascii('","SetLocs":');
const END = 0x7d;

export class BloomFilter {
  readonly #bits: Uint8Array;
  readonly #exponent: number;
  readonly #locations: number;

  constructor(bits: Uint8Array, locations: number) {
    this.#bits = bits;
    this.#exponent = 31 - Math.clz32(bits.length * 8);
    this.#locations = locations;
  }

  static forKeys(count: number): BloomFilter {
    const wanted = Math.floor((-count * LN_FALSE_POSITIVES) / (LN_2 * LN_2));
    let bits = BITS_MIN;
    while (bits < wanted) bits *= 2;
    return new BloomFilter(new Uint8Array(bits / 8), LOCATIONS);
  }

  get bytes(): number {
    return this.#bits.length;
  }

  /** Adds the key whose hash has these halves. */
  add(high: number, low: number): void {
    const bits = this.#bits;
    const mask = bits.length * 8 - 1;
    let at = high >>> (32 - this.#exponent);
    const step = low & mask;
    for (let i = 0; i < this.#locations; i++) {
      bits[at >>> 3] |= 1 << (at & 7);
      at = (at + step) & mask;
    }
  }

  /** Whether the key of the last `fingerprint` may be there. */
  mayContain(): boolean {
    const bits = this.#bits;
    const mask = bits.length * 8 - 1;
    let at = fingerprintHigh >>> (32 - this.#exponent);
    const step = fingerprintLow & mask;
    for (let i = 0; i < this.#locations; i++) {
      if ((bits[at >>> 3] & (1 << (at & 7))) === 0) return false;
      at = (at + step) & mask;
    }
    return true;
  }

  toJson(): Uint8Array {
    const bits = this.#bits;
    const groups = Math.ceil(bits.length / 3);
    const locations = ascii(String(this.#locations));
    const json = new Uint8Array(BEFORE.length + groups * 4 + AFTER.length + locations.length + 1);
    json.set(BEFORE, 0);
    let at = BEFORE.length;
    for (let i = 0; i < bits.length; i += 3) {
      const group = (bits[i] << 16) | ((bits[i + 1] ?? 0) << 8) | (bits[i + 2] ?? 0);
      json[at++] = ALPHABET[group >> 18];
      json[at++] = ALPHABET[(group >> 12) & 63];
      json[at++] = i + 1 < bits.length ? ALPHABET[(group >> 6) & 63] : PAD;
      json[at++] = i + 2 < bits.length ? ALPHABET[group & 63] : PAD;
    }
    json.set(AFTER, at);
    at += AFTER.length;
    json.set(locations, at);
    json[at + locations.length] = END;
    return json;
  }

  /** Undefined: not the JSON of a filter. */
  static fromJson(bytes: Uint8Array, from: number, to: number): BloomFilter | undefined {
    if (!matches(bytes, from, BEFORE)) return undefined;
    let end = from + BEFORE.length;
    while (end < to && bytes[end] !== 0x22) end++;
    if (!matches(bytes, end, AFTER)) return undefined;
    let locations = 0;
    let at = end + AFTER.length;
    for (; at < to && bytes[at] >= 0x30 && bytes[at] <= 0x39; at++) locations = locations * 10 + bytes[at] - 0x30;
    if (at !== to - 1 || bytes[at] !== END || locations < 1 || locations > 64) return undefined;
    const bits = fromBase64(bytes, from + BEFORE.length, end);
    if (bits === undefined || bits.length < 8 || (bits.length & (bits.length - 1)) !== 0) return undefined;
    return new BloomFilter(bits, locations);
  }
}

const VALUES: Int8Array = (() => {
  const values = new Int8Array(256).fill(-1);
  ALPHABET.forEach((character, value) => {
    values[character] = value;
  });
  return values;
})();

function fromBase64(text: Uint8Array, from: number, to: number): Uint8Array | undefined {
  if ((to - from) % 4 !== 0) return undefined;
  let end = to;
  while (end > from && end > to - 2 && text[end - 1] === PAD) end--;
  const out = new Uint8Array(Math.floor(((end - from) * 3) / 4));
  let filled = 0;
  for (let at = from; at < end; at += 4) {
    let group = 0;
    for (let i = 0; i < 4; i++) {
      const value = at + i < end ? VALUES[text[at + i]] : 0;
      if (value < 0) return undefined;
      group = (group << 6) | value;
    }
    for (let shift = 16; shift >= 0 && filled < out.length; shift -= 8) out[filled++] = group >> shift;
  }
  return out;
}

function matches(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}
