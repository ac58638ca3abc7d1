/**
 * Damage to any byte of a file, and what notices it. The format has checksums in its metas only: a changed value is
 * read as if it had been written so, a changed key too as long as the order holds. A damaged meta leads back to the commit
 * before. The last element of a leaf may get another length, and a changed page number may name an older version
 * of the page, which the freelist gives away if it was stored. Everything else is noticed by `open`, by `check`, or has
 * no effect; and nothing that is done to a damaged file throws or hangs.
 */
import { expect, it } from 'vitest';
import type { Bucket } from '../../../engines/bolt/bucket.ts';
import { checkDatabase } from '../../../engines/bolt/check-database.ts';
import type { Cursor } from '../../../engines/bolt/cursor.ts';
import { Database } from '../../../engines/bolt/database.ts';
import { defragment } from '../../../engines/bolt/defragment.ts';
import { boltOptions } from '../../../engines/bolt/options.ts';
import { SparseBuffer } from '../../../sim/bytes/sparse-buffer.ts';
import { Value } from '../../../sim/bytes/value.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { Rng } from '../../../sim/rng.ts';
import { Work } from '../../../sim/work.ts';
import { bytesOf } from '../bed.ts';
import { bucketOf, DatabaseBed } from './database-bed.ts';

const PAGE = 1024;
const FLIPS = 200;
const CUTS = 25;

/** All keys and values as text; throws nothing, and ends at a damaged page. */
function everything(bucket: Bucket, depth = 0): string {
  const cursor: Cursor = bucket.cursor();
  let text = `${bucket.sequence}{`;
  for (let more = cursor.first(); more; more = cursor.next()) {
    text += `${Buffer.from(cursor.key()).toString('hex')}=`;
    if (!cursor.isBucket) text += Buffer.from(cursor.value.toBytes()).toString('hex');
    const inner = cursor.isBucket && depth < 5 ? bucket.bucket(cursor.key()) : undefined;
    if (inner !== undefined) text += everything(inner, depth + 1);
    text += ';';
  }
  return `${text}}`;
}

it.each<ParameterValues>([{}, { noFreelistSync: true, freelist: 'hashmap' }])('damage under %j', (variant) => {
  const options = { ...variant, pageSize: PAGE };
  const bed = new DatabaseBed(options);
  const random = new Rng(11);
  let previous = '';
  for (let round = 0; round < 5; round++) {
    previous = everything(bed.database.transaction.root);
    bed.update((root) => {
      const bucket = bucketOf(root.createBucketIfNotExists(bytesOf('bucket')));
      for (let i = 0; i < 120; i++) {
        const value = Uint8Array.from({ length: random.int(0, 60) }, () => random.int(0, 255));
        bucket.put(bytesOf(`key${String(random.int(0, 400)).padStart(4, '0')}`), Value.of(value));
      }
      const inner = bucketOf(bucket.createBucketIfNotExists(bytesOf('inner')));
      inner.nextSequence();
      inner.put(bytesOf('a'), Value.of(bytesOf('inline')));
    });
  }
  const original = bed.disk.exportFile('db');
  const sound = everything(bed.database.transaction.root);
  const used = bed.figures.highWater! * PAGE;
  bed.database.close();

  /** What a new process makes of the file. */
  const outcome = (): 'refused' | 'found by check' | 'no effect' | 'a commit back' | 'silent' => {
    const database = new Database(bed.disk, 'db', new Work(), boltOptions(options));
    const opened = database.open();
    bed.disk.settle();
    if (opened === 'corrupt' || opened === 'fresh') {
      if (opened === 'corrupt') expect(database.corruption).toBeDefined();
      return 'refused';
    }
    expect(opened).toBe('recovered');
    const seen = everything(database.transaction.root);
    const faults = checkDatabase(database);
    use(database);
    database.close();
    if (faults.length > 0) return 'found by check';
    if (seen === previous) return 'a commit back';
    return seen === sound ? 'no effect' : 'silent';
  };
  const file = () => bed.disk.open('db')!;
  const write = (offset: number, bytes: Uint8Array): void => {
    const buffer = new SparseBuffer();
    buffer.bytes(bytes);
    expect(bed.disk.write(file(), offset, buffer)).toBe('ok');
  };
  const counts = { refused: 0, 'found by check': 0, 'no effect': 0, 'a commit back': 0, silent: 0 };
  for (let i = 0; i < FLIPS; i++) {
    const offset = random.int(0, used - 1);
    write(offset, Uint8Array.of(original[offset]! ^ random.int(1, 255)));
    const result = outcome();
    counts[result]++;
    if (result === 'silent') {
      const isUnnoticeable =
        isKeyOrValue(original, offset) ||
        isLastLength(original, offset) ||
        (variant.noFreelistSync && isChild(original, offset));
      expect(isUnnoticeable, `byte ${offset}`).toBe(true);
    }
    if (result === 'a commit back') expect(offset).toBeLessThan(2 * PAGE);
    // a commit may have followed: of the freelist, if it was not stored; so everything is put back
    expect(bed.disk.truncate(file(), 0)).toBe('ok');
    write(0, original);
    bed.disk.settle();
  }
  for (let i = 0; i < CUTS; i++) {
    expect(bed.disk.truncate(file(), random.int(0, used - 1))).toBe('ok');
    const result = outcome();
    expect(result).not.toBe('silent');
    counts[result]++;
    expect(bed.disk.truncate(file(), 0)).toBe('ok');
    write(0, original);
    bed.disk.settle();
  }
  expect(counts.refused + counts['found by check']).toBeGreaterThan((FLIPS + CUTS) / 10);
  expect(outcome()).toBe('no effect');
});

