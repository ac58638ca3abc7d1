/** Defragmentation: the same content in a smaller file; and crashes at every disk operation of a workload that has one. */
import { describe, expect, it } from 'vitest';
import type { Bucket } from '../../../engines/bolt/bucket.ts';
import { defragment } from '../../../engines/bolt/defragment.ts';
import { bolt } from '../../../engines/bolt/index.ts';
import type { ParameterValues } from '../../../sim/parameters.ts';
import { bytesOf, EngineBed, put } from '../bed.ts';
import { bucketOf, type Content, contentOf, DatabaseBed, putText } from './database-bed.ts';

const OPTIONS: readonly ParameterValues[] = [
  { pageSize: 1024 },
  { pageSize: 1024, freelist: 'hashmap', noFreelistSync: true },
];

/** Buckets in buckets, some inline, some large; then holes. */
function fill(root: Bucket, keys: number): void {
  for (const name of ['a', 'b']) {
    const bucket = bucketOf(root.createBucketIfNotExists(bytesOf(name)));
    for (let i = 0; i < keys; i++) putText(bucket, `key${1000 + i}`, `${name}${i}`.padEnd(60, '.').slice(0, 30));
    const inner = bucketOf(bucket.createBucketIfNotExists(bytesOf('inner')));
    inner.setSequence(keys);
    putText(inner, 'in', 'line');
    const deep = bucketOf(inner.createBucketIfNotExists(bytesOf('deep')));
    for (let i = 0; i < keys / 4; i++) putText(deep, `d${1000 + i}`, 'x'.repeat(30));
  }
}

function punch(root: Bucket, keys: number): void {
  const bucket = bucketOf(root.bucket(bytesOf('a')));
  for (let i = 0; i < keys; i++) if (i % 5 !== 0) bucket.delete(bytesOf(`key${1000 + i}`));
}

describe.each(OPTIONS)('defragmentation under %j', (options) => {
  it('keeps everything and drops the free pages', () => {
    const bed = new DatabaseBed(options);
    for (let round = 0; round < 4; round++) bed.update((root) => fill(root, 250));
    bed.update((root) => punch(root, 250));
    const content = contentOf(bed.database.transaction);
    const before = bed.figures;
    for (const _ of defragment(bed.database, 100)) bed.disk.settle();
    expect(contentOf(bed.database.transaction)).toEqual(content);
    expect(bed.faults()).toEqual([]);
    expect(bed.disk.list('')).toEqual(['db']);
    expect(bed.figures.highWater).toBeLessThan(before.highWater! / 2);
    bed.update((root) => fill(root, 260));
    bed.reopen();
    expect(bed.faults()).toEqual([]);
  });

  it('leaves the old file or the new one wherever the power fails', () => {
    const states: { requests: number; content: Content }[] = [];
    /** `states` is filled by the first run: what each commit leaves, and how many requests it took. */
    const run = (seed: number, isFirst: boolean): DatabaseBed => {
      const bed = new DatabaseBed(options, seed);
      const commit = (act: (root: Bucket) => void): void => {
        act(bed.database.begin().root);
        expect(bed.database.commit()).toBe('ok');
        note();
      };
      const note = (): void => {
        if (!isFirst) return;
        states.push({ requests: bed.disk.waitingRequests(0), content: contentOf(bed.database.transaction) });
      };
      note();
      commit((root) => fill(root, 30));
      commit((root) => punch(root, 30));
      for (const _ of defragment(bed.database, 25));
      note();
      commit((root) => expect(root.deleteBucket(bytesOf('b'))).toBe('ok'));
      return bed;
    };
    const total = run(1, true).disk.waitingRequests(0);
    let outcomes = 0;
    for (let finished = 0; finished <= total; finished++) {
      const bed = run(finished + 2, false);
      for (let i = 0; i < finished; i++) {
        bed.disk.takeRequest(0, { kind: 0, bytes: 0, operations: 0 });
        bed.disk.complete(0);
      }
      bed.disk.crash();
      bed.reopenAfterCrash();
      const content = JSON.stringify(contentOf(bed.database.transaction));
      const durable = states.findLastIndex(({ requests }) => requests <= finished);
      const possible = states.slice(durable, durable + 2).map((state) => JSON.stringify(state.content));
      expect(possible, `after ${finished} of ${total} requests`).toContain(content);
      expect(bed.faults()).toEqual([]);
      expect(bed.disk.list('')).toEqual(['db']);
      if (content === possible.at(-1)) outcomes++;
    }
    expect(outcomes).toBeGreaterThan(0);
  });

  it('ends without a trace if somebody writes meanwhile', () => {
    const bed = new DatabaseBed(options);
    bed.update((root) => fill(root, 100));
    const job = defragment(bed.database, 50);
    job.next();
    job.next();
    bed.update((root) => putText(bucketOf(root.bucket(bytesOf('a'))), 'written', 'meanwhile'));
    const content = contentOf(bed.database.transaction);
    for (const _ of job) bed.disk.settle();
    expect(bed.disk.list('')).toEqual(['db']);
    expect(contentOf(bed.database.transaction)).toEqual(content);
    expect(bed.database.isDefragmenting).toBe(false);
    expect(bed.faults()).toEqual([]);
  });
});

describe('the maintenance of the engine', () => {
  it('holds writers up while it copies, waits for the commit of what was written before, and reads on', () => {
    const bed = EngineBed.opened(bolt);
    const many = Array.from({ length: 2000 }, (_, i) => put(`key${10_000 + i}`, `value ${i}`));
    bed.write(many);
    const job = bed.engine.maintain!('defragment', 300)!;
    expect(job.next().value).toBeGreaterThan(0);
    expect(bed.engine.pressure()).toBe('stop');
    bed.sync();
    let slices = 0;
    for (; job.next().done !== true; slices++) {
      expect(bed.engine.pressure()).toBe('stop');
      expect(bed.engine.maintain!('defragment', 0)).toBeUndefined();
      expect(bed.differences(bed.twin)).toEqual([]);
      bed.disk.settle();
    }
    expect(slices).toBeGreaterThan(10);
    expect(bed.engine.pressure()).toBe('none');
    const { figures, liveKeys } = bed.engine.stats();
    bed.sync();
    bed.verify();
    expect(liveKeys).toBe(2000);
    bed.restart();
    expect(bed.engine.check()).toEqual([]);
    const walked = bed.engine.stats().figures;
    for (const name of Object.keys(figures).filter((key) => /table|leaf|branch/i.test(key))) {
      expect(figures[name], name).toBe(walked[name]);
    }
  });

  it('gives up if nobody commits', () => {
    const bed = EngineBed.opened(bolt);
    bed.write([put('a', 'not committed')]);
    let sleptNs = 0;
    for (const ns of bed.engine.maintain!('defragment', 0)!) sleptNs += ns ?? 0;
    expect(sleptNs).toBe(10e9);
    expect(bed.engine.pressure()).toBe('none');
    bed.sync();
    bed.verify();
  });

  it('does not start while a read is held, nor knows other tasks', () => {
    const bed = EngineBed.opened(bolt);
    for (const _ of bed.engine.maintain!('hold-read', 0)!);
    expect(bed.engine.stats().figures.readers).toBe(1);
    expect(bed.engine.maintain!('defragment', 0)).toBeUndefined();
    for (const _ of bed.engine.maintain!('release-read', 0)!);
    expect(bed.engine.maintain!('release-read', 0)).toBeUndefined();
    expect(bed.engine.maintain!('gc', 0)).toBeUndefined();
  });
});
