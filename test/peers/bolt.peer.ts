/** Files of our bolt in the hands of the real bbolt, and the other way round. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportStore } from '../../cli/store-folder.ts';
import type { Bucket } from '../../engines/bolt/bucket.ts';
import { checkDatabase } from '../../engines/bolt/check-database.ts';
import type { Database } from '../../engines/bolt/database.ts';
import { defragment } from '../../engines/bolt/defragment.ts';
import { BoltEngine } from '../../engines/bolt/engine.ts';
import { boltOptions } from '../../engines/bolt/options.ts';
import { Value } from '../../sim/bytes/value.ts';
import { STOPPED_CLOCK } from '../../sim/clock.ts';
import { BlockStore } from '../../sim/disk/block-store.ts';
import { SimulatedDisk } from '../../sim/disk/simulated-disk.ts';
import type { ParameterValues } from '../../sim/parameters.ts';
import { Rng } from '../../sim/rng.ts';
import type { RecordSource } from '../../sim/storage-engine.ts';
import { Work } from '../../sim/work.ts';
import { bytesOf } from '../engines/bed.ts';
import { bucketHistory, inside } from '../engines/bolt/bucket-history.ts';
import { importStore } from '../import-store.ts';
import { BBOLT_SOURCE, buildGo, describePeer, GO, runTool, withFolder } from './peer.ts';

const SOURCE = new URL('bolt.go', import.meta.url).pathname;
const VARIANTS: readonly ParameterValues[] = [
  { freelist: 'array' },
  { freelist: 'hashmap' },
  { freelist: 'array', noFreelistSync: true },
  { freelist: 'hashmap', noFreelistSync: true, fillPercent: 0.9 },
];

describePeer('bbolt 1.3.6', [GO, BBOLT_SOURCE], () => {
  let binary = '';
  let release: () => void = () => {};
  beforeAll(() => {
    const held = heldFolder();
    release = held.release;
    binary = buildGo(SOURCE, held.folder);
  });
  afterAll(() => release());

  const real = (...args: string[]): string => {
    const { status, out, error } = runTool(binary, args);
    expect(error).toBe('');
    expect(status).toBe(0);
    return out;
  };

  /** Real bbolt opens our file, finds it sound and the same in it, and writes to it; ours goes on from there. */
  const verify = (bed: Bed): void => {
    expect(checkDatabase(bed.database)).toEqual([]);
    const shown = show(bed.database);
    withFolder((folder) => {
      exportStore(bed.disk, '', folder);
      expect(real('read', join(folder, 'db'))).toBe(shown);
      const again = new Bed(bed.options, folder);
      expect(checkDatabase(again.database)).toEqual([]);
      const all = show(again.database).split('\n');
      expect(all.filter((line) => !line.startsWith(Buffer.from('by the real one').toString('hex')))).toEqual(
        shown.split('\n'),
      );
      expect(all.length).toBe(shown.split('\n').length + 1);
    });
  };

  it.each([
    [1, false],
    [2, false],
    [3, false],
    [4, true],
    [5, true],
    [6, true],
  ])('writes the same bytes for buckets in buckets, history %i, with readers: %s', (seed, hasReaders) => {
    const bed = new Bed(hasReaders ? { initialMmapSize: 2 ** 25 } : {}, undefined, []);
    bucketHistory(bed.database, bed.disk, seed, hasReaders);
    withFolder((folder) => {
      real('chain', join(folder, 'db'), String(seed), String(hasReaders));
      const theirs = readFileSync(join(folder, 'db'));
      const ours = Buffer.from(bed.disk.exportFile('db'));
      expect(ours.length).toBe(theirs.length);
      expect(ours.equals(theirs), `differs in page ${firstDifference(ours, theirs)}`).toBe(true);
    });
    expect(checkDatabase(bed.database)).toEqual([]);
  });

  it.each([100, 10_000])('defragments to the same bytes, %i keys a transaction', (keys) => {
    const bed = new Bed({ freelist: 'array' });
    bed.churn(30);
    withFolder((folder) => {
      exportStore(bed.disk, '', folder);
      real('defragment', join(folder, 'db'), join(folder, 'copy'), String(keys));
      for (const _ of defragment(bed.database, keys)) bed.disk.settle();
      const theirs = readFileSync(join(folder, 'copy'));
      const ours = Buffer.from(bed.disk.exportFile('db'));
      expect(ours.length).toBe(theirs.length);
      expect(ours.equals(theirs), `differs in page ${firstDifference(ours, theirs)}`).toBe(true);
    });
    verify(bed);
  });

  for (const options of VARIANTS) {
    const title = JSON.stringify(options);

    it(`reads a flat store after puts, overwrites and deletes: ${title}`, () => {
      const bed = new Bed(options);
      bed.churn(20);
      verify(bed);
    });

    it(`reads what a crash left: ${title}`, () => {
      const bed = new Bed(options);
      bed.churn(8);
      bed.crash();
      bed.churn(3);
      verify(bed);
    });

    it(`reads nested and inline buckets, also after some were deleted: ${title}`, () => {
      const bed = new Bed(options);
      bed.nest();
      verify(bed);
      bed.update((root) => expect(inside(root, 'first').deleteBucket(bytesOf('inner'))).toBe('ok'));
      verify(bed);
    });

    it(`reads a defragmented file: ${title}`, () => {
      const bed = new Bed(options);
      bed.churn(20);
      bed.nest();
      for (const _ of defragment(bed.database, 700)) bed.disk.settle();
      verify(bed);
    });

    it(`reads a bulk load, and what was written to it since: ${title}`, () => {
      const bed = new Bed(options);
      expect(bed.engine.bulkLoad(0, new Ascending(5000))).toBe('ok');
      bed.disk.settle();
      verify(bed);
      bed.churn(5);
      verify(bed);
    });

    it(`reads pages that a reader held back: ${title}`, () => {
      const bed = new Bed({ ...options, initialMmapSize: 1 << 30 });
      bed.churn(5);
      const reader = bed.database.beginRead();
      bed.churn(10);
      verify(bed);
      bed.database.endRead(reader);
      bed.churn(2);
      verify(bed);
    });

    it(`writes files that ours reads: ${title}`, () => {
      withFolder((folder) => {
        const shown = real(
          'write',
          join(folder, 'db'),
          String(options.freelist),
          String(options.noFreelistSync ?? false),
        );
        const bed = new Bed(options, folder);
        expect(show(bed.database)).toBe(shown);
        expect(checkDatabase(bed.database)).toEqual([]);
        bed.churn(3);
        bed.nest();
        verify(bed);
      });
    });
  }
});

