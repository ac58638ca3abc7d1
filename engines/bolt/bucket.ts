/**
 * A bucket: a B+tree of its own inside of another bucket's leaf, with buckets inside of it in turn.
 *
 * In its parent it is an element whose value is its header: page of its root u64, sequence u64. Page 0 says that the
 * bucket is inline: the image of its only page follows the header.
 *
 * Sequences are kept as numbers, exact to 2^53; a file with a larger one counts as damaged.
 */
import { assert } from '../../sim/assert.ts';
import { readU32LE, readU64LE } from '../../sim/bytes/fixed.ts';
import { SparseBuffer } from '../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../sim/bytes/value.ts';
import { Cursor } from './cursor.ts';
import {
  BUCKET_ELEMENT,
  BUCKET_HEADER_BYTES,
  KEY_BYTES_MAX,
  LEAF_PAGE,
  PAGE_HEADER_BYTES,
  VALUE_BYTES_MAX,
  writePageHeader,
} from './format.ts';
import * as lookup from './lookup.ts';
import { INSERTED, NOTHING } from './nodes.ts';
import { Page } from './pages.ts';
import type { Transaction } from './transaction.ts';

/** bbolt has no limit, and follows a cycle in a damaged file for ever. */
const NESTING_MAX = 256;

/** bbolt's errors, but for the depth. `damaged`: a page is, see `pages.fault`; the transaction must be rolled back. */
export type BucketFailure =
  | 'transaction-not-writable'
  | 'bucket-name-required'
  | 'nested-too-deep'
  | 'bucket-exists'
  | 'bucket-not-found'
  | 'incompatible-value'
  | 'key-required'
  | 'key-too-large'
  | 'value-too-large'
  | 'damaged';

export class Bucket {
  readonly transaction: Transaction;
  /** Where the transaction lists it; nodes name their bucket so. */
  readonly index: number;
  readonly name: Uint8Array;
  /** How many buckets it is inside of; the root is in none. */
  readonly level: number;
  /** How full a split leaves pages; not stored, to be set in every transaction. */
  fillPercent: number;
  /** Page of the root as of the last commit; 0: inline. */
  root = 0;
  sequence = 0;
  /** Its value as of the last commit. */
  storedSequence = 0;
  /** The root once it is a node; −1 before. */
  rootNode = -1;
  /** The whole bucket if it is inline. */
  inline: Page | undefined;
  /** Levels of the tree; NaN while unknown. */
  depth = Number.NaN;
  /** Buckets inside that the transaction has opened, in that order. */
  readonly children = new Map<string, Bucket>();

  constructor(transaction: Transaction, index: number, name: Uint8Array, level: number, fillPercent: number) {
    this.level = level;
    this.transaction = transaction;
    this.index = index;
    this.name = name;
    this.fillPercent = fillPercent;
  }

  /** The bucket of that name inside; undefined if there is none, or a damaged page (see `pages.fault`). */
  bucket(name: Uint8Array): Bucket | undefined {
    const key = nameOf(name);
    const known = this.children.get(key);
    if (known !== undefined) return known;
    const value = new Value();
    if (lookup.find(this.transaction, this, name, value) !== lookup.BUCKET) return undefined;
    if (this.level === NESTING_MAX) {
      this.transaction.pages.fail(this.root, `buckets are nested in more than ${NESTING_MAX} others: a cycle`);
      return undefined;
    }
    const child = this.transaction.addBucket(name.slice(), this.level + 1);
    if (!child.decode(value.toBytes())) return undefined;
    this.children.set(key, child);
    return child;
  }

  createBucket(name: Uint8Array): Bucket | BucketFailure {
    const writer = this.transaction.writer();
    if (writer === undefined) return 'transaction-not-writable';
    if (name.length === 0) return 'bucket-name-required';
    if (name.length > KEY_BYTES_MAX) return 'key-too-large';
    if (this.level === NESTING_MAX) return 'nested-too-deep';
    const found = lookup.find(writer, this, name, new Value());
    if (found === lookup.BUCKET) return 'bucket-exists';
    if (found === lookup.VALUE) return 'incompatible-value';
    if (found === lookup.DAMAGED) return 'damaged';
    if (writer.put(this, name, 0, name.length, emptyInlineBucket(), BUCKET_ELEMENT) !== INSERTED) return 'damaged';
    return this.bucket(name) ?? 'damaged';
  }

  /** Makes an engine's table, which is open already though it was not in the file. */
  createTable(table: Bucket): boolean {
    const writer = this.transaction.writer()!;
    const value = emptyInlineBucket();
    if (writer.put(this, table.name, 0, table.name.length, value, BUCKET_ELEMENT) !== INSERTED) return false;
    this.children.set(nameOf(table.name), table);
    return table.decode(value.toBytes());
  }

  createBucketIfNotExists(name: Uint8Array): Bucket | BucketFailure {
    const created = this.createBucket(name);
    return created === 'bucket-exists' ? (this.bucket(name) ?? 'damaged') : created;
  }

