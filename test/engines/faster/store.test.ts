/** Which write goes where: in place, to the tail, to the disk. */
import { describe, expect, it, vi } from 'vitest';
import { faster } from '../../../engines/faster/index.ts';
import { Value } from '../../../sim/bytes/value.ts';
import { batchOf, bytesOf, DIRECTORY, del, EngineBed, put } from '../bed.ts';

const SMALL = { IndexSize: 4096, PageSizeBits: 12, MemorySizeBits: 14, SegmentSizeBits: 13 };

function figures(bed: EngineBed): Readonly<Record<string, number>> {
  return bed.engine.stats().figures;
}

function run(bed: EngineBed, task: string, argument = 0): void {
  const job = bed.engine.maintain!(task, argument);
  expect(job).toBeDefined();
  while (job!.next().done !== true) bed.disk.settle();
}

const value = (stamp: string, bytes: number): Value => Value.filled(bytesOf(stamp), bytes - stamp.length);

describe('an upsert', () => {
  it.each([
    ['of the same size', 100, true],
    ['of a shorter value', 40, true],
    ['of a longer value', 101, false],
  ])('%s', (_what, bytes, inPlace) => {
    const bed = EngineBed.opened(faster, SMALL);
    bed.write([put('key', value('one', 100))]);
    bed.write([put('key', value('two', bytes))]);
    expect(figures(bed)).toMatchObject({ inPlaceUpdates: inPlace ? 1 : 0, appends: inPlace ? 1 : 2 });
    bed.verify();
  });

  it('shrinks the record: what was longer before is appended again', () => {
    const bed = EngineBed.opened(faster, SMALL);
    for (const bytes of [100, 40, 100]) bed.write([put('key', value('v', bytes))]);
    expect(figures(bed)).toMatchObject({ inPlaceUpdates: 1, appends: 2 });
    bed.sync();
    bed.restart();
    bed.verify();
  });

  it.each([
    ['fold-over', 0],
    ['snapshot', 1],
  ])('after a checkpoint by %s is in place %i times', (checkpoint, inPlaceUpdates) => {
    const bed = EngineBed.opened(faster, { ...SMALL, checkpoint });
    bed.write([put('key', value('one', 100))]);
    bed.sync();
    bed.write([put('key', value('two', 100))]);
    expect(figures(bed)).toMatchObject({ inPlaceUpdates });
    bed.sync();
    bed.restart();
    bed.verify();
  });

  it('goes to the tail once the record is in the read-only part', () => {
    const bed = EngineBed.opened(faster, { ...SMALL, MutableFraction: 0.4 });
    bed.write([put('key', value('one', 100))]);
    bed.write(Array.from({ length: 60 }, (_, i) => put(`other${i}`, value('x', 200))));
    bed.write([put('key', value('two', 100))]);
    expect(figures(bed).inPlaceUpdates).toBe(0);
    bed.verify();
  });
});

describe('a delete', () => {
  it('marks a mutable record, appends for others, and does nothing for what is not there', () => {
    const bed = EngineBed.opened(faster, { ...SMALL, IndexSize: 65536 });
    bed.write([put('a', 'one'), del('a'), del('never')]);
    expect(figures(bed)).toMatchObject({ tombstones: 0, appends: 1 });
    bed.write([put('a', 'two')]);
    bed.sync();
    bed.write([del('a'), del('a')]);
    expect(figures(bed)).toMatchObject({ tombstones: 1, appends: 2 });
    bed.verify();
  });
});

const rows = Array.from({ length: 200 }, (_, i) => put(`key${i}`, value(`v${i}`, 150 + i)));

describe('more than fits in memory', () => {
  it('is read from the disk, record by record', () => {
    const bed = EngineBed.opened(faster, SMALL);
    bed.write(rows);
    bed.sync();
    const before = figures(bed);
    expect(before.memoryLogBytes).toBeLessThanOrEqual(16384);
    expect(before.logFileBytes).toBeGreaterThan(50_000);
    bed.verify();
    expect(figures(bed).diskReads).toBeGreaterThan(before.diskReads! + 150);
  });

  it('holds up writers until a page is flushed', () => {
    const bed = EngineBed.opened(faster, SMALL);
    let written = 0;
    while (bed.engine.pressure() === 'none' && written < rows.length) {
      expect(bed.engine.write(batchOf([rows[written++]!]))).toBe('ok');
    }
    expect(bed.engine.pressure()).toBe('stop');
    expect(figures(bed).flushStalls).toBe(0);
    bed.relieve();
    expect(bed.engine.pressure()).toBe('none');
  });

  it('lets a writer that comes all the same flush for itself', () => {
    const bed = EngineBed.opened(faster, SMALL);
    bed.write(rows);
    expect(figures(bed).flushStalls).toBeGreaterThan(0);
    bed.verify();
  });
});