/** Our store on a disk of its own, empty or with the files of a folder. */
class Bed {
  readonly options: ParameterValues;
  readonly disk = new SimulatedDisk({
    store: new BlockStore(),
    rng: new Rng(1),
    pageCacheBytes: 1 << 28,
    capacityBytes: 2 ** 40,
  });
  readonly #random = new Rng(7);
  engine: BoltEngine;

  constructor(options: ParameterValues, folder?: string, tables: readonly string[] = ['first']) {
    this.options = options;
    if (folder !== undefined) importStore(folder, this.disk, '', 'page');
    this.engine = this.#open(folder === undefined ? 'fresh' : 'recovered', folder === undefined ? tables : []);
  }

  #open(expected: string, tables: readonly string[]): BoltEngine {
    const context = { disk: this.disk, directory: '', tables, work: new Work(), clock: STOPPED_CLOCK };
    const engine = new BoltEngine(context, boltOptions(this.options));
    expect(engine.open()).toBe(expected);
    this.disk.settle();
    return engine;
  }

  get database(): Database {
    return this.engine.database;
  }

  update(act: (root: Bucket) => void): void {
    act(this.database.begin().root);
    expect(this.database.commit()).toBe('ok');
    this.disk.settle();
  }

  /** Commits of puts, overwrites and deletions in the bucket `first`, values of up to some pages. */
  churn(commits: number): void {
    const random = this.#random;
    for (let i = 0; i < commits; i++) {
      this.update((root) => {
        const bucket = inside(root, 'first');
        for (let j = 0; j < 150; j++) {
          const key = bytesOf(`key${String(random.int(0, 2000)).padStart(5, '0')}`);
          if (random.chance(0.35)) expect(bucket.delete(key)).toBe('ok');
          else {
            const bytes = random.chance(0.03) ? random.int(4000, 60_000) : random.int(0, 600);
            expect(bucket.put(key, Value.filled(bytesOf(`${i} ${j}`), bytes))).toBe('ok');
          }
        }
      });
    }
  }

  nest(): void {
    this.update((root) => {
      const outer = inside(root, 'first');
      const inner = inside(outer, 'inner');
      inner.setSequence(77);
      for (let i = 0; i < 400; i++) inner.put(bytesOf(`in${1000 + i}`), Value.filled(bytesOf('x'), 50));
      inside(inner, 'deep').put(bytesOf('a'), Value.of(bytesOf('inline')));
      for (let i = 0; i < 30; i++) inside(root, `small ${i}`).nextSequence();
    });
    this.update((root) => {
      inside(root, 'small 3').put(bytesOf('grows'), Value.filled(bytesOf('out of its parent'), 3000));
      expect(root.deleteBucket(bytesOf('small 4'))).toBe('ok');
    });
  }

  /** A commit is under way when the power fails. */
  crash(): void {
    const bucket = inside(this.database.begin().root, 'first');
    for (let i = 0; i < 100; i++) bucket.put(bytesOf(`key0${1000 + i}`), Value.filled(bytesOf('torn'), 700));
    expect(this.database.commit()).toBe('ok');
    this.disk.crash();
    this.engine = this.#open('recovered', ['first']);
  }
}

