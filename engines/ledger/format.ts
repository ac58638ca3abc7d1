/** What the files of a ledger have in common: names, the header, six-byte integers. See FORMAT.md. */
import { crc32c } from '../../sim/bytes/crc32c.ts';
import { readU16LE, readU32LE, readU64LE, writeU16LE, writeU32LE, writeU64LE } from '../../sim/bytes/fixed.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';

export const COMMITS = 'commits';
export const NEW_COMMITS = 'commits.new';
export const ACCUMULATOR = 'accumulator';
export const INDEX = 'index';
const JOURNAL = 'journal-';

export const KIND_COMMITS = 1;
export const KIND_JOURNAL = 2;
export const KIND_ACCUMULATOR = 3;
export const KIND_INDEX = 4;

export const FORM_LEDGER = 0;
export const FORM_CHAIN = 1;

/** The first byte of what is hashed. */
export const HASH_OF_ENTRY = 0;
export const HASH_OF_NODE = 1;
export const HASH_OF_RECORD = 2;
export const HASH_OF_CHUNKS = 3;
export const HASH_OF_COMMIT = 4;

export const ZERO_HASH = new Uint8Array(32);

export const HEADER_BYTES = 64;
const MAGIC = Uint8Array.from('LEDGER01', (character) => character.charCodeAt(0));
const CRC_AT = 32;

export interface Header {
  readonly kind: number;
  readonly form: number;
  readonly number: number;
  /** Position of a journal file's first byte; 0 in other files. */
  readonly base: number;
}

export function journalName(number: number): string {
  return JOURNAL + String(number).padStart(6, '0');
}

/** The number in a journal file's name; 0 if it is another file. */
export function journalNumber(name: string): number {
  if (!name.startsWith(JOURNAL)) return 0;
  const number = Number(name.slice(JOURNAL.length));
  return Number.isSafeInteger(number) && number > 0 && journalName(number) === name ? number : 0;
}

export function encodeHeader(header: Header): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(MAGIC);
  bytes[8] = header.kind;
  bytes[9] = header.form;
  writeU64LE(bytes, 16, header.number);
  writeU64LE(bytes, 24, header.base);
  writeU32LE(bytes, CRC_AT, crc32c(0, bytes, 0, CRC_AT));
  return bytes;
}

/** Undefined unless `bytes` is a header, every byte of it. */
export function decodeHeader(bytes: Uint8Array, kind: number): Header | undefined {
  if (bytes.length !== HEADER_BYTES || bytes[8] !== kind) return undefined;
  const header = {
    kind,
    form: bytes[9]!,
    number: readU64LE(bytes, 16),
    base: readU64LE(bytes, 24),
  };
  if (header.form > FORM_CHAIN) return undefined;
  return equalBytes(bytes, encodeHeader(header)) ? header : undefined;
}

export function writeU48LE(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 4294967296);
  writeU32LE(bytes, at, value - high * 4294967296);
  writeU16LE(bytes, at + 4, high);
}
export function readU48LE(bytes: Uint8Array, at: number): number {
  return readU32LE(bytes, at) + readU16LE(bytes, at + 4) * 4294967296;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Whether the 32 bytes of `a` at `aAt` are those of `b` at `bAt`. */
export function equalHashes(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number): boolean {
  for (let i = 0; i < 32; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}

export function bufferOf(bytes: Uint8Array): SparseBuffer {
  const buffer = new SparseBuffer(bytes.length);
  buffer.bytes(bytes);
  return buffer;
}