describe('a failed sync', () => {
  it('of a page that a job flushes ends writing before a checkpoint could rely on it', () => {
    const bed = EngineBed.opened(faster, SMALL);
    bed.write(rows.slice(0, 60));
    const job = bed.engine.background()!;
    const fails = vi.spyOn(bed.disk, 'sync').mockReturnValueOnce('io-error');
    job.next();
    expect(fails).toHaveBeenCalledTimes(1);
    expect(bed.engine.sync()).toBe('io-error');
    expect(bed.engine.write(batchOf([put('a', 'one')]))).toBe('io-error');
    expect(bed.engine.corruption?.what).toBe('io-error on flush of a page');
    expect(bed.engine.get(0, bytesOf('key7'), new Value())).toBe(true);
  });
});

describe('compaction', () => {
  it('copies what is live, and gives back the files after a checkpoint', () => {
    const bed = EngineBed.opened(faster, SMALL);
    for (let round = 0; round < 6; round++) {
      bed.write(Array.from({ length: 60 }, (_, i) => put(`key${i}`, value(`${round}`, 200))));
      bed.sync();
    }
    bed.write([del('key3')]);
    bed.sync();
    const before = figures(bed);
    run(bed, 'compact');
    const after = figures(bed);
    expect(after.compactedRecords).toBe(59);
    expect(after.logBytes).toBeLessThan(before.logBytes! / 4);
    expect(bed.engine.stats().fileBytes).toBeGreaterThan(before.logBytes!);
    bed.verify();
    bed.sync();
    expect(figures(bed).logFileBytes).toBeLessThan(before.logFileBytes! / 2);
    bed.restart();
    bed.verify();
  });

  it('starts by itself near the budget, and at most once an interval', () => {
    const bed = EngineBed.opened(faster, { ...SMALL, hlog_size_budget: 40_000, compact_pct: 0.5 });
    for (let round = 0; round < 6; round++) {
      bed.write(Array.from({ length: 30 }, (_, i) => put(`key${i}`, value(`${round}`, 200))));
      bed.sync();
    }
    bed.relieve();
    expect(figures(bed).compactions).toBe(1);
    bed.verify();
  });

  it('leaves alone what a writer replaced after the job had begun', () => {
    const bed = EngineBed.opened(faster, SMALL);
    bed.write(Array.from({ length: 60 }, (_, i) => put(`key${i}`, value('old', 200))));
    bed.sync();
    const job = bed.engine.maintain!('compact', 1)!;
    job.next();
    bed.write(Array.from({ length: 60 }, (_, i) => put(`key${i}`, value('new', 200))));
    while (job.next().done !== true) bed.disk.settle();
    expect(figures(bed).compactedRecords).toBe(0);
    bed.verify();
  });
});

describe('recovery', () => {
  it('takes the newest index that fits, and the log from there', () => {
    const bed = EngineBed.opened(faster, SMALL);
    bed.write(Array.from({ length: 40 }, (_, i) => put(`key${i}`, value('a', 100))));
    run(bed, 'index-checkpoint');
    bed.sync();
    bed.write(Array.from({ length: 40 }, (_, i) => put(`key${i * 2}`, value('b', 100))));
    bed.sync();
    run(bed, 'index-checkpoint');
    expect(figures(bed).indexCheckpoints).toBe(2);
    bed.restart();
    expect(figures(bed).indexCheckpoints).toBe(1);
    bed.verify();
  });

  it('does not use an index that is ahead of the log', () => {
    const bed = EngineBed.opened(faster, SMALL);
    bed.write([put('a', 'one')]);
    bed.sync();
    bed.write([put('a', 'a longer one'), put('b', 'two')]);
    run(bed, 'index-checkpoint');
    expect(bed.crash()).toBe('recovered');
    expect(figures(bed).indexCheckpoints).toBe(0);
    expect(bed.engine.get(0, bytesOf('b'), new Value())).toBe(false);
    expect(bed.disk.list(`${DIRECTORY}checkpoints/index`)).toEqual([]);
    expect(bed.engine.check()).toEqual([]);
  });

  it('reopens with less memory, and with the other kind of checkpoint', () => {
    const bed = EngineBed.opened(faster, { ...SMALL, MemorySizeBits: 16 });
    bed.write(Array.from({ length: 200 }, (_, i) => put(`key${i}`, value('a', 200))));
    bed.sync();
    for (const checkpoint of ['snapshot', 'fold-over', 'snapshot', 'snapshot']) {
      bed.reopenWith({ ...SMALL, checkpoint });
      bed.verify();
      bed.write([put(`key ${checkpoint}`, value('c', 300)), put('key7', value(checkpoint, 200))]);
      bed.sync();
    }
    bed.restart();
    bed.verify();
  });
});

it('is filled in bulk as by writes, at no cost', () => {
  const count = 500;
  let at = -1;
  const source = {
    count,
    key: bytesOf(''),
    value: new Value(),
    next(): boolean {
      if (++at >= count) return false;
      this.key = bytesOf(`key${String(at).padStart(6, '0')}`);
      this.value = value(`v${at}`, 120);
      return true;
    },
  };
  const bed = EngineBed.opened(faster, SMALL);
  expect(bed.engine.bulkLoad!(1, source)).toBe('ok');
  bed.disk.settle();
  bed.twin.apply(
    Array.from({ length: count }, (_, i) => put(`key${String(i).padStart(6, '0')}`, value(`v${i}`, 120), 1)),
  );
  bed.verify();
  bed.restart();
  bed.verify();
});
