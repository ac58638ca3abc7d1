/**
 * Version edits, the records of a manifest: what each adds to and takes from the state.
 *
 *     1 │ length │ comparator     2 │ oldest WAL still needed     3 │ next file number     4 │ last sequence
 *     6 │ level │ file number     9 │ 0     10 │ oldest WAL to keep
 *     103 │ level │ file number │ bytes │ smallest key │ largest key │ smallest sequence │ largest sequence
 *         │ ( tag │ length │ bytes )… │ 1
 *     400 │ blob file number │ blobs │ bytes │ 0 │ 0 │ 0     401 │ blob file number │ blobs │ bytes │ 0
 *
 * all varints, keys with their length before them.
 */
import type { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { readVarint, varintEnd, varintLength } from '../../sim/bytes/varint.ts';
import type { BlobAmount } from './blob-files.ts';
import { ascii, FIXED_SECONDS, text } from './table-properties.ts';

const COMPARATOR = 1;
const LOG_NUMBER = 2;
const NEXT_FILE = 3;
const LAST_SEQUENCE = 4;
const COMPACT_CURSOR = 5;
const DELETED_FILE = 6;
const PREVIOUS_LOG = 9;
const LOG_TO_KEEP = 10;
const NEW_FILE = 103;
const BLOB_FILE_ADDITION = 400;
const BLOB_FILE_GARBAGE = 401;
/** Tags with this bit hold one length-prefixed field that may be skipped. */
const IGNORABLE = 8192;

const FIELD_END = 1;
const FIELD_OLDEST_BLOB_FILE = 4;
const FIELD_OLDEST_ANCESTOR_TIME = 5;
const FIELD_CREATION_TIME = 6;
const FIELD_CHECKSUM = 7;
const FIELD_CHECKSUM_FUNCTION = 8;
const FIELD_UNIQUE_ID = 12;
/** Fields with this bit must be understood. */
const FIELD_MANDATORY = 64;
/** After an addition or garbage of blobs: no more fields. */
const BLOB_FIELD_END = 0;

const COMPARATOR_NAME = 'leveldb.BytewiseComparator';
const NO_CHECKSUM_FUNCTION = 'Unknown';
const FILE_KEY_BYTES_MIN = 8;
const UNIQUE_ID_BYTES = 16;
/** The high half of XXH3-128 over the database identity that tables name. */
const IDENTITY_HASH_HIGH = 0x33338c29;
const IDENTITY_HASH_LOW = 0x8dfbe459;
/** The session that tables name, as a number. */
const SESSION = 1;

export interface EditedFile {
  readonly level: number;
  readonly number: number;
  readonly bytes: number;
  readonly smallest: Uint8Array;
  readonly largest: Uint8Array;
  readonly smallestSequence: number;
  readonly largestSequence: number;
  /** The oldest blob file that the table refers to; 0: it refers to none. */
  readonly oldestBlobFile: number;
  /** As another system recorded it, empty if it did not; undefined: a table of ours, it follows from the number. */
  readonly uniqueId?: Uint8Array | undefined;
}

export interface VersionEdit {
  comparator?: string;
  logNumber?: number;
  logToKeep?: number;
  nextFile?: number;
  lastSequence?: number;
  deleted?: { readonly level: number; readonly number: number }[];
  added?: EditedFile[];
  addedBlobFiles?: readonly BlobAmount[];
  /** What more of older blob files is garbage now. */
  blobGarbage?: readonly BlobAmount[];
}

export function encodeVersionEdit(edit: VersionEdit, into: SparseBuffer): void {
  into.reset();
  if (edit.comparator !== undefined) {
    into.varint(COMPARATOR);
    appendBytes(into, ascii(edit.comparator));
  }
  if (edit.logNumber !== undefined) appendPair(into, LOG_NUMBER, edit.logNumber);
  if (edit.logNumber !== undefined) appendPair(into, PREVIOUS_LOG, 0);
  if (edit.nextFile !== undefined) appendPair(into, NEXT_FILE, edit.nextFile);
  if (edit.logToKeep !== undefined) appendPair(into, LOG_TO_KEEP, edit.logToKeep);
  if (edit.lastSequence !== undefined) appendPair(into, LAST_SEQUENCE, edit.lastSequence);
  for (const { level, number } of edit.deleted ?? []) {
    appendPair(into, DELETED_FILE, level);
    into.varint(number);
  }
  for (const file of edit.added ?? []) {
    appendPair(into, NEW_FILE, file.level);
    into.varint(file.number);
    into.varint(file.bytes);
    appendBytes(into, file.smallest);
    appendBytes(into, file.largest);
    into.varint(file.smallestSequence);
    into.varint(file.largestSequence);
    for (const field of [FIELD_OLDEST_ANCESTOR_TIME, FIELD_CREATION_TIME]) {
      appendPair(into, field, varintLength(FIXED_SECONDS));
      into.varint(FIXED_SECONDS);
    }
    appendPair(into, FIELD_CHECKSUM, 0);
    into.varint(FIELD_CHECKSUM_FUNCTION);
    appendBytes(into, ascii(NO_CHECKSUM_FUNCTION));
    if (file.oldestBlobFile !== 0) {
      appendPair(into, FIELD_OLDEST_BLOB_FILE, varintLength(file.oldestBlobFile));
      into.varint(file.oldestBlobFile);
    }
    if (file.uniqueId === undefined) {
      appendPair(into, FIELD_UNIQUE_ID, UNIQUE_ID_BYTES);
      appendUniqueId(into, file.number);
    } else if (file.uniqueId.length > 0) {
      into.varint(FIELD_UNIQUE_ID);
      appendBytes(into, file.uniqueId);
    }
    into.varint(FIELD_END);
  }
  for (const addition of edit.addedBlobFiles ?? []) {
    appendBlobAmount(into, BLOB_FILE_ADDITION, addition);
    // Method and value of a checksum over the file, which is off by default.
    appendPair(into, 0, 0);
    into.varint(BLOB_FIELD_END);
  }
  for (const garbage of edit.blobGarbage ?? []) {
    appendBlobAmount(into, BLOB_FILE_GARBAGE, garbage);
    into.varint(BLOB_FIELD_END);
  }
}

/** The first edit of every manifest. */
export function comparatorEdit(): VersionEdit {
  return { comparator: COMPARATOR_NAME };
}

/** A string says why the record is no edit that this engine can take. */
export function decodeVersionEdit(record: SparseBuffer): VersionEdit | string {
  const bytes = record.toBytes();
  const end = bytes.length;
  let at = 0;
  let failed = false;
  const number = (): number => {
    if (failed) return 0;
    const value = readVarint(bytes, at, end);
    if (varintEnd < 0) failed = true;
    else at = varintEnd;
    return value;
  };
  const slice = (): Uint8Array => {
    const length = number();
    if (failed || at + length > end) {
      failed = true;
      return EMPTY;
    }
    at += length;
    return bytes.slice(at - length, at);
  };

  const blobAmount = (): BlobAmount => ({ number: number(), blobs: number(), bytes: number() });
  /** False: a field that must be understood. */
  const skipBlobFields = (): boolean => {
    for (let field = number(); field !== BLOB_FIELD_END && !failed; field = number()) {
      if (field & FIELD_MANDATORY) return false;
      slice();
    }
    return true;
  };

  const edit: VersionEdit = {};
  while (at < end && !failed) {
    const tag = number();
    if (tag === COMPARATOR) {
      const name = slice();
      edit.comparator = text(name, 0, name.length);
      if (edit.comparator !== COMPARATOR_NAME) return `comparator ${edit.comparator}`;
    } else if (tag === LOG_NUMBER) edit.logNumber = number();
    else if (tag === PREVIOUS_LOG) number();
    else if (tag === NEXT_FILE) edit.nextFile = number();
    else if (tag === LOG_TO_KEEP) edit.logToKeep = number();
    else if (tag === LAST_SEQUENCE) edit.lastSequence = number();
    else if (tag === COMPACT_CURSOR) {
      number();
      slice();
    } else if (tag === DELETED_FILE) {
      edit.deleted ??= [];
      edit.deleted.push({ level: number(), number: number() });
    } else if (tag === NEW_FILE) {
      const listed = {
        level: number(),
        number: number(),
        bytes: number(),
        smallest: slice(),
        largest: slice(),
        smallestSequence: number(),
        largestSequence: number(),
        oldestBlobFile: 0,
      };
      let uniqueId = EMPTY;
      for (let field = number(); field !== FIELD_END && !failed; field = number()) {
        if (field & FIELD_MANDATORY) return `file field ${field}`;
        const content = slice();
        if (field === FIELD_OLDEST_BLOB_FILE) listed.oldestBlobFile = readVarint(content, 0, content.length);
        if (field === FIELD_UNIQUE_ID) uniqueId = content;
      }
      const file: EditedFile = { ...listed, uniqueId };
      if (file.smallest.length < FILE_KEY_BYTES_MIN || file.largest.length < FILE_KEY_BYTES_MIN) failed = true;
      edit.added ??= [];
      edit.added.push(file);
    } else if (tag === BLOB_FILE_ADDITION) {
      const addition = blobAmount();
      slice();
      slice();
      if (!skipBlobFields()) return 'a blob file with a field that is not known';
      edit.addedBlobFiles = [...(edit.addedBlobFiles ?? []), addition];
    } else if (tag === BLOB_FILE_GARBAGE) {
      const garbage = blobAmount();
      if (!skipBlobFields()) return 'garbage with a field that is not known';
      edit.blobGarbage = [...(edit.blobGarbage ?? []), garbage];
    } else if (tag & IGNORABLE) slice();
    else return `unknown tag ${tag}`;
  }
  return failed ? 'the record ends inside a field' : edit;
}

const EMPTY: Uint8Array = new Uint8Array(0);

function appendPair(into: SparseBuffer, a: number, b: number): void {
  into.varint(a);
  into.varint(b);
}
function appendBlobAmount(into: SparseBuffer, tag: number, { number, blobs, bytes }: BlobAmount): void {
  appendPair(into, tag, number);
  appendPair(into, blobs, bytes);
}
function appendBytes(into: SparseBuffer, bytes: Uint8Array): void {
  into.varint(bytes.length);
  into.bytes(bytes);
}

/** What RocksDB derives from the identities in a table's properties and its number, and compares at open. */
function appendUniqueId(into: SparseBuffer, number: number): void {
  const high = Math.floor(number / 4294967296);
  into.u64(SESSION);
  into.u32((IDENTITY_HASH_LOW ^ (number - high * 4294967296)) >>> 0);
  into.u32((IDENTITY_HASH_HIGH ^ high) >>> 0);
}
