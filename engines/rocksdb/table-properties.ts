/**
 * The properties and metaindex blocks of a table: sorted name → value, written and read once a table.
 * What RocksDB takes from its host (database id, session, host name) is a fixed text of the same
 * length, and one fixed moment stands for every time: an engine here sees no clock.
 */
import { readU32LE } from '../../sim/bytes/fixed.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { readVarint, varintEnd } from '../../sim/bytes/varint.ts';

export const PROPERTIES_KEY = 'rocksdb.properties';
/** 2020-09-13: what every time in a file says. */
export const FIXED_SECONDS = 1600000000;

export const FILTER_KEY = 'fullfilter.rocksdb.BuiltinBloomFilter';

export interface TableProperties {
  readonly number: number;
  readonly rawKeyBytes: number;
  readonly rawValueBytes: number;
  readonly dataBytes: number;
  readonly indexBytes: number;
  readonly entries: number;
  readonly deletions: number;
  readonly dataBlocks: number;
  readonly filterBytes: number;
  readonly bloomBitsPerKey: number;
  /** Made by a flush: those know the time of their oldest key. */
  readonly flushed: boolean;
}

const COMPRESSION_OPTIONS =
  'window_bits=-14; level=32767; strategy=0; max_dict_bytes=0; zstd_max_train_bytes=0; enabled=0; ' +
  'max_dict_buffer_bytes=0; use_zstd_dict_trainer=1; ';

type PropertyValue = number | string | Uint8Array;

export function appendProperties(out: SparseBuffer, p: TableProperties): void {
  const filtered = p.bloomBitsPerKey > 0;
  const rows: [string, PropertyValue][] = [
    ['rocksdb.block.based.table.index.type', Uint8Array.of(0, 0, 0, 0)],
    ['rocksdb.block.based.table.prefix.filtering', '0'],
    ['rocksdb.block.based.table.whole.key.filtering', '1'],
    ['rocksdb.column.family.id', 0],
    ['rocksdb.column.family.name', 'default'],
    ['rocksdb.comparator', 'leveldb.BytewiseComparator'],
    ['rocksdb.compression', 'NoCompression'],
    ['rocksdb.compression_options', COMPRESSION_OPTIONS],
    ['rocksdb.creating.db.identity', '00000000-0000-0000-0000-000000000000'],
    ['rocksdb.creating.host.identity', 'raftlab'],
    ['rocksdb.creating.session.identity', '00000000000000000001'],
    ['rocksdb.creation.time', FIXED_SECONDS],
    ['rocksdb.data.size', p.dataBytes],
    ['rocksdb.deleted.keys', p.deletions],
    ['rocksdb.file.creation.time', FIXED_SECONDS],
    ...(filtered ? [['rocksdb.filter.policy', 'rocksdb.BuiltinBloomFilter'] as [string, PropertyValue]] : []),
    ['rocksdb.filter.size', p.filterBytes],
    ['rocksdb.fixed.key.length', 0],
    ['rocksdb.format.version', 0],
    ['rocksdb.index.key.is.user.key', 1],
    ['rocksdb.index.size', p.indexBytes],
    ['rocksdb.index.value.is.delta.encoded', 1],
    ['rocksdb.merge.operands', 0],
    ['rocksdb.merge.operator', 'nullptr'],
    ['rocksdb.num.data.blocks', p.dataBlocks],
    ['rocksdb.num.entries', p.entries],
    ['rocksdb.num.filter_entries', filtered ? p.entries : 0],
    ['rocksdb.num.range-deletions', 0],
    ['rocksdb.oldest.key.time', p.flushed ? FIXED_SECONDS : 0],
    ['rocksdb.original.file.number', p.number],
    ['rocksdb.prefix.extractor.name', 'nullptr'],
    ['rocksdb.property.collectors', '[]'],
    ['rocksdb.raw.key.size', p.rawKeyBytes],
    ['rocksdb.raw.value.size', p.rawValueBytes],
  ];
  const from = out.length;
  let last: Uint8Array = new Uint8Array(0);
  for (const [name, value] of rows) {
    const key = ascii(name);
    let shared = 0;
    while (shared < last.length && shared < key.length && last[shared] === key[shared]) shared++;
    const bytes = typeof value === 'number' ? varintBytes(value) : typeof value === 'string' ? ascii(value) : value;
    out.varint(shared);
    out.varint(key.length - shared);
    out.varint(bytes.length);
    out.bytes(key, shared, key.length);
    out.bytes(bytes);
    last = key;
  }
  if (out.length === from) return;
  out.u32(0);
  out.u32(1);
}

/** A block of name → handle, every entry a restart point. `handles` holds offset and size of each. */
export function appendMetaBlock(out: SparseBuffer, names: readonly string[], handles: readonly number[]): void {
  const from = out.length;
  const restarts: number[] = [];
  names.forEach((name, i) => {
    restarts.push(out.length - from);
    const handle = new SparseBuffer(24);
    handle.varint(handles[2 * i]);
    handle.varint(handles[2 * i + 1]);
    out.varint(0);
    out.varint(name.length);
    out.varint(handle.length);
    out.bytes(ascii(name));
    out.slice(handle, 0, handle.length);
  });
  for (const restart of restarts) out.u32(restart);
  out.u32(restarts.length);
}

/** Name → raw value of a metadata block without its trailer; undefined if it does not decode. */
export function readMetaBlock(block: Uint8Array): Map<string, Uint8Array> | undefined {
  if (block.length < 8) return undefined;
  const restarts = readU32LE(block, block.length - 4);
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) return undefined;
  const rows = new Map<string, Uint8Array>();
  let key = '';
  let at = 0;
  while (at < end) {
    const shared = readVarint(block, at, end);
    if (varintEnd < 0) return undefined;
    const rest = readVarint(block, varintEnd, end);
    if (varintEnd < 0) return undefined;
    const length = readVarint(block, varintEnd, end);
    if (varintEnd < 0 || shared > key.length || varintEnd + rest + length > end) return undefined;
    const keyFrom = varintEnd;
    key = key.slice(0, shared) + text(block, keyFrom, keyFrom + rest);
    rows.set(key, block.slice(keyFrom + rest, keyFrom + rest + length));
    at = keyFrom + rest + length;
  }
  return rows;
}

/** The number a property holds; 0 if it is absent. */
export function propertyNumber(rows: ReadonlyMap<string, Uint8Array>, name: string): number {
  const bytes = rows.get(name);
  return bytes === undefined ? 0 : readVarint(bytes, 0, bytes.length);
}

export function ascii(string: string): Uint8Array {
  const bytes = new Uint8Array(string.length);
  for (let i = 0; i < string.length; i++) bytes[i] = string.charCodeAt(i);
  return bytes;
}

export function text(bytes: Uint8Array, from: number, to: number): string {
  let string = '';
  for (let i = from; i < to; i++) string += String.fromCharCode(bytes[i]);
  return string;
}

function varintBytes(value: number): Uint8Array {
  const buffer = new SparseBuffer(10);
  buffer.varint(value);
  return buffer.literal.slice(0, buffer.literalLength);
}
