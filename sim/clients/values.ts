/**
 * Values: a stamp that names the write, then fill.
 *
 * Layout of the stamp, u32 little-endian: session, sequence, length of the whole value, 0. A value
 * shorter than 16 bytes holds the beginning of its stamp.
 */

import { readU32LE, writeU32LE } from '../bytes/fixed.ts';
import { FILL, Value } from '../bytes/value.ts';
import type { Rng } from '../rng.ts';
import type { WorkloadSpec } from '../run-spec.ts';

export const STAMP_BYTES = 16;
/** Stamps are cut from blocks of so many bytes: an array of its own for each would cost more than the stamp. */
const BLOCK_BYTES = 64 * 1024;

export function writeStamp(into: Uint8Array, at: number, session: number, sequence: number, length: number): void {
  writeU32LE(into, at, session);
  writeU32LE(into, at + 4, sequence);
  writeU32LE(into, at + 8, length);
  writeU32LE(into, at + 12, 0);
}

/** What a stamp says. */
export interface Stamp {
  session: number;
  sequence: number;
  length: number;
}

/** False if the value is too short for a stamp, or is not stamp and fill as a client writes it. Expands nothing. */
export function readStamp(value: Value, into: Stamp): boolean {
  const { bytes, start, literalLength, fillAt, fillLength } = value;
  if (fillAt < STAMP_BYTES) {
    // The engine gave back the run elsewhere: only possible if the content is not ours, or was tampered with.
    if (fillLength > 0 || literalLength < STAMP_BYTES) return false;
  }
  for (let i = STAMP_BYTES; i < literalLength; i++) if (bytes[start + i] !== FILL) return false;
  into.session = readU32LE(bytes, start);
  into.sequence = readU32LE(bytes, start + 4);
  into.length = readU32LE(bytes, start + 8);
  return into.length === literalLength + fillLength && readU32LE(bytes, start + 12) === 0;
}

/** Hands out values and their sizes. */
export class ValueSource {
  readonly #spec: WorkloadSpec['value'];
  readonly #rng: Rng;
  #block = new Uint8Array(BLOCK_BYTES);
  #used = 0;

  constructor(spec: WorkloadSpec['value'], rng: Rng) {
    this.#spec = spec;
    this.#rng = rng;
  }

  /** Bytes of the next value. */
  nextLength(): number {
    const spec = this.#spec;
    if (spec.kind === 'fixed') return spec.bytes;
    if (spec.kind === 'uniform') return this.#rng.int(spec.bytesMin, spec.bytesMax);
    return Math.min(spec.bytesMax, Math.round(this.#rng.exponential(spec.bytesMean)));
  }

  /** A value that owns its bytes: nobody writes there again. */
  stamped(session: number, sequence: number, length: number): Value {
    if (this.#used + STAMP_BYTES > BLOCK_BYTES) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    const at = this.#used;
    this.#used += STAMP_BYTES;
    writeStamp(this.#block, at, session, sequence, length);
    const literal = Math.min(length, STAMP_BYTES);
    return new Value().set(this.#block, at, literal, literal, length - literal);
  }
}
