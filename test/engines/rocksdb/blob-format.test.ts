/** Blob files as bytes, references to them, and the account of what is in each. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BlobFiles } from '../../../engines/rocksdb/blob-files.ts';
import {
  appendBlobFooter,
  appendBlobHeader,
  appendBlobRecord,
  BlobIndex,
} from '../../../engines/rocksdb/blob-format.ts';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { bytes, filled } from './bench.ts';

/** Header, record header, key and value, footer. */
const REAL_BLOB_FILE = [
  '378f24000100000000000000000000000000000000000000000000000000',
  '020000000000000005000000000000000000000000000000d96db01e3be9676f',
  '6b3168656c6c6f',
  '378f2400010000000000000000000000000000000000000000000000fb714ae8',
].join('');

describe('a blob file', () => {
  it('is these bytes', () => {
    // Written by RocksDB 7.8.3 for the key `k1` and the value `hello`.
    const out = new SparseBuffer();
    appendBlobHeader(out);
    appendBlobRecord(out, bytes('k1'), 2, Value.of(bytes('hello')));
    appendBlobFooter(out, 1);
    expect(Buffer.from(out.toBytes()).toString('hex')).toBe(REAL_BLOB_FILE);
  });

  it('has the same bytes whether values hold fill or the bytes themselves', () => {
    const value = filled('stamp', 300);
    const sparse = new SparseBuffer();
    const plain = new SparseBuffer();
    appendBlobRecord(sparse, bytes('key'), 3, value);
    appendBlobRecord(plain, bytes('key'), 3, Value.of(value.toBytes()));
    expect(sparse.toBytes()).toEqual(plain.toBytes());
    expect(sparse.literalLength).toBeLessThan(60);
  });
});

describe('a reference', () => {
  const encoded = new Value();
  const index = new BlobIndex();

  it('is these bytes', () => {
    index.encode(300, 70_000, 5, encoded);
    expect([...encoded.toBytes()]).toEqual([1, 0xac, 2, 0xf0, 0xa2, 4, 5, 0]);
  });

  it('round trips', () => {
    const number = fc.integer({ min: 1, max: 2 ** 40 });
    fc.assert(
      fc.property(number, number, number, (file, offset, length) => {
        index.encode(file, offset, length, encoded);
        const found = new BlobIndex();
        expect(found.decode(encoded)).toBe(true);
        expect([found.file, found.offset, found.valueLength]).toEqual([file, offset, length]);
      }),
    );
  });

  it('is refused when any of its bytes is missing, and for other kinds and compressions', () => {
    index.encode(300, 70_000, 5, encoded);
    const whole = encoded.toBytes();
    for (let length = 0; length < whole.length; length++) {
      expect(index.decode(Value.of(whole.slice(0, length))), `${length} bytes`).toBe(false);
    }
    expect(index.decode(Value.of(Uint8Array.of(...whole, 0)))).toBe(false);
    expect(index.decode(Value.of(Uint8Array.of(2, ...whole.slice(1))))).toBe(false);
    expect(index.decode(Value.of(Uint8Array.of(...whole.slice(0, -1), 4)))).toBe(false);
    expect(index.decode(Value.of(Uint8Array.of(1, 0, 9, 9, 0)))).toBe(false);
  });
});

describe('the account of blob files', () => {
  /** Files 10, 20, 30 of two blobs each. */
  function account(): BlobFiles {
    const files = new BlobFiles();
    for (const number of [20, 10, 30]) expect(files.add({ number, blobs: 2, bytes: 100 }, undefined)).toBe(true);
    return files;
  }
  const numbers = (files: readonly { readonly number: number }[]): number[] => files.map(({ number }) => number);

  it('keeps files in order, each once', () => {
    const files = account();
    expect(numbers(files.files)).toEqual([10, 20, 30]);
    expect(files.add({ number: 20, blobs: 1, bytes: 1 }, undefined)).toBe(false);
    expect(files.get(20)?.blobs).toBe(2);
    expect(files.get(21)).toBeUndefined();
  });

  it('drops what is older than every linked file, and what is garbage without a link', () => {
    const files = account();
    files.link(1, 10);
    expect(numbers(files.prune())).toEqual([]);
    files.addGarbage({ number: 20, blobs: 2, bytes: 100 });
    expect(numbers(files.prune())).toEqual([20]);
    files.unlink(1, 10);
    files.link(2, 30);
    expect(numbers(files.prune())).toEqual([10]);
    expect(numbers(files.files)).toEqual([30]);
  });

  it('keeps all garbage that a table is linked to', () => {
    const files = account();
    files.link(1, 10);
    files.addGarbage({ number: 10, blobs: 2, bytes: 100 });
    expect(numbers(files.prune())).toEqual([]);
  });

  it('refuses more garbage than there is, and links to nowhere', () => {
    const files = account();
    expect(files.addGarbage({ number: 10, blobs: 3, bytes: 100 })).toBe(false);
    expect(files.addGarbage({ number: 11, blobs: 1, bytes: 1 })).toBe(false);
    expect(files.link(1, 11)).toBe(false);
    expect(files.link(1, 0)).toBe(true);
  });

  it.each([
    [0, 10],
    [0.25, 10],
    [0.34, 20],
    [0.99, 30],
    [1, Number.POSITIVE_INFINITY],
  ])('cuts off at a share of %d below file %d', (share, expected) => {
    expect(account().cutoff(share)).toBe(expected);
  });
});
