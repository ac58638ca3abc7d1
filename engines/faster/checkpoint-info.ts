/**
 * The metadata of checkpoints, as text with one value a line:
 *
 *     info.dat = length u32 ‖ text ‖ zeros to 512
 *
 * Checksums are FASTER's: the exclusive or of most of the values, so that some changes go unnoticed.
 */
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';

const LOG_FORMAT = 5;
const INDEX_FORMAT = 1;
const TEXT_BYTES_MAX = 4096;
const TOKEN = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A checkpoint of the log; addresses by FASTER's names. */
export interface LogInfo {
  readonly token: string;
  readonly isSnapshot: boolean;
  readonly version: number;
  readonly nextVersion: number;
  readonly flushedLogicalAddress: number;
  readonly snapshotStartFlushedLogicalAddress: number;
  readonly startLogicalAddress: number;
  readonly finalLogicalAddress: number;
  readonly snapshotFinalLogicalAddress: number;
  readonly headAddress: number;
  readonly beginAddress: number;
}

export interface IndexInfo {
  readonly token: string;
  readonly buckets: number;
  readonly tableBytes: number;
  readonly overflowBytes: number;
  readonly overflowBuckets: number;
  readonly startLogicalAddress: number;
  readonly finalLogicalAddress: number;
}

/** FASTER's tokens are random; these are made from a number. `kind`: 1 log, 2 index. */
export function makeToken(number: number, kind: number): string {
  return `${number.toString(16).padStart(8, '0')}-0000-4000-8000-${kind.toString(16).padStart(12, '0')}`;
}

/** The number that `makeToken` put into it; −1 if it is no token. */
export function tokenNumber(token: string): number {
  return TOKEN.test(token) ? Number.parseInt(token.slice(0, 8), 16) : -1;
}

export function encodeLogInfo(info: LogInfo, buffer: SparseBuffer): void {
  const lines = [LOG_FORMAT, logChecksum(info), info.token, info.isSnapshot ? 1 : 0, ...logNumbers(info)];
  encodeText([...lines, -1, 'False', 0, 0], buffer);
}

export function decodeLogInfo(buffer: SparseBuffer): LogInfo | undefined {
  const lines = decodeText(buffer);
  if (lines === undefined || lines.length !== 17 || lines[0] !== `${LOG_FORMAT}`) return undefined;
  const numbers = lines.slice(3, 13).map(parseNumber);
  const [snapshot, version, nextVersion, flushed, snapshotStart, start, final, snapshotFinal, head, begin] = numbers;
  if (!TOKEN.test(lines[2]!) || numbers.some((number) => number === undefined) || snapshot! > 1) return undefined;
  if (lines.slice(13).join(' ') !== '-1 False 0 0') return undefined;
  const info: LogInfo = {
    token: lines[2]!,
    isSnapshot: snapshot === 1,
    version: version!,
    nextVersion: nextVersion!,
    flushedLogicalAddress: flushed!,
    snapshotStartFlushedLogicalAddress: snapshotStart!,
    startLogicalAddress: start!,
    finalLogicalAddress: final!,
    snapshotFinalLogicalAddress: snapshotFinal!,
    headAddress: head!,
    beginAddress: begin!,
  };
  return lines[1] === logChecksum(info) ? info : undefined;
}

export function encodeIndexInfo(info: IndexInfo, buffer: SparseBuffer): void {
  encodeText([INDEX_FORMAT, indexChecksum(info), info.token, ...indexNumbers(info)], buffer);
}

export function decodeIndexInfo(buffer: SparseBuffer): IndexInfo | undefined {
  const lines = decodeText(buffer);
  if (lines === undefined || lines.length !== 9 || lines[0] !== `${INDEX_FORMAT}`) return undefined;
  const numbers = lines.slice(3).map(parseNumber);
  const [buckets, tableBytes, overflowBytes, overflowBuckets, start, final] = numbers;
  if (!TOKEN.test(lines[2]!) || numbers.some((number) => number === undefined)) return undefined;
  const info: IndexInfo = {
    token: lines[2]!,
    buckets: buckets!,
    tableBytes: tableBytes!,
    overflowBytes: overflowBytes!,
    overflowBuckets: overflowBuckets!,
    startLogicalAddress: start!,
    finalLogicalAddress: final!,
  };
  return lines[1] === indexChecksum(info) ? info : undefined;
}

function logNumbers(info: LogInfo): number[] {
  return [info.version, info.nextVersion, ...logAddresses(info)];
}

function logAddresses(info: LogInfo): number[] {
  return [
    info.flushedLogicalAddress,
    info.snapshotStartFlushedLogicalAddress,
    info.startLogicalAddress,
    info.finalLogicalAddress,
    info.snapshotFinalLogicalAddress,
    info.headAddress,
    info.beginAddress,
  ];
}

function indexNumbers(info: IndexInfo): number[] {
  const { buckets, tableBytes, overflowBytes, overflowBuckets, startLogicalAddress, finalLogicalAddress } = info;
  return [buckets, tableBytes, overflowBytes, overflowBuckets, startLogicalAddress, finalLogicalAddress];
}

function logChecksum(info: LogInfo): string {
  return checksum(info.token, [info.version, ...logAddresses(info)]);
}

function indexChecksum(info: IndexInfo): string {
  return checksum(info.token, indexNumbers(info));
}

function checksum(token: string, numbers: readonly number[]): string {
  // the halves of the GUID as .NET lays it out: three integers little endian, then eight bytes in order
  const [first, second, third, fourth, fifth] = token.split('-');
  const low = BigInt(`0x${third}${second}${first}`);
  const tail = `${fourth}${fifth}`.match(/../g)!.reverse().join('');
  let sum = low ^ BigInt(`0x${tail}`);
  for (const number of numbers) sum ^= BigInt(number);
  return BigInt.asIntN(64, sum).toString();
}

function encodeText(lines: readonly (string | number)[], buffer: SparseBuffer): void {
  const text = lines.map((line) => `${line}\n`).join('');
  buffer.u32(text.length);
  for (let i = 0; i < text.length; i++) buffer.u8(text.charCodeAt(i));
  const rest = buffer.length % 512;
  if (rest > 0) buffer.run(0, 512 - rest);
}

function decodeText(buffer: SparseBuffer): string[] | undefined {
  if (buffer.length < 4) return undefined;
  const length = buffer.readU32(0);
  if (length > TEXT_BYTES_MAX || length + 4 > buffer.length) return undefined;
  const bytes = new Uint8Array(length);
  buffer.copyTo(bytes, 0, 4, 4 + length);
  const lines = String.fromCharCode(...bytes).split('\n');
  return lines.pop() === '' ? lines : undefined;
}

/** Digits only, and exact. */
function parseNumber(line: string): number | undefined {
  const number = Number(line);
  return /^[0-9]{1,16}$/.test(line) && Number.isSafeInteger(number) ? number : undefined;
}