class Ascending implements RecordSource {
  readonly count: number;
  key: Uint8Array = new Uint8Array(0);
  readonly value = Value.filled(bytesOf('v'), 300);
  #next = 0;

  constructor(count: number) {
    this.count = count;
  }

  next(): boolean {
    this.key = bytesOf(`key${String(this.#next).padStart(5, '0')}`);
    return this.#next++ < this.count;
  }
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  return Math.floor(a.findIndex((byte, i) => byte !== b[i]) / 4096);
}

/** What the Go program prints: see there. */
function show(database: Database): string {
  const reader = database.beginRead();
  const lines: string[] = [];
  const visit = (path: string, bucket: Bucket): void => {
    const sum = createHash('sha256');
    const inner: Uint8Array[] = [];
    let elements = 0;
    const add = (bytes: Uint8Array): void => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      sum.update(length).update(bytes);
    };
    const cursor = bucket.cursor();
    for (let more = cursor.first(); more; more = cursor.next()) {
      elements++;
      add(cursor.key());
      if (cursor.isBucket) {
        sum.update(Buffer.alloc(4, 0xff));
        inner.push(cursor.key());
      } else {
        add(cursor.value.toBytes());
      }
    }
    if (path !== '') lines.push(`${path} ${bucket.sequence} ${elements} ${sum.digest('hex')}\n`);
    for (const name of inner) {
      visit(`${path === '' ? '' : `${path}/`}${Buffer.from(name).toString('hex')}`, bucket.bucket(name)!);
    }
  };
  visit('', reader.root);
  database.endRead(reader);
  return lines.join('');
}

/** A folder that stays until it is released. */
function heldFolder(): { readonly folder: string; release(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'raftlab-bolt-'));
  return { folder, release: () => rmSync(folder, { recursive: true, force: true }) };
}