  /** Removes a bucket with all that is in it. */
  deleteBucket(name: Uint8Array): 'ok' | BucketFailure {
    const writer = this.transaction.writer();
    if (writer === undefined) return 'transaction-not-writable';
    const found = lookup.find(writer, this, name, new Value());
    if (found === lookup.ABSENT) return 'bucket-not-found';
    if (found === lookup.VALUE) return 'incompatible-value';
    const child = this.bucket(name);
    if (child === undefined) return 'damaged';
    assert(!writer.isTable(child), 'bolt: the tables of an engine stay');
    const inner: Uint8Array[] = [];
    let keys = 0;
    const cursor = child.cursor();
    for (let more = cursor.first(); more; more = cursor.next()) {
      if (cursor.isBucket) inner.push(cursor.key());
      else keys++;
    }
    if (cursor.isDamaged) return 'damaged';
    for (const each of inner) {
      const outcome = child.deleteBucket(each);
      if (outcome !== 'ok') return outcome;
    }
    if (!writer.dropTree(child, keys)) return 'damaged';
    this.children.delete(nameOf(name));
    return writer.delete(this, name, 0, name.length) ? 'ok' : 'damaged';
  }

  /** True and `into` set if the key is there and not a bucket. */
  get(key: Uint8Array, into: Value): boolean {
    return lookup.find(this.transaction, this, key, into) === lookup.VALUE;
  }

  put(key: Uint8Array, value: Value): 'ok' | BucketFailure {
    const writer = this.transaction.writer();
    if (writer === undefined) return 'transaction-not-writable';
    if (key.length === 0) return 'key-required';
    if (key.length > KEY_BYTES_MAX) return 'key-too-large';
    if (value.length > VALUE_BYTES_MAX) return 'value-too-large';
    if (writer.put(this, key, 0, key.length, value, 0) !== NOTHING) return 'ok';
    return writer.pages.fault === undefined ? 'incompatible-value' : 'damaged';
  }

  /** A key that is not there leaves everything as it is. */
  delete(key: Uint8Array): 'ok' | BucketFailure {
    const writer = this.transaction.writer();
    if (writer === undefined) return 'transaction-not-writable';
    const found = lookup.find(writer, this, key, new Value());
    if (found === lookup.ABSENT) return 'ok';
    if (found === lookup.BUCKET) return 'incompatible-value';
    return found === lookup.VALUE && writer.delete(this, key, 0, key.length) ? 'ok' : 'damaged';
  }

  setSequence(sequence: number): 'ok' | BucketFailure {
    assert(Number.isSafeInteger(sequence) && sequence >= 0, 'bolt: a sequence is a natural number below 2^53');
    const writer = this.transaction.writer();
    if (writer === undefined) return 'transaction-not-writable';
    if (writer.rootNode(this) < 0) return 'damaged'; // so that the header is written with the commit
    this.sequence = sequence;
    return 'ok';
  }

  nextSequence(): number | BucketFailure {
    const outcome = this.setSequence(this.sequence + 1);
    return outcome === 'ok' ? this.sequence : outcome;
  }

  cursor(): Cursor {
    return new Cursor(this.transaction, this);
  }

  /** Takes over header and inline page from the value in the parent; false: it is damaged. */
  decode(bytes: Uint8Array): boolean {
    const { pages } = this.transaction;
    if (bytes.length < BUCKET_HEADER_BYTES) return pages.fail(0, `bucket header of ${bytes.length} bytes`);
    this.sequence = readU64LE(bytes, 8);
    if (this.sequence > Number.MAX_SAFE_INTEGER) return pages.fail(0, `sequence ${this.sequence} of a bucket`);
    this.storedSequence = this.sequence;
    this.root = readU32LE(bytes, 0);
    if (readU32LE(bytes, 4) !== 0) return pages.fail(this.root, 'root page of a bucket out of range');
    this.inline = undefined;
    if (this.root !== 0) return true;
    const page = new Page();
    page.buffer.bytes(bytes, BUCKET_HEADER_BYTES);
    if (!pages.adoptInline(page)) return false;
    this.inline = page;
    this.depth = 1;
    return true;
  }
}

/** A name as a string of as many characters as it has bytes. */
export function nameOf(bytes: Uint8Array): string {
  let name = '';
  for (let i = 0; i < bytes.length; i++) name += String.fromCharCode(bytes[i]!);
  return name;
}

/** The value of a bucket that was just made: its header, and a leaf without elements. */
export function emptyInlineBucket(): Value {
  const value = new SparseBuffer(BUCKET_HEADER_BYTES + PAGE_HEADER_BYTES);
  value.bytes(new Uint8Array(BUCKET_HEADER_BYTES));
  writePageHeader(value, 0, LEAF_PAGE, 0, 0);
  return Value.of(value.toBytes());
}
