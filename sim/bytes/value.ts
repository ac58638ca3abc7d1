import { crc32c, crc32cRun } from './crc32c.ts';

/**
 * The byte that the bulk of every generated value consists of. Real benchmarks write random
 * bytes and real engines never look at them; ours write a stamp that identifies the write
 * and then this byte, and store only its count.
 */
export const FILL = 0xfb;

/**
 * A byte string with at most one run of `FILL` in it:
 *
 *     bytes[start, start + fillAt) ‖ FILL × fillLength ‖ bytes[start + fillAt, start + literalLength)
 *
 * The universal currency for what clients write: the payload of a Raft entry, a value in an
 * engine, a protobuf KeyValue around one. `bytes` is borrowed: whoever hands a Value out says
 * for how long it stays true; `copy()` owns its bytes.
 */
export class Value {
  bytes: Uint8Array = EMPTY_BYTES;
  start = 0;
  literalLength = 0;
  /** Where the run stands, counted from `start`; 0 ≤ fillAt ≤ literalLength. */
  fillAt = 0;
  fillLength = 0;

  static of(bytes: Uint8Array): Value {
    return new Value().set(bytes, 0, bytes.length, bytes.length, 0);
  }

  /** `prefix`, then `fillLength` fill bytes. */
  static filled(prefix: Uint8Array, fillLength: number): Value {
    return new Value().set(prefix, 0, prefix.length, prefix.length, fillLength);
  }

  set(bytes: Uint8Array, start: number, literalLength: number, fillAt: number, fillLength: number): this {
    this.bytes = bytes;
    this.start = start;
    this.literalLength = literalLength;
    this.fillAt = fillAt;
    this.fillLength = fillLength;
    return this;
  }

  assign(other: Value): this {
    return this.set(other.bytes, other.start, other.literalLength, other.fillAt, other.fillLength);
  }

  /** Bytes that the real value has. */
  get length(): number {
    return this.literalLength + this.fillLength;
  }

  copy(): Value {
    const bytes = this.bytes.slice(this.start, this.start + this.literalLength);
    return new Value().set(bytes, 0, this.literalLength, this.fillAt, this.fillLength);
  }

  /** The CRC-32C of what `crc` covered followed by this value. */
  crc32c(crc: number): number {
    const runStart = this.start + this.fillAt;
    let c = crc32c(crc, this.bytes, this.start, runStart);
    if (this.fillLength > 0) c = crc32cRun(c, FILL, this.fillLength);
    return crc32c(c, this.bytes, runStart, this.start + this.literalLength);
  }

  /** The exact bytes, materialised: for tests, exports and messages to people. */
  toBytes(): Uint8Array {
    const out = new Uint8Array(this.length).fill(FILL);
    const runStart = this.start + this.fillAt;
    out.set(this.bytes.subarray(this.start, runStart), 0);
    out.set(this.bytes.subarray(runStart, this.start + this.literalLength), this.fillAt + this.fillLength);
    return out;
  }

  /** Equal as byte strings, also where one holds as literal bytes what the other holds as fill. */
  equals(other: Value): boolean {
    if (this.length !== other.length) return false;
    if (this.literalLength === other.literalLength && this.fillAt === other.fillAt) {
      for (let i = 0; i < this.literalLength; i++) {
        if (this.bytes[this.start + i] !== other.bytes[other.start + i]) return false;
      }
      return true;
    }
    const mine = this.toBytes();
    const theirs = other.toBytes();
    return mine.every((byte, i) => byte === theirs[i]);
  }
}

const EMPTY_BYTES = new Uint8Array(0);