/** Writes all over the file, deletes a bucket, defragments: whatever comes of it. */
function use(database: Database): void {
  const { root, pages } = database.begin();
  const bucket = root.bucket(bytesOf('bucket'));
  for (let i = 0; i < 400; i += 7) bucket?.put(bytesOf(`key${String(i).padStart(4, '0')}`), Value.of(bytesOf('new')));
  for (let i = 0; i < 400; i += 2) bucket?.delete(bytesOf(`key${String(i).padStart(4, '0')}`));
  bucket?.deleteBucket(bytesOf('inner'));
  if (pages.fault !== undefined) {
    database.stop();
    return;
  }
  if (database.commit() === 'ok') for (const _ of defragment(database, 90));
}

/** Whether an offset lies behind the elements of a leaf, or of the image of one: keys, values, headers of buckets. */
function isKeyOrValue(file: Uint8Array, offset: number): boolean {
  const page = Buffer.from(file.subarray(offset - (offset % PAGE)));
  return page.readUInt16LE(8) === 2 && offset % PAGE >= 16 + 16 * page.readUInt16LE(10);
}

/** Whether it belongs to the page number of a branch's child. */
function isChild(file: Uint8Array, offset: number): boolean {
  const page = Buffer.from(file.subarray(offset - (offset % PAGE)));
  const at = (offset % PAGE) - 16;
  return page.readUInt16LE(8) === 1 && at >= 0 && at < 16 * page.readUInt16LE(10) && at % 16 >= 8;
}

/** Whether it belongs to the lengths of a leaf's last key and value. */
function isLastLength(file: Uint8Array, offset: number): boolean {
  const page = Buffer.from(file.subarray(offset - (offset % PAGE)));
  const at = (offset % PAGE) - 16 * page.readUInt16LE(10);
  return page.readUInt16LE(8) === 2 && at >= 8 && at < 16;
}

it('a bucket that contains itself is met with an answer', () => {
  const bed = new DatabaseBed({ pageSize: PAGE });
  bed.update((root) => {
    const outer = bucketOf(root.createBucket(bytesOf('outer')));
    const inner = bucketOf(outer.createBucket(bytesOf('inner')));
    for (let i = 0; i < 40; i++) inner.put(bytesOf(`key${100 + i}`), Value.of(bytesOf('v'.repeat(20))));
  });
  const outer = bucketOf(bed.database.transaction.root.bucket(bytesOf('outer')));
  const inner = bucketOf(outer.bucket(bytesOf('inner')));
  const page = bed.disk.exportFile('db').subarray(outer.root * PAGE, (outer.root + 1) * PAGE);
  const header = Buffer.from(page).indexOf('inner') + 5;
  expect(Buffer.from(page).readUInt32LE(header)).toBe(inner.root);
  const buffer = new SparseBuffer();
  buffer.u32(outer.root);
  expect(bed.disk.write(bed.disk.open('db')!, outer.root * PAGE + header, buffer)).toBe('ok');
  bed.disk.settle();
  bed.reopen();
  expect(bed.faults()).toContain(`page ${outer.root}: reachable more than once`);
  expect(bed.database.begin().root.deleteBucket(bytesOf('outer'))).toBe('damaged');
  bed.database.stop();
  expect(bed.database.corruption?.what).toMatch(/a cycle/);
  bed.reopen();
  for (const _ of defragment(bed.database, 50)) bed.disk.settle();
  expect(bed.database.isServing).toBe(false);
  expect(bed.database.corruption?.what).toMatch(/a cycle/);
  expect(bed.disk.list('')).toEqual(['db']);
});
