/** Constants of Badger's files and the encoding of internal keys; see FORMAT.md. */
import { writeU32LE } from '../../sim/bytes/fixed.ts';

export const DELETE_BIT = 1;
export const VALUE_POINTER_BIT = 2;
export const DISCARD_EARLIER_VERSIONS_BIT = 4;
export const MERGE_BIT = 8;
export const TRANSACTION_BIT = 64;
export const TRANSACTION_END_BIT = 128;

/** Behind the user's key: 2^64 − 1 − version. */
export const VERSION_BYTES = 8;
export const VALUE_LOG_HEADER_BYTES = 20;
export const VALUE_POINTER_BYTES = 12;
export const CRC_BYTES = 4;
/** Keys longer than this are refused. */
export const KEY_BYTES_MAX = 65000;
/** What the value log's reader takes for a sound key length. */
export const LOGGED_KEY_BYTES_MAX = 65536;

const INTERNAL_PREFIX = ascii('!badger!');
export const HEAD_KEY = ascii('!badger!head');
export const TRANSACTION_KEY = ascii('!badger!txn');
export const MOVE_PREFIX = ascii('!badger!move');
export const DISCARD_STATISTICS_KEY = ascii('!badger!discard');

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

export function startsWith(bytes: Uint8Array, from: number, to: number, prefix: Uint8Array): boolean {
  if (to - from < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (bytes[from + i] !== prefix[i]) return false;
  return true;
}

export function isInternalKey(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes[from] === 0x21 && startsWith(bytes, from, to, INTERNAL_PREFIX);
}

export function isMoveKey(bytes: Uint8Array, from: number, to: number): boolean {
  return bytes[from] === 0x21 && startsWith(bytes, from, to, MOVE_PREFIX);
}

/** Writes the suffix that makes a key of this version an internal key. */
export function writeVersion(bytes: Uint8Array, at: number, version: number): void {
  const high = Math.floor(version / 4294967296);
  const low = ~(version - high * 4294967296);
  const inverted = ~high;
  bytes[at] = inverted >>> 24;
  bytes[at + 1] = inverted >>> 16;
  bytes[at + 2] = inverted >>> 8;
  bytes[at + 3] = inverted;
  bytes[at + 4] = low >>> 24;
  bytes[at + 5] = low >>> 16;
  bytes[at + 6] = low >>> 8;
  bytes[at + 7] = low;
}

/** The version in a suffix; exact below 2^53. */
export function readVersion(bytes: Uint8Array, at: number): number {
  const high = ~((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
  const low = ~((bytes[at + 4] << 24) | (bytes[at + 5] << 16) | (bytes[at + 6] << 8) | bytes[at + 7]) >>> 0;
  return high * 4294967296 + low;
}

/** Larger than every version. */
export const NEWEST_VERSION = Number.MAX_SAFE_INTEGER;

export function writeValuePointer(into: Uint8Array, at: number, file: number, length: number, offset: number): void {
  writeU32LE(into, at, file);
  writeU32LE(into, at + 4, length);
  writeU32LE(into, at + 8, offset);
}

export function padded(number: number): string {
  return String(number).padStart(6, '0');
}
export function valueLogName(directory: string, number: number): string {
  return `${directory}${padded(number)}.vlog`;
}
export function tableName(directory: string, number: number): string {
  return `${directory}${padded(number)}.sst`;
}
export function memtableLogName(directory: string, number: number): string {
  return `${directory}${padded(number).slice(-5)}.mem`;
}

/** The number in a file's name, if it is one of `suffix`; −1 if not. */
export function fileNumber(name: string, directory: string, suffix: string): number {
  if (!name.startsWith(directory) || !name.endsWith(suffix)) return -1;
  const digits = name.slice(directory.length, name.length - suffix.length);
  return /^\d{1,15}$/.test(digits) ? Number(digits) : -1;
}
